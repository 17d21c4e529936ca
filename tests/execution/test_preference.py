"""`Prefer` as clients write it."""

import pytest

from fastprocesses_server.execution.preference import Preference, read_preference


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], Preference()),
        ([""], Preference()),
        (["respond-async"], Preference(True)),
        (["respond-async "], Preference(True)),
        (["RESPOND-ASYNC"], Preference(True)),
        (["respond-async; profile=x"], Preference(True)),
        (['respond-async; profile="a,b;c"'], Preference(True)),
        (["respond-async, wait=5"], Preference(True, 5)),
        (["wait=5,respond-async"], Preference(True, 5)),
        (["wait=5", "respond-async"], Preference(True, 5)),
        (["wait=5, wait=7"], Preference(False, 5)),
        (['wait="5"'], Preference(False, 5)),
        (["wait = 5"], Preference(False, 5)),
        (["wait=-1"], Preference()),
        (["wait=soon"], Preference()),
        (["wait"], Preference()),
        (["wait=0"], Preference(False, 0)),
        (["respond-sync"], Preference(respond_sync=True)),
        (["return=minimal, handling=lenient, respond-async"], Preference(True)),
        (['foo="respond-async"'], Preference()),
        (['foo="a\\"b, respond-async"'], Preference()),
        (["xrespond-async"], Preference()),
        ([",,;=, respond-async"], Preference(True)),
    ],
)
def test_preferences_are_read_leniently(headers: list[str], expected: Preference) -> None:
    assert read_preference(headers) == expected
