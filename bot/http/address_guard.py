"""Which addresses may be connected to: none inside this machine, this network or this cloud.

The check sits where the socket is made, so it sees host names, IP literals, every hop and every address that a
name resolves to at that moment; a guard in the resolver alone never sees literals such as [::ffff:127.0.0.1].
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Sequence

from aiohttp.connector import AddrInfoType, SocketFactoryType
from yarl import URL

from bot.domain.errors import InputError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Python's is_global lets some of these through, and others only in some versions:
# https://docs.python.org/3/library/ipaddress.html#ipaddress.IPv4Address.is_global
_DENIED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure answers its machines here, on an address that looks public
        "169.254.0.0/16",  # metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",  # unspecified, loopback and IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",  # Teredo, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)


class BlockedAddressError(OSError):
    """A connection to an address that is not public; an OSError, so that a name's next address is tried.

    The message is the same for every address: asyncio then raises this error itself where all addresses are blocked.
    """

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "this address is not on the public internet")


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return networks given as CIDR, e.g. 127.0.0.0/8; InputError names the one that is none."""
    return tuple(_network(text) for text in texts)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise InputError(
            f"allow_networks: {text!r} is no network: {error}", instead="write e.g. 127.0.0.0/8 or fd00:1234::/32"
        ) from None


def may_connect(address: str, allowed: Sequence[Network] = ()) -> bool:
    """Return whether an IP address (a zone like %eth0 is ignored) is public or explicitly allowed."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in allowed):
        return True
    return ip.is_global and not any(ip in network for network in _DENIED)


def socket_factory(allowed: Sequence[Network]) -> SocketFactoryType:
    """Return what makes sockets for a TCPConnector: a BlockedAddressError instead of one to a forbidden address."""

    def make(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if not may_connect(str(address[0]), allowed):
            raise BlockedAddressError
        return socket.socket(family, kind, protocol)

    return make


def refusal(url: URL) -> str | None:
    """Return why a URL may not be asked for, whatever its address: only http and https, no credentials in it."""
    if url.scheme not in {"http", "https"}:
        return f"blocked address: {url.scheme or 'no'} scheme, only http and https are asked"
    if not url.host:
        return "blocked address: the URL names no host"
    if url.user is not None or url.password is not None:
        return "blocked address: user name or password in the URL"
    return None


def redirect_refusal(origin: URL, target: URL) -> str | None:
    """Return why a redirect may not be followed; from https never back to http."""
    if origin.scheme == "https" and target.scheme == "http":
        return "blocked address: a redirect from https to http"
    return refusal(target)
