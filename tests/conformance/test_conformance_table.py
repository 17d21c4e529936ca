"""Every label of the standard has its test or its reason, and the page in docs says so."""

from collections import Counter

import pytest
from conformance_table import COMMAND, PAGE, conformance_page
from fulfilment import CHECKLIST, NOT_TESTED, checklist_labels, labelled_tests
from standard_schemas import ARE_THERE


def test_answers_are_checked_with_the_standard_s_own_schemas() -> None:
    if not ARE_THERE:
        pytest.skip("no ../shared/ogc beside this checkout: no answer was checked with the standard's own schemas")


def test_every_label_of_the_checklist_has_tests_or_a_reason() -> None:
    if not CHECKLIST.exists():
        pytest.skip("no ../shared/ogc/requirements.md beside this checkout")
    tested = {label for label, _, _ in labelled_tests()}
    assert tested.isdisjoint(NOT_TESTED)
    assert tested | NOT_TESTED.keys() == checklist_labels()


def test_no_two_tests_have_one_name() -> None:
    names = Counter(test for _, test in {(file, test) for _, file, test in labelled_tests()})
    assert [name for name, count in names.items() if count > 1] == []


def test_the_page_of_conformance_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    assert page == conformance_page(not_passed=()), f"run `{COMMAND}`"
