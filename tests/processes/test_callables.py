import sys
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from fastprocesses_server.processes import callables
from fastprocesses_server.processes.callables import NoSuchName, NotCallable, collisions, find_callable, load_callable

Put = Callable[..., Path]


@pytest.fixture(autouse=True)
def _clean_imports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test imports is forgotten after it."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    before = sys.modules.copy()
    yield
    for name in sys.modules.keys() - before.keys():
        del sys.modules[name]


MODULE = """
def function(): return "function"
class Plain:
    def method(self): return "method"
    @staticmethod
    def static(): return "static"
    @classmethod
    def of_class(cls): return cls.__name__
class WithExecute:
    def execute(self): return "execute"
instance = WithExecute()
number = 5
"""


@pytest.mark.parametrize(
    ("dotted", "answer"),
    [
        ("tools.function", "function"),
        ("tools:function", "function"),
        ("tools.Plain.method", "method"),
        ("tools:Plain.static", "static"),
        ("tools.Plain.of_class", "Plain"),
        ("tools.WithExecute", "execute"),
        ("tools.instance", "execute"),
        ("noise.model.run", "run"),
        ("noise.model:run", "run"),
        ("noise.deep.er.run", "deeper"),
        ("os.path.sep.lower", "/"),
    ],
)
def test_a_dotted_path_leads_to_a_callable(dotted: str, answer: str, put: Put, folder: Path) -> None:
    put("tools.py", MODULE)
    put("noise/model.py", "def run(): return 'run'")
    put("noise/deep/__init__.py", "")
    put("noise/deep/er.py", "def run(): return 'deeper'")
    assert load_callable(dotted, folder)() == answer


def test_where_it_was_found_is_told_apart_as_module_and_name(put: Put, folder: Path) -> None:
    put("tools.py", MODULE)
    put("noise/model.py", "class A:\n    def b(self): ...")
    assert find_callable("tools.function", folder)[:2] == ("tools", "function")
    assert find_callable("noise.model.A.b", folder)[:2] == ("noise.model", "A.b")


def test_the_folder_stands_last_on_the_path_and_once(put: Put, folder: Path) -> None:
    put("tools.py", MODULE)
    load_callable("tools.function", folder)
    sys.path.append("/elsewhere")
    load_callable("tools.function", folder)
    assert sys.path[-2:] == ["/elsewhere", str(folder)]


def test_a_name_that_is_not_there_is_an_attribute_error_with_a_suggestion(put: Put, folder: Path) -> None:
    put("tools.py", MODULE)
    with pytest.raises(NoSuchName, match='tools has no "functoin", did you mean "function"\\?'):
        load_callable("tools.functoin", folder)
    with pytest.raises(NoSuchName, match='Plain has no "metod", did you mean "method"\\?'):
        load_callable("tools.Plain.metod", folder)


def test_what_is_neither_callable_nor_has_an_execute_is_refused(put: Put, folder: Path) -> None:
    put("tools.py", MODULE)
    put("noise/model.py", "")
    with pytest.raises(NotCallable, match=r"tools\.number is of type int"):
        load_callable("tools.number", folder)
    with pytest.raises(NotCallable, match=r"noise\.model is a module"):
        load_callable("noise.model", folder)


def test_a_broken_submodule_is_not_taken_for_a_missing_name(put: Put, folder: Path) -> None:
    put("noise/model.py", "import nowhere_to_be_found")
    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found"):
        load_callable("noise.model.run", folder)


def test_modules_that_hide_each_other_are_found_without_an_import(put: Put, folder: Path) -> None:
    put("json.py", "1 / 0")
    put("yaml/anything.py", "1 / 0")
    put("data/numbers.csv", "")
    put("shadows_nothing.py", "1 / 0")
    found = {name: other for _, name, other in collisions(folder)}
    assert found.keys() == {"json", "yaml"}
    assert found["json"] == "the standard library"
    assert found["yaml"].endswith("yaml/__init__.py")


class Editable:
    """A finder as editable installations have."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, None, origin="/home/me/sources/mine.py") if name == "mine" else None


def test_editable_installations_and_namespace_packages_are_seen(
    put: Put, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "site-packages"
    for name in ("shared", "hidden", "alone"):
        (installed / name / "part").mkdir(parents=True)
    monkeypatch.setattr(callables, "INSTALLED", {installed})
    sys.path.append(str(installed))
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Editable()])
    put("mine.py", "")
    put("shared/more.py", "")
    put("hidden/__init__.py", "")
    put("alone.py", "")
    found = {name: other for _, name, other in collisions(folder)}
    assert found == {
        "mine": "/home/me/sources/mine.py",
        "hidden": str(installed / "hidden"),
        "alone": str(installed / "alone"),
    }


@pytest.mark.parametrize("with_init", [True, False])
def test_a_subfolder_is_a_package_with_relative_imports_and_data_beside_its_modules(
    with_init: bool, put: Put, folder: Path
) -> None:
    if with_init:
        put("noise/__init__.py", "")
        put("noise/maps/__init__.py", "from . import names")
    put("noise/levels.json", '{"tram": 80}')
    put("noise/json.py", "NAME = 'not the standard one'")
    put("noise/maps/names.py", "def first(): return 'tram'")
    put(
        "noise/model.py",
        "import json\n"
        "from importlib.resources import files\n"
        "from pathlib import Path\n"
        "from .maps.names import first\n"
        "from . import json as mine\n"
        "from noise.maps import names\n"
        "def run():\n"
        "    beside = json.loads(Path(__file__).with_name('levels.json').read_text())\n"
        "    resource = json.loads(files('noise').joinpath('levels.json').read_text())\n"
        "    return beside[first()], resource[names.first()], mine.NAME\n",
    )
    assert load_callable("noise.model.run", folder)() == (80, 80, "not the standard one")
    assert list(collisions(folder)) == []
