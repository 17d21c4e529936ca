"""The trail of a request: names that are taken over, and names that are made."""

import pytest

from fastprocesses_server import trail
from fastprocesses_server.trail import Trail

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.mark.parametrize("name", ["a", "4f2c-77.b_Z", "x" * 64])
def test_a_short_plain_name_of_a_request_is_taken_over(name: str) -> None:
    assert trail.request_id([name]) == name


@pytest.mark.parametrize(
    "given",
    [[], [""], ["x" * 65], ["a b"], ["a\n"], ["a\nb"], ["é"], ["a", "a"], ["%0a"], ["\x1b[31m"], ["a;b"], ["a\u202eb"]],
)
def test_any_other_name_of_a_request_is_replaced(given: list[str]) -> None:
    made = trail.request_id(given)

    assert made not in given
    assert trail.NAME.fullmatch(made)
    assert trail.request_id(given) != made


@pytest.mark.parametrize("given", [PARENT, PARENT.replace("00-", "cc-", 1), PARENT[:-2] + "00"])
def test_a_trace_is_taken_over(given: str) -> None:
    assert trail.read_traceparent([given]) == given
    assert trail.trace_id(given) == TRACE


@pytest.mark.parametrize(
    "given",
    [
        [],
        [PARENT, PARENT],
        [PARENT.upper()],
        [PARENT.replace("00-", "ff-", 1)],
        [PARENT.replace(TRACE, "0" * 32)],
        [PARENT.replace("b7ad6b7169203331", "0" * 16)],
        [PARENT + "\n"],
        [PARENT + "-more"],
        [PARENT[:-1]],
        ["canary"],
    ],
)
def test_what_is_no_trace_is_none(given: list[str]) -> None:
    assert trail.read_traceparent(given) == ""


def test_only_what_is_known_is_told() -> None:
    assert Trail().facts() == {}
    assert Trail("r", PARENT, lambda: "key:anna", "j", "p", 2).facts() == {
        "request_id": "r",
        "caller": "key:anna",
        "trace_id": TRACE,
        "job_id": "j",
        "process_id": "p",
        "attempt": 2,
    }


def test_the_caller_may_become_known_on_the_way() -> None:
    known: list[str] = []
    begun = Trail(caller=lambda: "".join(known))

    assert begun.facts() == {}
    known.append("jwt:anna")
    assert begun.facts() == {"caller": "jwt:anna"}


def test_a_trail_is_left_as_it_was() -> None:
    with trail.following(Trail("one")):
        with trail.following(Trail("two")):
            assert trail.current().request_id == "two"
        assert trail.current().request_id == "one"
    assert trail.current() == trail.NOTHING


def test_the_record_of_a_job_keeps_request_and_trace() -> None:
    assert trail.as_fields(Trail("r", PARENT)) == {"request_id": "r", "traceparent": PARENT}
    assert trail.as_fields(Trail("r")) == {"request_id": "r"}


STATE = "congo=t61rcWkgMzE,fw529a3039@dt=FfAAAAB8"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ([STATE], STATE),
        ([STATE.replace(",", " ,\t")], STATE),
        (STATE.split(","), STATE),
        (["", STATE, ",,"], STATE),
        (["a=" + "x" * 256], "a=" + "x" * 256),
        (["a= b c"], "a= b c"),
        ([",".join(f"v{n}=1" for n in range(32))], ",".join(f"v{n}=1" for n in range(32))),
    ],
)
def test_what_vendors_keep_with_a_trace_is_taken_over(given: list[str], read: str) -> None:
    assert trail.read_tracestate(given) == read


@pytest.mark.parametrize(
    "given",
    [
        [],
        [""],
        ["canary"],
        ["A=1"],
        ["a="],
        ["a=1=2"],
        ["a=1\n"],
        ["a=\x1b[31m"],
        ["a=é"],
        ["a=1,a=2"],
        ["a=" + "x" * 257],
        ["a" * 257 + "=1"],
        [",".join(f"v{n}=1" for n in range(33))],
        ["a=" + "x" * 250, "b=" + "x" * 250, "c=" + "x" * 250],
    ],
)
def test_what_vendors_must_not_keep_is_left_out(given: list[str]) -> None:
    assert trail.read_tracestate(given) == ""


def test_a_state_goes_on_with_its_trace_alone() -> None:
    assert trail.trace_headers(Trail(traceparent=PARENT, tracestate=STATE)) == {
        "traceparent": PARENT,
        "tracestate": STATE,
    }
    assert trail.trace_headers(Trail(tracestate=STATE)) == {}
    assert trail.as_fields(Trail("r", PARENT, tracestate=STATE))["tracestate"] == STATE
