"""What the server stands on: dependencies with their reasons, and what bandit finds in the code."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from serving import ROOT

PROJECT = (ROOT / "pyproject.toml").read_text()
DECLARED = tomllib.loads(PROJECT)["project"]
SHORTEST = 5
"""Of a reason."""

ALONG_WITH = {
    "hiredis": "redis",
    "httpcore": "httpx",
    "kombu": "celery",
    "markupsafe": "jinja2",
    "pydantic-core": "pydantic",
    "starlette": "fastapi",
    "typing-extensions": "pydantic",
}
"""Packages that are imported, and the dependency that brings each of them."""

ACCEPTED = {
    ("B101", "api/problems.py"): "the framework calls these handlers for these exceptions alone",
    ("B101", "worker/scribe.py"): "who speaks has been given an attempt",
    ("B104", "api/base_url.py"): "compared, not listened on",
    ("B104", "cli/common.py"): "compared, not listened on",
    ("B104", "standalone/address.py"): "compared, not listened on",
    ("B105", "settings/kinds.py"): "how every such secret begins",
    ("B301", "worker/succession.py"): "an unnamed file of this process's earlier image",
    ("B311", "trail.py"): "tells requests apart, and is no secret",
    ("B311", "worker/turn.py"): "when a process is replaced is no secret",
    ("B403", "worker/succession.py"): "the same",
    ("B404", "processes/children.py"): "starts a module of ours",
    ("B404", "standalone/guard.py"): "starts ps",
    ("B404", "standalone/program.py"): "starts our own commands",
    ("B404", "standalone/supervisor.py"): "starts a module of ours",
    ("B404", "standalone/valkey.py"): "asks the Valkey that it found for its version",
    ("B603", "processes/children.py"): "no part of the command comes from a request",
    ("B603", "standalone/guard.py"): "the same",
    ("B603", "standalone/program.py"): "the same",
    ("B603", "standalone/supervisor.py"): "the same",
    ("B603", "standalone/valkey.py"): "the same",
    ("B606", "standalone/launch.py"): "that there is no shell is the point",
    ("B606", "worker/succession.py"): "the same",
    ("B704", "api/pages/__init__.py"): "JSON, with nothing left in it that is markup",
}
"""What bandit finds, and why that is no weakness."""


def own_name(requirement: str) -> str:
    return re.split(r"[\[>=]", requirement)[0].lower().replace("_", "-")


def requirements() -> list[str]:
    extras = DECLARED["optional-dependencies"].values()
    listed = [*DECLARED["dependencies"], *(requirement for extra in extras for requirement in extra)]
    return [requirement for requirement in listed if own_name(requirement) != DECLARED["name"]]


@pytest.mark.parametrize("requirement", requirements())
def test_a_dependency_has_its_reason(requirement: str) -> None:
    [reason] = re.findall(rf'^  "{re.escape(requirement)}",(?:  # (.*))?$', PROJECT, re.MULTILINE)
    assert len(reason) >= SHORTEST


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    trees = [ast.parse(path.read_text()) for path in (ROOT / "fastprocesses_server").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    foreign = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - {"pytest"}  # of our plugin
    known = packages_distributions()
    found = {own_name(known[name][0]) for name in foreign}
    extras = {
        own_name(each) for name, more in DECLARED["optional-dependencies"].items() if name != "dev" for each in more
    }
    assert {ALONG_WITH.get(name, name) for name in found} - extras == {
        *map(own_name, DECLARED["dependencies"])
    } - extras
    assert set(ALONG_WITH) <= found


def test_bandit_finds_only_what_is_accepted() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bandit", "-q", "-r", "-f", "json", "fastprocesses_server", "processes.d"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["errors"] == []
    found = {(it["test_id"], it["filename"].removeprefix("fastprocesses_server/")) for it in report["results"]}
    assert found == set(ACCEPTED)
    assert report["metrics"]["_totals"]["nosec"] == 0
