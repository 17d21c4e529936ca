"""`dev`: Valkey, a worker and the API in one terminal; `serve` with several processes: APIs and workers."""

import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..api.serving.listening import Address, bound
from ..errors import StartError
from .address import is_ready, url_of
from .console import Console, LogForm
from .interrupts import Hangups, Interrupts
from .program import Program
from .state import State, open_state
from .supervisor import ProgramEnded, StopAsked, Supervisor
from .valkey import Valkey, embedded_valkey

OURS = (sys.executable, "-m", "fastprocesses_server")
WORKER = (*OURS, "worker", "--told")
"""The API warns of the description files; once is enough."""

API_GRACE = 10.0
"""Of an API whose requests have 5 seconds; one that gives them longer gets as much more."""
WORKER_GRACE = 10.0
"""Of a worker whose jobs have 5 seconds; one that gives them longer gets as much more."""
VALKEY_GRACE = 10.0
VALKEY_LEVEL, WORKER_LEVEL, API_LEVEL = range(3)


def run_dev(
    *,
    address: Address,
    state_dir: Path,
    embedded: bool = True,
    environment: Mapping[str, str] | None = None,
    api_grace: float = API_GRACE,
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
        with bound(address):
            pass  # it could be: what is wrong with it is told before anything is started
        with _supervised(console, interrupts, state, embedded=embedded) as (supervisor, redis):
            shared = {**(environment or {}), **redis, "FP_STATE_DIR": str(state.directory)}
            supervisor.start(_worker("worker", worker or WORKER, worker_grace, shared))
            supervisor.start(Program("api", api or _serve(address), api_grace, API_LEVEL, environment=shared))
            _stay(supervisor, console, address)
    return status[0]


def run_serve(
    *,
    address: Address,
    processes: int,
    workers: int,
    api_grace: float,
    worker_grace: float,
    at_hangup: Callable[[], None],
    environment: Mapping[str, str] | None = None,
    form: LogForm = "text",
) -> int:
    """So many API processes and workers, on the Redis of the settings; otherwise as `run_dev`.

    The API processes inherit the sockets from this one: who connects while one of them ends reaches another. SIGHUP
    ends nothing: it leads to a call of `at_hangup`, which may raise StartError.
    """
    names = [f"worker {number}" for number in range(1, workers + 1)]
    console, shared = Console(sys.stdout, "serve", max(map(len, [*names, "serve"])), form), environment or {}
    ends = (signal.SIGINT, signal.SIGTERM)
    with (
        _as_status(console) as status,
        Interrupts(ends) as interrupts,
        Hangups() as hangups,
        bound(address) as sockets,
        Supervisor(console, interrupts) as supervisor,
    ):
        files = tuple(listener.fileno() for listener in sockets)
        for name in names:
            supervisor.start(_worker(name, WORKER, worker_grace, shared))
        for api in _apis(processes, address, files, api_grace, shared):
            supervisor.start(api)
        try:
            _stay(supervisor, console, address, lambda: _answer(hangups, at_hangup, console))
        finally:
            for listener in sockets:
                listener.close()  # who connects while all end is refused, rather than left waiting
    return status[0]


def _apis(
    number: int, address: Address, files: tuple[int, ...], grace: float, environment: Mapping[str, str]
) -> Iterator[Program]:
    """The first warns of the description files, and watches them where that is asked for; once is enough."""
    sockets = ("--sockets", ",".join(map(str, files)))
    for one in range(1, number + 1):
        is_first = one == 1
        yield Program(
            "api" if number == 1 else f"api {one}",
            (*_serve(address), *sockets, *(() if is_first else ("--told",))),
            grace,
            API_LEVEL,
            environment=environment if is_first else {**environment, "FP_RELOAD": "false"},
            is_revived=number > 1,
            is_needed_to_start=True,
            files=files,
        )


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
    supervisor: Supervisor, console: Console, address: Address, ended: Callable[[], bool] = lambda: False
) -> None:
    """Until StopAsked or ProgramEnded."""
    supervisor.wait_until(lambda: is_ready(address))
    supervisor.is_up = True
    console.announce(f"ready: {url_of(address)} (Ctrl-C stops everything)")
    supervisor.wait_until(ended)


def _serve(address: Address) -> Sequence[str]:
    """One process, which starts no other."""
    where = ("--host", address.host, "--port", str(address.port))
    path = ("--unix-socket", str(address.path)) if address.path else ()
    return (*OURS, "serve", *where, *path, "--workers", "0", "--api-processes", "1")


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
