"""Paths, ids and request lines that mean harm: a clean answer, and no file that is not published."""

import socket
from collections.abc import Iterator

import pytest
from serving import Client, Server

UP = "../" * 12
HOSTILE = [
    f"{UP}etc/passwd",
    "..%2f" * 12 + "etc%2fpasswd",
    "..%252f" * 12 + "etc%252fpasswd",
    "%2e%2e/" * 12 + "etc/passwd",
    "..%5c" * 12 + "etc%5cpasswd",
    "....//....//etc/passwd",
    "%2fetc%2fpasswd",
    "//etc/passwd",
    "file:%2f%2f%2fetc%2fpasswd",
    "pages.css%00.png",
    "%00",
    "%0d%0aX-Forged:%20yes",
    "%c0%ae%c0%ae%c0%af",
    "%ff%fe",
    "%E2%80%AE",
    "%F0%9F%92%A9",
    "%",
    "%zz",
    "*",
    "?",
    ".",
    "..",
    "...",
    "~root",
    "${jndi:ldap:%2f%2fx}",
    "{{7*7}}",
    "%7B%7B7*7%7D%7D",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "' OR 1=1 --".replace(" ", "%20"),
    "__class__",
    "constructor",
    "a" * 10_000,
    "%41" * 3_000,
    "1" * 400,
    "-1",
    "fp:job:x",
]
PLACES = ["/static/{}", "/processes/{}", "/jobs/{}", "/jobs/{}/results", "/jobs/{}/results/x", "/jobs/{}/logs", "/{}"]


def exchange(server: Server, request: bytes) -> tuple[int, str]:
    """The status and all of an answer, to bytes as they are."""
    with socket.create_connection(("localhost", server.port), 20) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    return int(answer.split(maxsplit=2)[1]), answer.decode(errors="replace")


def get(server: Server, path: str, *, accept: str = "*/*", method: str = "GET") -> tuple[int, str]:
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
    return exchange(server, head.encode())


def is_clean(status: int, answer: str) -> bool:
    head = answer.partition("\r\n\r\n")[0].lower()
    return (
        400 <= status < 500 and not any(word in answer for word in ("root:x:", "Traceback")) and "x-forged" not in head
    )


@pytest.mark.parametrize("place", PLACES)
def test_an_id_that_is_none_leads_nowhere(server: Server, place: str) -> None:
    for hostile in HOSTILE:
        path = place.format(hostile)
        if path.partition("?")[0].replace("/", "") in ("", "jobs", "processes"):
            continue
        for accept in ("*/*", "text/html"):
            status, answer = get(server, path, accept=accept)
            assert is_clean(status, answer), (path[:80], answer[:300])
            assert accept != "text/html" or "<script>alert" not in answer


@pytest.fixture(scope="module")
def job(server: Server) -> Iterator[str]:
    with Client(base_url=server.url, timeout=60) as client:
        job_id = client.submit("simple_process", {"input_text": "x"})
        client.finished(job_id)
        yield job_id


def test_a_job_has_the_outputs_that_it_has(server: Server, job: str) -> None:
    for hostile in HOSTILE:
        for path in (f"/jobs/{job}/results/{hostile}", f"/jobs/{job}{hostile}", f"/jobs/{job}/{hostile}"):
            if path.partition("?")[0] == f"/jobs/{job}":
                continue
            status, answer = get(server, path)
            assert is_clean(status, answer), (path[:80], answer[:300])
    for name in HOSTILE:
        status, answer = get(server, f"/jobs/{job}/results?outputs={name.replace('#', '').replace('?', '')}")
        assert is_clean(status, answer), (name[:80], answer[:300])


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "TRACE", "CONNECT", "PROPFIND", "HEAD"])
def test_other_methods_do_nothing_with_them(server: Server, method: str) -> None:
    for hostile in HOSTILE[:12]:
        status, answer = get(server, f"/jobs/{hostile}", method=method)
        assert is_clean(status, answer), (hostile, answer[:300])


@pytest.mark.parametrize(
    "head",
    [
        b"GET /processes HTTP/1.1\r\n\r\n",
        b"GET /processes HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET /processes HTTP/1.1\r\nHost: localhost, evil.example\r\n\r\n",
        b"GET /processes HTTP/1.1\r\nHost: user@evil.example\r\n\r\n",
        b"GET /processes HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
        b"GET /processes HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\n\r\n",
        b"GET http://evil.example/processes HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example/processes HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET //evil.example/processes HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /\\evil.example HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /processes HTTP/1.0\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        b"GET /processes HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_no_request_line_leads_to_another_host(server: Server, head: bytes) -> None:
    status, answer = exchange(server, head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
    assert status < 500
    assert not any(link in answer for link in ("http://evil.example", '"//evil.example', "=//evil.example"))
    assert "Traceback" not in answer
