"""Callables that do what authors' callables do on bad days."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from fastprocesses_server import ProcessError


def misbehave(how: str) -> Any:  # noqa: C901, PLR0912 - a list of ways
    match how:
        case "exception":
            raise ValueError("postgresql://admin:hunter2@db/city")
        case "process-error":
            raise ProcessError("outside the city limits")
        case "surrogate":
            raise ProcessError("outside \ud800 the city limits")
        case "exit":
            raise SystemExit(3)
        case "nan":
            return float("nan")
        case "object":
            return object()
        case "wrong type":
            return {"not": "a number"}
        case "unknown output":
            return {"resullt": 1, "more": 2}
        case "same file":
            raise FileNotFoundError("twice")
        case "cancelled":
            raise asyncio.CancelledError
        case "fork":
            if not os.fork():
                return 1
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
    return 0


def report(percents: list[float], context: Any) -> float:
    for percent in percents:
        context.progress(percent, f"at {percent:g}")
        time.sleep(0.25)
    time.sleep(1)
    return percents[-1]


def sleep(seconds: float, context: Any) -> float:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not context.cancelled:
        time.sleep(0.05)
    return seconds


def listen(context: Any) -> dict[str, Any]:
    """Catches the soft limit, and tells what the context says then."""
    try:
        time.sleep(60)
    except BaseException as error:  # noqa: BLE001
        return {"caught": type(error).__name__, "cancelled": context.cancelled}
    return {"caught": "", "cancelled": context.cancelled}


def stubborn(pids: str) -> str:
    """Catches whatever comes, and has a child process; writes the ids of both."""
    child = subprocess.Popen(["sleep", "300"])
    Path(pids).write_text(f"{os.getpid()} {child.pid}")
    end = time.monotonic() + 300
    while time.monotonic() < end:
        try:
            time.sleep(0.05)
        except BaseException:  # noqa: BLE001, S112
            continue
    return "done"


def count(counter: str) -> int:
    """How often it ran, told by a file that it adds a line to."""
    with Path(counter).open("a+") as file:
        file.write("x\n")
        file.seek(0)
        return len(file.readlines())


def fill(size: int, how: str, context: Any) -> Any:
    if how == "bytes":
        return b"\x00\xff" * (size // 2)
    path: Path = context.workdir / "filled.bin"
    if how == "sparse":
        with path.open("wb") as file:
            file.truncate(size)
    else:
        path.write_bytes(b"\x00\xff" * (size // 2))
    return path


async def later(text: str) -> dict[str, Any]:
    return {"text": text, "page": f"<script>{text}</script>", "nothing": None, "list": [1, None, "two"]}


def measure(file: Path, more: list[bytes] | None = None) -> dict[str, Any]:
    with file.open("rb") as content:
        start = content.read(4).hex()
    return {"size": file.stat().st_size, "start": start, "more": [len(item) for item in more or []]}


class Refused(ConnectionError):
    """What a database may raise that is not up yet."""


def flaky(counter: str, failures: int) -> int:
    """Fails as often as that, then says how often it ran."""
    if (runs := count(counter)) <= failures:
        raise Refused("postgresql://admin:hunter2@db/city")
    return runs


def joint(counter: str, seconds: float, how: str, context: Any) -> Any:
    """Slow, counted, and cached."""
    runs = count(counter)
    sleep(seconds, context)
    if how == "fails at first" and runs == 1:
        raise ValueError("not yet")
    return Path(counter).read_text() * 40_000 if how == "large" else runs


def crowd(log: str, name: str) -> str:
    """Tells when it runs."""
    with Path(log).open("a") as file:
        file.write(f"{time.monotonic()} +1 {name}\n")
        file.flush()
        time.sleep(0.4)
        file.write(f"{time.monotonic()} -1 {name}\n")
    return name


def hog(mebibytes: int, how: str, context: Any) -> int:
    """Takes memory, in this process or in one that it starts."""
    context.progress(61, "filling")
    time.sleep(1.5)
    if how == "child":
        code = f"import time; filled = b'x' * ({mebibytes} << 20); time.sleep(60)"
        return subprocess.run([sys.executable, "-c", code], check=False).returncode
    filled = b"x" * (mebibytes << 20)
    time.sleep(60 if how == "stays" else 0)
    return len(filled)


hoarded: list[object] = []


def hoard(mebibytes: int, where: str) -> int:
    """Leaves so much in the memory of its process, whose id it returns, or of one that it has started."""
    if where == "child":
        code = f"import time; filled = b'x' * ({mebibytes} << 20); print(flush=True); time.sleep(300)"
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert child.stdout
        child.stdout.readline()
        hoarded.append(child)
    else:
        hoarded.append(b"x" * (mebibytes << 20))
    time.sleep(1.5)
    return os.getpid()


def detach(pids: str, how: str) -> str:
    """Starts a process that leaves the group and the session, does not listen to SIGTERM, and whose parent ends."""
    code = (
        "import os, signal, time\n"
        "if os.fork(): os._exit(0)\n"
        "os.setsid()\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(os.getpid(), flush=True)\n"
        "time.sleep(300)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        Path(pids).write_text(f"{os.getpid()} {child.stdout.readline()}")
    if how == "returns":
        return "done"
    if how == "crash":
        time.sleep(2.5)
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(300)
    return "done"


def farewell(told: str, context: Any) -> str:
    """Writes down that it was cancelled, and ends."""
    Path(told).write_text("running")
    while not context.cancelled:
        time.sleep(0.02)
    Path(told).write_text("cancelled")
    return "partial"


@cache
def kept_pool(method: str) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context(method))


def pooled(method: str) -> int:
    """Has a pool that is kept for the next run; which process of it answered."""
    return kept_pool(method).submit(os.getpid).result()
