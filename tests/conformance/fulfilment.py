"""Which requirements of the standard a test shows, by their labels, and which need no test."""

import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

FOLDER = Path(__file__).parent
CHECKLIST = FOLDER.parent.parent.parent / "shared" / "ogc" / "requirements.md"

Test = TypeVar("Test", bound=Callable[..., None])

PERMISSION = "a permission: nothing follows from it"
CLIENTS = "asked of clients, not of servers"

NOT_TESTED = {
    "/per/core/additional-status-codes": PERMISSION,
    "/per/core/alternative-process-description": PERMISSION,
    "/per/core/alternative-process-paths": PERMISSION,
    "/per/core/api-definition-uri": PERMISSION,
    "/per/core/limit-default-minimum-maximum": PERMISSION,
    "/per/core/limit-response": PERMISSION,
    "/per/core/process-execute-input-inline-bbox": PERMISSION,
    "/per/job-list/limit-default-minimum-maximum": PERMISSION,
    "/per/job-list/limit-response": PERMISSION,
    "/rec/core/process-execute-handle-prefer": CLIENTS,
    "/rec/core/process-execute-mode-auto": CLIENTS,
    "/rec/ogc-process-description/format-value-registration": "asked of authors of formats: none is defined here",
}


def fulfils(*labels: str) -> Callable[[Test], Test]:
    """Names the requirements, recommendations or permissions that a test shows to be fulfilled."""

    def mark(test: Test) -> Test:
        test.__dict__["labels"] = labels
        return test

    return mark


def labelled_tests() -> Iterator[tuple[str, str, str]]:
    """Label, file and name of every test with a label."""
    for path in sorted(FOLDER.glob("test_conformance_*.py")):
        for name, value in vars(importlib.import_module(path.stem)).items():
            if name.startswith("test_") and value.__module__ == path.stem:
                yield from ((label, path.name, name) for label in labels_of(value))


def labels_of(test: Any) -> tuple[str, ...]:
    labels: tuple[str, ...] = getattr(test, "labels", ())
    return labels


def checklist_labels() -> set[str]:
    """Every label in the first column of the checklist's tables; a cell may hold several, `/rec/x/next-1, next-2`."""
    labels: set[str] = set()
    for line in CHECKLIST.read_text(encoding="utf-8").partition("## 3.")[0].splitlines():
        cell = line.partition("|")[2].partition("|")[0]
        if found := re.search(r"/(req|rec|per)/[^ ,)]+", cell):
            group = found[0].rpartition("/")[0]
            labels |= {found[0], *(f"{group}/{name}" for name in re.findall(r", ([\w-]+)", cell))}
    return labels
