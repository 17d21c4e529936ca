import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fastprocesses_server.errors import StartError
from fastprocesses_server.processes import inspector
from fastprocesses_server.processes.inspector import inspect_callables
from fastprocesses_server.processes.reports import Failure, FailureKind, Found, ParameterKind, Report, Wanted

Put = Callable[..., Path]
RUN = "def run(): ...\n"


def inspect(folder: Path, callables: Sequence[str], import_seconds: float = 60) -> list[Report]:
    return inspect_callables(folder, [Wanted(dotted) for dotted in callables], import_seconds)


def test_a_signature_comes_back_as_data(put: Put, folder: Path) -> None:
    put("tools.py", "__version__ = '1.2'\ndef run(a: int, /, b: 'str', *rest, c=1, **more): ...")
    (found,) = inspect(folder, ["tools.run"])
    assert isinstance(found, Found)
    assert (found.target, found.version) == ("tools:run", "1.2")
    assert [(p.name, p.kind, p.required) for p in found.parameters or ()] == [
        ("a", ParameterKind.POSITION_ONLY, True),
        ("b", ParameterKind.NAMED, True),
        ("rest", ParameterKind.MANY, False),
        ("c", ParameterKind.NAMED, False),
        ("more", ParameterKind.MANY_NAMED, False),
    ]


def test_a_callable_without_a_visible_signature_is_found_all_the_same(folder: Path) -> None:
    (found,) = inspect(folder, ["builtins.getattr"])
    assert isinstance(found, Found)


def test_the_server_itself_imports_nothing_of_the_authors(put: Put, folder: Path) -> None:
    put("never_imported_here.py", RUN)
    inspect(folder, ["never_imported_here.run"])
    assert "never_imported_here" not in sys.modules


def test_a_child_that_dies_takes_only_the_callable_in_hand_with_it(put: Put, folder: Path) -> None:
    put("good.py", RUN)
    put("crashing.py", "import ctypes; ctypes.string_at(0)")
    put("quitting.py", "import os; os._exit(0)")
    names = ["good.run", "crashing.run", "quitting.run", "good.run"]
    first, crash, quit_, last = inspect(folder, names)
    assert isinstance(first, Found)
    assert crash == Failure(FailureKind.ENDED, "the import crashes the process (SIGSEGV)")
    assert quit_ == Failure(FailureKind.ENDED, "the import ends the process with exit status 0")
    assert isinstance(last, Found)


def test_an_exception_without_a_text_is_told_by_its_name(put: Put, folder: Path) -> None:
    put("odd.py", "class Odd(Exception):\n    def __str__(self): raise ValueError('never')\nraise Odd\n")
    (failure,) = inspect(folder, ["odd.run"])
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.what) == (FailureKind.RAISED, "Odd, which has no text")


def test_an_import_that_hangs_is_ended_with_all_that_it_started(put: Put, folder: Path, tmp_path: Path) -> None:
    put("good.py", RUN)
    put(
        "hanging.py",
        "import pathlib, subprocess, sys, threading\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))\n"
        "threading.Event().wait()\n",
    )
    hang, good = inspect(folder, ["hanging.run", "good.run"], import_seconds=2)
    assert hang == Failure(FailureKind.ENDED, "the import takes longer than 2 s")
    assert isinstance(good, Found)
    pid = int((tmp_path / "pid").read_text())
    assert is_gone(pid)


def is_gone(pid: int) -> bool:
    """Dead, though perhaps not yet reaped by whoever adopted it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_floods_threads_and_handlers_do_no_harm(put: Put, folder: Path) -> None:
    put(
        "noisy.py",
        "import os, sys, threading, atexit\n"
        "print('{}\\n' * 500_000)\n"
        "os.write(1, b'x' * 1_000_000)\n"
        "sys.stderr.write('y' * 1_000_000)\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
        "atexit.register(print, 'bye')\n" + RUN,
    )
    (found,) = inspect(folder, ["noisy.run"])
    assert isinstance(found, Found)


def test_every_callable_has_exactly_the_modules_that_it_loads(put: Put, folder: Path) -> None:
    put("shared.py", "import json")
    put("pkg/__init__.py", "")
    put("pkg/deep.py", "from . import deeper")
    put("pkg/deeper.py", "")
    put("alone.py", RUN)
    put("first.py", "import shared\n" + RUN)
    put("second.py", "from pkg.deep import deeper\nimport importlib\nimportlib.import_module('shared')\n" + RUN)
    put("third.py", "from first import run")
    names = ["alone.run", "first.run", "second.run", "third.run"]
    modules = [set(found.modules) for found in inspect(folder, names) if isinstance(found, Found)]
    assert modules == [
        {"alone.py"},
        {"first.py", "shared.py"},
        {"second.py", "shared.py", "pkg/__init__.py", "pkg/deep.py", "pkg/deeper.py"},
        {"third.py", "first.py", "shared.py"},
    ]


def test_no_bytecode_is_written_into_the_folder(put: Put, folder: Path) -> None:
    put("good.py", RUN)
    inspect(folder, ["good.run"])
    assert [path.name for path in folder.iterdir()] == ["good.py"]


def test_a_missing_package_is_told_from_a_broken_module(put: Put, folder: Path) -> None:
    put("needing.py", "import nowhere.to_be_found")
    put("pkg/__init__.py", "")
    put("misspelt.py", "import pkg.modle")
    missing, broken = inspect(folder, ["needing.run", "misspelt.run"])
    assert isinstance(missing, Failure)
    assert (missing.kind, missing.what) == (FailureKind.MISSING_PACKAGE, "nowhere")
    assert isinstance(broken, Failure)
    assert broken.kind is FailureKind.RAISED
    assert broken.what == "ModuleNotFoundError: No module named 'pkg.modle'"


def test_a_class_that_cannot_be_made_is_told_with_its_place_and_a_remedy(put: Put, folder: Path) -> None:
    put(
        "odd.py",
        "import abc\n"
        "class Needs:\n    def __init__(self, size): ...\n    def execute(self): ...\n    def grow(self): ...\n"
        "class Bare(abc.ABC):\n    @abc.abstractmethod\n    def execute(self): ...\n"
        "class Raises:\n    def __init__(self):\n        1 / 0\n    def execute(self): ...\n",
    )
    reports = inspect(folder, ["odd.Needs", "odd.Needs.grow", "odd.Bare", "odd.Raises"])
    for report, place in zip(reports, ["odd.py:2", "odd.py:2", "odd.py:6", "odd.py:9"], strict=True):
        assert isinstance(report, Failure)
        assert report.kind is FailureKind.NOT_MADE
        assert report.what.startswith("the constructor of odd.")
        assert f"({place}); make one in the module, for example `made = " in report.what
        assert ("1 / 0" in report.detail) == (report is reports[3])


def test_an_inspection_that_cannot_start_is_no_fault_of_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspector, "COMMAND", [sys.executable, "-c", "raise SystemExit(4)"])
    with pytest.raises(StartError, match="does not start: the import ends the process with exit status 4"):
        inspect(folder, ["math.sqrt"])


def test_nothing_is_started_where_there_is_nothing_to_inspect(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspector, "COMMAND", ["/does/not/exist"])
    assert inspect(folder, []) == []


def test_the_signal_handlers_of_the_server_stay(put: Put, folder: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    put("handling.py", "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + RUN)
    inspect(folder, ["handling.run"])
    assert signal.getsignal(signal.SIGINT) is before
