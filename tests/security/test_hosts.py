"""Whom a request means, and what links are built from: hosts, proxies and what they say of each other."""

from typing import Any

import pytest
from asking import Pairs, app_of, ask
from fastapi import Request

from fastprocesses_server.api.base_url import urls_for
from fastprocesses_server.api.hosts import check_host, is_private, read_host
from fastprocesses_server.errors import MisdirectedRequest, MistakenHost
from fastprocesses_server.settings import Settings

PROXY, ELSEWHERE = "10.0.0.1", "203.0.113.9"
EVIL = "evil.example"
BEHIND = {"trusted_proxies": ("10.0.0.0/24",), "host": "0.0.0.0"}


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST.:80", "localhost:80"),
        ("a_b.example:0", "a_b.example:0"),
        ("127.0.0.1:8000", "127.0.0.1:8000"),
        ("[::1]:8000", "[::1]:8000"),
        ("[::FFFF:127.0.0.1]", "[::ffff:127.0.0.1]"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
    ],
)
def test_a_host_has_one_spelling(text: str, canonical: str) -> None:
    assert str(read_host(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "user@localhost",
        "localhost:@evil.example",
        "user:password@localhost:80",
        "localhost:80/evil.example",
        "localhost?evil",
        "localhost#evil",
        "localhost\\evil",
        "localhost:",
        "localhost:65536",
        "localhost:80:80",
        "localhost:-1",
        "localhost:٣",
        "local host",
        "localhost\t",
        "localhost\r\nX: y",
        "localhost,evil.example",
        "loc%61lhost",
        "[::1%25eth0]",
        "[::1",
        "::1",
        "[localhost]",
        "[1.2.3.4.5]",
        "[::1]evil.example",
        "[::1]:1:evil.example",
        "http://localhost",
        "münchen.example",
        "\x00",
        "a" * 256,
    ],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    assert read_host(text) is None
    if text:
        with pytest.raises(MistakenHost):
            check_host([text], Settings(host="0.0.0.0"))


def test_two_hosts_are_refused_and_none_is_taken() -> None:
    with pytest.raises(MistakenHost):
        check_host(["localhost", "localhost"], Settings())
    check_host([], Settings())
    check_host([""], Settings())


LOOPBACK = ["localhost", "LOCALHOST", "localhost.", "app.localhost", "127.0.0.1", "127.9.9.9:1", "[::1]:8000"]
ADDRESSES = ["192.0.2.7:8000", "0.0.0.0", "[2001:db8::1]"]
OTHERS = [EVIL, "localhost.evil.example", "127.0.0.1.evil.example", "127.1", "2130706433", "0x7f.1", "notlocalhost"]


def is_answered(named: str, **settings: Any) -> bool:
    try:
        check_host([named], Settings(**settings))
    except MisdirectedRequest:
        return False
    return True


def test_a_server_on_loopback_that_asks_nobody_answers_to_no_name_of_another_site() -> None:
    assert all(is_answered(host) for host in [*LOOPBACK, *ADDRESSES])
    assert not any(is_answered(host) for host in OTHERS)
    assert not is_answered(EVIL, auth="optional")
    assert not is_answered(EVIL, host="::1")
    assert not is_answered(EVIL, public_url="http://localhost:9000")
    assert not is_answered(EVIL, trusted_hosts=("maps.example",))
    assert is_answered("MAPS.example.:80", trusted_hosts=("Maps.example",))


@pytest.mark.parametrize(
    "settings",
    [
        {"public_url": "https://maps.example/ogc"},
        {"trusted_proxies": ("127.0.0.1",)},
        {"host": "0.0.0.0"},
        {"host": "server.example"},
        {"auth": "required"},
    ],
)
def test_who_publishes_a_server_may_send_any_host(settings: dict[str, Any]) -> None:
    assert not is_private(Settings(**settings))
    assert is_answered("backend", **settings)


def base(headers: Pairs = (), *, client: str = ELSEWHERE, server: Any = ("192.0.2.7", 8000), **settings: Any) -> str:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    scope = {"type": "http", "scheme": "http", "headers": raw, "client": (client, 1), "server": server}
    return urls_for(Request(scope), Settings(**settings)).base


def test_links_are_built_from_loopback_and_from_hosts_that_are_named() -> None:
    assert base([("Host", "LocalHost:9000")]) == "http://localhost:9000"
    assert base([("Host", "[::1]:9000")]) == "http://[::1]:9000"
    assert base([("Host", "maps.example")], trusted_hosts=("maps.example",)) == "http://maps.example"
    assert base([("Host", EVIL)], trusted_hosts=("maps.example",)) == "http://127.0.0.1:8000"


def test_an_unknown_host_is_answered_with_links_to_where_the_connection_ended() -> None:
    for host in (EVIL, "localhost:@evil.example", "10.9.9.9", ""):
        assert base([("Host", host)], host="0.0.0.0") == "http://192.0.2.7:8000"
        assert base([("Host", host)], host="::", server=("2001:db8::1", 8000)) == "http://[2001:db8::1]:8000"
        assert base([("Host", host)], host="::1") == "http://[::1]:8000"
        assert base([("Host", host)], host="0.0.0.0", server=("/run/socket", None)) == "http://0.0.0.0:8000"


SAID = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", EVIL), ("X-Forwarded-Prefix", "/evil")]


@pytest.mark.parametrize("client", [ELSEWHERE, "127.0.0.1", "10.0.1.1", "::1", "", "not an address"])
def test_what_others_than_the_proxy_forward_changes_nothing(client: str) -> None:
    headers = [("Host", "localhost:8000"), *SAID, ("Forwarded", "host=evil.example;proto=https")]
    assert base(headers, client=client, **BEHIND) == "http://localhost:8000"
    assert base(headers, client=PROXY) == "http://localhost:8000", "nobody is trusted unless the settings say so"


def test_a_proxy_says_by_which_url_it_was_reached() -> None:
    said = [("X-Forwarded-Proto", "HTTPS"), ("X-Forwarded-Host", "Maps.example"), ("X-Forwarded-Prefix", "/ogc/")]
    for client in (PROXY, "::ffff:10.0.0.1"):
        assert base([("Host", "backend:8000"), *said], client=client, **BEHIND) == "https://maps.example/ogc"
    assert base([("Host", "maps.example:8443")], client=PROXY, **BEHIND) == "http://maps.example:8443"


def test_of_a_chain_the_word_of_the_last_proxy_counts() -> None:
    appended = [("Host", "backend"), ("X-Forwarded-Host", f"{EVIL}, maps.example"), ("X-Forwarded-Proto", "http,https")]
    assert base(appended, client=PROXY, **BEHIND) == "https://maps.example"
    twice = [("Host", "backend"), ("X-Forwarded-Host", EVIL), ("X-Forwarded-Host", "maps.example")]
    assert base(twice, client=PROXY, **BEHIND) == "http://maps.example"


def test_hosts_that_the_settings_name_bind_the_proxy_too() -> None:
    named = {**BEHIND, "trusted_hosts": ("maps.example",)}
    assert base([("X-Forwarded-Host", "maps.example")], client=PROXY, **named) == "http://maps.example"
    assert base([("X-Forwarded-Host", EVIL)], client=PROXY, **named) == "http://192.0.2.7:8000"


@pytest.mark.parametrize("host", ["a/b", "user@evil.example", "evil.example?", "[", "\x00", "a b", "é", "<script>"])
def test_nonsense_of_a_proxy_is_not_repeated(host: str) -> None:
    headers = [
        ("Host", "x"),
        ("X-Forwarded-Host", host),
        ("X-Forwarded-Proto", "javascript"),
        ("X-Forwarded-Prefix", host),
    ]
    assert base(headers, client=PROXY, **BEHIND) == "http://192.0.2.7:8000"


@pytest.mark.parametrize("prefix", ["//evil.example", "/a//b", "/a?b", "/%2e%2e", "a", "/a\\b", "/<b>", "https://x"])
def test_a_prefix_is_a_path(prefix: str) -> None:
    assert (
        base([("Host", "maps.example"), ("X-Forwarded-Prefix", prefix)], client=PROXY, **BEHIND)
        == "http://maps.example"
    )


def test_the_refusal_is_a_problem_with_the_remedy_and_reads_nothing() -> None:
    response = ask(app_of(), "/jobs", [("Host", EVIL), ("Origin", f"http://{EVIL}")])
    assert response.status_code == 421
    assert response.headers["content-type"] == "application/problem+json"
    assert "access-control-allow-origin" not in response.headers
    assert "FP_TRUSTED_HOSTS" in response.json()["detail"]
    page = ask(app_of(), "/processes", [("Host", EVIL), ("Accept", "text/html")])
    assert (page.status_code, page.headers["content-type"]) == (421, "text/html; charset=utf-8")
    assert ask(app_of(), "/processes", [("Host", "localhost, evil.example")]).status_code == 400


@pytest.mark.parametrize("path", ["/", "/processes", "/api", "/conformance", "/?f=html", "/nowhere"])
def test_no_answer_leads_to_a_host_that_nobody_trusts(path: str) -> None:
    app = app_of(host="0.0.0.0")
    for headers in ([("Host", EVIL), *SAID], [("Host", "localhost"), *SAID], [("Host", f"a@{EVIL}"), *SAID]):
        response = ask(app, path, headers)
        assert EVIL not in response.text + str(response.headers)
