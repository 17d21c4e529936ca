"""What commands and programs load: nothing that they do not need, for every start pays for it."""

import subprocess
import sys

import pytest
from serving import ROOT

LARGE = ("asyncio", "celery", "fastapi", "httpx", "jsonschema", "loguru", "pydantic", "redis", "uvicorn", "yaml")
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
        ("worker.app", set(LARGE) - {"fastapi", "jsonschema", "uvicorn"}),
    ],
)
def test_programs_load_no_more_than_they_need(module: str, allowed: set[str]) -> None:
    assert loaded(IMPORT.replace("MODULE", module)) <= allowed
