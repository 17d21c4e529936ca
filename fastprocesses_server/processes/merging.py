"""From a description file and what the inspection saw of its callable to a process."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .candidates import Candidate
from .complaints import DescriptionErrors, FileComplaint, MissingPackages
from .description import Input, Output, Process
from .description_file import DescriptionFile, id_of, merged_contradictions, module_of
from .document import Document
from .fastprocesses.classes import REQUEST
from .fastprocesses.descriptions import class_complaints, own_id_warning
from .members import Merger, returns_whole
from .reports import Failure, FailureKind, Found, ParameterKind, Report
from .schema_faults import schema_faults
from .signature import CALLABLE, context_parameter, input_parameters, left_out, signature_complaints
from .suggestion import nearest

UNKNOWN_VERSION = "0.0.0"
MEMBERS = frozenset(field.alias for field in DescriptionFile.model_fields.values())
DESCRIBING = frozenset(field.alias for field in Input.model_fields.values())


class Merged(NamedTuple):
    process: Process
    warnings: tuple[str, ...]


def merge(candidate: Candidate, report: Report, missing_packages: MissingPackages) -> Merged:
    """Raises DescriptionErrors where the file is wrong, or does not fit its callable; its faults are known already."""
    if isinstance(report, Failure):
        return _without_callable(candidate, report, missing_packages)
    document, file = candidate.document, candidate.file
    complaints = list(_complaints(candidate, report))
    if wrong := [*class_complaints(document, report)]:
        raise DescriptionErrors(wrong + complaints)
    merger = Merger(document, report)
    inputs = merger.inputs(input_parameters(report, _declared(document, "inputs")), _readable(document, "inputs"))
    outputs = merger.outputs(_readable(document, "outputs") if _says_outputs(document) else None)
    complaints += merger.complaints
    if complaints or file is None:
        raise DescriptionErrors(complaints)
    version = file.version or report.version or UNKNOWN_VERSION
    process = _process(document, file, version, report, inputs=inputs, outputs=outputs)
    if wrong := list(merged_contradictions(document, file, process.inputs, process.outputs)):
        raise DescriptionErrors(wrong)
    return Merged(process, tuple(_warnings(document, report, process)))


def _warnings(document: Document, found: Found, process: Process) -> Iterator[str]:
    if process.version == UNKNOWN_VERSION:
        module = module_of(found.target)
        yield f"{document.source}: neither the file nor {module} says a version; it is {UNKNOWN_VERSION}"
    if names := left_out(found, process.inputs):
        example = f"inputs: {{{names[0]}: {{schema: {{type: number}}}}}}"
        quoted = ", ".join(f'"{name}"' for name in names)
        yield (
            f"{document.source}: clients cannot send {quoted}, as nothing says what the callable takes there; "
            f"write for example `{example}`"
        )
    if own_id := own_id_warning(document.source, process.id, found):
        yield own_id


def _declared(document: Document, side: str) -> dict[str, Any]:
    members = document.data.get(side)
    return members if isinstance(members, dict) else {}


def _readable(document: Document, side: str) -> dict[str, Any]:
    """Without those of which something is wrong that was said already."""
    return {name: members for name, members in _declared(document, side).items() if _is_readable(members)}


def _is_readable(members: Any) -> bool:
    if not isinstance(members, dict) or not members.keys() <= DESCRIBING:
        return False
    schema = members.get("schema", {})
    return isinstance(schema, dict) and not schema_faults(schema)


def _says_outputs(document: Document) -> bool:
    """A misspelt `outputs` counts: that was said already."""
    unknown = [name for name in document.data if name not in MEMBERS]
    return "outputs" in document.data or any(nearest(str(name), ["outputs"]) for name in unknown)


def _complaints(candidate: Candidate, found: Found) -> Iterator[FileComplaint]:
    document = candidate.document
    yield from signature_complaints(document, found, _declared(document, "inputs"))
    for index, name in candidate.retried.items():
        if what := found.wrong_exceptions.get(name):
            yield document.complaint(("run", "retryOn", index), what)


def _without_callable(candidate: Candidate, failure: Failure, missing_packages: MissingPackages) -> Merged:
    document, file = candidate.document, candidate.file
    is_warning = failure.kind is FailureKind.MISSING_PACKAGE and missing_packages == "warning"
    if not is_warning or file is None:
        raise DescriptionErrors([_failure_complaint(document, failure)])
    missing = f"the package {failure.what} is not installed here"
    silent = [name for name in ("inputs", "outputs", "version") if getattr(file, name) is None]
    if silent:
        what = f"{missing}, and the file does not say {', '.join(silent)}"
        raise DescriptionErrors([document.complaint(CALLABLE, what)])
    module, name = module_of(file.callable), file.callable
    target = f"{module}:{name.removeprefix(str(module))[1:]}"
    found = Found(target, None, None, None, {}, request=REQUEST)  # it may be one that is told of the choice of outputs
    warning = f"{document.source}: {missing}; the callable is not checked"
    inputs, outputs = _declared(document, "inputs"), _declared(document, "outputs")
    process = _process(document, file, str(file.version), found, inputs=inputs, outputs=outputs)
    if wrong := list(merged_contradictions(document, file, process.inputs, process.outputs)):
        raise DescriptionErrors(wrong)
    return Merged(process, (warning,))


def _failure_complaint(document: Document, failure: Failure) -> FileComplaint:
    what, hint, detail = failure_words(document.data["callable"], failure, document.path.parent)
    return document.complaint(CALLABLE, what, hint=hint, detail=detail)


def failure_words(dotted: str, failure: Failure, folder: Path) -> tuple[str, str, str]:
    """What is wrong with the callable, what was probably meant, and the traceback of the author's frames."""
    match failure.kind:
        case FailureKind.MISSING_PACKAGE:
            what = f'there is no module "{failure.what}", neither installed nor in this folder'
            if dotted.startswith(failure.what):
                return what, nearest(failure.what, _modules_in(folder)), ""
            return what, failure.hint, failure.detail
        case FailureKind.RAISED:
            return f"the import of {module_of(dotted)} fails: {failure.what}", failure.hint, failure.detail
        case FailureKind.UNREADABLE:
            return f"what {dotted} says of itself cannot be read: {failure.what}", "", failure.detail
        case _:
            return failure.what, failure.hint, failure.detail


def _modules_in(folder: Path) -> Iterable[str]:
    return [module.stem for module in folder.glob("*.py")]


def _process(
    document: Document,
    file: DescriptionFile,
    version: str,
    found: Found,
    *,
    inputs: dict[str, dict[str, Any]],
    outputs: dict[str, dict[str, Any]],
) -> Process:
    said = {name: getattr(file, name) for name in file.model_fields_set if name in Process.model_fields}
    process = Process(
        **{
            **found.texts,
            **said,
            "id": file.id or id_of(document.path),
            "version": version,
            "inputs": {name: Input.model_validate(members) for name, members in inputs.items()},
            "outputs": {name: Output.model_validate(members) for name, members in outputs.items()},
            "callable": found.target,
            "by_position": [p.name for p in found.parameters or () if p.kind is ParameterKind.POSITION_ONLY],
            "context_parameter": context_parameter(found, inputs),
            "request_parameter": found.request,
            "returns_whole": returns_whole(found, _declared(document, "outputs")),
            "fingerprint": "",
            "modules": dict(found.modules),
            "source": document.source,
        }
    )
    return process.model_copy(update={"fingerprint": _fingerprint(process)})


def _fingerprint(process: Process) -> str:
    """Of what the process is, wherever its files lie, and whoever may run it."""
    description = process.model_dump(mode="json", by_alias=True, exclude={"access", "fingerprint", "source"})
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()
