"""Makes a week's digest and hands it to the channels: once, whoever else tries at the same time."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from bot.charts import disappeared
from bot.digest import render, sentences
from bot.digest.due import is_late
from bot.digest.markdown import markdown
from bot.digest.week import Numbers, Week, build
from bot.domain.alert import Alert, AlertKind
from bot.domain.errors import OperationError
from bot.domain.instant import Micros
from bot.ports import Clock
from bot.store import digests, outbox

PICTURE = "disappeared.png"


def publish(
    engine: Engine,
    week: Week,
    clock: Clock,
    folder: Path,
    channels: Sequence[str],
    zone: ZoneInfo,
    *,
    weekday: int = 0,
    hour: int = 7,
) -> bool:
    """Write `folder`/<week>/ (digest.md, digest.json, disappeared.png) and queue the alert; False if done before.

    `weekday`, `hour`: when it was due (`due.due_weeks`). OperationError: the files could not be written; then
    nothing is stored, and the week stays due.
    """
    now = clock.now()
    with engine.connect().execution_options(read_only=True) as connection:
        if str(week) in digests.published(connection):
            return False
        numbers = build(connection, week, now, zone, late=is_late(week, now, zone, weekday, hour))
    home = folder.resolve() / str(week)
    facts = render.as_json(numbers)
    files = _files(numbers, facts)
    with engine.begin() as connection:
        # The row comes first: whoever inserts it owns the week and its files, anyone else writes nothing.
        if not digests.insert(connection, str(week), built_at=now, late=numbers.late, numbers=facts, folder=home):
            return False
        _write(home, files)
        outbox.put(connection, _alert(numbers, home / PICTURE, now), channels, now=now, real=clock.real())
    return True


def _files(numbers: Numbers, facts: Mapping[str, object]) -> dict[str, bytes]:
    rows = {letter: source.groups for letter, source in numbers.lettered.items()}
    return {
        PICTURE: disappeared.draw(str(numbers.week), rows),
        "digest.json": (json.dumps(facts, ensure_ascii=False, indent=2) + "\n").encode(),
        "digest.md": markdown(numbers, PICTURE).encode(),
    }


def _alert(numbers: Numbers, picture: Path, now: Micros) -> Alert:
    return Alert(
        key=f"digest:{numbers.week}",
        kind=AlertKind.DIGEST,
        at=now,
        title=sentences.title(numbers),
        body=render.short(numbers),
        picture=str(picture),
    )


def _write(home: Path, files: Mapping[str, bytes]) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            _replace(home / name, content)
    except OSError as error:
        raise OperationError(
            f"The digest cannot be written to {home}: {error.strerror}. "
            "Make room or give permission; it is made again at the next try."
        ) from error


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, a power cut included."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
