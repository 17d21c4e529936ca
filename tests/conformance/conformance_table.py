"""`docs/conformance.md`: which tests show which requirement. Run as a program, this writes the page."""

import sys
from collections import defaultdict
from collections.abc import Collection

import pytest
from fulfilment import FOLDER, NOT_TESTED, labelled_tests

PAGE = FOLDER.parent.parent / "docs" / "conformance.md"
COMMAND = "python tests/conformance/conformance_table.py"
HEAD = f"""# Conformance

Every requirement, recommendation and permission of OGC API - Processes - Part 1: Core, version 1.0, by its label, with
the tests of `tests/conformance` that show it fulfilled: each sends HTTP to a running server with a real worker.
`{COMMAND}` runs them and writes this page.

| label | tests | passed |
|---|---|---|
"""
UNTESTED_HEAD = """
No test is needed for these:

| label | why |
|---|---|
"""


def conformance_page(not_passed: Collection[str]) -> str:
    """The page, where all tests passed but those named."""
    rows = defaultdict(list)
    for label, file, test in labelled_tests():
        rows[label].append((file, test))
    tested = "".join(_row(label, tests, not_passed) for label, tests in sorted(rows.items()))
    untested = "".join(f"| `{label}` | {reason} |\n" for label, reason in sorted(NOT_TESTED.items()))
    return HEAD + tested + UNTESTED_HEAD + untested


def _row(label: str, tests: list[tuple[str, str]], not_passed: Collection[str]) -> str:
    links = "<br>".join(f"[{test}](../tests/conformance/{file})" for file, test in tests)
    passed = "no" if any(test in not_passed for _, test in tests) else "yes"
    return f"| `{label}` | {links} | {passed} |\n"


class Recorder:
    """Remembers the tests that did not pass in each of their phases."""

    def __init__(self) -> None:
        self.not_passed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.passed:
            self.not_passed.add(report.location[2].partition("[")[0])


def main() -> int:
    recorder = Recorder()
    status = pytest.main([str(FOLDER), "-q", "-k", "not conformance_table and not mutations"], plugins=[recorder])
    PAGE.write_text(conformance_page(recorder.not_passed), encoding="utf-8")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
