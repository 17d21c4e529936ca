"""The supervisor with the real Valkey, and stand-ins for the worker and the API."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import redis
from serving import bound

STAND_IN = Path(__file__).parent / "stand_ins" / "dev.py"
SECONDS = 20


class Dev:
    """One run of the supervisor, which leads the foreground group of a terminal."""

    def __init__(self, state: Path, port: int, **options: object) -> None:
        self.state = state
        self.token = uuid4().hex
        self.process = subprocess.Popen(
            bound(sys.executable, STAND_IN, json.dumps({"state_dir": str(state), "port": port, **options})),
            env={**os.environ, "OF_THIS_RUN": self.token},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout
        self.output = self.process.stdout
        self.lines: list[str] = []

    def read_until(self, *texts: str) -> None:
        """Reads on until each text was in a line."""
        while missing := [text for text in texts if not any(text in line for line in self.lines)]:
            line = self.output.readline()
            assert line, f"{missing} never came: {self.lines}"
            self.lines.append(line.rstrip("\n"))

    def is_ready(self) -> "Dev":
        self.read_until("ready: http", "runs a job")
        return self

    def status(self) -> int:
        """The exit status; the output ends with the last process that could write there."""
        self.lines += self.output.read().splitlines()
        return self.process.wait(SECONDS)

    def redis(self) -> "redis.Redis":
        """A client for the URL that the programs were told."""
        [url] = [word for line in self.lines for word in line.split() if word.startswith("unix://")]
        return redis.Redis.from_url(url)

    def left(self) -> dict[int, str]:
        """Processes that came from this run, with their command lines.

        They are told by their environment, or, for Valkey writes over it, by their working directory.
        """
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                at_home = (folder / "cwd").readlink().is_relative_to(self.state)
                if at_home or self.token.encode() in (folder / "environ").read_bytes():
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().decode().replace("\0", " ")
        return found

    def pid_of(self, name: str) -> int:
        return min(pid for pid, command in self.left().items() if name in command)

    def clean_up(self) -> None:
        for pid in self.left():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(SECONDS)
        self.output.close()
