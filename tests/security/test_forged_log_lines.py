"""No line of the log looks like one of ours because somebody sent a newline, in either format."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest
from loguru import logger

from fastprocesses_server import trail
from fastprocesses_server.log_lines import DETAILS, on_one_line
from fastprocesses_server.logs import configure_logs
from fastprocesses_server.settings import Settings
from fastprocesses_server.trail import Trail

HOSTILE = {
    "newline": "\n",
    "return": "\r",
    "both": "\r\n",
    "vertical tab": "\v",
    "form feed": "\f",
    "null": "\0",
    "escape": "\x1b[2K\x1b[1A",
    "delete": "\x7f",
    "next line": "\x85",
    "control sequence": "\x9b2J",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "right to left": "\u202e",
    "isolate": "\u2066",
    "invisible": "\u200b",
    "byte order mark": "\ufeff",
    "surrogate": "\ud800",
    "tag": "\U000e0041",
}
FORGED = "2026-01-01 00:00:00.000 INFO    job 1 successful"
HEAD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (TRACE|DEBUG|INFO|WARNING|ERROR|CRITICAL) +")

Written = Callable[[], str]
Begin = Callable[[str], Written]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Logs in a format, into what is returned. Afterwards nothing is left of it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def start(form: str) -> Written:
        stream = io.StringIO()
        configure_logs(Settings(log_format=form, log_level="TRACE"), stream)  # type: ignore[arg-type]
        return stream.getvalue

    yield start
    logger.remove()
    logger.configure(patcher=lambda _: None)
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_what_is_sent_stays_in_its_line(begin: Begin, form: str, hostile: str) -> None:
    written = begin(form)
    sent = f"x{hostile}{FORGED}"

    with trail.following(Trail(caller=lambda: sent, process_id=sent)):
        logger.info("{} was sent", sent)
        logger.bind(**{DETAILS: f"first\n{sent}"}).error("told: {}", sent)
        logging.getLogger(sent).warning("library %s", sent)
    log = written()

    assert not {mark for mark in {*hostile} - {"\n"} if not mark.isprintable() and mark in log}
    if form == "json":
        assert [json.loads(line)["level"] for line in log.splitlines()] == ["INFO", "ERROR", "WARNING"]
        assert log.isascii()
        assert json.loads(log.splitlines()[0])["message"] == f"{sent} was sent"
    else:
        assert all(HEAD.match(line) for line in log.splitlines())
        assert not any(line.startswith(FORGED) for line in log.splitlines())


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_text_of_an_exception_stays_in_lines_of_ours(begin: Begin, form: str) -> None:
    written = begin(form)

    try:
        raise ValueError(f"bad\n{FORGED}\x85{FORGED}")
    except ValueError as error:
        logger.opt(exception=error).error("fault")
    lines = written().splitlines()

    if form == "json":
        (line,) = map(json.loads, lines)
        assert line["message"] == "fault"
        assert line[DETAILS].startswith("Traceback")
        assert "ValueError: bad" in line[DETAILS]
    else:
        assert len(lines) > 3
        assert all(re.fullmatch(HEAD.pattern + "fault: .*", line) for line in lines)


def test_a_text_line_ends_with_the_trail(begin: Begin) -> None:
    written = begin("text")

    with trail.following(Trail("r-1", f"00-{'a' * 32}-{'b' * 16}-01", lambda: "key:anna", "j")):
        logger.info("job {} accepted", "j")

    assert re.sub(HEAD, "", written()) == f"job j accepted [request_id=r-1 caller=key:anna trace_id={'a' * 32}]\n"


def test_a_text_line_without_a_trail_is_only_its_message(begin: Begin) -> None:
    written = begin("text")

    logger.warning("job {job_id} {}: its worker was lost", "accepted", job_id="j")

    assert re.fullmatch(HEAD.pattern + "job j accepted: its worker was lost\n", written())


def test_a_json_line_has_what_is_known_as_members(begin: Begin) -> None:
    written = begin("json")

    with trail.following(Trail("r-1", "", lambda: "key:anna", "j", "echo", 2)):
        logger.info("job {job_id} {} with job {}", "successful", "j", job_id="other")
    line = json.loads(written())

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("time"))
    assert line == {
        "level": "INFO",
        "message": "job other successful with job j",
        "request_id": "r-1",
        "caller": "key:anna",
        "job_id": "other",
        "process_id": "echo",
        "attempt": 2,
    }


def test_what_people_read_stays_as_it_is() -> None:
    text = "Montréal 東京 — ночь 🗺 {braces} <red>tags</red>"

    assert on_one_line(text) is text


def test_templates_in_what_is_sent_are_text(begin: Begin) -> None:
    written = begin("text")

    logger.info("{} was sent", "{extra[secret]} <red>{0}</red>")

    assert written().endswith("{extra[secret]} <red>{0}</red> was sent\n")
