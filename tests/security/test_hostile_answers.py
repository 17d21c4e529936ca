"""What servers answer to a reference: huge, slow, compressed, or curious about who asks."""

import asyncio
import os
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ways_out import PUBLIC, Answer, Names, Spy, Talk, Web, bomb, json, to, web_server

from fastprocesses_server.execution import references
from fastprocesses_server.execution.content import peek
from fastprocesses_server.execution.guard import Guard
from fastprocesses_server.execution.outgoing import create_client
from fastprocesses_server.execution.references import FetchedValue, Later, Room, Unreachable, resolve
from fastprocesses_server.jobs.results import ResultStore
from fastprocesses_server.settings.operation import Outgoing
from fastprocesses_server.worker.arguments import Fetching

URL = "http://public.example/"
SEVEN = json(b"7")
MIB = 2**20
IN_BUFFERS = 16 * MIB
"""What the two ends of a connection may hold after one has stopped reading."""


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server({"/": json(b"7")}) as web:
        yield web


@pytest.fixture(autouse=True)
def spy(web: Web, monkeypatch: pytest.MonkeyPatch) -> Spy:
    return Spy(web, monkeypatch)


async def peeked(*hrefs: str) -> list[Any]:
    """With one client, as the API has one."""
    room = Room()
    async with create_client(Guard(resolve=Names()), Outgoing()) as client:
        return [await peek(client, href, room) for href in hrefs]


async def resolved(*hrefs: str) -> tuple[dict[str, Any], list[str]]:
    room = Room()
    async with create_client(Guard(resolve=Names()), Outgoing()) as client:
        found, complaints = await resolve(
            [(f"$.inputs.{number}", href) for number, href in enumerate(hrefs)], lambda href: peek(client, href, room)
        )
    return found, list(map(str, complaints))


def fetched(folder: Path, *hrefs: str, **settings: Any) -> dict[str, Any]:
    """As the worker does it for a job."""
    outgoing: Any = Outgoing(**settings)
    execution: Any = SimpleNamespace(references={})
    fetching = Fetching(Guard(resolve=Names()), outgoing, ResultStore(folder), lambda _: None, lambda: folder)
    return fetching.complete(execution, [("$.inputs.x", href) for href in hrefs])


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


@pytest.mark.parametrize("length", ["", "\nContent-Length: 1000000000000", "\nTransfer-Encoding: chunked"])
def test_a_body_without_an_end_is_left_early(web: Web, tmp_path: Path, length: str) -> None:
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n" if "chunked" in length else b" " * 65536

    def pour(talk: Any) -> None:
        talk.send(f"HTTP/1.1 200 OK\nContent-Type: application/json{length}\n\n".replace("\n", "\r\n").encode())
        talk.pour(piece)

    web.answers["/"] = pour
    assert asyncio.run(peeked(URL)) == [Later()]
    with pytest.raises(Unreachable, match="is larger than 1048576 bytes"):
        fetched(tmp_path, URL, max_reference_size=MIB)
    assert size_of(tmp_path) <= 2 * MIB
    assert web.sent < 2 * IN_BUFFERS


def test_what_a_job_fetches_counts_together(web: Web, tmp_path: Path) -> None:
    web.answers |= {f"/{number}": json(b"x" * MIB) for number in range(3)}
    assert len(fetched(tmp_path, f"{URL}0", f"{URL}0", f"{URL}1", max_reference_size=2 * MIB)) == 2
    with pytest.raises(Unreachable, match=f"{URL}2: is larger than 0 bytes"):
        fetched(tmp_path, f"{URL}0", f"{URL}1", f"{URL}2", max_reference_size=2 * MIB)


@pytest.mark.parametrize(
    "encoding", ["gzip", "deflate", "br", "zstd", "GZIP", "gzip, gzip, gzip", "identity, gzip", "x"]
)
def test_what_is_compressed_is_refused(web: Web, tmp_path: Path, encoding: str) -> None:
    web.answers["/"] = json(bomb(8), f"\nContent-Encoding: {encoding}")
    for ask in (lambda: asyncio.run(peeked(URL)), lambda: fetched(tmp_path, URL)):
        with pytest.raises(Unreachable, match="compressed"):
            ask()
    assert not list(tmp_path.iterdir())
    assert web.headers()["accept-encoding"] == "identity"


def test_a_file_that_is_an_archive_is_taken_as_it_is(web: Web, tmp_path: Path) -> None:
    packed = bomb(8)
    web.answers["/"] = lambda talk: talk.say(
        f"200 OK\nContent-Length: {len(packed)}\nContent-Encoding: identity", packed
    )
    assert fetched(tmp_path, URL)[URL].path.read_bytes() == packed


@pytest.mark.parametrize("encoding", ["", "\nContent-Encoding: gzip, gzip"])
@pytest.mark.parametrize("status", ["302 Found\nLocation: /next", "500 Oh", "404 No", "304 Not Modified", "302 Found"])
def test_bodies_that_nobody_wants_are_not_read(web: Web, status: str, encoding: str) -> None:
    def pour(talk: Any) -> None:
        talk.send(f"HTTP/1.1 {status}{encoding}\n\n".replace("\n", "\r\n").encode())
        talk.pour(bytes(65536))

    web.answers |= {"/": pour, "/next": json(b"7")}
    if "next" in status:
        assert asyncio.run(peeked(URL)) == [FetchedValue(7, "application/json")]
    else:
        with pytest.raises(Unreachable, match="status"):
            asyncio.run(peeked(URL))
    assert web.sent < IN_BUFFERS


HEADS = {
    "one long header": lambda talk: (talk.send(b"HTTP/1.1 200 OK\r\nX: "), talk.pour(b"x" * 65536)),
    "headers without an end": lambda talk: (talk.send(b"HTTP/1.1 200 OK\r\n"), talk.pour(b"X: y\r\n" * 10_000)),
    "a long status": lambda talk: (talk.send(b"HTTP/1.1 200 "), talk.pour(b"x" * 65536)),
    "no HTTP": lambda talk: talk.send(b"220 mail.example ESMTP\r\n"),
    "nothing": lambda _: None,
    "a length that is none": lambda talk: talk.say("200 OK\nContent-Length: -1", b"x"),
    "two lengths": lambda talk: talk.say("200 OK\nContent-Length: 1\nContent-Length: 2", b"xx"),
    "less than it says": lambda talk: talk.say("200 OK\nContent-Type: application/json\nContent-Length: 9", b"7"),
    "a chunk that is none": lambda talk: talk.say(
        "200 OK\nContent-Type: application/json\nTransfer-Encoding: chunked", b"zz\r\n"
    ),
    "compressed on the way": lambda talk: talk.say("200 OK\nTransfer-Encoding: gzip", bomb(1)),
    "JSON that is none": json(b"{"),
    "JSON nested too deep": json(b"[" * 100_000),
    "a redirect to a name that is none": to("http://xn--n3h/"),
    "a redirect to nowhere": to("http://[/"),
}


@pytest.mark.parametrize("head", HEADS)
def test_what_is_no_answer_is_refused(web: Web, tmp_path: Path, head: str) -> None:
    web.answers["/"] = HEADS[head]
    with pytest.raises(Unreachable):
        asyncio.run(peeked(URL))
    if "JSON" not in head:
        with pytest.raises(Unreachable):
            fetched(tmp_path, URL)
    assert web.sent < IN_BUFFERS


SLOW = {
    "a body": lambda talk: (talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"), talk.drip(b" ")),
    "a head": lambda talk: (talk.send(b"HTTP/1.1 200 OK\r\nX: "), talk.drip(b"x")),
    "only news that it goes on": lambda talk: talk.drip(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "silence": lambda talk: talk.server.ends.wait(60),
}


@pytest.mark.parametrize("what", SLOW)
def test_slow_answers_end(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr(references, "SECONDS", 0.3)
    web.answers["/"] = SLOW[what]
    began = time.monotonic()
    assert asyncio.run(resolved(URL)) == ({}, [f"$.inputs.0: {URL}: the server does not answer in time"])
    with pytest.raises(Unreachable, match=f"{URL}: the server does not answer in time"):
        fetched(tmp_path, URL, max_reference_seconds=0.3)
    assert time.monotonic() - began < 10


def test_name_servers_that_never_answer_hold_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look-ups have threads of their own, and are given up."""
    names = Names()

    def slow(host: str, port: int, **options: Any) -> list[Any]:
        if host.startswith("slow"):
            time.sleep(1)
        return names(host, port, **options)

    monkeypatch.setattr(references, "SECONDS", 0.2)

    async def both() -> list[Any]:
        async with create_client(Guard(resolve=slow), Outgoing()) as client:
            places = [("$", f"http://slow{number}.example/") for number in range(8)]
            asked = asyncio.create_task(resolve(places, lambda href: peek(client, href, Room())))
            await asyncio.sleep(0)
            began = time.monotonic()
            await asyncio.gather(*(asyncio.to_thread(int) for _ in range(20)))
            others = time.monotonic() - began
            return [others, len((await asked)[1])]

    others, refused = asyncio.run(both())
    assert others < 0.9
    assert refused == 8


def test_a_url_is_asked_once_and_many_are_refused(web: Web) -> None:
    found, wrong = asyncio.run(resolved(*[URL] * 1000))
    assert (len(found), wrong, len(web.heads)) == (1, [], 1)
    found, wrong = asyncio.run(resolved(*(f"{URL}?{number}" for number in range(257))))
    assert (found, wrong) == ({}, ["$.inputs: refers to 257 URLs; a request may refer to 256"])
    assert len(web.heads) == 1


def test_values_that_have_no_room_are_left_to_the_worker(web: Web) -> None:
    web.answers |= {f"/{number}": json(b'"' + b"x" * (MIB - 2) + b'"') for number in range(17)}
    found = asyncio.run(peeked(*(f"{URL}{number}" for number in range(17))))
    assert [type(one) for one in found] == [FetchedValue] * 16 + [Later]


def test_a_long_url_is_cut_in_texts() -> None:
    _, wrong = asyncio.run(resolved(f"ftp://{'a' * 1000}/"))
    assert len(wrong[0]) < 400


def test_nothing_is_told_and_nothing_is_kept(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cookie, no referring page, nothing of the environment."""
    (tmp_path / ".netrc").write_text(
        f"machine public.example login me password hunter2\nmachine {PUBLIC} login me password hunter2\n"
    )
    (tmp_path / ".netrc").chmod(0o600)
    nowhere = "http://me:hunter2@127.0.0.1:9/"
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, nowhere)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    web.answers["/"] = json(b"7", "\nSet-Cookie: a=b; Path=/\nSet-Cookie: c=d; Domain=example")
    web.answers["/moves"] = lambda talk: talk.say("302 Found\nLocation: http://other.example/\nSet-Cookie: e=f")
    asyncio.run(peeked(URL, URL, f"{URL}moves"))
    assert len(web.heads) == 4
    for number in range(4):
        assert set(web.headers(number)) == {"accept", "accept-encoding", "connection", "host", "user-agent"}
        assert web.headers(number)["user-agent"] == "fastprocesses-server"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of public.example, with its key."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    name = ("-subj", "/CN=public.example", "-addext", "subjectAltName=DNS:public.example")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *name, "-keyout", path, "-out", path],
        check=True,
        capture_output=True,
    )
    return path


def through_tls(
    certificate: Path, href: str, bundle: Path | None, answer: Answer = SEVEN
) -> tuple[Any, list[str], list[list[str]]]:
    """What is found, the names that TLS was asked for, and the heads of requests."""
    names: list[str] = []
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    tls.sni_callback = lambda _socket, name, _context: names.append(str(name))
    with web_server({"/": answer}, tls) as web, pytest.MonkeyPatch.context() as monkeypatch:
        Spy(web, monkeypatch)

        async def ask() -> Any:
            async with create_client(Guard(resolve=Names()), Outgoing(outgoing_ca_bundle=bundle)) as client:
                return (await resolve([("$", href)], lambda href: peek(client, href, Room())))[0].get(href)

        return asyncio.run(ask()), names, web.heads


def test_tls_is_asked_for_the_name_and_trusts_the_bundle_of_the_settings(certificate: Path) -> None:
    found, names, heads = through_tls(certificate, "https://public.example/", certificate)
    assert found == FetchedValue(7, "application/json")
    assert names == ["public.example"]
    assert "Host: public.example" in heads[0]


def test_garbage_within_tls_is_no_answer(certificate: Path) -> None:
    def garble(talk: Talk) -> None:
        talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        os.write(talk.request.fileno(), b"\x17\x03\x03\x00\x20" + bytes(32))
        talk.server.ends.wait(1)

    found, names, _ = through_tls(certificate, "https://public.example/", certificate, garble)
    assert (found, names) == (None, ["public.example"])


def test_a_certificate_of_another_name_or_of_nobody_known_is_refused(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert through_tls(certificate, "https://other.example/", certificate) == (None, ["other.example"], [])
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert through_tls(certificate, "https://public.example/", None) == (None, ["public.example"], [])
