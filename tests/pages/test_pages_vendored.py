"""What is vendored: every file is the one of its package, with its licence beside it."""

from pathlib import Path

import pytest
from vendored import FOLDERS, sha256_of, vendored


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_every_vendored_file_is_as_its_line_says(folder: Path) -> None:
    said = {one.path: one.sha256 for one in vendored(folder)}
    there = {str(path.relative_to(folder)): sha256_of(path) for path in folder.rglob("*") if path.is_file()}
    assert {path: digest for path, digest in there.items() if path != "VERSIONS"} == said


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_every_vendored_package_has_one_version_one_source_and_its_licence(folder: Path) -> None:
    packages = {path.name for path in folder.iterdir() if path.is_dir()}
    for name in packages:
        lines = [one for one in vendored(folder) if one.path.startswith(f"{name}/")]
        assert len({(one.package, one.version, one.licence, one.source) for one in lines}) == 1
        assert lines[0].version in lines[0].source
        assert any("LICENSE" in path.name for path in (folder / name).iterdir())
