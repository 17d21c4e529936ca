"""`dev`: Valkey, a worker and the API in one terminal; `serve --workers N`: workers and the API."""

import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import StartError
from .address import check_port, is_ready, url_of
from .console import Console, LogForm
from .interrupts import Hangups, Interrupts
from .program import Program
from .state import State, open_state
from .supervisor import ProgramEnded, StopAsked, Supervisor
from .valkey import Valkey, embedded_valkey

OURS = (sys.executable, "-m", "fastprocesses_server")
WORKER = (*OURS, "worker", "--told")
"""The API warns of the description files; once is enough."""

API_GRACE = 5.0
WORKER_GRACE = 10.0
"""Of a worker whose jobs have 5 seconds; one that gives them longer gets as much more."""
VALKEY_GRACE = 10.0
VALKEY_LEVEL, WORKER_LEVEL, API_LEVEL = range(3)


def run_dev(
    *,
    host: str,
    port: int,
    state_dir: Path,
    embedded: bool = True,
    environment: Mapping[str, str] | None = None,
    worker_grace: float = WORKER_GRACE,
    worker: Sequence[str] | None = None,
    api: Sequence[str] | None = None,
    form: LogForm = "text",
) -> int:
    """Runs until a signal comes or a program ends by itself; returns the exit status.

    A worker that ends by itself is started again.
    Where no Valkey is to be `embedded`, the programs find a Redis by their settings. `environment` goes to the worker
    and the API; `worker` and `api` are command lines that take the place of ours. Raises StartError before anything
    is started.
    """
    console = Console(sys.stdout, form=form)
    with _as_status(console) as status, Interrupts() as interrupts, open_state(state_dir) as state:
        check_port(host, port)
        with _supervised(console, interrupts, state, embedded=embedded) as (supervisor, redis):
            shared = {**(environment or {}), **redis, "FP_STATE_DIR": str(state.directory)}
            supervisor.start(_worker("worker", worker or WORKER, worker_grace, shared))
            supervisor.start(_api(api or _serve(host, port), shared))
            _stay(supervisor, console, host, port)
    return status[0]


def run_serve(
    *,
    host: str,
    port: int,
    workers: int,
    worker_grace: float,
    at_hangup: Callable[[], None],
    environment: Mapping[str, str] | None = None,
    form: LogForm = "text",
) -> int:
    """The API and so many workers, on the Redis of the settings; otherwise as `run_dev`.

    SIGHUP ends nothing: it leads to a call of `at_hangup`, which may raise StartError.
    """
    names = [f"worker {number}" for number in range(1, workers + 1)]
    console, shared = Console(sys.stdout, "serve", max(map(len, names)), form), environment or {}
    ends = (signal.SIGINT, signal.SIGTERM)
    with _as_status(console) as status, Interrupts(ends) as interrupts, Hangups() as hangups:
        check_port(host, port)
        with Supervisor(console, interrupts) as supervisor:
            for name in names:
                supervisor.start(_worker(name, WORKER, worker_grace, shared))
            supervisor.start(_api(_serve(host, port), shared))
            _stay(supervisor, console, host, port, lambda: _answer(hangups, at_hangup, console))
    return status[0]


def _answer(hangups: Hangups, at_hangup: Callable[[], None], console: Console) -> bool:
    """Whether that is the end."""
    if hangups.take():
        try:
            at_hangup()
            console.announce("SIGHUP: every API and worker reads the description files again")
        except StartError as error:
            console.announce(f"SIGHUP: {error}")
    return False


@contextmanager
def _as_status(console: Console) -> Iterator[list[int]]:
    """The exit status of how it ended."""
    status = [0]
    try:
        yield status
    except ProgramEnded:
        status[0] = 1
    except StopAsked:
        console.announce("stopped")


def _stay(
    supervisor: Supervisor, console: Console, host: str, port: int, ended: Callable[[], bool] = lambda: False
) -> None:
    """Until StopAsked or ProgramEnded."""
    supervisor.wait_until(lambda: is_ready(host, port))
    console.announce(f"ready: {url_of(host, port)} (Ctrl-C stops everything)")
    supervisor.wait_until(ended)


def _serve(host: str, port: int) -> Sequence[str]:
    return (*OURS, "serve", "--host", host, "--port", str(port), "--workers", "0")


def _api(command: Sequence[str], environment: Mapping[str, str]) -> Program:
    return Program("api", command, API_GRACE, API_LEVEL, environment=environment)


@contextmanager
def _supervised(
    console: Console, interrupts: Interrupts, state: State, *, embedded: bool
) -> Iterator[tuple[Supervisor, Mapping[str, str]]]:
    """A supervisor, and the settings that lead to the embedded Valkey: it answers by then."""
    if not embedded:
        with Supervisor(console, interrupts, state.lock) as supervisor:
            yield supervisor, {}
        return
    with (
        embedded_valkey(state.directory) as valkey,
        Supervisor(console, interrupts, state.lock) as supervisor,
    ):
        supervisor.start(_valkey(valkey, state.lock))
        supervisor.wait_until(valkey.answers)
        yield supervisor, {"FP_REDIS_URL": valkey.url}


def _worker(name: str, command: Sequence[str], grace: float, environment: Mapping[str, str]) -> Program:
    # A worker would use its grace to reach a Valkey that is gone.
    return Program(name, command, grace, WORKER_LEVEL, needs="valkey", environment=environment, is_revived=True)


def _valkey(valkey: Valkey, lock: int) -> Program:
    return Program(
        "valkey",
        [str(valkey.binary), "-"],
        VALKEY_GRACE,
        VALKEY_LEVEL,
        death_signal=signal.SIGTERM,  # it writes down what it holds
        stdin=valkey.configuration,
        files=(lock,),
    )
