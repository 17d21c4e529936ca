"""The house: who may import whom, how long things are, and that nothing happens at import."""

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "fastprocesses_server"
FILES = sorted(PACKAGE.rglob("*.py"))
TOOLS = Path(sys.executable).parent


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_over_400_lines() -> None:
    long = [path.name for path in FILES if path.read_text().count("\n") > 400]
    assert not long


def test_functions_are_short() -> None:
    lengths = sorted((length, name) for path in FILES for name, length in functions(path))
    assert lengths[-1][0] <= 60, lengths[-1]
    assert lengths[int(len(lengths) * 0.9)][0] <= 25


def test_every_module_says_what_it_is() -> None:
    silent = [path.name for path in FILES if not ast.get_docstring(ast.parse(path.read_text()))]
    assert not silent


def test_imports_point_down_the_house() -> None:
    run(str(TOOLS / "lint-imports"), "--no-cache")


def test_types_are_strict() -> None:
    run(str(TOOLS / "mypy"))


@pytest.mark.parametrize("command", [("check",), ("format", "--check")])
def test_ruff_has_nothing_to_say(command: tuple[str, ...]) -> None:
    run(str(TOOLS / "ruff"), *command, "--quiet", ".")


WATCH = """
import importlib, json, logging, signal, sys
import celery, fastapi, jsonschema_rs, kombu, uvicorn  # what libraries do is theirs
from loguru import logger
effects = []
def hook(event, args):
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        effects.append([module, "writes", str(args[0])])
    if event in ("socket.bind", "socket.connect"):
        effects.append([module, event])
def handlers():
    signals = [str(signal.getsignal(number)) for number in signal.valid_signals() if number not in (9, 19)]
    return signals, list(logging.getLogger().handlers), list(logger._core.handlers)
before = handlers()
sys.addaudithook(hook)
for module in sys.argv[1:]:
    importlib.import_module(module)
    if handlers() != before:
        effects.append([module, "changes handlers"])
print(json.dumps(effects))
"""


def test_nothing_happens_at_import(tmp_path: Path) -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in FILES
        if path.name != "__main__.py"
    ]
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCH, *modules],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
    assert not list(tmp_path.iterdir())


def test_constraints_are_what_the_lock_file_says() -> None:
    exported = subprocess.run(
        [
            *(str(TOOLS / "uv"), "export", "--frozen", "--all-extras", "--no-hashes", "--no-emit-project"),
            *("--no-annotate", "--no-header", "--quiet"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert exported.stdout == (ROOT / "constraints.txt").read_text()


def test_the_lock_file_knows_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    own = next(package for package in locked if package["name"] == "fastprocesses-server")
    required = {(item["name"].lower(), item.get("specifier", "")) for item in own["metadata"]["requires-dist"]}
    declared = {*project["dependencies"]}.union(*map(set, project["optional-dependencies"].values()))
    for requirement in declared:
        if requirement.startswith("fastprocesses-server["):
            continue
        name, _, version = requirement.partition(">=")
        assert (name.partition("[")[0].lower().replace("_", "-"), f">={version}" if version else "") in required
