"""What commands and programs load: nothing that they do not need, for every start pays for it."""

import subprocess
import sys
from pathlib import Path

import pytest
from serving import ROOT

LARGE = (
    "asyncio",
    "celery",
    "docstring_parser",
    "fastapi",
    "httpx",
    "jsonschema",
    "jwt",
    "kombu",
    "loguru",
    "pydantic",
    "redis",
    "rich",
    "uvicorn",
    "yaml",
)
HELP = """
import sys
from fastprocesses_server.cli import main
sys.argv[1:] = ["--help"]
try:
    main()
finally:
    print("loaded:", *sorted(set(LARGE) & sys.modules.keys()))
"""
IMPORT = """
import importlib, sys
importlib.import_module("fastprocesses_server.MODULE")
print("loaded:", *sorted(set(LARGE) & sys.modules.keys()))
"""
SERVE = """
import sys
from pathlib import Path
from fastprocesses_server.api.serving.server import create_app
from fastprocesses_server.processes.registry import load_registry
from fastprocesses_server.settings import load_settings
create_app(load_settings(), load_registry(Path(FOLDER)))
print("loaded:", *sorted(set(LARGE) & sys.modules.keys()))
"""
API = {"asyncio", "fastapi", "loguru", "pydantic", "redis", "uvicorn"}
"""What it holds as long as it runs: it takes memory, in each of several processes."""


def loaded(script: str) -> set[str]:
    script = script.replace("LARGE", repr(LARGE))
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    *_, last = done.stdout.splitlines()
    assert last.startswith("loaded:"), done.stderr
    return set(last.split()[1:])


def test_the_end_of_a_command_looks_through_nothing() -> None:
    """Garbage that ends with the process: collecting it would take as long as many a command."""
    script = f"import atexit, gc; atexit.register(lambda: print('loaded:', gc.get_freeze_count() > 0)){HELP}"
    assert "True" in loaded(script)


def test_help_loads_no_large_library() -> None:
    assert loaded(HELP) == set()


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("standalone.dev", set()),
        ("processes.registry", {"asyncio", "pydantic"}),
        ("api.serving.server", API),
        ("worker.app", set(LARGE) - {"fastapi", "jsonschema", "uvicorn"}),
    ],
)
def test_programs_load_no_more_than_they_need(module: str, allowed: set[str]) -> None:
    assert loaded(IMPORT.replace("MODULE", module)) <= allowed


def test_an_api_that_reads_the_files_needs_little_more(tmp_path: Path) -> None:
    """No client of HTTP, no tokens, nothing for faults: what few requests, settings or files need, these load."""
    (tmp_path / "words.py").write_text('def count(text: str) -> int:\n    """Count words."""\n    ...\n')
    (tmp_path / "count.yaml").write_text("callable: words.count\nversion: 1.0.0\n")
    script = SERVE.replace("FOLDER", repr(str(tmp_path)))
    assert loaded(script) <= API | {"yaml"}
