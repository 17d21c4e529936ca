"""The job list's lists in Redis, and the pages that are read from them, against a real Valkey."""

import asyncio
import copy
import itertools
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from upper import make_process, make_registry

from fastprocesses_server.execution.request import Execution, RequestReader
from fastprocesses_server.jobs import selection as selections
from fastprocesses_server.jobs.connection import connect, connect_async
from fastprocesses_server.jobs.leases import Held, Leases, Outcome, Verdict
from fastprocesses_server.jobs.record import Job, Status
from fastprocesses_server.jobs.selection import Cursor, Direction, Selection, Window
from fastprocesses_server.jobs.store import JobPage, JobStore
from fastprocesses_server.settings import Settings

FINAL = (Status.SUCCESSFUL, Status.FAILED, Status.DISMISSED)
LASTING = (Status.RUNNING, *FINAL)
EVERYTHING = Selection()
MOMENT = 1_700_000_000_000
MAKER = "user:Ämne of 1: any:upper"
PID = os.getpid()


def execution_of(process_id: str) -> Execution:
    return RequestReader(make_process(process_id)).read({"inputs": {}})


EXECUTIONS = {name: execution_of(name) for name in ("upper", "lower", "title")}


class Board:
    """A store and one worker's leases on one Valkey, with an event loop of their own."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        self.redis = connect(url)
        self.runner = runner
        self.client = connect_async(url)
        self.store = JobStore(self.client, Settings())
        self.leases = Leases(self.redis, Settings(), make_registry(), "worker", ("default",))

    def worker_of(self, job_id: str) -> Leases:
        """One that runs nothing else."""
        worker = copy.copy(self.leases)
        worker.owner = f"worker of {job_id}"
        return worker

    def ask(self, call: Any) -> Any:
        return self.runner.run(call)

    def create(self, job_id: str, process: str = "upper", *, is_public: bool = True, maker: str = "") -> None:
        execution = replace(EXECUTIONS[process], maker=maker)
        self.ask(self.store.create(job_id, execution, is_public=is_public))

    def make(
        self, job_id: str, created: int, process: str = "upper", status: Status = Status.ACCEPTED, maker: str = ""
    ) -> None:
        """A public job of that moment: the transitions are real, their clock is not."""
        self.create(job_id, process, is_public=False, maker=maker)
        if status not in (Status.ACCEPTED, Status.DISMISSED):
            self.worker_of(job_id).claim(job_id)
        if status in (Status.SUCCESSFUL, Status.FAILED):
            self.worker_of(job_id).commit(job_id, 1, Outcome(status, b"{}"))
        if status == Status.DISMISSED:
            self.ask(self.store.dismiss(job_id))
        self.redis.hset(f"fp:job:{job_id}", "created", created)
        self.ask(self.store.reveal(job_id, EXECUTIONS[process]))

    def lasted(self, job_id: str, started: int, finished: int | None = None) -> None:
        times = {"started": started, **({"finished": finished} if finished is not None else {})}
        self.redis.hset(f"fp:job:{job_id}", mapping=times)

    def page(self, selection: Selection, window: Window) -> JobPage:
        page: JobPage = self.ask(self.store.page(selection, window))
        return page

    def ids(self, selection: Selection = EVERYTHING, limit: int = 1000) -> list[str]:
        return [job.id for job in self.page(selection, Window(limit)).jobs]

    def pages(self, selection: Selection, window: Window) -> Iterator[JobPage]:
        """From one to the next, in the direction asked."""
        while True:
            page = self.page(selection, window)
            yield page
            if page.beyond is None:
                return
            window = Window(window.limit, page.left_out, page.beyond)

    def lists(self) -> dict[str, dict[str, float]]:
        return {
            name.decode(): {member.decode(): score for member, score in self.redis.zrange(name, 0, -1, withscores=True)}
            for name in self.redis.scan_iter("fp:jobs*")
        }

    def records(self) -> dict[str, dict[str, str]]:
        return {
            name.decode().removeprefix("fp:job:"): {
                field.decode(): value.decode() for field, value in self.redis.hgetall(name).items()
            }
            for name in self.redis.scan_iter("fp:job:*", _type="hash")
        }


@pytest.fixture
def board(redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Board]:
    monkeypatch.chdir(tmp_path)
    with asyncio.Runner() as runner:
        board = Board(redis_url, runner)
        yield board
        runner.run(board.client.aclose())
        board.redis.close()


def lists_by_the_records(board: Board) -> dict[str, dict[str, float]]:
    expected: dict[str, dict[str, float]] = {}
    for job_id, record in board.records().items():
        if record["public"] == "1":
            status, process = record["status"], record["process"]
            maker = record.get("maker")
            for whose in ("", *([f"-of:{len(maker.encode())}:{maker}"] if maker else [])):
                for name in ("", f":{status}", f":any:{process}", f":{status}:{process}"):
                    expected.setdefault(f"fp:jobs{whose}{name}", {})[job_id] = float(record["created"])
    return expected


def commit(board: Board, job_id: str, status: Status) -> None:
    record = board.records().get(job_id, {"attempt": "0"})
    board.leases.commit(job_id, int(record["attempt"]), Outcome(status, b"{}"))


def overrun(board: Board, job_id: str) -> None:
    attempt = int(board.records().get(job_id, {"attempt": "0"})["attempt"])
    board.leases.overrun(Held(job_id, PID, attempt, Verdict.HARD, 0, 0), {"detail": "over"})


def reap(board: Board, job_id: str) -> None:
    for _ in range(2):
        if board.redis.zscore("fp:due", job_id) is not None:
            board.redis.zadd("fp:due", {job_id: 0})
        board.leases.reap()


def expire(board: Board, job_id: str) -> None:
    """What Redis does with a finished record at the end of its time, and the reaper a moment later."""
    for member in board.redis.zrange("fp:expiry", 0, -1):
        if member.decode().partition(" ")[0] == job_id:
            board.redis.delete(f"fp:job:{job_id}")
            board.redis.zadd("fp:expiry", {member: 0})
    board.leases.reap()


TRANSITIONS: dict[str, Callable[[Board, str], Any]] = {
    "create": lambda board, job_id: board.create(job_id, "upper"),
    "create another": lambda board, job_id: board.create(job_id, "lower"),
    "create for somebody": lambda board, job_id: board.create(job_id, maker=MAKER),
    "create unseen": lambda board, job_id: board.create(job_id, is_public=False),
    "create unseen for somebody": lambda board, job_id: board.create(job_id, is_public=False, maker=MAKER),
    "create finished": lambda board, job_id: board.ask(
        board.store.create_finished(job_id, EXECUTIONS["upper"], [], is_public=True)
    ),
    "create finished for somebody": lambda board, job_id: board.ask(
        board.store.create_finished(job_id, replace(EXECUTIONS["upper"], maker=MAKER), [], is_public=True)
    ),
    "claim": lambda board, job_id: board.leases.claim(job_id),
    "claim again": lambda board, job_id: board.leases.claim(job_id),
    "succeed": lambda board, job_id: commit(board, job_id, Status.SUCCESSFUL),
    "fail": lambda board, job_id: commit(board, job_id, Status.FAILED),
    "time out": overrun,
    "die": lambda board, job_id: board.leases.gone(job_id, PID),
    "give back": lambda board, _: board.leases.give_back(),
    "reap": reap,
    "dismiss": lambda board, job_id: board.ask(board.store.dismiss(job_id)),
    "remove": lambda board, job_id: board.ask(board.store.remove(job_id)),
    "reveal": lambda board, job_id: board.ask(board.store.reveal(job_id, EXECUTIONS["upper"])),
    "expire": expire,
}


@given(steps=st.lists(st.tuples(st.sampled_from(list(TRANSITIONS)), st.sampled_from("abc")), max_size=50))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_lists_are_what_the_records_say_whatever_happens(board: Board, steps: list[tuple[str, str]]) -> None:
    board.redis.flushall()
    for step, job_id in steps:
        TRANSITIONS[step](board, job_id)
        assert board.lists() == lists_by_the_records(board), step
    finished = {
        f"{job_id} {record['status']} {record['process']} {record.get('maker', '')}".rstrip().encode()
        for job_id, record in board.records().items()
        if record["public"] == "1" and record["status"] in FINAL
    }
    assert set(board.redis.zrange("fp:expiry", 0, -1)) == finished


def test_a_job_that_waits_again_has_not_started(board: Board) -> None:
    board.create("a")
    board.leases.claim("a")
    board.leases.give_back()
    job: Job = board.ask(board.store.read("a"))
    assert (job.status, job.started) == (Status.ACCEPTED, None)
    assert board.ids(Selection(statuses=(Status.ACCEPTED,), shortest=0)) == []


@dataclass(frozen=True)
class Made:
    """A job as it was made, to be picked by hand."""

    id: str
    created: int
    process: str
    status: Status
    duration: int | None
    maker: str


def fits(job: Made, selection: Selection) -> bool:
    asks_for_duration = (selection.shortest, selection.longest) != (None, None)
    statuses = selection.statuses or (LASTING if asks_for_duration else tuple(Status))
    shortest, longest = selection.shortest or 0, selection.longest
    return (
        job.status in statuses
        and (selection.maker is None or job.maker == selection.maker)
        and (selection.processes is None or job.process in selection.processes)
        and (selection.earliest is None or selection.earliest <= job.created)
        and (selection.latest is None or job.created <= selection.latest)
        and (
            not asks_for_duration
            or (job.duration is not None and shortest <= job.duration and (longest is None or job.duration <= longest))
        )
    )


def picked(jobs: Sequence[Made], selection: Selection) -> list[str]:
    """By the rules of the standard, newest first."""
    fitting = [job for job in jobs if fits(job, selection)]
    return [job.id for job in sorted(fitting, key=lambda job: (job.created, job.id.encode()), reverse=True)]


def make_jobs(board: Board, chance: random.Random, count: int) -> list[Made]:
    """Many at the same moment, and ids of which one begins another."""
    jobs = []
    for number in range(count):
        job_id = chance.choice(["", "A", "a", "-", "ä"]) + str(number)
        created, process = MOMENT + chance.randrange(12), chance.choice(["upper", "lower"])
        status, maker = chance.choice(list(Status)), chance.choice(["", "key:a", MAKER])
        board.make(job_id, created, process, status, maker)
        duration = chance.randrange(5) * 1000 if status in (Status.SUCCESSFUL, Status.FAILED) else None
        if duration is not None:
            board.lasted(job_id, created, created + duration)
        if status == Status.RUNNING:
            board.lasted(job_id, MOMENT)
            duration = 10**10  # since 2023
        jobs.append(Made(job_id, created, process, status, duration, maker))
    return jobs


def some_selection(chance: random.Random) -> Selection:
    statuses = tuple(chance.sample(list(Status), chance.randrange(1, 5)))
    processes = tuple(chance.sample(["upper", "lower", "nope"], chance.randrange(1, 4)))
    bounds = sorted(chance.sample(range(MOMENT - 1, MOMENT + 13), 2))
    durations = sorted(chance.sample(range(0, 7000, 1000), 2))
    whole = Selection(
        statuses=statuses,
        processes=processes,
        earliest=bounds[0],
        latest=bounds[1],
        shortest=durations[0],
        longest=durations[1],
        maker=chance.choice(["key:a", MAKER, "key:nobody"]),
    )
    names = ("statuses", "processes", "earliest", "latest", "shortest", "longest", "maker")
    return replace(whole, **dict.fromkeys((name for name in names if chance.random() < 0.6), None))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("budget", [selections.BUDGET, 7, 2])
def test_pages_are_what_picking_by_hand_gives(
    board: Board, monkeypatch: pytest.MonkeyPatch, seed: int, budget: int
) -> None:
    monkeypatch.setattr(selections, "BUDGET", budget)
    chance = random.Random(seed)  # noqa: S311 - jobs at random, the same each time
    jobs = make_jobs(board, chance, 60)
    for _ in range(60):
        selection, limit, offset = some_selection(chance), chance.randrange(1, 9), chance.choice([0, 0, 1, 5, 100])
        expected = picked(jobs, selection)[offset:]
        pages = list(board.pages(selection, Window(limit, offset)))
        assert [job.id for page in pages for job in page.jobs] == expected
        assert all(len(page.jobs) <= limit for page in pages)


@pytest.mark.parametrize("budget", [selections.BUDGET, 7, 2])
def test_the_way_back_shows_the_same_jobs(board: Board, monkeypatch: pytest.MonkeyPatch, budget: int) -> None:
    monkeypatch.setattr(selections, "BUDGET", budget)
    chance = random.Random(1)  # noqa: S311 - jobs at random, the same each time
    jobs = make_jobs(board, chance, 60)
    for _ in range(60):
        selection = some_selection(chance)
        expected = picked(jobs, selection)
        end = Cursor(Direction.NEWER, MOMENT - 5, "")
        back = list(board.pages(selection, Window(chance.randrange(1, 9), cursor=end)))
        assert [job.id for page in reversed(back) for job in page.jobs] == expected


def test_a_page_and_the_one_before_it_lead_to_each_other(board: Board) -> None:
    for number in range(7):
        board.make(f"job-{number}", MOMENT)
    second = board.page(EVERYTHING, Window(3)).beyond
    assert second
    shown = board.page(EVERYTHING, Window(3, cursor=second))
    assert [job.id for job in shown.jobs] == ["job-3", "job-2", "job-1"]
    before = board.page(EVERYTHING, Window(3, cursor=second.back()))
    assert [job.id for job in before.jobs] == ["job-6", "job-5", "job-4"]
    assert before.beyond is None


def test_a_walk_shows_each_job_once_while_jobs_come_change_and_go(board: Board) -> None:
    old = [f"job-{number:02}" for number in range(40)]
    for number, job_id in enumerate(old):
        board.make(job_id, MOMENT + number // 4)
    seen = []
    for number, page in enumerate(board.pages(EVERYTHING, Window(4))):
        shown = [job.id for job in page.jobs]
        seen += shown
        board.make(f"new-{number}", MOMENT + 100 + number)
        board.worker_of(shown[0]).claim(shown[0])
        board.ask(board.store.dismiss(shown[1]))
        worker = board.worker_of(shown[-1])  # the job that the cursor names is removed
        worker.claim(shown[-1])
        worker.commit(shown[-1], 1, Outcome(Status.FAILED, b"{}"))
        assert board.ask(board.store.remove(shown[-1]))
    assert seen == old[::-1]


def test_a_walk_goes_on_where_the_job_of_its_cursor_left_the_selection(board: Board) -> None:
    for number in range(6):
        board.make(f"job-{number}", MOMENT)
    waiting = Selection(statuses=(Status.ACCEPTED,))
    seen = []
    for page in board.pages(waiting, Window(2)):
        seen += [job.id for job in page.jobs]
        board.worker_of(page.jobs[-1].id).claim(page.jobs[-1].id)
    assert seen == [f"job-{number}" for number in (5, 4, 3, 2, 1, 0)]


def test_no_process_that_clients_ask_for_names_another_list(board: Board) -> None:
    board.make("a", MOMENT, "upper", Status.FAILED)
    for name in ("", "any", "any:upper", "failed:upper", "*", "upper:failed", ":upper"):
        assert board.ids(Selection(processes=(name,))) == []
        assert board.ids(Selection(processes=(name,), statuses=(Status.FAILED,))) == []
    assert board.ids(Selection(processes=("upper",), statuses=(Status.FAILED,))) == ["a"]


def test_the_list_of_one_maker_is_no_list_of_another(board: Board) -> None:
    board.make("a", MOMENT, "upper", Status.FAILED, "key:a")
    for maker in ("", "key:", "key:a:", "key:a:failed", "key:a:any:upper", "5:key:a", "a"):
        assert board.ids(Selection(maker=maker)) == []
    for name in ("5:key:a", "-of:5:key:a", "of:5:key:a"):
        assert board.ids(Selection(processes=(name,))) == []
    assert board.ids(Selection(maker="key:a", processes=("upper",), statuses=(Status.FAILED,))) == ["a"]


def test_what_nobody_known_has_made_is_nobodys_own(board: Board) -> None:
    board.make("a", MOMENT)
    assert board.ids(Selection(maker="")) == []
    assert set(board.lists()) == {"fp:jobs", "fp:jobs:accepted", "fp:jobs:any:upper", "fp:jobs:accepted:upper"}


def test_records_that_have_just_expired_are_left_out(board: Board) -> None:
    for number in range(5):
        board.make(f"job-{number}", MOMENT + number)
    board.redis.delete("fp:job:job-3")
    pages = board.pages(EVERYTHING, Window(2))
    assert [[job.id for job in page.jobs] for page in pages] == [["job-4", "job-2"], ["job-1", "job-0"]]


def test_any_offset_and_any_moment_can_be_asked_for(board: Board) -> None:
    board.make("a", MOMENT)
    far = 10**15 - 1
    assert board.page(EVERYTHING, Window(10, far)).jobs == []
    assert board.ids(Selection(earliest=-far, latest=far)) == ["a"]
    assert board.ids(Selection(earliest=far)) == []
    for direction, created in itertools.product(Direction, (0, MOMENT, far)):
        board.page(EVERYTHING, Window(10, cursor=Cursor(direction, created, "\ufffd\0")))
