"""What callables write, as lines of a log."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastprocesses_server.jobs.log import LogLine, Source
from fastprocesses_server.worker.output import LEVELS, MOST_WAITING, Output, legible, marked_lines


def said(*pieces: bytes) -> list[str]:
    """The texts of what comes in these pieces."""
    output = Output()
    for time, piece in enumerate(pieces):
        output.feed(piece, time)
    return [line.text for line in output.take(0, is_over=True)[0]]


@given(st.text("ab \n", max_size=60), st.lists(st.integers(0, 60)))
def test_lines_do_not_depend_on_how_they_were_read(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(text)]
    pieces = [text[start:end].encode() for start, end in pairwise(places)]
    assert said(*pieces) == [line for line in text.split("\n") if line.strip()]


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes_are_legible_lines(pieces: list[bytes]) -> None:
    for text in said(*pieces):
        assert text.isprintable()
        assert text.strip()


def test_a_line_has_the_time_of_its_end() -> None:
    output = Output()
    output.feed(b"one\ntw", 1)
    output.feed(b"o\nthree", 2)
    assert output.take(3) == (
        [LogLine(1, "INFO", Source.OUTPUT, "one"), LogLine(2, "INFO", Source.OUTPUT, "two")],
        0,
    )
    assert output.take(3, is_over=True)[0] == [LogLine(3, "INFO", Source.OUTPUT, "three")]
    assert output.is_empty


def test_more_lines_than_are_kept_are_counted() -> None:
    output = Output()
    for number in range(0, 2000, 100):
        output.feed(b"".join(b"%d\n" % one for one in range(number, number + 100)), 0)
    output.feed(b"last\n", 0)
    lines, left_out = output.take(0)
    assert ([lines[0].text, lines[-1].text], len(lines), left_out) == (["1001", "last"], 1000, 1001)
    assert output.take(0) == ([], 0)


def test_a_flood_takes_no_more_memory_than_it_may() -> None:
    output = Output()
    for _ in range(1000):
        output.feed(b"x" * 50 + b"\n" + b"y" * 60_000 + b"\n", 0)
        output.feed(b"z" * 60_000, 0)
    assert output.waiting <= MOST_WAITING + 200_000
    assert len(output.partial) <= 10_000
    lines, left_out = output.take(0)
    assert len(lines) + left_out == 2000


def test_a_carriage_return_writes_the_line_anew() -> None:
    assert said(b"10 of 90\r", b"20 of 90\r90 of", b" 90\n", b"windows\r\n", b"cleared\r       \r\n") == [
        "90 of 90",
        "windows",
        "cleared",
    ]


def test_of_a_bar_the_last_state_is_kept() -> None:
    bar = "\rsteps: {:3}%|##  | {}/10 [00:01<00:01,  1.0s/it]"
    drawn = [bar.format(10 * step, step).encode() for step in range(11)]
    assert said(*drawn, b"\n") == ["steps: 100%|##  | 10/10 [00:01<00:01,  1.0s/it]"]
    assert said(*drawn[:4], b"\n", b"then\n") == ["then", "steps:  30%|##  | 3/10 [00:01<00:01,  1.0s/it]"]
    assert said(*drawn[:4], b"said beside it\n")[0] == "said beside it"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("source", [Source.LOGGING, Source.WARNINGS, Source.CONTEXT])
def test_marked_lines_say_their_level_and_source(level: str, source: Source) -> None:
    output = Output()
    output.feed(b"not yet ended" + b"".join(marked_lines(level, source, "one\ntwo \udc80")), 5)
    assert output.take(5)[0] == [
        LogLine(5, "INFO", Source.OUTPUT, "not yet ended"),
        LogLine(5, level, source, "one"),
        LogLine(5, level, source, "two ?"),
    ]


@given(st.text())
def test_marked_lines_are_written_to_a_pipe_in_one_piece(text: str) -> None:
    for line in marked_lines("INFO", Source.LOGGING, text * 400):
        assert len(line) <= 4096
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1


def test_what_a_terminal_would_obey_is_removed_or_shown() -> None:
    assert legible("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x07") == "red link"
    assert legible("\x1b(B\x9b2Jclear") == "clear"
    assert legible("1\u00a0000\u202f€") == "1 000 €"
    assert legible("\u2066\u200b\x85") == "\\u2066\\u200b "
