"""The description files of a folder, before their callables are looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import StartError
from .callables import collisions
from .complaints import DescriptionErrors, FileComplaint, shown
from .description_file import DescriptionFile, id_of, module_of, validate
from .document import Document, make_complaint, read_document
from .example_files import with_files
from .file_names import is_description_file
from .positions import START, Flaw
from .reports import Wanted


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that could be read; `file` is None where members of it are wrong."""

    document: Document
    file: DescriptionFile | None

    @property
    def id(self) -> str:
        """That the file says, or its name; also where it is no good one."""
        named = self.document.data.get("id")
        return named if isinstance(named, str) else id_of(self.document.path)

    @property
    def callable(self) -> str | None:
        """What can be inspected even where other members are wrong."""
        named = self.document.data.get("callable")
        return named if isinstance(named, str) and module_of(named) else None

    @property
    def wanted(self) -> Wanted:
        return Wanted(str(self.callable), tuple(self.retried.values()))

    @property
    def retried(self) -> dict[int, str]:
        """What `retryOn` names, by place in the list."""
        run = self.document.data.get("run")
        named = run.get("retryOn") if isinstance(run, dict) else None
        return (
            {place: name for place, name in enumerate(named) if isinstance(name, str)}
            if isinstance(named, list)
            else {}
        )


def read_folder(folder: Path) -> tuple[list[Candidate], list[FileComplaint]]:
    """Files directly in the folder, as its subfolders hold packages and data; StartError where there are none."""
    candidates: list[Candidate] = []
    paths = _description_files(folder)
    complaints = list(_collisions(folder))
    for path in paths:
        try:
            document = read_document(path)
            candidates.append(Candidate(document, None))
            candidates[-1] = Candidate(document, with_files(document, validate(document)))
        except DescriptionErrors as error:
            complaints += error.complaints
    return candidates, complaints


def _description_files(folder: Path) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if is_description_file(path))
    except OSError as error:
        what = f"the processes folder cannot be read: {error.strerror}"
        raise StartError(f"{shown(folder)}: {what}; FP_PROCESSES_DIR names another") from None
    if not found:
        remedy = "put one there, for example buffer.yaml with the line `callable: geo_tools.buffer`"
        raise StartError(f"{shown(folder)}: there is no description file; {remedy}")
    return found


def _collisions(folder: Path) -> Iterator[FileComplaint]:
    for path, name, other in collisions(folder):
        what = f'the module "{name}" is also there as {other}; only one can be imported, rename this one'
        yield make_complaint(path, "", Flaw(START, what))


def is_allowed(candidate: Candidate, allowed_modules: Sequence[str]) -> bool:
    """Where no module is named, all are allowed."""
    module = module_of(candidate.callable or "")
    return not allowed_modules or any(f"{module}.".startswith(f"{prefix}.") for prefix in allowed_modules)


def not_allowed(candidate: Candidate, allowed_modules: Sequence[str]) -> FileComplaint:
    module = module_of(candidate.callable or "")
    what = f"the module {module} is not allowed; allowed are {', '.join(allowed_modules)}"
    return candidate.document.complaint(("callable",), what)
