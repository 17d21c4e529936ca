"""What a program says reaches the terminal, line by line, behind its name."""

import io
import json
import sys

import pytest
from serving import wait_until

from fastprocesses_server.standalone.console import Console
from fastprocesses_server.standalone.interrupts import Interrupts
from fastprocesses_server.standalone.program import LONGEST_LINE, Program, start, stop
from fastprocesses_server.standalone.supervisor import Supervisor


class Terminal(io.TextIOWrapper):
    def __init__(self, encoding: str = "utf-8", interactive: bool = True) -> None:
        super().__init__(io.BytesIO(), encoding)
        self.interactive = interactive

    def isatty(self) -> bool:
        return self.interactive

    def text(self) -> str:
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined]


def output_of(script: str) -> list[str]:
    terminal = Terminal(interactive=False)
    running = start(Program("api", [sys.executable, "-c", script], grace=10), Console(terminal))
    running.process.wait(20)
    stop([running], lambda _: False)
    return terminal.text().splitlines()


def test_stdout_and_stderr_come_out_behind_the_name() -> None:
    assert output_of("import sys; print('one'); print('two', file=sys.stderr)") == ["api    | one", "api    | two"]


def test_a_last_line_without_end_is_shown() -> None:
    assert output_of("print('half', end='')") == ["api    | half"]


def test_undecodable_bytes_are_replaced() -> None:
    assert output_of(r"import os; os.write(1, b'caf\xe9\n')") == ["api    | caf\N{REPLACEMENT CHARACTER}"]


def test_a_line_of_a_mebibyte_is_whole_and_a_longer_one_comes_in_pieces() -> None:
    longest, rest = output_of(f"print('x' * {LONGEST_LINE + 10})")
    assert longest == "api    | " + "x" * LONGEST_LINE
    assert rest == "api    | " + "x" * 10


def test_a_command_that_cannot_be_run_says_so() -> None:
    terminal = Terminal(interactive=False)
    running = start(Program("api", ["/no/such/program"], grace=10), Console(terminal))
    running.process.wait(20)
    stop([running], lambda _: False)
    assert running.ending == "ended with status 1"
    assert terminal.text() == "api    | cannot run /no/such/program: No such file or directory\n"


def test_a_program_without_grace_left_is_killed() -> None:
    script = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); signal.pause()"
    terminal = Terminal()
    running = start(Program("worker", [sys.executable, "-c", script], grace=0.2), Console(terminal))
    wait_until(lambda: "deaf" in terminal.text())
    stop([running], lambda _: False)
    assert running.ending == "was ended by signal 9"


def test_a_terminal_gets_colours_and_no_color_takes_them_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = Terminal()
    Console(coloured).say("worker", "starts")
    assert coloured.text() == "\033[33mworker |\033[0m starts\n"
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    Console(plain).say("worker", "starts")
    assert plain.text() == "worker | starts\n"


def test_names_that_are_numbered_share_a_colour_and_an_alarm_stands_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    console = Console(terminal, "serve", len("worker 1"))
    console.say("worker 1", "starts")
    console.alarm("it ends")
    assert terminal.text() == (
        "\033[33mworker 1 |\033[0m starts\n\033[32mserve    |\033[0m \033[1;31mALARM: it ends\033[0m\n"
    )


def test_a_terminal_that_lacks_a_letter_shows_another() -> None:
    terminal = Terminal("ascii", interactive=False)
    Console(terminal).say("api", "Montréal")
    assert terminal.text() == "api    | Montr?al\n"


def test_a_console_of_json_has_nothing_but_lines_of_json_with_the_name_of_who_wrote_them() -> None:
    terminal = Terminal()
    console = Console(terminal, "serve", form="json")
    own = {"time": "2026-01-01T00:00:00.000+00:00", "level": "DEBUG", "message": "says: }"}

    console.say("worker 1", json.dumps(own))
    console.say("valkey", 'a line {"of": another}\x1b[2J')
    console.announce("ready")
    console.alarm("look")
    first, second, third, last = map(json.loads, terminal.text().splitlines())

    assert first == {**own, "program": "worker 1"}
    assert (second["program"], second["message"]) == ("valkey", 'a line {"of": another}\x1b[2J')
    assert (third["program"], third["level"], third["message"]) == ("serve", "INFO", "ready")
    assert (last["level"], last["message"]) == ("ERROR", "ALARM: look")


def test_what_is_needed_to_start_is_started_again_only_once_all_is_up() -> None:
    supervisor = Supervisor(Console(sys.stdout), Interrupts())
    program = Program("api 1", [], 1, is_revived=True, is_needed_to_start=True)
    assert not supervisor._is_revived(program)
    supervisor.is_up = True
    assert supervisor._is_revived(program)
