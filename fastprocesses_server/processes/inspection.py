"""The short-lived child process that imports authors' callables and says what it saw.

Reads folder and callables as JSON from standard input; writes that it is ready, one line of JSON
for each callable, in their order, and one with what it read for that. It imports little, because it
runs at every start of a server for which nothing is remembered.
"""

import builtins
import ctypes
import hashlib
import importlib
import importlib.util
import inspect
import json
import os
import signal
import sys
import traceback
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from .annotations import RETURN, parameters_of
from .answers import open_answers
from .callables import Loaded, NoSuchName, NotAnException, NotCallable, NotMade, find_callable, find_exception
from .contexts import context_of
from .fastprocesses.classes import CONTEXT, REQUEST, ProcessClass
from .inference import infer
from .reports import Failure, FailureKind, Found, Parameter, ParameterKind, Report, Wanted
from .trace import Notes

READY = "ready"
PR_SET_PDEATHSIG = 1


def main() -> None:
    _die_with_parent()
    answers = open_answers()
    print(READY, file=answers, flush=True)
    order = json.load(sys.stdin)
    folder = Path(order["folder"])
    imports = Imports()
    imports.record()
    notes = Notes()
    notes.begin()
    for wanted in order["wanted"]:
        print(json.dumps(asdict(examine(Wanted(*wanted), folder, imports))), file=answers, flush=True)
    print(json.dumps(notes.data()), file=answers, flush=True)
    os._exit(0)  # threads that authors left behind would keep the process


def _die_with_parent() -> None:
    """Where the kernel offers that (Linux): an import that hangs must not outlive a server that was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def examine(wanted: Wanted, folder: Path, imports: "Imports") -> Report:
    try:
        loaded = find_callable(wanted.callable, folder)
        wrong = {name: what for name in wanted.exceptions if (what := _wrong_exception(name, folder))}
    except NoSuchName as error:
        return Failure(FailureKind.MISSING_NAME, f'{error.owner} has no "{error.missing}"', error.hint)
    except NotCallable as error:
        return Failure(FailureKind.NOT_CALLABLE, str(error))
    except NotMade as error:
        return _not_made(error, folder)
    except BaseException as error:  # noqa: BLE001 - the author's code runs here, and may even exit
        return _failure(error, folder)
    try:
        return _found(loaded, folder, imports, wrong)
    except BaseException as error:  # noqa: BLE001 - of the author's classes, asked what they are
        return Failure(FailureKind.UNREADABLE, _first_line(error), detail=_own_detail(error, folder))


def _wrong_exception(name: str, folder: Path) -> str:
    """Empty where it can be imported."""
    try:
        find_exception(name, folder)
    except (NoSuchName, NotAnException) as error:
        return str(error)
    except BaseException as error:  # noqa: BLE001 - the author's code runs here, and may even exit
        return _said_by(error)
    return ""


def _failure(error: BaseException, folder: Path) -> Failure:
    detail = _detail(error, folder)
    if isinstance(error, ModuleNotFoundError) and error.name and not _is_there(error.name):
        return Failure(FailureKind.MISSING_PACKAGE, error.name.partition(".")[0], detail=detail)
    return Failure(FailureKind.RAISED, _first_line(error), detail=detail)


def _not_made(error: NotMade, folder: Path) -> Failure:
    failure = _failure(error.raised, folder)
    if failure.kind is FailureKind.MISSING_PACKAGE:
        return failure
    place = _class_place(error.owner, folder)
    remedy = f"make one in the module, for example `made = {error.owner.__name__}(…)`, and name that"
    what = f"{error}{f' ({place})' if place else ''}; {remedy}"
    return Failure(FailureKind.NOT_MADE, what, detail=_own_detail(error.raised, folder))


def _own_detail(error: BaseException, folder: Path) -> str:
    """Empty where no frame is the author's."""
    return _detail(error, folder) if _frames(error, folder) else ""


def _detail(error: BaseException, folder: Path) -> str:
    frames = traceback.format_list(_frames(error, folder))
    return "".join([*frames, *traceback.format_exception_only(error)]).rstrip()


def _first_line(error: BaseException) -> str:
    return _said_by(error).splitlines()[0]


def _said_by(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - its text is the author's code as well
        return f"{type(error).__name__}, which has no text"


def _is_there(module: str) -> bool:
    top = module.partition(".")[0]
    return top in sys.modules or importlib.util.find_spec(top) is not None


def _frames(error: BaseException, folder: Path) -> list[traceback.FrameSummary]:
    """Those of the author's files."""
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]


def _found(loaded: Loaded, folder: Path, imports: "Imports", wrong_exceptions: Mapping[str, str]) -> Found:
    parameters = _parameters(loaded)
    inferred = infer(loaded.callable)
    found = Found(
        target=f"{loaded.module}:{loaded.name}",
        parameters=parameters,
        context=None if parameters is None else context_of(loaded.callable),
        version=_version(loaded.module),
        modules=dict(sorted(_hashes(imports.closure(loaded.module), folder))),
        wrong_exceptions=wrong_exceptions,
        place=_place(loaded.callable, folder),
        texts=inferred.texts,
        inputs=inferred.inputs,
        outputs=inferred.outputs,
        is_whole=inferred.is_whole,
        unclear=inferred.unclear,
        documented=inferred.documented,
    )
    return _found_class(loaded, found, folder) if isinstance(loaded.callable, ProcessClass) else found


def _found_class(loaded: Loaded, found: Found, folder: Path) -> Found:
    """What a class written for fastprocesses says itself stands for what its `execute` would tell."""
    one: ProcessClass = loaded.callable  # type: ignore[assignment]
    inferred = infer(one.execute)
    named = [Parameter(name, ParameterKind.NAMED, required=False) for name in one.inputs]
    return replace(
        found,
        parameters=(*named, Parameter("inputs", ParameterKind.MANY_NAMED, required=False)),
        context=CONTEXT,
        request=REQUEST,
        own_id=one.id,
        version=one.version or found.version,
        place=_class_place(type(one.instance), folder),
        texts={**inferred.texts, **one.texts},
        inputs=one.inputs,
        outputs=one.outputs,
        is_whole=False,
        unclear={} if one.outputs else {RETURN: "is said by no process_description"},
    )


def _place(function: Any, folder: Path) -> str:
    """Empty where there is no source, as of C functions."""
    code = getattr(inspect.unwrap(getattr(function, "__func__", function)), "__code__", None)
    if code is None:
        return ""
    return _shown_place(code.co_filename, code.co_firstlineno, folder)


def _class_place(cls: type, folder: Path) -> str:
    try:
        return _shown_place(inspect.getfile(cls), inspect.getsourcelines(cls)[1], folder)
    except (OSError, TypeError):
        return ""


def _shown_place(filename: str, line: int, folder: Path) -> str:
    file = Path(filename)
    return f"{file.relative_to(folder) if file.is_relative_to(folder) else file.name}:{line}"


def _parameters(loaded: Loaded) -> tuple[Parameter, ...] | None:
    try:
        parameters = parameters_of(loaded.callable)
    except ValueError:
        return None
    return tuple(map(_parameter, parameters.values()))


def _parameter(parameter: inspect.Parameter) -> Parameter:
    match parameter.kind:
        case inspect.Parameter.POSITIONAL_ONLY:
            kind = ParameterKind.POSITION_ONLY
        case inspect.Parameter.VAR_POSITIONAL:
            kind = ParameterKind.MANY
        case inspect.Parameter.VAR_KEYWORD:
            kind = ParameterKind.MANY_NAMED
        case _:
            kind = ParameterKind.NAMED
    many = kind in {ParameterKind.MANY, ParameterKind.MANY_NAMED}
    required = parameter.default is inspect.Parameter.empty and not many
    return Parameter(parameter.name, kind, required)


def _version(module: str) -> str | None:
    for name in (module, module.partition(".")[0]):
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str):
            return version
    return None


def _hashes(modules: set[str], folder: Path) -> Iterator[tuple[str, str]]:
    for name in modules:
        file = Path(getattr(sys.modules[name], "__file__", None) or "")
        if file.is_relative_to(folder):
            yield str(file.relative_to(folder)), hashlib.sha256(file.read_bytes()).hexdigest()


class Imports:
    """Who imported whom. `sys.modules` alone would show a shared module only to the first that imports it."""

    def __init__(self) -> None:
        self._edges: defaultdict[str, set[str]] = defaultdict(set)

    def record(self) -> None:
        """Watches the import statement and importlib.import_module from now on, in the whole process."""
        import_, import_module = builtins.__import__, importlib.import_module

        def recording_import(
            name: str,
            globals: Any = None,  # noqa: A002 - authors may give it by this name
            locals: Any = None,  # noqa: A002
            fromlist: Any = (),
            level: int = 0,
        ) -> ModuleType:
            module = import_(name, globals, locals, fromlist, level)
            full = module.__name__ if level else name
            importer = (globals or {}).get("__name__", "")
            self._add(importer, full, *(f"{full}.{item}" for item in fromlist or ()))
            return module

        def recording_import_module(name: str, package: str | None = None) -> Any:
            module = import_module(name, package)
            frame = inspect.currentframe()
            importer = frame.f_back.f_globals.get("__name__", "") if frame and frame.f_back else ""
            self._add(importer, module.__name__)
            return module

        builtins.__import__ = recording_import
        importlib.import_module = recording_import_module

    def _add(self, importer: str, *imported: str) -> None:
        self._edges[importer].update(imported)

    def closure(self, module: str) -> set[str]:
        """The module, its packages, and all that they imported."""
        found: set[str] = set()
        ahead = [module]
        while ahead:
            name = ahead.pop()
            if name in sys.modules and name not in found:
                found.add(name)
                ahead += [*self._edges[name], *([name.rpartition(".")[0]] if "." in name else [])]
        return found


if __name__ == "__main__":
    main()
