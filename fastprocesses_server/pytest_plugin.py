"""A pytest plugin: the examples of description files as tests, where a run or its settings ask for them.

`pytest --fastprocesses-examples=processes.d`, or `fastprocesses_examples = processes.d` in pytest's settings. It loads
with every run of pytest where this package is installed, so that it imports nothing of the server before it must.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .processes.description import Process
    from .processes.registry import Registry

FOLDERS = pytest.StashKey[tuple[Path, ...]]()
REGISTRIES = pytest.StashKey[dict[Path, "Registry | None"]]()
OURS = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("fastprocesses").addoption(
        "--fastprocesses-examples",
        metavar="DIR",
        action="append",
        default=[],
        help="Run the examples of the description files in this folder as tests.",
    )
    parser.addini(
        "fastprocesses_examples",
        "Folders of description files whose examples are tests.",
        type="paths",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Folders of the option are collected in any case, those of the settings where no other place is asked for."""
    asked = [(config.invocation_params.dir / name).resolve() for name in config.getoption("fastprocesses_examples")]
    usual = [path.resolve() for path in config.getini("fastprocesses_examples")]
    for folder in asked:
        if not folder.is_dir():
            raise pytest.UsageError(f"--fastprocesses-examples: there is no folder {folder}")
    config.stash[FOLDERS] = tuple(dict.fromkeys([*asked, *usual]))
    config.stash[REGISTRIES] = {}
    is_usual_run = config.args_source is not pytest.Config.ArgsSource.ARGS
    for folder in [*asked, *(usual if is_usual_run else [])]:
        if not any(folder.is_relative_to(place) for place in _places(config.args)):
            config.args.append(str(folder))


def _places(arguments: Iterable[str]) -> Iterator[Path]:
    for argument in arguments:
        path = Path(argument.partition("::")[0]).resolve()
        if path.is_dir():
            yield path


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.parent.resolve() not in parent.config.stash[FOLDERS]:
        return None
    from .processes.file_names import is_description_file

    return DescriptionFile.from_parent(parent, path=file_path) if is_description_file(file_path) else None


class DescriptionFile(pytest.File):
    """The examples of one file."""

    def collect(self) -> Iterator[pytest.Item]:
        registry = self._registry()
        for process in registry.all_versions if registry else ():
            if Path(process.source).resolve() == self.path.resolve():
                for name in process.examples:
                    yield Example.from_parent(self, name=name, process=process)

    def _registry(self) -> "Registry | None":
        """Of the folder; None where it is wrong, and another file has already told."""
        from .errors import StartError
        from .processes.registry import load_registry

        registries, folder = self.config.stash[REGISTRIES], self.path.parent.resolve()
        if folder not in registries:
            registries[folder] = None
            try:
                registries[folder] = load_registry(folder)
            except StartError as error:
                raise self.CollectError(str(error)) from None
        return registries[folder]


class Example(pytest.Item):
    """One example, run in this process, so that debuggers and coverage see it."""

    def __init__(self, *, process: "Process", **names: Any) -> None:
        super().__init__(**names)
        self.process = process

    def runtest(self) -> None:
        from tempfile import TemporaryDirectory

        from .authoring.example_runs import complaint
        from .authoring.example_trial import differing
        from .authoring.trial import Trial
        from .processes.document import read_document
        from .settings import load_settings

        settings = load_settings(processes_dir=self.path.parent)
        with TemporaryDirectory(prefix="fastprocesses-", ignore_cleanup_errors=True) as workdir:
            findings = list(differing(Trial(self.process, settings, Path(workdir)), self.name))
        if findings:
            document = read_document(self.path)
            raise Differs("\n".join(str(complaint(document, self.name, finding)) for finding in findings))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Differences and refused inputs in words; of what a callable raises, the frames of its author."""
        from .errors import InvalidRequest

        if isinstance(excinfo.value, InvalidRequest):
            return "\n".join(map(str, excinfo.value.complaints))
        if isinstance(excinfo.value, Differs):
            return str(excinfo.value)
        ours = [index for index, entry in enumerate(excinfo.traceback) if Path(entry.path).is_relative_to(OURS)]
        excinfo.traceback = excinfo.traceback[ours[-1] + 1 :] or excinfo.traceback
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"{self.process.id}: {self.name}"


class Differs(AssertionError):
    """An example's outputs are not those that it names."""
