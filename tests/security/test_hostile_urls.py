"""URLs that want in, as inputs by reference and as callbacks: nothing forbidden is connected to, not even once."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from ways_out import NAMES, OTHER, PUBLIC, Names, Spy, Web, json, to, web_server

from fastprocesses_server.execution.content import download, peek
from fastprocesses_server.execution.guard import Forbidden, Guard
from fastprocesses_server.execution.outgoing import MOST_REDIRECTS, create_client
from fastprocesses_server.execution.references import FetchedValue, Later, Room, Unreachable
from fastprocesses_server.execution.subscriber import read_subscriber
from fastprocesses_server.settings.operation import Outgoing
from fastprocesses_server.worker.delivery import Message, post

INSIDE = {
    "loopback": "http://127.0.0.1/",
    "loopback, elsewhere in its network": "http://127.255.255.254:8080/",
    "loopback by name": "http://localhost/",
    "loopback by name, in capitals": "HTTP://LocalHost/",
    "loopback by name, with a dot": "http://localhost./",
    "loopback by name, with a foreign dot": "http://localhost\N{IDEOGRAPHIC FULL STOP}/",
    "loopback with a dot": "http://127.0.0.1./",
    "loopback as one number": "http://2130706433/",
    "loopback as a hexadecimal number": "http://0x7f000001/",
    "loopback as an octal number": "http://017700000001/",
    "loopback in octal parts": "http://0177.0.0.1/",
    "loopback in hexadecimal parts": "http://0x7f.0x0.0x0.0x1/",
    "loopback in mixed parts": "http://0x7f.1/",
    "loopback, shortened": "http://127.1/",
    "loopback, shortened less": "http://127.0.1/",
    "loopback in wide digits": "http://\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}\N{FULLWIDTH DIGIT SEVEN}.0.0.1/",
    "loopback in circled digits": "http://\N{CIRCLED DIGIT ONE}\N{CIRCLED DIGIT TWO}\N{CIRCLED DIGIT SEVEN}.0.0.1/",
    "loopback with foreign dots": "http://127.0.0.1/".replace(".", "\N{IDEOGRAPHIC FULL STOP}"),
    "loopback, percent-encoded": "http://%31%32%37.0.0.1/",
    "loopback and a NUL": "http://127.0.0.1%00.public.example/",
    "loopback under a name of its own": "http://127.0.0.1.nip.example/",
    "loopback under a name in other letters": "http://xn--n3h.example/",
    "this host": "http://0.0.0.0/",
    "this host, as one number": "http://0/",
    "loopback, IPv6": "http://[::1]/",
    "loopback, IPv6, by name": "http://ip6-localhost/",
    "loopback, IPv6, in full": "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "loopback, IPv6, in a zone": "http://[::1%25lo]/",
    "loopback, IPv6, in a zone as people write it": "http://[::1%lo]/",
    "this host, IPv6": "http://[::]:8000/",
    "IPv4 in IPv6, mapped": "http://[::ffff:127.0.0.1]/",
    "IPv4 in IPv6, mapped, in hexadecimal": "http://[::ffff:7f00:1]/",
    "IPv4 in IPv6, in full": "http://[0:0:0:0:0:ffff:10.0.0.1]/",
    "IPv4 in IPv6, the old way": "http://[::127.0.0.1]/",
    "IPv4 in IPv6, translated": "http://[::ffff:0:127.0.0.1]/",
    "NAT64": "http://[64:ff9b::7f00:1]/",
    "NAT64 of a network": "http://[64:ff9b:1::a00:1]/",
    "NAT64 under a name": "http://nat64.example/",
    "6to4": "http://[2002:7f00:1::]/",
    "6to4, private": "http://[2002:c0a8:101::1]/",
    "Teredo": "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "private, 10": "http://10.0.0.1/",
    "private, 172": "http://172.31.255.255/",
    "private, 192": "http://192.168.0.1/",
    "private, as one number": "http://3232235521/",
    "private, shared by carriers": "http://100.64.0.1/",
    "private, for measurements": "http://198.18.0.1/",
    "private under a name": "https://private.example/",
    "private, IPv6": "https://[fd12:3456:789a::1]/",
    "private, IPv6, under a name": "https://private6.example/",
    "private, IPv6, the old way": "http://[fec0::1]/",
    "link-local": "http://169.254.1.1/",
    "link-local, IPv6, in a zone": "http://[fe80::1%25eth0]/",
    "multicast": "http://224.0.0.1/",
    "multicast, IPv6": "http://[ff02::1]/",
    "broadcast": "http://255.255.255.255/",
    "one private address among public ones": "http://mixed.example/",
    "one loopback address after many public ones": "http://mixed-last.example/",
    "metadata": "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "metadata, as one number": "http://2852039166/latest/meta-data/",
    "metadata by name": "http://metadata.google.internal/computeMetadata/v1/",
    "metadata, IPv6": "http://[fd00:ec2::254]/latest/meta-data/",
    "metadata, mapped": "http://[::ffff:a9fe:a9fe]/",
    "metadata of Alibaba": "http://100.100.100.200/latest/meta-data/",
    "metadata of Oracle": "http://192.0.0.192/opc/v2/instance/",
    "metadata of Azure": "http://168.63.129.16/metadata/",
    "a user before the host": "http://public.example@127.0.0.1/",
    "a backslash before the host": "http://public.example\\@127.0.0.1/",
    "a backslash after the host": "http://127.0.0.1\\.public.example/",
    "a password": "http://user:password@public.example/",
    "an empty password": "http://:@public.example/",
    "hidden behind a fragment": "http://127.0.0.1#@public.example/",
    "hidden behind a query": "http://127.0.0.1?@public.example/",
    "a space in the host": "http://127.0.0.1 .public.example/",
    "three hosts": "http://1.1.1.1 &@127.0.0.1# @public.example/",
    "a new header": "http://public.example/\r\nX-Injected: 1",
    "a new header in the host": "http://public.example\r\nHost: 127.0.0.1\r\n\r\n/",
    "a tab": "http://127.0.0.1\t/",
    "a port of mail": "http://public.example:25/",
    "a port of shells": "https://public.example:22/",
    "port 0": "http://public.example:0/",
    "a negative port": "http://public.example:-80/",
    "a port beyond all": "http://public.example:65616/",
    "two ports": "http://public.example:80:6379/",
    "a file": "file:///etc/passwd",
    "a file of a host": "file://localhost/etc/passwd",
    "FTP": "ftp://public.example/",
    "Gopher": "gopher://127.0.0.1:6379/_INFO",
    "a dictionary": "dict://127.0.0.1:6379/info",
    "LDAP": "ldap://127.0.0.1/",
    "data": "data:application/json,%7B%7D",
    "a socket": "unix:///var/run/docker.sock",
    "HTTP over a socket": "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
    "an archive": "jar:http://127.0.0.1!/",
    "a script": "javascript:alert(1)",
    "web sockets": "ws://public.example/",
    "no host": "http:///127.0.0.1/",
    "no slashes": "http:127.0.0.1/",
    "no scheme": "//127.0.0.1/",
    "a path": "/etc/passwd",
    "nothing": "",
    "a space first": " http://127.0.0.1/",
    "brackets that do not close": "http://[::1/",
    "an empty label": "http://a..example/",
    "a label too long": f"http://{'a' * 64}.example/",
    "a zone that is none": "http://[::1%\N{YEN SIGN}lo]/",
    "a name that is none": "http://xn--/",
    "a name that nobody knows": "http://nobody.invalid/",
    "more than any URL has": f"http://public.example/{'a' * 70_000}",
}

RELATIVE = ("no scheme", "no slashes", "no host", "a path", "nothing", "a space first")
"""What is a URL of the same host where a redirect says it."""


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server({"/": json(b"7")}) as web:
        yield web


@pytest.fixture
def spy(web: Web, monkeypatch: pytest.MonkeyPatch) -> Spy:
    return Spy(web, monkeypatch)


def asked(href: str, names: Names | None = None, folder: Path | None = None, **settings: Any) -> Any:
    """What a reference leads to; where a folder is given, as the worker fetches it."""

    async def ask() -> Any:
        async with create_client(Guard(resolve=names or Names()), Outgoing(**settings)) as client:
            return await (download(client, href, folder / "file", 2**20) if folder else peek(client, href, Room()))

    return asyncio.run(ask())


def test_there_are_enough_of_them() -> None:
    assert len(set(INSIDE.values())) >= 100


@pytest.mark.parametrize("kind", INSIDE)
def test_a_hostile_url_is_refused_and_nothing_is_connected_to(kind: str, web: Web, spy: Spy, tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        with pytest.raises(Unreachable) as refused:
            asked(INSIDE[kind], folder=folder)
        assert str(refused.value)
    assert spy.connected == []
    assert web.heads == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", INSIDE)
def test_a_hostile_url_is_no_callback(kind: str, spy: Spy) -> None:
    request = {"subscriber": {"successUri": INSIDE[kind], "failedUri": "https://public.example/failed"}}
    subscriber, complaints = asyncio.run(read_subscriber(request, Guard(resolve=Names()), "http://localhost"))
    assert subscriber is None
    assert [complaint.path for complaint in complaints] == ["$.subscriber.successUri"]
    with pytest.raises((Forbidden, httpx.HTTPError, httpx.InvalidURL, UnicodeError)):  # as when it was stored before
        posted(INSIDE[kind])
    assert spy.connected == []


@pytest.mark.parametrize("kind", [kind for kind in INSIDE if kind not in RELATIVE])
def test_a_redirect_to_a_hostile_url_is_not_followed(kind: str, web: Web, spy: Spy) -> None:
    web.answers["/"] = to(INSIDE[kind])
    with pytest.raises(Unreachable):
        asked("http://public.example/")
    assert spy.addresses == {PUBLIC}
    assert len(web.heads) <= 1 + MOST_REDIRECTS
    assert not any("x-injected" in web.headers(number) for number in range(len(web.heads)))


def posted(uri: str, names: Names | None = None) -> int:
    async def send() -> int:
        client = create_client(Guard(resolve=names or Names()), Outgoing())
        return await post(client, uri, {"Content-Type": "application/json"}, Message("application/json", (b"{}",)))

    return asyncio.run(send())


@pytest.mark.parametrize("hops", range(MOST_REDIRECTS))
def test_the_last_of_several_redirects_is_looked_at_too(hops: int, web: Web, spy: Spy) -> None:
    web.answers |= {f"/{number}": to(f"http://other.example/{number + 1}") for number in range(hops)}
    web.answers[f"/{hops}"] = to("http://169.254.169.254/")
    with pytest.raises(Unreachable, match="must not be asked"):
        asked("http://public.example/0")
    assert spy.addresses <= {PUBLIC, OTHER}
    assert len(web.heads) == hops + 1


def test_three_redirects_are_followed_and_no_fourth(web: Web, spy: Spy) -> None:
    web.answers |= {f"/{number}": to(f"/{number + 1}") for number in range(4)} | {"/4": json(b"7")}
    assert asked("http://public.example/1").value == 7
    with pytest.raises(Unreachable, match="too many redirects"):
        asked("http://public.example/0")
    assert len(web.heads) == 4 + 4


def test_a_callback_follows_no_redirect(web: Web, spy: Spy) -> None:
    web.answers["/"] = to("http://other.example/")
    assert posted("http://public.example/") == 302
    assert spy.addresses == {PUBLIC}
    assert len(web.heads) == 1


def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(spy: Spy) -> None:
    names = Names(rebinding_example=[[PUBLIC], ["127.0.0.1"]])
    assert asked("http://rebinding.example/", names).value == 7
    assert names.asked == ["rebinding.example"]
    assert spy.connected == [(PUBLIC, 80)]
    with pytest.raises(Unreachable, match="must not be asked"):
        asked("http://rebinding.example/", names)
    assert spy.connected == [(PUBLIC, 80)]


def test_a_name_that_leads_inside_after_a_redirect_to_itself_is_refused(web: Web, spy: Spy) -> None:
    names = Names(rebinding_example=[[PUBLIC], ["127.0.0.1"]])
    web.answers["/"] = to("http://rebinding.example/again")
    with pytest.raises(Unreachable, match="must not be asked"):
        asked("http://rebinding.example/", names)
    assert names.asked == ["rebinding.example"] * 2
    assert spy.connected == [(PUBLIC, 80)]


def test_a_callback_is_checked_again_when_it_is_sent(spy: Spy) -> None:
    names = Names(rebinding_example=[[PUBLIC], ["127.0.0.1"]])
    request = {"subscriber": {"successUri": "http://rebinding.example/"}}
    subscriber, complaints = asyncio.run(read_subscriber(request, Guard(resolve=names), "http://localhost"))
    assert subscriber
    assert not complaints
    with pytest.raises(Forbidden):
        posted("http://rebinding.example/", names)
    assert spy.connected == []


@pytest.mark.parametrize(
    "href",
    [
        "http://public.example/",
        "http://PUBLIC.example.:80/",
        f"http://{PUBLIC}/",
        "http://public.example:8080/?a=b#c",
    ],
)
def test_what_is_public_is_asked(href: str, spy: Spy) -> None:
    assert asked(href) == FetchedValue(7, "application/json")
    assert len(spy.connected) == 1


def test_only_what_is_named_is_asked_where_hosts_are_named(web: Web, spy: Spy) -> None:
    guard = Guard(["private.example", "93.184.216.35"], Names())

    async def ask(href: str) -> Any:
        async with create_client(guard, Outgoing()) as client:
            return await peek(client, href, Room())

    assert asyncio.run(ask("http://other.example/")) == FetchedValue(7, "application/json")
    with pytest.raises(Unreachable, match="must not be asked"):
        asyncio.run(ask("http://public.example/"))
    with pytest.raises(Unreachable, match="cannot be reached"):
        asyncio.run(ask("http://private.example:22/"))
    assert spy.connected == [(OTHER, 80), (NAMES["private.example"][0], 22)]


def test_the_host_keeps_its_name(web: Web, spy: Spy) -> None:
    asked("http://public.example:8080/")
    assert web.headers()["host"] == "public.example:8080"
    assert spy.connected == [(PUBLIC, 8080)]


def test_a_reference_that_is_no_json_is_left_to_the_worker(web: Web, spy: Spy) -> None:
    web.answers["/"] = lambda talk: talk.say("200 OK\nContent-Type: text/plain", b"x")
    assert asked("http://public.example/") == Later()
