"""No spelling of an inside address is ever connected to."""

from __future__ import annotations

import ipaddress

import pytest
from yarl import URL

from bot.domain.errors import InputError
from bot.http.address_guard import may_connect, networks, redirect_refusal, refusal
from bot.http.memory_budget import MemoryBudget
from bot.http.session import open_http
from tests.http.conftest import Listener

ANY = str(ipaddress.IPv4Address(0))
# Each of these reaches a server on 127.0.0.1 when nothing guards the socket, on Linux.
REACHING = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", ANY, "0x7f000001", "0x7f.0.0.1"]
OTHERS = ["[::1]", "[::]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "2130706433", "127.1", "0177.0.0.1"]


@pytest.mark.parametrize("host", REACHING + OTHERS)
async def test_a_spelling_of_loopback_is_refused_before_anything_connects(host: str, listener: Listener) -> None:
    async with open_http(MemoryBudget(), user_agent="test", interval=0) as http:
        reply = await http.get(f"http://{host}:{listener.port}/")
    assert reply.failure is not None
    assert reply.failure.startswith("blocked address")
    assert listener.connections == 0


@pytest.mark.parametrize("host", REACHING)
async def test_the_same_spelling_connects_where_its_network_is_allowed(host: str, listener: Listener) -> None:
    """Without this, the test above would also pass if nothing listened."""
    everywhere = ["0.0.0.0/0", "::/0"]
    async with open_http(MemoryBudget(), user_agent="test", interval=0, allow_networks=everywhere) as http:
        assert (await http.get(f"http://{host}:{listener.port}/")).ok
    assert listener.connections == 1


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:8.8.8.8",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2001::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_that_is_not_public_may_not_be_connected_to(address: str) -> None:
    assert not may_connect(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001:81b::200e"])
def test_a_public_address_may_be_connected_to(address: str) -> None:
    assert may_connect(address)


def test_an_exception_opens_its_own_network_and_nothing_else() -> None:
    allowed = networks(["10.1.0.0/16"])
    assert may_connect("10.1.2.3", allowed)
    assert not may_connect("10.2.0.1", allowed)
    assert not may_connect("::ffff:10.1.2.3", allowed)


def test_an_exception_that_is_no_network_says_what_to_write() -> None:
    with pytest.raises(InputError, match=r"'10\.0\.0\.1/8' is no network(.|\n)*127\.0\.0\.0/8"):
        networks(["10.0.0.1/8"])


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "FILE:///etc/passwd", "source:file:///", "ftp://example.org/", "//example.org/", ""]
)
def test_a_scheme_other_than_http_is_refused(url: str) -> None:
    assert "only http and https" in str(refusal(URL(url)))


@pytest.mark.parametrize("url", ["http://user@example.org/", "https://:secret@example.org/"])
def test_credentials_in_a_url_are_refused_and_not_repeated(url: str) -> None:
    reason = str(refusal(URL(url)))
    assert "user name or password" in reason
    assert "secret" not in reason


def test_a_url_without_a_host_is_refused() -> None:
    assert "names no host" in str(refusal(URL("http:///path")))


def test_a_redirect_goes_up_to_https_and_never_back() -> None:
    plain, secure = URL("http://example.org/"), URL("https://example.org/")
    assert redirect_refusal(plain, secure) is None
    assert redirect_refusal(secure, secure) is None
    assert "from https to http" in str(redirect_refusal(secure, plain))
    assert "only http and https" in str(redirect_refusal(secure, URL("file:///etc/passwd")))
