"""What earlier inspections saw: what they need not see again, and what makes them look again."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from serving import own_environment

from fastprocesses_server.processes import entries, inspection_cache
from fastprocesses_server.processes.inspection_cache import Content, InspectionCache
from fastprocesses_server.processes.inspector import inspect_callables
from fastprocesses_server.processes.registry import load_registry
from fastprocesses_server.processes.reports import Failure, Found, Report, Wanted

Put = Callable[..., Path]
Inspect = Callable[..., Report]
Count = Callable[[], int]
EARLIER = 5
"""Seconds that files are old: of one that changes while it is imported, nothing is kept."""


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def count(tmp_path: Path) -> Count:
    """How often the module was imported."""
    path = tmp_path / "imports.log"
    path.touch()
    return lambda: len(path.read_text().splitlines())


def module(tmp_path: Path, text: str = "def run(a: int): ...\n") -> str:
    return f"with open({str(tmp_path / 'imports.log')!r}, 'a') as log:\n    log.write('once\\n')\n{text}"


def age(*paths: Path) -> None:
    moment = time.time() - EARLIER
    for path in paths:
        os.utime(path, (moment, moment))


@pytest.fixture
def inspect(folder: Path, cache: Path) -> Inspect:
    def inspect(dotted: str = "tools.run", of: Path = folder, exceptions: Sequence[str] = ()) -> Report:
        (report,) = inspect_callables(of, [Wanted(dotted, exceptions)], cache=cache)
        return report

    return inspect


@pytest.fixture
def tools(put: Put, tmp_path: Path) -> Path:
    path = put("tools.py", module(tmp_path))
    age(path)
    return path


def test_what_was_seen_is_not_imported_again(tools: Path, inspect: Inspect, count: Count) -> None:
    first = inspect()
    assert isinstance(first, Found)
    assert inspect() == first
    assert count() == 1


def test_a_copy_elsewhere_is_known(tools: Path, inspect: Inspect, count: Count, tmp_path: Path, cache: Path) -> None:
    first = inspect()
    copy = tmp_path / "elsewhere"
    shutil.copytree(tools.parent, copy)
    age(copy / "tools.py")
    assert inspect(of=copy) == first
    assert count() == 1
    (entry,) = cache.iterdir()
    assert str(tmp_path) not in entry.read_text().replace(str(tmp_path / "imports.log"), "")


def test_a_fresh_checkout_with_new_times_is_known(tools: Path, inspect: Inspect, count: Count) -> None:
    inspect()
    tools.touch()
    inspect()
    assert count() == 1


def test_a_helper_that_was_edited_is_seen(put: Put, inspect: Inspect, count: Count, tmp_path: Path) -> None:
    age(put("tools.py", module(tmp_path, "from helper import run\n")), put("helper.py", "def run(a: int): ...\n"))
    inspect()
    age(put("helper.py", "def run(b: int): ...\n"))
    found = inspect()
    assert isinstance(found, Found)
    assert [parameter.name for parameter in found.parameters or ()] == ["b"]
    assert count() == 2


def test_a_module_outside_the_folder_that_was_edited_is_seen(
    put: Put, inspect: Inspect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "lib" / "away.py"
    outside.parent.mkdir()
    outside.write_text("def run(a: int): ...\n")
    age(outside, put("tools.py", "from away import run\n"))
    monkeypatch.syspath_prepend(outside.parent)
    first = inspect()
    assert inspect() == first
    outside.write_text("def run(b: int): ...\n")
    assert inspect() != first


def test_a_module_that_would_be_imported_instead_is_seen(
    put: Put, inspect: Inspect, count: Count, tmp_path: Path
) -> None:
    text = "try:\n    from better import run\nexcept ImportError:\n    def run(a: int): ...\n"
    age(put("tools.py", module(tmp_path, text)))
    first = inspect()
    age(put("better.py", "def run(c: int): ...\n"))
    assert inspect() != first
    assert count() == 2


@pytest.mark.parametrize("there", [True, False])
def test_a_file_that_was_read_while_importing_is_watched(
    put: Put, inspect: Inspect, count: Count, tmp_path: Path, there: bool
) -> None:
    text = "try:\n    SIZE = len(open({!r}).read())\nexcept OSError:\n    SIZE = 0\ndef run(a: int = SIZE): ...\n"
    data = tmp_path / "data.txt"
    if there:
        data.write_text("four")
        age(data)
    age(put("tools.py", module(tmp_path, text.format(str(data)))))
    first = inspect()
    assert inspect() == first
    data.write_text("seven..")
    assert inspect() != first
    assert count() == 2


@pytest.mark.parametrize("read", ["os.environ.get('SIZE', 0)", "dict(os.environ).get('SIZE', 0)"])
def test_a_variable_that_was_read_while_importing_is_watched(
    put: Put, inspect: Inspect, read: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(put("tools.py", module(tmp_path, f"import os\ndef run(a: int = int({read})): ...\n")))
    first = inspect()
    monkeypatch.setenv("FP_PORT", "8001")
    assert inspect() == first
    assert (tmp_path / "imports.log").read_text() == "once\n"
    monkeypatch.setenv("SIZE", "5")
    assert inspect() != first


def test_the_values_of_variables_are_not_kept(
    put: Put, inspect: Inspect, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "rosebud")
    age(put("tools.py", "import os\nkey = os.environ['DATABASE_PASSWORD']\ndef run(a: int): ...\n"))
    inspect()
    (entry,) = cache.iterdir()
    assert "DATABASE_PASSWORD" in entry.read_text()
    assert "rosebud" not in entry.read_text()


@pytest.mark.parametrize("text", ["raise RuntimeError('today')\n", "import nowhere\n", "import os; os._exit(3)\n"])
def test_an_import_that_fails_is_tried_again(
    put: Put, inspect: Inspect, count: Count, tmp_path: Path, text: str
) -> None:
    age(put("tools.py", module(tmp_path, text)))
    assert isinstance(inspect(), Failure)
    assert isinstance(inspect(), Failure)
    assert count() == 2


def test_an_exception_that_is_none_is_looked_at_again(tools: Path, inspect: Inspect, count: Count) -> None:
    inspect(exceptions=["nowhere.Error"])
    inspect(exceptions=["nowhere.Error"])
    assert count() == 2


def test_only_what_is_new_is_imported(put: Put, tools: Path, cache: Path, folder: Path, count: Count) -> None:
    age(put("other.py", "def run(b: int): ...\n"), put("broken.py", "raise RuntimeError\n"))
    wanted = [Wanted("tools.run"), Wanted("broken.run"), Wanted("other.run")]
    first = inspect_callables(folder, wanted[:2], cache=cache)
    assert inspect_callables(folder, wanted, cache=cache)[:2] == first
    assert inspect_callables(folder, [wanted[2], wanted[0]], cache=cache)[1] == first[0]
    assert count() == 1


def test_a_report_that_names_the_place_of_the_folder_is_not_kept(put: Put, inspect: Inspect, cache: Path) -> None:
    age(put("tools.py", "def run(a: str = __file__): ...\n"))
    inspect()
    assert not cache.exists()


def test_what_is_changed_while_it_is_imported_is_not_kept(put: Put, inspect: Inspect, cache: Path) -> None:
    age(put("tools.py", "open(__file__, 'a').write('\\n')\ndef run(a: int): ...\n"))
    inspect()
    assert not cache.exists()


DAMAGES = {
    "empty": b"",
    "cut": b'{"key": ',
    "no mapping": b"[1, 2]",
    "other names": b'{"entries": {}}',
    "no text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_corrupt_entry_is_ignored(tools: Path, inspect: Inspect, count: Count, cache: Path, damage: str) -> None:
    first = inspect()
    (entry,) = cache.iterdir()
    entry.write_bytes(DAMAGES[damage])
    assert inspect() == first
    assert inspect() == first
    assert count() == 2


def test_an_entry_that_is_not_as_it_was_written_is_ignored(tools: Path, inspect: Inspect, cache: Path) -> None:
    first = inspect()
    (entry,) = cache.iterdir()
    entry.write_text(entry.read_text().replace("tools:run", "tools:fun"))
    assert inspect() == first


def test_an_entry_of_another_content_is_ignored(
    put: Put, tools: Path, inspect: Inspect, cache: Path, folder: Path
) -> None:
    inspect()
    (entry,) = cache.iterdir()
    age(put("tools.py", "def run(b: int): ...\n"))
    entry.rename(cache / f"{Content.of(folder).key}.json")
    found = inspect()
    assert isinstance(found, Found)
    assert [parameter.name for parameter in found.parameters or ()] == ["b"]


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_that_others_may_enter_is_ignored(
    tools: Path, inspect: Inspect, count: Count, cache: Path, mode: int
) -> None:
    inspect()
    cache.chmod(mode)
    inspect()
    assert count() == 2


def test_a_link_to_a_folder_is_ignored(tools: Path, inspect: Inspect, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(mode=0o700)
    cache.symlink_to(tmp_path / "target")
    inspect()
    assert not list((tmp_path / "target").iterdir())


def test_a_folder_of_another_user_is_ignored(
    tools: Path, inspect: Inspect, count: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspect()
    monkeypatch.setattr(entries.os, "geteuid", lambda: os.getuid() + 1)
    inspect()
    assert count() == 2


def test_a_folder_that_cannot_be_made_is_no_error(tools: Path, folder: Path, tmp_path: Path, count: Count) -> None:
    (tmp_path / "file").touch()
    for _ in range(2):
        (report,) = inspect_callables(folder, [Wanted("tools.run")], cache=tmp_path / "file" / "cache")
        assert isinstance(report, Found)
    assert count() == 2


def test_a_folder_that_can_only_be_read_serves(
    tools: Path, inspect: Inspect, count: Count, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    first = inspect()
    monkeypatch.setattr(entries.tempfile, "mkstemp", refuse)
    assert inspect() == first
    assert count() == 1
    assert isinstance(inspect("tools.log"), Failure)


def test_the_oldest_entries_go(tools: Path, inspect: Inspect, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "MOST_ENTRIES", 2)
    cache.mkdir(mode=0o700)
    for number in range(3):
        (cache / f"{number}.json").write_text("{}")
        age(cache / f"{number}.json")
    inspect()
    assert len(list(cache.iterdir())) == 2
    monkeypatch.setattr(entries, "MOST_BYTES", 10)
    InspectionCache(cache).keep(Content.of(tools.parent), remembered(cache, tools.parent))
    assert not list(cache.iterdir())


def remembered(cache: Path, folder: Path) -> inspection_cache.Remembered:
    found = InspectionCache(cache).find(Content.of(folder))
    assert found
    return found


def test_everything_can_be_forgotten(tools: Path, inspect: Inspect, count: Count, cache: Path) -> None:
    inspect()
    entries.Entries(cache).forget()
    assert not list(cache.iterdir())
    inspect()
    assert count() == 2


def test_a_description_file_that_was_edited_is_seen(
    put: Put, tools: Path, cache: Path, folder: Path, count: Count
) -> None:
    put("a.yaml", "callable: tools.run\nversion: 1\noutputs: {result: {schema: {type: string}}}\n")
    assert load_registry(folder, cache=cache)["a"].title is None
    put("a.yaml", "callable: tools.run\nversion: 1\ntitle: New\noutputs: {result: {schema: {type: string}}}\n")
    assert load_registry(folder, cache=cache)["a"].title == "New"
    assert count() == 1


def test_commands_share_what_they_saw(put: Put, tools: Path, cache: Path, tmp_path: Path, count: Count) -> None:
    put("a.yaml", "callable: tools.run\nversion: 1\noutputs: {result: {schema: {type: string}}}\n")

    def do(*command: str, **more: str) -> int:
        subprocess.run(
            [sys.executable, "-m", "fastprocesses_server", *command],
            cwd=tmp_path,
            env=own_environment(**{"FP_INSPECTION_CACHE": str(cache), **more}),
            check=True,
            capture_output=True,
        )
        return count()

    assert do("check") == 1
    assert do("show", "a") == 1
    assert do("check", FP_INSPECTION_CACHE="off") == 2
    assert do("check", FP_INSPECTION_CACHE="off") == 3
    assert do("check", "--fresh") == 4
    assert do("check") == 4
