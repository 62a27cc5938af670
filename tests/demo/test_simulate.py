"""The platform as a process of its own."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.clock import ScaledClock
from bot.demo.acts import Post
from bot.demo.scenario import timetable
from bot.domain.instant import HOUR

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def port_file(tmp_path: Path) -> Path:
    return tmp_path / "ports.json"


@pytest.fixture
def start(port_file: Path) -> Iterator[Start]:
    children: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "bot.demo.simulate", "--port-file", str(port_file), *arguments]
        children.append(subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE))
        return children[-1]

    yield start
    for child in children:
        child.kill()
        with child:  # closes the pipes and waits
            pass


def _ports(child: subprocess.Popen[bytes], port_file: Path) -> dict[str, str]:
    for _ in range(400):
        if port_file.exists():
            ports: dict[str, str] = json.loads(port_file.read_text())
            return ports
        assert child.poll() is None, child.communicate()[1].decode()
        time.sleep(0.05)
    raise AssertionError("the platform wrote no port file")


async def _get(client: aiohttp.ClientSession, url: str, token: str = "") -> Any:
    async with client.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status == 200
        return await answer.json()


async def test_it_says_where_it_listens_to_its_owner_alone(
    start: Start, port_file: Path, client: aiohttp.ClientSession
) -> None:
    ports = _ports(start(), port_file)
    assert set(ports) == {"front", "origin", "panel", "token"}
    assert stat.S_IMODE(port_file.stat().st_mode) == 0o600
    assert await _get(client, f"{ports['front']}/threads") == {"threads": []}
    assert await _get(client, f"{ports['origin']}/threads") == {"threads": []}
    assert (await _get(client, f"{ports['panel']}/panel/truth", ports["token"]))["comments"] == 0


async def test_it_plays_the_scenario_of_a_seed_from_the_moment_it_is_told_to(
    start: Start, port_file: Path, client: aiohttp.ClientSession
) -> None:
    clock = ScaledClock(time.time() - 3600, 1.0)
    ports = _ports(start("--clock", str(clock)), port_file)
    headers = {"Authorization": f"Bearer {ports['token']}"}
    async with client.post(f"{ports['panel']}/panel/play", json={"seed": 7}, headers=headers) as answer:
        day_0 = (await answer.json())["day_0"]
    truth = await _get(client, f"{ports['panel']}/panel/truth", ports["token"])
    assert abs(day_0 - clock.now()) < HOUR
    due = [act for at, act in timetable(day_0, 7) if at <= truth["now"]]
    assert truth["comments"] == sum(isinstance(act, Post) for act in due) > 500
    thread = (await _get(client, f"{ports['front']}/threads"))["threads"][0]["id"]
    page = await _get(client, f"{ports['front']}/threads/{thread}/comments")
    assert page["comments"]
    async with client.post(f"{ports['panel']}/panel/play", json={"sed": 7}, headers=headers) as answer:
        assert answer.status == 400


def test_it_stops_on_sigterm(start: Start, port_file: Path) -> None:
    child = start()
    _ports(child, port_file)
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=20) == 0
    assert child.stderr is not None
    assert child.stderr.read() == b""


def test_it_stops_when_whoever_started_it_is_gone(start: Start, port_file: Path) -> None:
    child = start()
    _ports(child, port_file)
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(timeout=20) == 0


def test_a_wrong_clock_is_refused_before_anything_listens(start: Start, port_file: Path) -> None:
    child = start("--clock", "soon")
    assert child.wait(timeout=20) == 2
    assert child.stderr is not None
    assert "write REMOVALWATCH_CLOCK=<Unix seconds>,<rate>" in child.stderr.read().decode()
    assert not port_file.exists()
