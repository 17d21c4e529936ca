"""A job is its maker's: no other caller sees, guesses, dismisses or reads it, or learns that it exists."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from serving import Client, Server

from fastprocesses_server.api.callers.caller import ADMIN, NOBODY, Caller
from fastprocesses_server.api.callers.ownership import View
from fastprocesses_server.errors import StartError
from fastprocesses_server.jobs.api_keys import KeysInFile, make_key
from fastprocesses_server.settings import load_settings

ONE = Caller("key:one")
AS_ADMIN = Caller("key:chief", frozenset([ADMIN]))


@pytest.mark.parametrize(
    ("view", "shown", "owned", "listed"),
    [
        (
            View(NOBODY, is_everybodys=True, is_shared=False),
            ["", "key:one", "key:two"],
            ["", "key:one", "key:two"],
            None,
        ),
        (View(ONE, is_everybodys=False, is_shared=False), ["key:one"], ["key:one"], "key:one"),
        (View(ONE, is_everybodys=False, is_shared=True), ["", "key:one", "key:two"], ["key:one"], None),
        (
            View(AS_ADMIN, is_everybodys=False, is_shared=False),
            ["", "key:one", "key:two"],
            ["", "key:one", "key:two"],
            None,
        ),
        (View(NOBODY, is_everybodys=False, is_shared=False), [""], [""], ""),
    ],
    ids=["no auth", "own", "shared", "admin", "unknown"],
)
def test_what_a_caller_sees_follows_from_who_they_are(
    view: View, shown: list[str], owned: list[str], listed: str | None
) -> None:
    makers = ("", "key:one", "key:two")
    assert [maker for maker in makers if view.shows(maker)] == shown
    assert [maker for maker in makers if view.owns(maker)] == owned
    assert view.listed == listed


def test_a_list_of_own_jobs_needs_to_know_whose_they_are() -> None:
    with pytest.raises(StartError, match="FP_JOB_LIST=own needs FP_AUTH"):
        load_settings(job_list="own")
    assert load_settings(job_list="own", auth="required").job_list == "own"


@dataclass(frozen=True)
class Callers:
    """Two with a key each, who know each other's every URL, and one who looks after the server."""

    one: Client
    two: Client
    chief: Client


@pytest.fixture(scope="module")
def callers(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    folder = tmp_path_factory.mktemp("owners")
    keys, now = KeysInFile(folder / "keys.json"), datetime.now(UTC)
    environment = {
        "FP_AUTH": "required",
        "FP_API_KEYS_FILE": str(keys.path),
        "FP_KEEP_SYNC_JOBS": "true",
        "FP_WORKER_CONCURRENCY": "3",
        "FP_REFERENCE_HOSTS": "127.0.0.1,localhost",
    }
    server = Server(published, folder / "state", environment)
    with ExitStack() as stack:

        def client(name: str, *roles: str) -> Client:
            secret, key = make_key(name, roles, None, now)
            keys.add(key)
            return stack.enter_context(Client(base_url=server.url, timeout=60, headers={"X-API-Key": secret}))

        callers = Callers(client("one"), client("two"), client("chief", ADMIN))
        server.start()
        yield callers
        server.stop()


def successful(one: Client) -> str:
    job_id = one.submit("talk", {"how": "prints"})
    assert one.finished(job_id)["status"] == "successful"
    return job_id


def failed(one: Client) -> str:
    job_id = one.submit("misbehave", {"how": "process-error"})
    assert one.finished(job_id)["status"] == "failed"
    return job_id


def running(one: Client) -> str:
    job_id = one.submit("sleep", {"seconds": 600})
    one.when(job_id, "running")
    return job_id


def dismissed(one: Client) -> str:
    job_id = running(one)
    assert one.delete(f"/jobs/{job_id}").status_code == 200
    return job_id


def removed(one: Client) -> str:
    job_id = failed(one)
    assert one.delete(f"/jobs/{job_id}").status_code == 200
    assert one.get(f"/jobs/{job_id}").status_code == 410
    return job_id


def waited_for(one: Client) -> str:
    """What a sync run leaves where the settings keep it."""
    response = one.execute("echo", {"message": "kept"})
    return response.links["monitor"]["url"].rpartition("/")[2]


MAKING: Mapping[str, Callable[[Client], str]] = {
    making.__name__: making for making in (successful, failed, running, dismissed, removed, waited_for)
}

READS = [
    "",
    "?f=html",
    "?f=json",
    "?nonsense=1",
    "/results",
    "/results?outputs=said",
    "/results?outputs=nothing",
    "/results?f=html",
    "/results/said",
    "/results/nothing",
    "/logs",
    "/logs?f=text",
    "/events",
    "/inputs",
    "/definition",
    "/nothing",
]
REQUESTS: list[tuple[str, str, Mapping[str, str]]] = [
    *(("GET", path, {}) for path in READS),
    *(("HEAD", path, {}) for path in READS),
    *(("GET", path, {"Accept": "text/html"}) for path in ("", "/results", "/logs", "/events", "/results/said")),
    ("GET", "", {"Prefer": "wait=5"}),
    ("GET", "/results/said", {"Range": "bytes=0-0"}),
    ("GET", "/results/said", {"If-None-Match": "*"}),
    ("GET", "/events", {"Last-Event-ID": "1"}),
    ("POST", "", {}),
    ("PUT", "/results", {}),
    ("OPTIONS", "", {}),
    ("DELETE", "/results", {}),
    ("DELETE", "?f=html", {}),
    ("DELETE", "", {}),
]

ANSWERS = {"OPTIONS": (204,), "POST": (405,), "PUT": (405,), "DELETE": (404, 405)}


def answer(client: Client, job_id: str, method: str, path: str, headers: Mapping[str, str]) -> tuple[Any, ...]:
    """All that a client gets, but for the ids of job and request, and the time."""
    response = client.request(method, f"/jobs/{job_id}{path}", headers=headers)
    kept = sorted((name, value) for name, value in response.headers.items() if name not in {"date", "x-request-id"})
    assert job_id not in str(kept)
    return response.status_code, kept, response.text.replace(job_id, "ID").replace(job_id[:8], "ID")


@pytest.mark.parametrize("making", MAKING)
def test_a_job_of_another_answers_as_one_that_never_was(callers: Callers, making: str) -> None:
    job_id = MAKING[making](callers.one)
    before = callers.one.get(f"/jobs/{job_id}").json()
    for request in REQUESTS:
        got = answer(callers.two, job_id, *request)
        assert got == answer(callers.two, str(uuid4()), *request), request
        assert got[0] in ANSWERS.get(request[0], (404, 406)), request
    after = callers.one.get(f"/jobs/{job_id}").json()
    assert after == before
    if making == "running":
        assert callers.one.delete(f"/jobs/{job_id}").json()["status"] == "dismissed"


def test_nobody_known_is_asked_for_a_key_first(callers: Callers) -> None:
    job_id = successful(callers.one)
    with httpx.Client(base_url=callers.one.base_url) as stranger:
        for path in ("", f"/{job_id}", f"/{uuid4()}", f"/{job_id}/results"):
            assert stranger.get(f"/jobs{path}").status_code == 401
        assert stranger.delete(f"/jobs/{job_id}").status_code == 401


def listed(client: Client, **query: Any) -> list[str]:
    """Ids of all pages."""
    found, response = [], client.get("/jobs", params=query)
    while True:
        document = response.json()
        found += [job["jobID"] for job in document["jobs"]]
        following = [link["href"] for link in document["links"] if link["rel"] == "next"]
        if not following:
            return found
        response = client.get(following[0])


def test_the_job_list_has_ones_own_however_it_is_asked(callers: Callers) -> None:
    mine = [successful(callers.one), failed(callers.one)]
    theirs = [failed(callers.two), successful(callers.two)]
    queries: list[dict[str, Any]] = [
        {},
        {"limit": 1},
        {"limit": 3, "offset": 1},
        {"status": ["successful", "failed"]},
        {"processID": ["talk", "misbehave"], "limit": 1},
        {"processID": "talk", "status": "successful"},
        {"datetime": "2020-01-01T00:00:00Z/..", "limit": 2},
        {"minDuration": 0, "limit": 2},
    ]
    for query in queries:
        shown = {client: set(listed(client, **query)) for client in (callers.one, callers.two)}
        assert not shown[callers.one] & set(theirs)
        assert not shown[callers.two] & set(mine)
        assert not shown[callers.one] & shown[callers.two]
    assert set(mine) <= set(listed(callers.one))
    assert set(theirs) <= set(listed(callers.two))
    page = callers.two.get("/jobs?f=html&limit=1000").text
    assert all(job_id in page for job_id in theirs)
    assert not any(job_id in page for job_id in mine)


def test_a_cursor_leads_another_caller_to_no_jobs_but_their_own(callers: Callers) -> None:
    for _ in range(2):
        failed(callers.one)
        failed(callers.two)
    links = callers.one.get("/jobs?limit=1").json()["links"]
    cursor = next(link["href"] for link in links if link["rel"] == "next")
    mine, theirs = set(listed(callers.one)), set(listed(callers.two))
    for href in (cursor, cursor.replace("older", "newer")):
        document = callers.two.get(href.replace("limit=1", "limit=1000")).json()
        assert not {job["jobID"] for job in document["jobs"]} & mine
        assert {job["jobID"] for job in document["jobs"]} <= theirs


def test_an_output_of_another_is_no_input(callers: Callers) -> None:
    job_id, name = successful(callers.one), "said"

    def use(client: Client, job_id: str, name: str, base: str = "") -> httpx.Response:
        href = f"{base or client.base_url}/jobs/{job_id}/results/{name}".replace("//jobs", "/jobs")
        return client.execute("simple_process", {"input_text": {"href": href}})

    assert use(callers.one, job_id, name).text == "SAID"
    assert use(callers.chief, job_id, name).text == "SAID"
    refused, unknown, other = use(callers.two, job_id, name), use(callers.two, str(uuid4()), name), str(uuid4())
    assert refused.status_code == unknown.status_code == 400
    texts = [answer.json()["errors"][0]["message"].partition(": ")[2] for answer in (refused, unknown)]
    assert texts[0] == texts[1]
    roundabout = str(callers.two.base_url).replace("localhost", "127.0.0.1")
    for one in (job_id, other):
        response = use(callers.two, one, name, roundabout)
        assert response.status_code == 400
        assert "401" in response.json()["errors"][0]["message"] or "no such output" in response.text


def test_equal_inputs_of_another_are_a_miss(callers: Callers, tmp_path: Path) -> None:
    inputs = {"counter": str(tmp_path / "counter")}

    def run(client: Client, prefer: str = "") -> tuple[str, int]:
        known = client.post("/processes/counted/validation", json={"inputs": inputs}).json()["cached"]
        response = client.execute("counted", inputs, prefer)
        cache = response.headers["Cache-Status"].partition("; ")[2]
        assert known is (cache == "hit")
        if response.status_code == 201:
            job_id = response.json()["jobID"]
            assert client.finished(job_id)["status"] == "successful"
            response = client.get(f"/jobs/{job_id}/results")
        return cache, response.json()

    assert [run(callers.one), run(callers.one)] == [("fwd=miss", 1), ("hit", 1)]
    assert [run(callers.two, "respond-async"), run(callers.two)] == [("fwd=miss", 2), ("hit", 2)]
    assert run(callers.chief) == ("fwd=miss", 3)
    assert run(callers.one, "respond-async") == ("hit", 1)


def test_an_equal_run_of_another_is_not_joined(callers: Callers, tmp_path: Path) -> None:
    inputs = {"counter": str(tmp_path / "counter"), "seconds": 1.5}
    answers = [client.execute("joint", inputs, "respond-async") for client in (callers.one, callers.one, callers.two)]
    assert [answer.headers["Cache-Status"].partition("; ")[2] for answer in answers] == [
        "fwd=miss",
        "fwd=miss; collapsed",
        "fwd=miss",
    ]
    jobs = [answer.json()["jobID"] for answer in answers]
    clients = (callers.one, callers.one, callers.two)
    for client, job_id in zip(clients, jobs, strict=True):
        assert client.finished(job_id)["status"] == "successful"
    assert len((tmp_path / "counter").read_text().splitlines()) == 2


def test_an_idempotency_key_is_known_to_its_sender_alone(callers: Callers) -> None:
    def send(client: Client, message: str, prefer: str = "respond-async") -> httpx.Response:
        headers = {"Idempotency-Key": "order-1", "Prefer": prefer}
        return client.post("/processes/echo/execution", json={"inputs": {"message": message}}, headers=headers)

    first, again = send(callers.one, "x").json()["jobID"], send(callers.one, "x").json()["jobID"]
    other = send(callers.two, "x").json()["jobID"]
    assert first == again != other
    assert send(callers.one, "y").status_code == send(callers.two, "y").status_code == 422
    assert send(callers.chief, "y").status_code == 201
    assert callers.two.get(f"/jobs/{other}").status_code == 200
    assert callers.one.get(f"/jobs/{other}").status_code == 404


def test_an_admin_sees_and_dismisses_the_jobs_of_all(callers: Callers) -> None:
    jobs = {client: running(client) for client in (callers.one, callers.two)}
    assert set(jobs.values()) <= set(listed(callers.chief, status="running"))
    for client, job_id in jobs.items():
        assert callers.chief.get(f"/jobs/{job_id}/logs").status_code == 200
        assert callers.chief.delete(f"/jobs/{job_id}").json()["status"] == "dismissed"
        assert client.status(job_id)["status"] == "dismissed"
    gone = removed(callers.one)
    assert callers.chief.get(f"/jobs/{gone}").status_code == 410
