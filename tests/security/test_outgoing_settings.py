"""The way out as the settings say it: off, by a proxy, with certificates, to hosts that are named."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from test_hostile_urls import INSIDE
from ways_out import Names, Talk, Web, json, web_server

from fastprocesses_server.errors import StartError
from fastprocesses_server.execution.content import peek
from fastprocesses_server.execution.guard import Forbidden, Guard, guard_callbacks, guard_references
from fastprocesses_server.execution.outgoing import create_client
from fastprocesses_server.execution.references import FetchedValue, Room, Unreachable
from fastprocesses_server.execution.subscriber import read_subscriber
from fastprocesses_server.settings import load_settings
from fastprocesses_server.settings.operation import Outgoing
from fastprocesses_server.worker.delivery import Message, post


@pytest.fixture
def proxy() -> Iterator[Web]:
    """Knows one plain URL, and refuses to open tunnels."""

    def refuse(talk: Talk) -> None:
        talk.say("407 Who are you\nContent-Length: 0")

    with web_server({"http://public.example/": json(b"7"), "public.example:443": refuse}) as web:
        yield web


def through(proxy: Web, href: str, names: Names, *allowed: str) -> Any:
    settings = Outgoing(outgoing_proxy=f"http://me:hunter2@127.0.0.1:{proxy.port}")

    async def ask() -> Any:
        async with create_client(Guard(allowed, names, is_proxied=True), settings) as client:
            return await peek(client, href, Room())

    return asyncio.run(ask())


def test_a_proxy_is_asked_with_its_password_which_nobody_else_gets(proxy: Web) -> None:
    assert through(proxy, "http://public.example/", Names()) == FetchedValue(7, "application/json")
    assert proxy.heads[0][0] == "GET http://public.example/ HTTP/1.1"
    assert proxy.headers()["host"] == "public.example"
    assert proxy.headers()["proxy-authorization"].startswith("Basic ")
    with pytest.raises(Unreachable) as refused:
        through(proxy, "https://public.example/", Names())
    assert str(refused.value) == "the proxy on the way out answers 407 Who are you"
    assert proxy.heads[1][0] == "CONNECT public.example:443 HTTP/1.1"


@pytest.mark.parametrize("kind", INSIDE)
def test_a_proxy_is_not_asked_for_a_hostile_url(kind: str, proxy: Web) -> None:
    with pytest.raises(Unreachable):
        through(proxy, INSIDE[kind], Names())
    assert proxy.heads == []


def test_a_proxy_looks_up_what_is_named_and_nothing_else(proxy: Web) -> None:
    names = Names()
    assert through(proxy, "http://public.example/", names, "*.example").value == 7
    assert names.asked == []
    with pytest.raises(Unreachable, match="must not be asked"):
        through(proxy, "http://10.0.0.1/", names, "*.example")
    assert len(proxy.heads) == 1


def test_the_password_of_a_proxy_is_never_shown() -> None:
    settings = load_settings(outgoing_proxy="http://me:hunter2@proxy.example:3128")
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump()}"
    with pytest.raises(StartError) as error:
        load_settings(outgoing_proxy="ftp://me:hunter2@proxy.example")
    assert "FP_OUTGOING_PROXY: must be http:// or https://" in str(error.value)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://proxy.example:3128",
        "https://proxy.example",
        "http://me:a%40b@10.0.0.1:80/",
        "http://[fd00::1]:3128",
        "http://me@proxy:1",
    ],
)
def test_urls_of_proxies_are_taken(url: str) -> None:
    settings = load_settings(outgoing_proxy=url)
    asyncio.run(create_client(Guard(is_proxied=True), settings).aclose())


@pytest.mark.parametrize(
    "url", ["proxy.example:3128", "socks5://proxy.example", "http://", "http://a b", "http://a/b", "http://a:b:c"]
)
def test_other_urls_of_proxies_are_not(url: str) -> None:
    with pytest.raises(StartError, match="FP_OUTGOING_PROXY"):
        load_settings(outgoing_proxy=url)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_bundle_without_certificates_stops_the_start(tmp_path: Path, content: str | None) -> None:
    bundle = tmp_path / "bundle.pem"
    if content:
        bundle.write_text(content)
    with pytest.raises(StartError, match=f"FP_OUTGOING_CA_BUNDLE: {bundle} holds no certificates"):
        load_settings(outgoing_ca_bundle=bundle)


@pytest.mark.parametrize(
    "entry",
    [
        "https://example.org",
        "example.org/path",
        "example.org:8080",
        "*",
        "a*.example.org",
        "me@example.org",
        "10.0.0.0/99",
        "",
    ],
)
def test_an_entry_that_is_no_host_stops_the_start(entry: str) -> None:
    with pytest.raises(StartError, match="FP_REFERENCE_HOSTS"):
        load_settings(reference_hosts=["example.org", entry])


def test_hosts_addresses_and_networks_are_entries() -> None:
    entries = ("example.org", "*.example.org", "geoserver", "10.0.0.1", "10.0.0.0/8", "::1", "[fd00::1]", "fd00::/8")
    assert load_settings(reference_hosts=entries).reference_hosts == entries


def test_references_are_off_by_a_setting_that_the_answer_names() -> None:
    settings = Outgoing(references=False, reference_hosts=["127.0.0.1"])

    async def ask() -> None:
        async with create_client(guard_references(settings), settings) as client:
            await peek(client, "http://127.0.0.1:9999/", Room())

    with pytest.raises(Unreachable, match=r"\(FP_REFERENCES is off\): send the value itself"):
        asyncio.run(ask())
    guard_callbacks(settings).check_url(httpx.URL("http://127.0.0.1:9999/"))


def test_callbacks_are_off_by_a_setting_that_the_answer_names() -> None:
    settings = Outgoing(callbacks=False, reference_hosts=["127.0.0.1"])
    guard, uri = guard_callbacks(settings), "http://127.0.0.1:9999/"
    _, complaints = asyncio.run(read_subscriber({"subscriber": {"failedUri": uri}}, guard, "http://localhost"))
    assert [complaint.path for complaint in complaints] == ["$.subscriber.failedUri"]
    assert "FP_CALLBACKS is off" in complaints[0].message
    with pytest.raises(Forbidden, match="FP_CALLBACKS is off"):  # of a job that is older than the setting
        asyncio.run(post(create_client(guard, settings), uri, {}, Message("application/json", (b"{}",))))
    guard_references(settings).check_url(httpx.URL(uri))
