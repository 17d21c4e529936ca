import ast
import json
import re
import sys
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
import yaml

SHIPPED = ("echo.json", "echo-binary.yaml", "heat-map.yaml", "service-coverage.yaml", "simple_process.yaml")


def description(processes: Path, name: str) -> dict[str, Any]:
    text = (processes / name).read_text("utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


def files_named_in(value: Any) -> list[str]:
    match value:
        case {"$file": name}:
            return [name]
        case dict():
            return [name for member in value.values() for name in files_named_in(member)]
        case list():
            return [name for item in value for name in files_named_in(item)]
    return []


def test_the_folder_holds_exactly_the_shipped_description_files(processes: Path) -> None:
    assert sorted(path.name for path in processes.iterdir() if path.suffix in {".yaml", ".json"}) == sorted(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_description_has_what_a_visitor_reads(processes: Path, name: str) -> None:
    process = description(processes, name)

    assert process["id"] == Path(name).stem
    assert {"title", "description", "keywords", "examples"} <= process.keys()
    assert re.fullmatch(r"\d+\.\d+\.\d+", process["version"])
    assert set(process["outputTransmission"]) == {"value", "reference"}
    assert all("title" in put for put in (*process["inputs"].values(), *process["outputs"].values()))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_callable_is_there(processes: Path, shipped: Callable[[str], ModuleType], name: str) -> None:
    module, _, attribute = description(processes, name)["callable"].rpartition(".")

    assert callable(getattr(shipped(module), attribute))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_schema_is_a_schema_and_every_default_fits_it(processes: Path, name: str) -> None:
    process = description(processes, name)

    for put in (*process["inputs"].values(), *process["outputs"].values()):
        jsonschema.Draft202012Validator.check_schema(put["schema"])
        if "default" in put["schema"]:
            jsonschema.validate(put["schema"]["default"], put["schema"])


@pytest.mark.parametrize("name", SHIPPED)
def test_examples_send_what_is_required_and_name_only_what_exists(processes: Path, name: str) -> None:
    process = description(processes, name)
    required = {key for key, put in process["inputs"].items() if put.get("minOccurs", 1)}

    for example in process["examples"].values():
        assert required <= example["inputs"].keys() <= process["inputs"].keys()
        assert example.get("outputs", {}).keys() <= process["outputs"].keys()
        assert all((processes / file).is_file() for file in files_named_in(example))


def test_no_module_hides_another_one(processes: Path) -> None:
    modules = {path.stem for path in processes.glob("*.py")}

    assert not modules & sys.stdlib_module_names
    assert not modules & packages_distributions().keys()


def test_the_requirements_name_what_the_modules_import(processes: Path) -> None:
    trees = [ast.parse(path.read_text("utf-8")) for path in processes.glob("*.py")]
    imported = {
        name.partition(".")[0]
        for node in (node for tree in trees for node in ast.walk(tree))
        for name in imported_by(node)
    }
    own = {path.stem for path in processes.glob("*.py")} | {"fastprocesses_server"}
    requirements = (processes / "requirements.txt").read_text("utf-8").split()

    assert imported - own - sys.stdlib_module_names == {re.split(r"[<>=]", line)[0] for line in requirements}


def imported_by(node: ast.AST) -> list[str]:
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom():
            return [node.module or ""]
    return []
