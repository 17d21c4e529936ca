"""The servers that are compared, each with a Redis, an API process and a worker of two children of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Literal

import psutil
import redis
from apps.schemas import INPUTS, OUTPUTS
from places import free_port

from fastprocesses_server.standalone.valkey import find_binary

APPS = Path(__file__).parent / "apps"
ROOT = APPS.parent.parent.parent
START_SECONDS = 60.0

FILL = """
for number = ARGV[1], ARGV[2] do
  local id = string.format('00000000-0000-4000-8000-%012d', number)
  FILLED
end
"""
"""A part of a store full of jobs, made where it stays."""


@dataclass
class Part:
    """A process with its descendants."""

    name: str
    process: "subprocess.Popen[bytes]"

    def cpu(self) -> float:
        """Seconds so far, those of descendants that have ended too."""
        parent = psutil.Process(self.process.pid)
        times = [one.cpu_times() for one in (parent, *parent.children(recursive=True))]
        return sum(one.user + one.system + one.children_user + one.children_system for one in times)

    def memory(self) -> float:
        """MB of the process alone."""
        return float(psutil.Process(self.process.pid).memory_info().rss) / 1e6


@dataclass
class Site:
    """One contender as it runs: where its API listens, and what it consists of."""

    contender: "Contender"
    port: int
    redis_port: int
    parts: dict[str, Part]
    start_seconds: float = 0.0
    """From the start of the API to its first answer."""
    idle_memory: float = 0.0
    """MB of the API, once it has answered for the first time."""
    headers: tuple[str, ...] = ()
    secured: "Site | None" = None
    """The same, but asking callers for a key."""
    stack: ExitStack = field(default_factory=ExitStack)
    ended: list[Any] = field(default_factory=list)
    """What is known of the ends of jobs whose submission was measured."""

    def redis(self) -> "redis.Redis":
        return redis.Redis(port=self.redis_port, db=self.contender.database)

    def statuses(self, jobs: Sequence[str]) -> list[str]:
        """What the store knows of them."""
        with self.redis() as client, client.pipeline(transaction=False) as pipeline:
            for job in jobs:
                self.contender.ask_status(pipeline, job)
            return [self.contender.read_status(found) for found in pipeline.execute()]

    def fill(self, count: int, known: int) -> None:
        """More jobs, up to so many, like the first one."""
        script = FILL.replace("FILLED", self.contender.filling)
        with self.redis() as client:
            client.config_set("busy-reply-threshold", 60_000)
            copied = self.contender.copied(client)
            for first in range(known + 1, count + 1, 10_000):
                client.eval(script, 0, first, min(first + 9_999, count), *copied)


class Contender:
    """How one is started and spoken to."""

    name = ""
    database: int = 0
    sync: tuple[str, ...] = ()
    """The header that asks for a synchronous run."""
    filling = ""
    most_filled = 10**9
    """Jobs, over which a list takes too long to be asked often."""
    blocking_runs = 32
    """Synchronous runs of two seconds beside which others are still answered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / self.name
        self.folder.mkdir(parents=True)

    def api(self, port: int, redis_port: int, more: int) -> "subprocess.Popen[bytes]":
        raise NotImplementedError

    def worker(self, redis_port: int) -> "subprocess.Popen[bytes]":
        raise NotImplementedError

    def ask_status(self, client: Any, job: str) -> None:
        raise NotImplementedError

    def read_status(self, found: Any) -> str:
        return found.decode() if found else "?"

    def copied(self, client: Any) -> list[Any]:
        """Of the one job that there is, for the rest."""
        raise NotImplementedError

    def secure(self, _site: Site) -> Site | None:
        return None

    def spawn(self, command: Sequence[str], environment: Mapping[str, str], name: str) -> "subprocess.Popen[bytes]":
        log = (self.folder / f"{name}.log").open("ab")
        own = {key: value for key, value in os.environ.items() if not key.startswith("FP_")}
        with log:
            return subprocess.Popen(
                command, stdout=log, stderr=log, env={**own, **environment}, cwd=self.folder, start_new_session=True
            )


class Server(Contender):
    """This server, with a result cache, as its compose file has it."""

    name = "server"
    most_filled = 1_000_000
    filling = """
  redis.call('HSET', 'fp:job:' .. id, unpack(ARGV, 3))
  redis.call('HSET', 'fp:job:' .. id, 'id', id, 'created', 1700000000000 + number)
  for _, list in ipairs({'', ':successful', ':any:echo', ':successful:echo'}) do
    redis.call('ZADD', 'fp:jobs' .. list, 1700000000000 + number, id)
  end"""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for more in (0, 99, 999):
            self.write_processes(self.processes(more), more)

    def processes(self, more: int) -> Path:
        return self.folder / f"processes-{more}"

    def write_processes(self, folder: Path, more: int) -> None:
        folder.mkdir()
        shutil.copy(APPS / "echoes.py", folder)
        kinds = {"echo": "echo"} if more else {name: name for name in INPUTS}
        for name, kind in {**kinds, **{f"echo-{number}": "echo" for number in range(more)}}.items():
            document = {
                "callable": f"echoes.{kind}",
                "version": "1.0.0",
                "title": name,
                "description": f"Returns what it gets: {name}.",
                "keywords": ["echo"],
                "inputs": {key: {"title": key, "schema": schema} for key, schema in INPUTS[kind].items()},
                "outputs": {"result": {"schema": OUTPUTS[kind]}},
                "results": {"cache": "48h"},
            }
            (folder / f"{name}.json").write_text(json.dumps(document))

    def environment(self, redis_port: int, more: int = 0) -> dict[str, str]:
        return {
            "FP_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
            "FP_PROCESSES_DIR": str(self.processes(more)),
            "FP_RESULTS_DIR": str(self.folder / "results"),
            "FP_INSPECTION_CACHE": str(self.folder / "inspections"),
            "FP_WORKER_CONCURRENCY": "2",
            "PYTHONPATH": str(ROOT),
        }

    def run(self, command: Sequence[str], environment: Mapping[str, str], name: str) -> "subprocess.Popen[bytes]":
        return self.spawn([sys.executable, "-m", "fastprocesses_server", *command], environment, name)

    def api(self, port: int, redis_port: int, more: int, **settings: str) -> "subprocess.Popen[bytes]":
        environment = {**self.environment(redis_port, more), "FP_PORT": str(port), **settings}
        return self.run(["serve"], environment, "api")

    def worker(self, redis_port: int) -> "subprocess.Popen[bytes]":
        return self.run(["worker"], self.environment(redis_port), "worker")

    def ask_status(self, client: Any, job: str) -> None:
        client.hget(f"fp:job:{job}", "status")

    def copied(self, client: Any) -> list[Any]:
        """The one job is finished by hand: no worker runs."""
        [key] = client.keys("fp:job:*-????????????")
        record = {**client.hgetall(key), b"status": b"successful", b"progress": b"100"}
        record |= {b"started": record[b"created"], b"finished": record[b"created"]}
        return [item for pair in record.items() for item in pair]

    def secure(self, site: Site) -> Site:
        command = [sys.executable, "-m", "fastprocesses_server", "keys", "create", "benchmark"]
        environment = {**os.environ, **self.environment(site.redis_port)}
        made = subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True, check=True)
        secured = Site(
            self, free_port(), site.redis_port, {**site.parts}, headers=(f"X-API-Key: {made.stdout.strip()}",)
        )
        api = self.api(secured.port, site.redis_port, 0, FP_AUTH="required")
        secured.parts["API"] = Part("API", api)
        site.stack.callback(stop, api)
        wait_for_answer(secured.port, "/health/live", api)
        return secured


class Peer(Contender):
    """fastprocesses from PyPI, in an environment of its own."""

    name = "fastprocesses"
    database = 1
    sync = ("Prefer: respond-sync",)
    filling = "redis.call('SET', 'job_status:job:' .. id, ARGV[3])"
    most_filled = 100_000
    blocking_runs = 1

    def __init__(self, folder: Path, python: Path) -> None:
        super().__init__(folder)
        self.tools = python.absolute().parent

    def environment(self, redis_port: int, more: int = 0) -> dict[str, str]:
        names = ("FP_RESULT_CACHE", "FP_CELERY_BROKER", "FP_CELERY_RESULT")
        where = {f"{name}_HOST": "127.0.0.1" for name in names} | {f"{name}_PORT": str(redis_port) for name in names}
        return {**where, "PYTHONPATH": f"{APPS}:{APPS.parent}", "BENCHMARK_MORE": str(more)}

    def api(self, port: int, redis_port: int, more: int) -> "subprocess.Popen[bytes]":
        command = [f"{self.tools}/uvicorn", "peer:app", "--port", str(port), "--no-access-log"]
        return self.spawn(command, self.environment(redis_port, more), "api")

    def worker(self, redis_port: int) -> "subprocess.Popen[bytes]":
        command = [f"{self.tools}/celery", "-A", "peer:celery", "worker", "-c", "2"]
        return self.spawn(command, self.environment(redis_port), "worker")

    def ask_status(self, client: Any, job: str) -> None:
        client.get(f"job_status:job:{job}")

    def read_status(self, found: Any) -> str:
        return str(json.loads(zlib.decompress(found))["status"]) if found else "?"

    def copied(self, client: Any) -> list[Any]:
        [key] = client.keys("job_status:job:*")
        return [client.get(key)]


class Limit(Contender):
    """FastAPI and Celery alone."""

    name = "limit"
    filling = """
  redis.call('HSET', 'job:' .. id, unpack(ARGV, 3))
  redis.call('ZADD', 'jobs', number, id)"""
    most_filled = 1_000_000

    def environment(self, redis_port: int, more: int = 0) -> dict[str, str]:
        return {
            "BENCHMARK_REDIS": f"redis://127.0.0.1:{redis_port}/0",
            "BENCHMARK_MORE": str(more),
            "PYTHONPATH": f"{APPS}:{APPS.parent}:{ROOT}",
        }

    def api(self, port: int, redis_port: int, more: int) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "uvicorn", "limit:app", "--port", str(port), "--no-access-log"]
        return self.spawn(command, self.environment(redis_port, more), "api")

    def worker(self, redis_port: int) -> "subprocess.Popen[bytes]":
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        command = [sys.executable, "-m", "celery", "-A", "limit:celery", "worker", "-c", "2", *quiet]
        return self.spawn(command, self.environment(redis_port), "worker")

    def ask_status(self, client: Any, job: str) -> None:
        client.hget(f"job:{job}", "status")

    def copied(self, client: Any) -> list[Any]:
        [key] = client.keys("job:*")
        return [item for pair in client.hgetall(key).items() for item in pair]


@contextmanager
def running(contender: Contender, *, more: int = 0, is_whole: bool = True) -> Iterator[Site]:
    """A Redis and an API, with more processes than the usual; as a whole a worker too."""
    with ExitStack() as stack:
        with explained(contender.folder):
            site = start(contender, more, is_whole=is_whole, stack=stack)
        yield site


def start(contender: Contender, more: int, *, is_whole: bool, stack: ExitStack) -> Site:
    redis_port, port = free_port(), free_port()
    store = start_redis(contender, redis_port, is_lasting=is_whole)
    stack.callback(stop, store)
    begin = time.perf_counter()
    api = contender.api(port, redis_port, more)
    stack.callback(stop, api)
    wait_for_answer(port, "/processes/echo", api)
    site = Site(contender, port, redis_port, {"API": Part("API", api), "Redis": Part("Redis", store)}, stack=stack)
    site.start_seconds = time.perf_counter() - begin
    site.idle_memory = site.parts["API"].memory()
    if is_whole:
        worker = contender.worker(redis_port)
        stack.callback(stop, worker)
        site.parts = {"API": site.parts["API"], "worker": Part("worker", worker), "Redis": site.parts["Redis"]}
        wait_for_run(site)
    return site


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """What the programs said last, where something does not come."""
    try:
        yield
    except TimeoutError:
        for log in sorted(folder.glob("[aw]*.log")):
            print(f"{log.name}:\n{log.read_text(errors='replace')[-3_000:]}", file=sys.stderr)
        raise


def start_redis(contender: Contender, port: int, *, is_lasting: bool) -> "subprocess.Popen[bytes]":
    folder = contender.folder / f"redis-{port}"
    folder.mkdir()
    options = {
        "port": port,
        "bind": "127.0.0.1",
        "dir": folder,
        "save": "",
        "appendonly": "yes" if is_lasting else "no",
    }
    command = [str(find_binary()), *(str(item) for name, value in options.items() for item in (f"--{name}", value))]
    process = contender.spawn(command, {}, "redis")
    with redis.Redis(port=port) as client:
        until(lambda: _pings(client), "Redis")
    return process


def _pings(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def ask(
    port: int, path: str, headers: Sequence[str] = (), body: str = "", method: Literal["GET", "POST"] = "GET"
) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    pairs = dict(header.split(": ", 1) for header in headers)
    try:
        connection.request(method, path, body or None, pairs | ({"Content-Type": "application/json"} if body else {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wait_for_answer(port: int, path: str, api: "subprocess.Popen[bytes]") -> None:
    def answers() -> bool:
        if api.poll() is not None:
            raise TimeoutError(f"the API has ended with {api.returncode}")
        try:
            return ask(port, path)[0] == 200
        except OSError:
            return False

    until(answers, f"an answer to {path}", pause=0.002)


def wait_for_run(site: Site) -> None:
    """Until a worker takes runs."""
    path, body = "/processes/echo/execution", json.dumps({"inputs": {"text": "first"}})
    until(lambda: ask(site.port, path, site.contender.sync, body, "POST")[0] == 200, f"a run by {site.contender.name}")


def until(condition: Any, what: str, *, pause: float = 0.05) -> None:
    end = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {START_SECONDS:g} s")
        time.sleep(pause)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """With all that it has started."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
