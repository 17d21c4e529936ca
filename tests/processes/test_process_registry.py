from collections.abc import Callable
from pathlib import Path

import pytest

from fastprocesses_server.errors import StartError
from fastprocesses_server.processes.assembly import make_registry
from fastprocesses_server.processes.candidates import read_folder
from fastprocesses_server.processes.complaints import DescriptionErrors
from fastprocesses_server.processes.registry import load_registry
from fastprocesses_server.processes.reports import Found

Put = Callable[..., Path]
FILE = "callable: tools.run\nversion: 1\ninputs: {}\noutputs: {}\n"
RUN = "def run(): ...\n"
SEEN = Found("tools:run", (), None, None, {"tools.py": "hash"})


def test_a_registry_is_a_mapping_in_the_order_of_ids(put: Put, folder: Path) -> None:
    put("b.yaml", FILE)
    put("a.yml", FILE + "id: z\n")
    put("c.JSON", '{"callable": "tools.run", "version": "1", "outputs": {}}')
    candidates, _ = read_folder(folder)
    registry = make_registry([(candidate, SEEN) for candidate in candidates])
    assert list(registry) == ["b", "c", "z"]
    assert registry["b"].id == "b"
    assert "q" not in registry
    assert registry.get("q") is None


def test_files_with_other_names_are_not_read(put: Put, folder: Path) -> None:
    put("a.yaml", FILE)
    for name in ["_a.yaml", ".a.yaml", "a.yaml~", "README.md", "data/b.yaml", "requirements.txt"]:
        put(name, "not: [a process")
    candidates, complaints = read_folder(folder)
    assert [candidate.document.source for candidate in candidates] == ["processes.d/a.yaml"]
    assert complaints == []


def test_two_files_with_one_id_are_an_error_that_names_both(put: Put, complaints: Callable[..., str]) -> None:
    put("tools.py", RUN)
    put("a.yaml", FILE + "id: same\n")
    put("b.yaml", FILE + "id: same\n")
    assert complaints().splitlines() == [
        'processes.d/b.yaml:5:5: the id "same" is taken by processes.d/a.yaml, in the same version 1',
        "  id: same",
        "      ^",
    ]


def test_versions_of_one_id_stand_side_by_side(put: Put, folder: Path) -> None:
    put("tools.py", RUN)
    for name, version in (("a@old", "1.9"), ("a", "1.10"), ("a@1", "1.8.1")):
        put(f"{name}.yaml", FILE.replace("version: 1", f"version: {version}"))
    registry = load_registry(folder)
    assert list(registry) == ["a"]
    assert registry["a"].version == registry["a:1.10"].version == "1.10"
    assert [(one.id, one.version) for one in registry.versions_before(registry["a"])] == [
        ("a:1.9", "1.9"),
        ("a:1.8.1", "1.8.1"),
    ]
    assert "a:2" not in registry
    assert registry.exactly("a:1.10", "1.9") == registry["a:1.9"]


def test_versions_that_cannot_be_compared_are_an_error(put: Put, complaints: Callable[..., str]) -> None:
    put("tools.py", RUN)
    put("a.yaml", FILE)
    put("a@x.yaml", FILE.replace("version: 1", "version: spring"))
    assert complaints().splitlines()[0] == (
        "processes.d/a@x.yaml:1:1: nobody can tell whether version spring is newer than 1, of processes.d/a.yaml"
    )


def test_a_folder_that_is_missing_or_empty_says_what_to_do(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(StartError) as missing:
        load_registry(tmp_path / "elsewhere")
    assert str(missing.value) == (
        "elsewhere: the processes folder cannot be read: No such file or directory; FP_PROCESSES_DIR names another"
    )
    with pytest.raises(StartError) as empty:
        load_registry(folder)
    assert str(empty.value) == (
        "processes.d: there is no description file; put one there, "
        "for example buffer.yaml with the line `callable: geo_tools.buffer`"
    )


def test_a_module_with_the_name_of_another_is_an_error_that_names_both(
    put: Put, complaints: Callable[..., str]
) -> None:
    put("tools.py", RUN)
    put("json.py", RUN)
    put("a.yaml", FILE)
    assert complaints() == (
        'processes.d/json.py:1:1: the module "json" is also there as the standard library; '
        "only one can be imported, rename this one"
    )


def test_a_file_name_that_is_no_id_asks_for_one(put: Put, complaints: Callable[..., str]) -> None:
    put("tools.py", RUN)
    put("my buffer.yaml", FILE)
    assert complaints().startswith(
        'processes.d/my buffer.yaml:1:1: the file\'s name "my buffer" is no id; add `id: name`'
    )


def test_only_allowed_modules_are_imported(put: Put, complaints: Callable[..., str], folder: Path) -> None:
    put("tools.py", RUN)
    put("tools_too.py", f"import pathlib; pathlib.Path({str(folder / 'imported')!r}).touch()\n" + RUN)
    put("a.yaml", FILE)
    put("b.yaml", FILE.replace("tools", "tools_too"))
    said = complaints(allowed_modules=["tools", "shapely"])
    assert said.splitlines()[0] == (
        "processes.d/b.yaml:1:11: the module tools_too is not allowed; allowed are tools, shapely"
    )
    assert said.count("processes.d/") == 1
    assert not (folder / "imported").exists()
    assert list(load_registry(folder)) == ["a", "b"]


def test_where_packages_may_be_missing_a_complete_file_is_kept_with_a_warning(put: Put, folder: Path) -> None:
    put("heavy.py", "import nowhere_to_be_found\n")
    put("a.yaml", "callable: heavy.run\nversion: 1\ninputs: {x: {schema: {}}}\noutputs: {}\n")
    with pytest.raises(DescriptionErrors, match="nowhere_to_be_found"):
        load_registry(folder)
    registry = load_registry(folder, missing_packages="warning")
    assert registry["a"].callable == "heavy:run"
    assert registry.warnings == (
        "processes.d/a.yaml: the package nowhere_to_be_found is not installed here; the callable is not checked",
    )


def test_where_packages_may_be_missing_the_file_must_say_everything(put: Put, complaints: Callable[..., str]) -> None:
    put("heavy.py", "import nowhere_to_be_found\n")
    put("a.yaml", "callable: heavy.run\nversion: 1\n")
    assert complaints(missing_packages="warning").splitlines()[0] == (
        "processes.d/a.yaml:1:11: the package nowhere_to_be_found is not installed here, "
        "and the file does not say inputs, outputs"
    )


def test_a_broken_import_is_an_error_even_where_packages_may_be_missing(
    put: Put, complaints: Callable[..., str]
) -> None:
    put("tools.py", "1 / 0")
    put("a.yaml", FILE)
    assert "ZeroDivisionError" in complaints(missing_packages="warning")


def test_a_hanging_import_ends_after_its_seconds(put: Put, complaints: Callable[..., str]) -> None:
    put("tools.py", "import threading; threading.Event().wait()")
    put("a.yaml", FILE)
    assert complaints(import_seconds=3).startswith("processes.d/a.yaml:1:11: the import takes longer than 3 s")


def test_the_fingerprint_follows_description_and_modules_not_places(put: Put, folder: Path) -> None:
    put("shared.py", "x = 1")
    put("tools.py", "import shared\n" + RUN)
    put("other.py", RUN)
    put("a.yaml", FILE)
    first = load_registry(folder)
    assert load_registry(folder).fingerprint == first.fingerprint

    put("other.py", "y = 1\n" + RUN)
    put("a.yaml", "# a comment\n" + FILE)
    assert load_registry(folder)["a"].fingerprint == first["a"].fingerprint

    put("shared.py", "x = 2")
    changed = load_registry(folder)
    assert changed["a"].fingerprint != first["a"].fingerprint
    assert changed.fingerprint != first.fingerprint

    put("shared.py", "x = 1")
    put("a.yaml", FILE + "title: New\n")
    assert load_registry(folder)["a"].fingerprint != first["a"].fingerprint


def test_the_same_folder_elsewhere_has_the_same_fingerprint(put: Put, folder: Path, tmp_path: Path) -> None:
    put("tools.py", RUN)
    put("a.yaml", FILE)
    here = load_registry(folder).fingerprint
    folder.rename(tmp_path / "moved")
    assert load_registry(tmp_path / "moved").fingerprint == here


def test_a_link_to_the_folder_is_as_good_as_the_folder(put: Put, folder: Path, tmp_path: Path) -> None:
    put("tools.py", RUN)
    put("a.yaml", FILE)
    (tmp_path / "link").symlink_to(folder)
    assert load_registry(tmp_path / "link").fingerprint == load_registry(folder).fingerprint


def test_a_file_that_cannot_be_read_is_a_complaint(folder: Path, complaints: Callable[..., str]) -> None:
    (folder / "a.yaml").symlink_to("a.yaml")
    assert complaints() == "processes.d/a.yaml:1:1: the file cannot be read: Too many levels of symbolic links"


def test_a_queue_that_no_file_names_is_a_warning_with_a_suggestion(put: Put, folder: Path) -> None:
    put("models.py", RUN)
    put("a.yaml", "callable: models.run\nversion: 1.0.0\noutputs: {x: {schema: {type: string}}}\nrun: {queue: heavy}\n")
    assert load_registry(folder, queues=["heavy"]).warnings == ()
    assert load_registry(folder, queues=["heavi", "heavy", "other"]).warnings == (
        'FP_WORKER_QUEUES: no description file names the queue "heavi"; did you mean "heavy"?',
        'FP_WORKER_QUEUES: no description file names the queue "other"',
    )
