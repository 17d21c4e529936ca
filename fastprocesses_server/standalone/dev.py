"""`fastprocesses-server dev`: Valkey, a worker and the API in one terminal."""

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .address import check_port, is_ready, url_of
from .console import Console
from .interrupts import Interrupts
from .program import Program
from .state import State, open_state
from .supervisor import NAME, ProgramEnded, StopAsked, Supervisor
from .valkey import Valkey, embedded_valkey

OURS = (sys.executable, "-m", "fastprocesses_server")
API_GRACE = 5.0
WORKER_GRACE = 10.0
VALKEY_GRACE = 10.0


def run_dev(
    *,
    host: str,
    port: int,
    state_dir: Path,
    embedded: bool = True,
    environment: Mapping[str, str] | None = None,
    worker: Sequence[str] | None = None,
    api: Sequence[str] | None = None,
) -> int:
    """Runs until a signal comes or a program ends by itself; returns the exit status.

    Where no Valkey is to be `embedded`, the programs find a Redis by their settings. `environment` goes to the worker
    and the API; `worker` and `api` are command lines that take the place of ours. Raises StartError before anything
    is started.
    """
    console = Console(sys.stdout)
    serve = (*OURS, "serve", "--host", host, "--port", str(port))
    try:
        with Interrupts() as interrupts, open_state(state_dir) as state:
            check_port(host, port)
            with _supervised(console, interrupts, state, embedded=embedded) as (supervisor, redis):
                shared = {**(environment or {}), **redis, "FP_STATE_DIR": str(state.directory)}
                supervisor.start(_worker(worker or (*OURS, "worker"), shared))
                supervisor.start(Program("api", api or serve, API_GRACE, environment=shared))
                supervisor.wait_until(lambda: is_ready(host, port))
                console.say(NAME, f"ready: {url_of(host, port)} (Ctrl-C stops everything)")
                supervisor.wait_until(lambda: False)
    except ProgramEnded:
        return 1
    except StopAsked:
        console.say(NAME, "stopped")
    return 0


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


def _worker(command: Sequence[str], environment: Mapping[str, str]) -> Program:
    # A worker would use its grace to reach a Valkey that is gone.
    return Program("worker", command, WORKER_GRACE, needs="valkey", environment=environment)


def _valkey(valkey: Valkey, lock: int) -> Program:
    return Program(
        "valkey",
        [str(valkey.binary), "-"],
        VALKEY_GRACE,
        death_signal=signal.SIGTERM,  # it writes down what it holds
        stdin=valkey.configuration,
        files=(lock,),
    )
