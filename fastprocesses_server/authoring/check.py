"""The command `check`: everything that is wrong with a folder of processes, at once, for people and for programs."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from ..errors import StartError
from ..processes.complaints import DescriptionErrors, FileComplaint, shown
from ..processes.description import Process
from ..processes.quantities import counted
from ..processes.registry import Registry, load_registry
from ..processes.versions import base_id
from ..settings import Settings


class Form(StrEnum):
    """How it is said: to people, as one JSON document, or as annotations of GitHub Actions."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


@dataclass(frozen=True, slots=True)
class Findings:
    """`versions` is empty where files are wrong; `reason` is what ended the check before it looked at any."""

    complaints: tuple[FileComplaint, ...] = ()
    warnings: tuple[str, ...] = ()
    versions: tuple[Process, ...] = ()
    """Of all processes, older ones too."""
    size: str = ""
    """How many processes and versions."""
    examples: int | None = None
    """That were run."""
    reason: str = ""

    @property
    def is_good(self) -> bool:
        return not self.complaints and not self.reason


class Said(NamedTuple):
    """For standard output, and for standard error."""

    out: str
    error: str = ""


def check(settings: Settings, form: Form, *, run: bool, timeout: float | None) -> int:
    """Says what it found; the exit status."""
    findings = find(settings, run=run, timeout=timeout)
    said = SAYING[form](findings)
    for text, stream in ((said.error, sys.stderr), (said.out, sys.stdout)):
        if text:
            print(text, file=stream)
    return 0 if findings.is_good else 1


def find(settings: Settings, *, run: bool = False, timeout: float | None = None) -> Findings:
    try:
        registry = load_registry(
            settings.processes_dir, allowed_modules=settings.allowed_modules, cache=settings.inspection_cache_folder
        )
    except DescriptionErrors as error:
        return Findings(error.complaints)
    except StartError as error:
        folder = shown(settings.processes_dir)
        return Findings((FileComplaint(folder, 1, 1, str(error).removeprefix(f"{folder}: ")),), reason=str(error))
    complaints = DescriptionErrors(_wrong_examples(registry, settings, timeout)).complaints if run else ()
    return Findings(
        complaints,
        registry.warnings,
        tuple(sorted(registry.all_versions, key=lambda process: (base_id(process.id), process.source))),
        registry.size,
        examples=sum(len(process.examples) for process in registry.all_versions) if run else None,
    )


def _wrong_examples(registry: Registry, settings: Settings, timeout: float | None) -> Iterator[FileComplaint]:
    from .example_runs import run_examples  # noqa: PLC0415 - a check that runs nothing starts sooner without it

    yield from run_examples(registry.all_versions, settings.processes_dir, timeout)


def as_text(findings: Findings) -> Said:
    """What is wrong goes to standard error."""
    wrong = [findings.reason] if findings.reason else map(str, findings.complaints)
    error = "\n".join([*(f"warning: {warning}" for warning in findings.warnings), *wrong])
    if not findings.is_good:
        return Said("", error)
    run = "" if findings.examples is None else f", {counted(findings.examples, 'example', 'examples')}"
    listed = [f"{process.source}: {base_id(process.id)} {process.version}" for process in findings.versions]
    return Said("\n".join([*listed, f"{findings.size}{run}, nothing wrong"]), error)


def as_json(findings: Findings) -> Said:
    document: dict[str, Any] = {
        "complaints": [{name: getattr(complaint, name) for name in MEMBERS} for complaint in findings.complaints],
        "warnings": findings.warnings,
        "summary": {
            "complaints": len(findings.complaints),
            "files": len({complaint.file for complaint in findings.complaints}),
            "processes": len({base_id(process.id) for process in findings.versions}),
            "versions": len(findings.versions),
            "examples": findings.examples,
        },
    }
    return Said(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def as_annotations(findings: Findings) -> Said:
    """Workflow commands of GitHub Actions: one line each, whatever a file holds."""
    return Said("\n".join([*map(_warning, findings.warnings), *map(_error, findings.complaints)]))


def _warning(text: str) -> str:
    file, _, what = text.partition(": ")
    return f"::warning file={_property(file)}::{_message(what)}"


def _error(one: FileComplaint) -> str:
    hint = f'did you mean "{one.hint}"?' if one.hint else ""
    message = "\n".join(filter(None, (one.what, hint, one.detail)))
    return f"::error file={_property(one.file)},line={one.line},col={one.column}::{_message(message)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


MEMBERS = ("file", "line", "column", "what", "hint", "source", "detail")
SAYING: dict[Form, Callable[[Findings], Said]] = {
    Form.TEXT: as_text,
    Form.JSON: as_json,
    Form.GITHUB: as_annotations,
}
