"""`removalwatch status`: how the bot stands, from the database alone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.domain.errors import OperationError
from bot.domain.instant import iso
from bot.ports import Clock
from bot.settings import Settings
from bot.store.engine import database_url, open_engine
from bot.store.migrate import current
from bot.store.standing import Standing, standing


def of(settings: Settings, clock: Clock) -> Standing:
    """Return how the bot stands; OperationError where there is no database yet."""
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
            return standing(connection, clock.now(), clock.real())
    finally:
        engine.dispose()


def as_json(found: Standing) -> dict[str, Any]:
    """Return a standing as JSON values."""
    return asdict(found)


def show(found: Standing, console: Console) -> None:
    """Print a standing for a person."""
    console.print(f"{found.comments} comments, {found.tracked} followed")
    table = Table("state", "comments", title="Followed comments")
    for state, count in found.states.items():
        table.add_row(state, str(count))
    console.print(table)
    table = Table("source", "last read", "looks in 24 h", "late", "not observable", "remarks", title="Sources")
    for source in found.sources:
        remarks = [f"cannot be read: {source.failure}"] if source.failing_since else []
        remarks += ["mass disappearance, undecided"] if source.breaker_since else []
        table.add_row(
            source.name,
            "never" if source.collected_at is None else iso(source.collected_at),
            f"{source.coverage.done} of {source.coverage.due}",
            str(source.coverage.late),
            str(source.coverage.unreachable),
            "; ".join(remarks),
        )
    console.print(table)
