"""From a dotted path to the callable; imports authors' code, so only inspection and workers' children use it."""

import builtins
import inspect
import sys
import sysconfig
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from .fastprocesses.classes import adapted
from .fastprocesses.names import offer_names
from .suggestion import nearest


class NoSuchName(AttributeError):
    """A module or class has nothing of that name."""

    def __init__(self, owner: str, missing: str, hint: str) -> None:
        super().__init__(f'{owner} has no "{missing}"' + (f', did you mean "{hint}"?' if hint else ""))
        self.owner = owner
        self.missing = missing
        self.hint = hint


class NotCallable(TypeError):
    """The path leads to something that can neither be called nor has an `execute`."""


class NotMade(TypeError):
    """A class whose constructor fails; it gets no arguments."""

    def __init__(self, owner: type, raised: BaseException) -> None:
        what = f"{type(raised).__name__}: {raised}".splitlines()[0]
        super().__init__(f"the constructor of {owner.__module__}.{owner.__qualname__} fails: {what}")
        self.owner = owner
        self.raised = raised


class NotAnException(TypeError):
    """The name is not one of an exception class."""


class Loaded(NamedTuple):
    """`module` and `name` are what `module:name` would say."""

    module: str
    name: str
    callable: Callable[..., Any]


def load_callable(dotted: str, folder: Path) -> Callable[..., Any]:
    """Raises what find_callable raises; of a constructor that fails, what that raises."""
    try:
        return find_callable(dotted, folder).callable
    except NotMade as error:
        raise error.__cause__ or error from None


def find_callable(dotted: str, folder: Path) -> Loaded:
    """Imports `package.module.name` or `package.module:name`; the processes folder stands last on the path.

    A class with `execute` is made without arguments; one written for fastprocesses becomes a `ProcessClass`.
    Raises ModuleNotFoundError, NoSuchName, NotCallable, NotMade, and whatever the import raises.
    """
    _prepare_imports(folder)
    module, names = _import(dotted)
    found = _with_execute(_attribute(module, names))
    name = ".".join(names)
    if not callable(found):
        kind = "a module" if isinstance(found, ModuleType) else f"of type {type(found).__name__}"
        raise NotCallable(f"{dotted} is {kind}: it can neither be called nor has an execute method")
    return Loaded(module.__name__, name, adapted(found))


def find_exception(name: str, folder: Path) -> type[BaseException]:
    """A built-in exception by its name, another one by its dotted path.

    Raises NoSuchName, NotAnException, and whatever the import raises.
    """
    if "." not in name and ":" not in name:
        if not hasattr(builtins, name):
            exceptions = [known for known in dir(builtins) if known.endswith(("Error", "Exception"))]
            raise NoSuchName("Python", name, nearest(name, exceptions))
        found = getattr(builtins, name)
    else:
        _prepare_imports(folder)
        module, names = _import(name)
        found = _attribute(module, names)
    if not (inspect.isclass(found) and issubclass(found, BaseException)):
        raise NotAnException(f"{name} is no exception class")
    return found


def _prepare_imports(folder: Path) -> None:
    place = str(folder.resolve())
    sys.path[:] = [*(entry for entry in sys.path if entry != place), place]
    offer_names()


def _import(dotted: str) -> tuple[ModuleType, list[str]]:
    """The module, as far down as the path leads through modules, and the names that remain."""
    if ":" in dotted:
        module_name, _, name = dotted.partition(":")
        return import_module(module_name), name.split(".")
    first, *names = dotted.split(".")
    module = import_module(first)
    while names and not hasattr(module, names[0]) and _has_submodule(module, names[0]):
        module = import_module(f"{module.__name__}.{names.pop(0)}")
    while names and isinstance(getattr(module, names[0], None), ModuleType):
        module = getattr(module, names.pop(0))
    return module, names


def _has_submodule(module: ModuleType, name: str) -> bool:
    return hasattr(module, "__path__") and find_spec(f"{module.__name__}.{name}") is not None


def _attribute(module: ModuleType, names: list[str]) -> Any:
    owner: Any = module
    for name in names:
        if not hasattr(owner, name):
            public = [known for known in dir(owner) if not known.startswith("_")]
            raise NoSuchName(getattr(owner, "__name__", type(owner).__name__), name, nearest(name, public))
        owner = _bound(owner, name)
    return owner


def _bound(owner: Any, name: str) -> Any:
    """A method of a class is one of an instance made without arguments."""
    if inspect.isclass(owner) and inspect.isfunction(inspect.getattr_static(owner, name)):
        owner = _made(owner)
    return getattr(owner, name)


def _made(owner: type) -> Any:
    try:
        return owner()
    except BaseException as error:
        raise NotMade(owner, error) from error


def _with_execute(found: Any) -> Any:
    if isinstance(found, ModuleType) or not callable(getattr(found, "execute", None)):
        return found
    owner: Any = _made(found) if inspect.isclass(found) else found
    return owner.execute


INSTALLED = frozenset(Path(sysconfig.get_path(name)) for name in ("purelib", "platlib"))


class Collision(NamedTuple):
    """A module of the processes folder that has the name of another one."""

    path: Path
    name: str
    other: str


def collisions(folder: Path) -> Iterator[Collision]:
    """Nothing is imported to find them. `other` is a file or folder, or `the standard library`."""
    for path, name in _modules(folder):
        if name in sys.stdlib_module_names:
            yield Collision(path, name, "the standard library")
        elif other := _elsewhere(folder, path, name):
            yield Collision(path, name, other)


def _elsewhere(folder: Path, path: Path, name: str) -> str | None:
    """Parts of a namespace package, without `__init__.py`, may lie in several folders; a module would hide them."""
    entries = [entry for entry in sys.path if Path(entry).resolve() != folder.resolve()]
    for finder in sys.meta_path:  # that of an editable installation does not look at the path
        spec = finder.find_spec(name, entries if finder is PathFinder else None)
        if spec and spec.origin and not Path(spec.origin).is_relative_to(folder.resolve()):
            return spec.origin
        if spec and (path.is_file() or (path / "__init__.py").exists()):
            for part in spec.submodule_search_locations or ():
                if Path(part).parent in INSTALLED:
                    return part
    return None


def _modules(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.iterdir()):
        if path.suffix == ".py" and path.stem.isidentifier():
            yield path, path.stem
        elif path.is_dir() and path.name.isidentifier() and any(path.glob("**/*.py")):
            yield path, path.name
