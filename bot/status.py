"""`removalwatch status`: how the bot stands, from the database alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, Engine

from bot.domain.errors import OperationError
from bot.domain.instant import iso
from bot.log import printable
from bot.ports import Clock
from bot.settings import Settings
from bot.store.engine import database_url, open_engine
from bot.store.migrate import current
from bot.store.standing import Standing, standing

_Found = TypeVar("_Found")


def of(settings: Settings, clock: Clock) -> Standing:
    """Return how the bot stands; OperationError where there is no database yet."""
    return read(settings, lambda connection: standing(connection, clock.now(), clock.real()))


def read(settings: Settings, question: Callable[[Connection], _Found]) -> _Found:
    """Ask the database one question, reading only; OperationError where there is no database yet."""
    with database_of(settings) as engine, engine.connect().execution_options(read_only=True) as connection:
        return question(connection)


@contextlib.contextmanager
def database_of(settings: Settings) -> Iterator[Engine]:
    """Open the database as it is, for a command beside the bot; OperationError where there is none yet."""
    url = database_url(settings.database, settings.data_dir)
    if (
        url.get_backend_name() == "sqlite"
        and not (settings.data_dir / "removalwatch.db").exists()
        and not settings.database
    ):
        raise OperationError(f"There is no database in {settings.data_dir} yet: start the bot with removalwatch run.")
    engine = open_engine(url)
    try:
        with engine.connect().execution_options(read_only=True) as connection:
            if current(connection) is None:
                raise OperationError("The database is empty: start the bot with removalwatch run.")
        yield engine
    finally:
        engine.dispose()


def as_json(found: Standing) -> dict[str, Any]:
    """Return a standing as JSON values."""
    return asdict(found)


def show(found: Standing, console: Console) -> None:
    """Print a standing for a person."""
    roles = ", ".join(f"{count} {role}" for role, count in found.roles.items())
    console.print(f"{found.comments} comments; {found.tracked} followed ({roles})", highlight=False)
    console.print(_states(found))
    console.print(_sources(found))
    console.print(_rates(found))
    for line in _remarks(found):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _states(found: Standing) -> Table:
    table = Table(*found.states, title="Followed comments by state", title_justify="left")
    table.add_row(*(str(count) for count in found.states.values()))
    return table


def _sources(found: Standing) -> Table:
    columns = ("source", "last read", "looks in 24 h", "late", "not observable")
    table = Table(*columns, title="Sources", title_justify="left")
    for source in found.sources:
        read = "never" if source.collected_at is None else iso(source.collected_at)
        seen = source.coverage
        table.add_row(source.name, read, f"{seen.done} of {seen.due} due", str(seen.late), str(seen.unreachable))
    return table


def _rates(found: Standing) -> Table:
    columns = ("source", "false miss", "in a fault", "a fault lasts", "known from")
    table = Table(*columns, title="Error rates", title_justify="left")
    for source in found.sources:
        rates = source.rates
        known = f"{rates.measured} looks at canaries" if rates.measured else "assumed"
        lasts = f"{rates.fault_seconds / 3600:.1f} h"
        table.add_row(source.name, f"{rates.false_miss:.2%} of looks", f"{rates.fault_share:.1%} of time", lasts, known)
    return table


def _remarks(found: Standing) -> Iterator[str]:
    waited = "" if found.oldest_due is None else f", the oldest for {found.oldest_due:.0f} s"
    yield f"Due now: {found.due}{waited}. Batches being looked at: {found.open_batches}."
    yield f"Alerts waiting: {found.alerts.count}; given up: {found.failed_alerts}."
    if found.corrections:
        yield f"Corrections by analysts: {found.corrections} (see removalwatch explain; figures stay on verdicts)."
    for source in found.sources:
        if source.failing_since is not None:
            yield f"{source.name} cannot be read since {iso(source.failing_since)}: {printable(source.failure or '')}"
        if source.breaker_since is not None:
            yield f"{source.name}: mass disappearance, undecided since {iso(source.breaker_since)}"
    for beat in found.heartbeats:
        yield f"{beat.part}: reported {beat.age:.0f} s ago ({beat.detail})"
    if not found.heartbeats:
        yield "No process has reported: the bot does not run."
