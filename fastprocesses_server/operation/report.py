"""What `doctor` has found, for people and for programs."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..processes.quantities import counted
from .findings import Finding, Level, worst

WIDTH = max(map(len, Level))
SUBJECT_WIDTH = len("processes")


def as_text(findings: Sequence[Finding]) -> str:
    return "".join(map(_lines, findings)) + _summary(findings)


def _lines(finding: Finding) -> str:
    head = f"{finding.level:<{WIDTH}}  {finding.subject:<{SUBJECT_WIDTH}}  "
    remedy = f"{'':{len(head)}}remedy: {finding.remedy}\n" if finding.remedy else ""
    return f"{head}{finding.text}\n{remedy}"


def _summary(findings: Sequence[Finding]) -> str:
    numbers = Counter(finding.level for finding in findings)
    found = counted(numbers[Level.FAULT], "fault", "faults")
    return f"\n{found}, {counted(numbers[Level.WARNING], 'warning', 'warnings')}\n"


def as_document(findings: Sequence[Finding]) -> dict[str, Any]:
    members = ("level", "subject", "text", "remedy")
    found = [{name: getattr(finding, name) for name in members if getattr(finding, name)} for finding in findings]
    return {"status": worst(findings), "findings": found}
