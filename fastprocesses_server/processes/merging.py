"""From a description file and what the inspection saw of its callable to a process."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from .candidates import Candidate
from .complaints import DescriptionErrors, FileComplaint
from .description import Process
from .description_file import DescriptionFile, module_of
from .document import Document
from .inspection import Failure, FailureKind, Found, Report
from .signature import CALLABLE, context_parameter, signature_complaints
from .suggestion import nearest

MissingPackages = Literal["error", "warning"]
UNKNOWN_VERSION = "0.0.0"


class Merged(NamedTuple):
    process: Process
    warnings: tuple[str, ...]


def merge(candidate: Candidate, report: Report, missing_packages: MissingPackages) -> Merged | None:
    """None where the file itself is wrong. Raises DescriptionErrors where it and its callable do not fit."""
    if isinstance(report, Failure):
        return _without_callable(candidate, report, missing_packages)
    complaints = list(_complaints(candidate, report))
    if complaints:
        raise DescriptionErrors(complaints)
    if candidate.file is None:
        return None
    document, file = candidate.document, candidate.file
    version = file.version or report.version
    process = _process(document, file, version or UNKNOWN_VERSION, report)
    module = module_of(report.target)
    unknown = f"{document.source}: neither the file nor {module} says a version; it is {UNKNOWN_VERSION}"
    return Merged(process, () if version else (unknown,))


def _complaints(candidate: Candidate, found: Found) -> Iterator[FileComplaint]:
    document = candidate.document
    inputs = document.data.get("inputs")
    yield from signature_complaints(document, found, inputs if isinstance(inputs, dict) else None)
    for index, name in enumerate(candidate.file.run.retry_on if candidate.file else ()):
        if what := found.wrong_exceptions.get(name):
            yield document.complaint(("run", "retryOn", index), what)
    if "access" in document.data:
        what = "access is not enforced by this version: everybody could run the process"
        yield document.complaint(("access",), what)
    if "outputs" not in document.data:
        what = "nothing is said of the outputs, for example `outputs: {result: {schema: {type: object}}}`"
        yield document.complaint(CALLABLE, what)


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
    found = Found(target, None, None, None, {})
    warning = f"{document.source}: {missing}; the callable is not checked"
    return Merged(_process(document, file, str(file.version), found), (warning,))


def _failure_complaint(document: Document, failure: Failure) -> FileComplaint:
    dotted: str = document.data["callable"]
    what, hint, detail = failure.what, failure.hint, failure.detail
    match failure.kind:
        case FailureKind.MISSING_PACKAGE:
            what = f'there is no module "{failure.what}", neither installed nor in this folder'
            if dotted.startswith(failure.what):
                hint, detail = nearest(failure.what, _modules_beside(document.path)), ""
        case FailureKind.RAISED:
            what = f"the import of {module_of(dotted)} fails: {failure.what}"
        case _:
            pass
    return document.complaint(CALLABLE, what, hint=hint, detail=detail)


def _modules_beside(path: Path) -> Iterable[str]:
    return [module.stem for module in path.parent.glob("*.py")]


def _process(document: Document, file: DescriptionFile, version: str, found: Found) -> Process:
    said = {name: getattr(file, name) for name in file.model_fields_set if name in Process.model_fields}
    process = Process(
        **{
            **said,
            "id": file.id or document.path.stem,
            "version": version,
            "inputs": file.inputs or {},
            "outputs": file.outputs or {},
            "callable": found.target,
            "context_parameter": context_parameter(found, file.inputs or {}),
            "fingerprint": "",
            "modules": dict(found.modules),
            "source": document.source,
        }
    )
    return process.model_copy(update={"fingerprint": _fingerprint(process)})


def _fingerprint(process: Process) -> str:
    """Of what the process is, wherever its files lie."""
    description = process.model_dump(mode="json", by_alias=True, exclude={"fingerprint", "source"})
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()
