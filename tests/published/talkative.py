"""Callables that say something, in all the ways that authors' callables do."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

logger = logging.getLogger("talkative")


def talk(how: str, context: Any) -> str:
    """Says something in that way."""
    globals()[how.replace(" ", "_").replace("-", "_")](context)
    return "said"


def prints(_: Any) -> None:
    print("printed")
    print("in error", file=sys.stderr)
    print("half a ", end="")
    print("line")
    print("no newline at the end", end="")


def logs(_: Any) -> None:
    logger.debug("too quiet")
    logger.info("logged %s", "well")
    print("between")
    logger.warning("careful")
    logging.error("of the root\nin two lines")
    logger.info("%d", "no number")


def logs_by_a_handler_of_its_own(_: Any) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("my own form: %(message)s"))
    logger.addHandler(handler)
    try:
        logger.info("once")
    finally:
        logger.removeHandler(handler)


def logs_by_loguru(_: Any) -> None:
    from loguru import logger as loguru  # noqa: PLC0415 - as late as authors do

    loguru.debug("too quiet")
    loguru.success("by loguru")
    loguru.warning("two\nlines")
    loguru.remove(0)
    loguru.add(sys.stderr, format="my own form: {message}")
    loguru.info("by a sink")


def warns(_: Any) -> None:
    warnings.warn("mind the gap", stacklevel=1)


def says_in_c(_: Any) -> None:
    library = ctypes.CDLL(None)
    library.write(1, b"written in C\n", 13)
    library.printf(b"printed in C\n")
    library.printf(b"and %d more", 2)


def has_children_that_speak(_: Any) -> None:
    subprocess.run(["sh", "-c", "echo out; echo err >&2; echo reopened > /dev/stderr"], check=True)
    subprocess.run([sys.executable, "-c", "print('python', end='')"], check=True)


def uses_the_context(context: Any) -> None:
    context.log("by the context")


def says_1200_lines(_: Any) -> None:
    for number in range(1200):
        print(f"line {number}")


def says_a_hundred_thousand_lines(_: Any) -> None:
    for number in range(100_000):
        print(f"line {number}")


def says_a_huge_line(_: Any) -> None:
    print("begin" + "x" * 3_000_000)
    print("after")


def says_odd_things(_: Any) -> None:
    os.write(1, b"caf\xc3\xa9 \xff\xfe \x1b[31mred\x1b[0m bell\x07 \x1b]0;title\x07tab\tend\n")
    print("right\u202eleft, nul\0, mark\x1eIcforged")


def shows_markup(context: Any) -> None:
    print("<img src=x onerror=alert(1)>\u202e")
    context.progress(50, "<script>alert(2)</script>\u202e")
    time.sleep(2)


def forges_events(context: Any) -> None:
    os.write(1, b"a\rb\r\rc\n\nevent: done\ndata: {}\n\n\r\nevent: done\rdata: 1\r\r\xe2\x80\xa8event: done\n")
    context.progress(50, "half\n\nevent: done\ndata: {}\n\n\r\r")
    context.log("\n\nevent: done\ndata: {}\n\n")
    time.sleep(1)


def draws_bars(_: Any) -> None:
    from tqdm.auto import tqdm, trange  # noqa: PLC0415 - as late as authors do

    for step in tqdm([1, 2, 3, 4], desc="outer"):
        for _inner in trange(3, desc="inner", leave=False):
            time.sleep(0.15)
        if step == 2:
            tqdm.write("half of it")
            time.sleep(2)


def stops_within_a_bar(_: Any) -> None:
    from tqdm import tqdm  # noqa: PLC0415

    with tqdm(total=10, desc="stopping", mininterval=0) as bar:
        bar.update(3)
        raise ValueError("postgresql://admin:hunter2@db/city")


def tells_both(context: Any) -> None:
    from tqdm import tqdm  # noqa: PLC0415

    context.progress(20, "told")
    for _step in tqdm(range(10), mininterval=0):
        time.sleep(0.05)
    time.sleep(2)


def breaks_its_streams(_: Any) -> None:
    print("before")
    sys.stdout.close()
    sys.stderr = None  # type: ignore[assignment]
    os.close(1)
    os.close(2)


def wraps_its_streams(_: Any) -> None:
    import io  # noqa: PLC0415

    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="latin-1")
    sys.stdout.write("wrapped")


def forks(_: Any) -> None:
    print("one")
    if not os.fork():
        print("the copy")


def leaves_somebody_behind(_: Any) -> None:
    print("leaving")
    subprocess.Popen(["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; echo left behind; done"])


def leaves_a_thread_behind(_: Any) -> None:
    def speak() -> None:
        for _ in range(50):
            time.sleep(0.1)
            print("a thread of the job before")

    print("started")
    threading.Thread(target=speak, daemon=True).start()


def is_killed(_: Any) -> None:
    print("last words")
    os.kill(os.getpid(), signal.SIGKILL)


def talks_on(context: Any) -> None:
    for number in _numbers(context):
        print(f"step {number}")


def sleeps(_: Any) -> None:
    time.sleep(1)
    print("slept")


def says_nothing(_: Any) -> None:
    pass


def _numbers(context: Any) -> Iterator[int]:
    number = 0
    while not context.cancelled:
        yield number
        number += 1
        time.sleep(0.05)


def grips(_: Any) -> None:
    """Writes more than a pipe holds, and lets no other thread have the interpreter meanwhile."""
    library = ctypes.PyDLL(None)
    lines = (b"gripped".ljust(99) + b"\n") * 5000
    written = 0
    while written < len(lines):
        written += library.write(1, lines[written:], len(lines) - written)
