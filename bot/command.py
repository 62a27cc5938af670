"""What every command shares: its configuration, and mistakes told in one message with an exit code."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click
from sqlalchemy.exc import DBAPIError

from bot.domain.errors import InputError, RemovalwatchError
from bot.log import configure
from bot.serve import is_terminal
from bot.settings import Configuration, load_configuration

config_option = click.option(
    "--config", type=click.Path(path_type=Path), default=Path("config.yaml"), show_default=True, help="Configuration."
)


def explained(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what we know how to explain into one message and an exit code: 2 for wrong input, 1 for the machine."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except RemovalwatchError as error:
            _end(str(error), 2 if isinstance(error, InputError) else 1)
        except DBAPIError as error:
            _end(f"error: the database does not work: {error.orig}. Nothing that was stored is lost.", 1)
        except OSError as error:
            _end(f"error: {error.strerror or error}: {error.filename or 'no file named'}", 1)

    return run


def _end(message: str, code: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(code)


def load(path: Path) -> Configuration:
    """Read the configuration and set up the log."""
    configuration = load_configuration(path)
    settings = configuration.settings
    configure(json=not is_terminal(), level=settings.log_level, secrets=settings.secrets)
    return configuration
