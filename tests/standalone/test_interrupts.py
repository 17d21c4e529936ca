"""The first signal asks for the end, a later one for no more waiting."""

import signal

import pytest

from fastprocesses_server.standalone import interrupts
from fastprocesses_server.standalone.interrupts import Interrupts


@pytest.mark.parametrize("number", interrupts.SIGNALS)
def test_a_signal_asks_for_the_end_without_hurry(number: signal.Signals) -> None:
    with Interrupts() as asked:
        assert not asked.stop
        signal.raise_signal(number)
        assert asked.stop
        assert not asked.hurry


def test_a_signal_that_comes_twice_at_once_is_one() -> None:
    with Interrupts() as asked:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert not asked.hurry


def test_a_later_signal_asks_for_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "ECHO_SECONDS", 0.0)
    with Interrupts() as asked:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert asked.hurry


def test_handlers_are_given_back() -> None:
    before = [signal.getsignal(number) for number in interrupts.SIGNALS]
    with Interrupts():
        pass
    assert [signal.getsignal(number) for number in interrupts.SIGNALS] == before


def test_nohup_is_respected() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts() as asked:
            signal.raise_signal(signal.SIGHUP)
            assert not asked.stop
    finally:
        signal.signal(signal.SIGHUP, before)
