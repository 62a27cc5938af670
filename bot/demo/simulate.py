"""Runs the simulated platform as a process of its own: `python -m bot.demo.simulate --port-file PATH …`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import threading
from pathlib import Path

import click

from bot.clock import VARIABLE, clock_of
from bot.demo.platform import SimulatedPlatform
from bot.domain.errors import InputError


@click.command()
@click.option("--port-file", required=True, type=click.Path(path_type=Path), help="Where the URLs are written as JSON.")
@click.option("--clock", "clock_setting", default="", help="EPOCH,RATE: domain time; without it, real time.")
def main(port_file: Path, clock_setting: str) -> None:
    """Simulate a comment platform, empty until its panel is used, until SIGTERM or until standard input closes."""
    try:
        clock = clock_of({VARIABLE: clock_setting})
    except InputError as error:
        raise click.UsageError(str(error)) from None
    asyncio.run(_serve(SimulatedPlatform(clock), port_file))


async def _serve(platform: SimulatedPlatform, port_file: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, stop.set)
    threading.Thread(target=_await_end_of_input, args=(loop, stop), daemon=True).start()
    async with platform:
        _write(port_file, platform.urls | {"token": platform.token})
        await stop.wait()


def _await_end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # Whoever started us holds the other end: it closes when that process dies, however it dies.
    # Not sys.stdin: a daemon thread that holds its lock would break the interpreter's end.
    while os.read(0, 4096):
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself meanwhile
        loop.call_soon_threadsafe(stop.set)


def _write(port_file: Path, content: dict[str, str]) -> None:
    """Write the file whole or not at all, for its owner alone: it holds the panel's token."""
    draft = port_file.with_name(f"{port_file.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file)
    draft.replace(port_file)


if __name__ == "__main__":
    main()
