"""Which hosts and addresses may be asked, by the guard alone: no request leaves this machine."""

import socket
from ipaddress import ip_address
from typing import Any

import httpx
import pytest

from fastprocesses_server.execution.guard import Forbidden, Guard, UnknownHost, host_and_port, is_public

FORBIDDEN = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001:0:7f00:1::",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "::ffff:0:7f00:1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


def resolving_to(*addresses: str) -> Any:
    """A resolver that answers in turn, as one that rebinds a name does."""
    left = list(addresses)

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    return resolve


@pytest.mark.parametrize("address", FORBIDDEN)
def test_addresses_that_lead_inside_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(Forbidden):
        Guard(resolve=resolving_to(address)).address_for("innocent.example", 80)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:808:808"])
def test_public_addresses_may_be_asked(address: str) -> None:
    assert ip_address(Guard(resolve=resolving_to(address)).address_for("public.example", 443)) == ip_address(address)


def test_one_look_up_decides_what_is_connected_to() -> None:
    guard = Guard(resolve=resolving_to("8.8.8.8", "127.0.0.1"))
    assert guard.address_for("rebinding.example", 80) == "8.8.8.8"
    with pytest.raises(Forbidden):
        guard.address_for("rebinding.example", 80)


def test_one_bad_address_among_good_ones_is_enough() -> None:
    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", (address, port)) for address in ("8.8.8.8", "10.0.0.1")]

    with pytest.raises(Forbidden):
        Guard(resolve=resolve).address_for("both.example", 80)


def test_hosts_and_networks_that_are_named_may_be_asked_and_no_others() -> None:
    guard = Guard(["Intern.Example", "10.1.0.0/16"], resolving_to("10.1.2.3"))
    assert guard.address_for("anything.example", 80) == "10.1.2.3"
    inside = Guard(["intern.example", "10.1.0.0/16"], resolving_to("192.168.0.1"))
    assert inside.address_for("INTERN.example.", 80) == "192.168.0.1"
    with pytest.raises(Forbidden):
        inside.address_for("other.example", 80)
    with pytest.raises(Forbidden):
        Guard(["intern.example"]).check_url(httpx.URL("http://8.8.8.8/"))


@pytest.mark.parametrize("url", ["ftp://a.example/", "file:///etc/passwd", "http://u:p@a.example/", "http:///x", "x"])
def test_urls_are_looked_at_before_anything_else(url: str) -> None:
    with pytest.raises(Forbidden):
        Guard().check_url(httpx.URL(url))


def test_a_name_that_nobody_knows_is_a_failed_connection() -> None:
    def resolve(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror

    with pytest.raises(UnknownHost):
        Guard(resolve=resolve).address_for("nobody.example", 80)


def test_a_star_stands_for_all_hosts_below_one() -> None:
    guard = Guard(["*.intern.example"], resolving_to("10.1.2.3"))
    assert guard.address_for("a.b.INTERN.example.", 80) == "10.1.2.3"
    for other in ("intern.example", "evil-intern.example", "intern.example.org"):
        with pytest.raises(Forbidden):
            guard.check_url(httpx.URL(f"http://{other}/"))


def test_names_in_other_letters_are_those_that_are_looked_up() -> None:
    guard = Guard(["B\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example"], resolving_to("10.1.2.3"))
    url = httpx.URL("https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example/")
    guard.check_url(url)
    assert guard.address_for(*host_and_port(url)) == "10.1.2.3"


@pytest.mark.parametrize(("port", "is_taken"), [(0, False), (22, False), (80, True), (443, True), (1023, False)])
def test_ports_of_other_services_are_asked_only_where_the_host_is_named(port: int, is_taken: bool) -> None:
    url = httpx.URL(f"http://public.example:{port}/")
    if is_taken:
        Guard().check_url(url)
    else:
        with pytest.raises(Forbidden, match="port"):
            Guard().check_url(url)
    if port:
        Guard(["public.example"]).check_url(url)


def test_through_a_proxy_only_what_is_named_goes_without_a_look_up() -> None:
    guard = Guard(["*.far.example", "10.0.0.0/8"], resolving_to("192.168.0.1"), is_proxied=True)
    assert guard.address_for("a.far.example", 443) == "a.far.example"
    with pytest.raises(Forbidden):
        guard.address_for("near.example", 443)


def test_what_is_off_says_so() -> None:
    with pytest.raises(Forbidden, match="not here"):
        Guard(off="not here").check_url(httpx.URL("https://public.example/"))
