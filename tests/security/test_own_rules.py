"""Rules of our own for the code: what it must never do, and the places that may, each with its reason.

A walk over the syntax tree does it; semgrep would too, and weighs 70 MB.
"""

import ast
import re
from collections.abc import Iterator

import pytest
from serving import ROOT

PACKAGE = ROOT / "fastprocesses_server"
TEMPLATES = PACKAGE / "api" / "pages" / "templates"

UNPICKLING = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
WAYS_OUT = {"requests", "urllib.request", "urllib3", "aiohttp", "http.client", "ftplib", "smtplib", "telnetlib"}
CLIENTS = {"Client", "AsyncClient", "get", "post", "put", "patch", "delete", "head", "options", "request", "stream"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
YAML = {"load", "load_all", "full_load", "full_load_all", "unsafe_load", "unsafe_load_all", "Loader", "CLoader"}
YAML |= {"FullLoader", "CFullLoader", "UnsafeLoader", "CUnsafeLoader"}

ALLOWED = {
    ("pickle", "worker/succession.py"): "a worker hands what it knows to its next image, in an unnamed file of its own",
    ("way out", "standalone/address.py"): "asks whether the API of this very machine answers",
    ("way out", "execution/outgoing.py"): "the one way out",
    ("way out", "authoring/remote.py"): "a command of authors, which asks the server that they name",
    ("markup", "api/pages/__init__.py"): "JSON for a script, in which nothing can end it",
}


def written(node: ast.AST) -> str:
    """`os.system` as it stands there; empty for what is no dotted name."""
    if isinstance(node, ast.Attribute):
        return f"{written(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return set()


def of_call(call: ast.Call) -> Iterator[str]:
    name = written(call.func)
    flags = {word.arg: word.value.value for word in call.keywords if isinstance(word.value, ast.Constant)}
    if name in {"eval", "exec", "compile", "__import__"}:
        yield "eval"
    if flags.get("shell") or name in SHELLS:
        yield "shell"
    if name.startswith("httpx.") and name.removeprefix("httpx.") in CLIENTS:
        yield "way out"
    if "verify" in flags and not flags["verify"]:
        yield "unverified"


def of_node(node: ast.AST) -> Iterator[str]:
    """The rules that it breaks."""
    names = imported(node) or {written(node)}
    if names & UNPICKLING or any(name.partition(".")[0] in UNPICKLING for name in imported(node)):
        yield "pickle"
    if names & {f"yaml.{name}" for name in YAML}:
        yield "yaml"
    if imported(node) & (WAYS_OUT | {f"httpx.{name}" for name in CLIENTS}):
        yield "way out"
    if imported(node) & SHELLS:
        yield "shell"
    if imported(node) & {"markupsafe.Markup", "markupsafe", "jinja2.Markup"}:
        yield "markup"
    if isinstance(node, ast.Call):
        yield from of_call(node)


def broken(source: str) -> set[str]:
    return {rule for node in ast.walk(ast.parse(source)) for rule in of_node(node)}


def test_only_the_places_that_may_break_a_rule_do() -> None:
    found = {
        (rule, str(path.relative_to(PACKAGE))) for path in PACKAGE.rglob("*.py") for rule in broken(path.read_text())
    }
    assert found == set(ALLOWED)


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("import pickle", "pickle"),
        ("from marshal import loads", "pickle"),
        ("import yaml\nyaml.load(text, Loader=Own)", "yaml"),
        ("from yaml import unsafe_load", "yaml"),
        ("yaml.compose(text, Loader=yaml.UnsafeLoader)", "yaml"),
        ("subprocess.run(command, shell=True)", "shell"),
        ("os.system(command)", "shell"),
        ("from os import popen", "shell"),
        ("eval(text)", "eval"),
        ("exec(compile(text, '', 'exec'))", "eval"),
        ("import requests", "way out"),
        ("from urllib import request", "way out"),
        ("httpx.AsyncClient()", "way out"),
        ("from httpx import get", "way out"),
        ("client(verify=False)", "unverified"),
        ("from markupsafe import Markup", "markup"),
    ],
)
def test_a_rule_finds_what_it_is_there_for(source: str, rule: str) -> None:
    assert rule in broken(source)


@pytest.mark.parametrize(
    "source", ["re.compile(text)", "yaml.safe_load(text)", "urllib.parse.quote(text)", "run(command, shell=False)"]
)
def test_what_only_looks_alike_is_left_alone(source: str) -> None:
    assert not broken(source)


def test_pages_escape_everything() -> None:
    templates = sorted(TEMPLATES.rglob("*.html"))
    assert len(templates) > 10
    for path in templates:
        assert not re.search(r"\|\s*safe\b|\bautoescape\b", path.read_text()), path.name


def test_scripts_of_pages_make_no_markup_from_text() -> None:
    scripts = sorted((PACKAGE / "api" / "pages" / "static").glob("*.js"))
    assert len(scripts) > 10
    marks = r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function)"
    for path in scripts:
        assert not re.search(marks, path.read_text()), path.name
