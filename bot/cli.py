"""The commands: each a few lines that call one function."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bot import __version__, calibrate, cli_judging, example, status
from bot.alerts.channels import close_channels, test_alert
from bot.app import App, build, channels_of, options_of, rules_of
from bot.clock import clock_of
from bot.command import config_option, explained, load
from bot.domain.errors import ChannelError, InputError, OperationError
from bot.serve import serve
from bot.settings import load_configuration


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="removalwatch")
def main() -> None:
    """Watch public comments: which of them disappeared, when, on what evidence, and whether that is unusual."""


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
@click.option("--keep", is_flag=True, help="Leave the simulated platform and the bot running at the end.")
@click.option("--seed", default=1, show_default=True, help="The same seed plants the same comments and removals.")
@explained
def demo(*, as_json: bool, keep: bool, seed: int) -> None:
    """Run the whole job against a simulated platform, and compare what was planted with what was found."""
    # Here, not above: nobody else needs the simulated platform.
    from bot.demo.run import run_demo  # noqa: PLC0415

    sys.exit(run_demo(as_json=as_json, keep=keep, seed=seed))


@main.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path("config.yaml"))
@explained
def init(path: Path) -> None:
    """Write a commented configuration to PATH (config.yaml)."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(example.text())
    except FileExistsError:
        raise OperationError(f"{path} exists already, and is left as it is: name another file.") from None
    click.echo(f"{path} written. Name your sources in it, then: removalwatch run --config {path}")


@main.command()
@config_option
@click.option("--workers/--no-workers", default=True, help="Start RQ workers here (the default).")
@explained
def run(*, config: Path, workers: bool) -> None:
    """Watch the sources of the configuration until SIGTERM."""
    app = build(load(config))
    asyncio.run(_serve(app, workers=workers))


async def _serve(app: App, *, workers: bool) -> None:
    channels = channels_of(app, Console())
    try:
        await serve(app, dict(channels), workers=workers)
    finally:
        await close_channels(channels.values())


@main.command()
@config_option
@explained
def worker(config: Path) -> None:
    """Run only workers, for a bot that runs elsewhere with the same database and Redis."""
    # Named, not imported: workers import bot. A configuration that is wrong ends there, with the same message.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "workers", "--config", str(config)])  # noqa: S606


@main.command()
@config_option
@explained
def check(config: Path) -> None:
    """Read the configuration and the rules, run the rules' own tests, and start nothing."""
    configuration = load_configuration(config)
    count = len(options_of(configuration))
    rules = rules_of(configuration.settings)
    click.echo(f"{config} is good. Sources: {count}. Rules, whose tests pass: {len(rules.rules)}.")


@main.command("status")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@explained
def show_status(*, config: Path, as_json: bool) -> None:
    """Show how the bot stands: sources, followed comments by state, what is due, alerts, coverage."""
    found = status.of(load(config).settings, clock_of())
    if as_json:
        click.echo(json.dumps(status.as_json(found), indent=2, ensure_ascii=False))
    else:
        status.show(found, Console())


@main.command("calibrate")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@explained
def show_calibration(*, config: Path, as_json: bool) -> None:
    """Compare verdicts with the truth, for each platform whose event stream tells it: precision, recall, delay."""
    found = status.read(load(config).settings, calibrate.of)
    if as_json:
        click.echo(json.dumps(calibrate.as_json(found), indent=2, ensure_ascii=False))
    else:
        calibrate.show(found, Console())


@main.group()
def alerts() -> None:
    """Alert channels."""


@alerts.command()
@click.argument("channel")
@config_option
@explained
def test(channel: str, config: Path) -> None:
    """Send one test message to CHANNEL."""
    app = build(load(config))
    channels = channels_of(app, Console())
    if channel not in channels:
        raise InputError(f"there is no channel {channel}", instead="one of: " + ", ".join(channels))
    asyncio.run(_send_test(channels, channel, app.clock.now()))
    click.echo(f"{channel} took the message.")


async def _send_test(channels: Any, name: str, now: int) -> None:
    try:
        await channels[name].send(test_alert(name, now), repeat=False)
    except (ChannelError, TimeoutError, ConnectionError) as error:
        raise OperationError(f"{name} did not take the message: {str(error) or 'no answer'}") from None
    finally:
        await close_channels(channels.values())


for judging in (cli_judging.explain, cli_judging.rejudge, cli_judging.recheck, cli_judging.correct):
    main.add_command(judging)
