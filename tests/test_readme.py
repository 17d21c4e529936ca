"""README and docs say what the code does: settings, commands, curl lines, and links that lead somewhere."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from serving import ROOT, Server

from fastprocesses_server.processes.registry import load_registry
from fastprocesses_server.settings import Settings, setting_names
from fastprocesses_server.testing import run_process

README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LONGEST = 320
LARGEST_PICTURE = 200_000
"""Bytes."""
SHIPPED = ("simple_process", "service-coverage", "heat-map")
"""What the shared server publishes, of the processes that curl lines call."""


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def curl_blocks() -> list[str]:
    found = [block for page in PAGES for block in blocks("sh", page.read_text()) if "curl" in block]
    return [block for block in found if any(f"/{name}/" in block for name in SHIPPED)]


def test_every_setting_is_listed_with_its_default_and_text() -> None:
    rows = dict(re.findall(r"^\| `(FP_\w+)`.*?\| (.*) \|$", README, re.MULTILINE))
    assert set(rows) == {names[0] for names in setting_names().values()}
    for field, names in setting_names().items():
        default, text = rows[names[0]].split(" | ", 1)
        assert text == Settings.model_fields[field].description
        if default.strip():
            written = default.strip(" `")
            assert getattr(Settings(**{field: written}), field) == Settings.model_fields[field].default
        else:
            assert Settings.model_fields[field].default in (None, ())


def test_settings_are_grouped_as_in_the_file_for_containers() -> None:
    listed = (ROOT / "config" / "fastprocesses.env").read_text()
    in_file = re.findall(r"^(?:## (.+)|#(FP_\w+)=.*)$", listed, re.MULTILINE)
    in_table = re.findall(r"^\| (?:\*\*(.+)\*\* \| \||`(FP_\w+)`.*) \|$", README, re.MULTILINE)
    assert in_table == in_file


def test_every_old_name_is_listed() -> None:
    old = {names[-1] for names in setting_names().values() if len(names) > 2}
    assert all(f"`{name}`" in README for name in old)


@pytest.mark.parametrize("block", curl_blocks())
def test_curl_lines_work_as_printed(block: str, server: Server, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    script = block.replace("http://localhost:8000", server.url)
    done = subprocess.run(
        ["bash", "-euc", script.replace("curl ", "curl --fail-with-body ")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout or list(tmp_path.iterdir())


def test_the_first_example_is_a_whole_process(tmp_path: Path) -> None:
    for block in (blocks("yaml")[0], blocks("python")[0]):
        first, _, content = block.partition("\n")
        (tmp_path / Path(first.removeprefix("# ")).name).write_text(content)
    process = load_registry(tmp_path)["words"]
    assert process.title == "Count the words of a text"
    assert process.inputs["at_least"].description == "Words with fewer letters do not count."
    outputs = run_process("words", text="a rose is a rose", at_least=2, processes_dir=tmp_path)
    assert outputs == {"result": {"rose": 2, "is": 1}}


def test_the_whole_description_file_is_right(tmp_path: Path) -> None:
    whole = next(block for block in blocks("yaml") if "geo_tools.buffer" in block)
    (tmp_path / "buffer.yaml").write_text(whole)
    (tmp_path / "geo_tools.py").write_text("def buffer(geometry: dict, distance: float) -> dict: ...\n")
    process = load_registry(tmp_path)["buffer"]
    assert process.run.queue == "heavy"
    assert process.results.cache == 24 * 3600


def test_the_set_up_commands_name_what_is_there() -> None:
    commands = [block.strip() for block in blocks("sh") if "pip install" in block]
    assert len(commands) == 2
    assert all("\n" not in command and "-c constraints.txt" in command for command in commands)
    assert commands[1] in (ROOT / ".ci" / "run").read_text() or "grep" in (ROOT / ".ci" / "run").read_text()


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    assert len(README.splitlines()) <= LONGEST
    assert all(f"| [docs/{page.name}](docs/{page.name}) |" in README for page in PAGES[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text()):
        name, _, heading = target.partition("#")
        file = page.parent / name if name else page
        assert file.is_file(), target
        assert not heading or heading in anchors(file), target


def anchors(file: Path) -> set[str]:
    """Those that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_pictures_are_there_and_small_and_none_is_left_over() -> None:
    shown = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", README)
    assert len(shown) == 3
    for text, name in shown:
        picture = (ROOT / name).read_bytes()
        assert picture.startswith(b"\x89PNG"), name
        assert len(picture) < LARGEST_PICTURE, name
        assert len(text) > 40, name
    assert {ROOT / name for _, name in shown} == set((ROOT / "docs" / "screenshots").iterdir())
