"""`python -m workers`: the pool, or with --queue one of its workers."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import click

from bot.domain.errors import InputError, RemovalwatchError
from bot.log import configure
from bot.redis_server import RedisKind, find_redis
from bot.serve import is_terminal
from bot.settings import load_configuration
from workers import jobs, pool


@click.command()
@click.option("--config", type=click.Path(path_type=Path), required=True)
@click.option("--queue", default="", help="Be one worker of this queue instead of the pool.")
def main(config: Path, queue: str) -> None:
    """Look at what is due, and deliver alerts, for a bot that runs elsewhere."""
    try:
        _run(config, queue)
    except RemovalwatchError as error:
        click.echo(str(error), err=True)
        sys.exit(2 if isinstance(error, InputError) else 1)


def _run(config: Path, queue: str) -> None:
    os.environ[jobs.CONFIG] = str(config)
    settings = load_configuration(config).settings
    configure(json=not is_terminal(), level=settings.log_level, secrets=settings.secrets)
    plan = find_redis(settings.redis, allow_insecure=settings.allow_insecure_redis)
    if plan.kind is not RedisKind.URL:
        raise InputError(
            "a worker of its own needs the Redis of the bot",
            instead="write redis: redis://… (or unix://…) in the configuration of both",
        )
    if queue:
        pool.work(queue, plan.url)
    else:
        asyncio.run(pool.run_pool(jobs.app(), str(config), plan.url))


if __name__ == "__main__":
    main()
