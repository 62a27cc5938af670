"""How near the schedule comes to the least possible delay: `python -m benchmarks.schedule --json [--seed N]`."""

from __future__ import annotations

import json
import multiprocessing
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from benchmarks import law
from benchmarks.followed import Following, RoundRobin
from bot.domain.hazard import Hazard, published
from bot.domain.instant import DAY
from bot.domain.spacing import Schedule
from bot.learning import learn
from bot.log import configure
from bot.store import hazards

BUDGETS = (10, 20, 50)
KINDS = ("known", "learned", "round_robin")
#: A database in memory where there is one: this measures decisions, not discs.
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of its own within it
#: The bot that learns begins with a hazard whose ages are three times too long.
SCALE = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """One policy with one budget; `comments` followed."""

    kind: str
    looks: int
    comments: int
    seed: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Mean delay in minutes, and looks per comment while it was there."""

    delay: float
    spent: float


def measure(cell: Cell) -> Measured:
    """Follow the comments of a cell, all of which stay, and integrate delay and cost over the law."""
    configure(json=False, level="error")
    random = np.random.default_rng([cell.seed, KINDS.index(cell.kind), cell.looks])
    hazard = _learned(cell, random) if cell.kind == "learned" else published()
    stay = np.full(cell.comments, np.inf)
    with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
        which = RoundRobin if cell.kind == "round_robin" else Following
        following = which(Path(folder), Schedule(hazard, cell.looks, 7 * DAY), stay, random)
        following.follow()
        following.engine.dispose()
    delay = spent = 0.0
    for looks in following.looks:
        ages = np.array([0.0, *looks])
        if ages[-1] < law.HORIZON:
            raise AssertionError(f"a comment was last looked at {ages[-1]} minutes after it was seen")
        delay += float(law.delay(ages[:-1], ages[1:]).sum())
        spent += float(law.survival(ages[:-1]).sum())
    return Measured(delay / cell.comments / law.REMOVED, spent / cell.comments)


def _learned(cell: Cell, random: np.random.Generator) -> Hazard:
    """Return what the product learns from a first cohort that it followed under a wrong hazard."""
    right = published()
    wrong = Hazard(tuple(edge * SCALE for edge in right.edges), tuple(rate / SCALE for rate in right.rates))
    goes = law.draw_removals(random, cell.comments)
    with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
        following = Following(Path(folder), Schedule(wrong, cell.looks, 7 * DAY), goes, random)
        following.follow()
        learn(following.engine, following.clock, ["demo"], prior=wrong)
        with following.engine.connect() as connection:
            learned = hazards.newest(connection, "demo")
        following.engine.dispose()
    if learned is None:
        raise AssertionError("too few removals to learn from: follow more comments")
    return learned


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--seed", default=0, show_default=True)
@click.option("--comments", default=10_000, show_default=True, help="Comments per cell.")
@click.option("--processes", default=2, show_default=True)
def main(*, as_json: bool, seed: int, comments: int, processes: int) -> None:
    """Print mean delay over the least possible one, per policy and looks per comment."""
    begin = time.monotonic()
    cells = [Cell(kind, looks, comments, seed) for looks in reversed(BUDGETS) for kind in KINDS]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        measured = dict(zip(cells, pool.map(measure, cells, chunksize=1), strict=True))
    optimum = {looks: law.optimum(looks) for looks in BUDGETS}
    result: dict[str, object] = {
        kind: {
            str(looks): round(measured[Cell(kind, looks, comments, seed)].delay / optimum[looks], 4)
            for looks in BUDGETS
        }
        for kind in KINDS
    }
    spent = {str(looks): round(measured[Cell("known", looks, comments, seed)].spent / looks, 4) for looks in BUDGETS}
    result |= {"budget_spent": spent, "optimum_minutes": {str(n): round(value, 1) for n, value in optimum.items()}}
    result |= {"comments": comments, "seed": seed, "seconds": round(time.monotonic() - begin)}
    click.echo(json.dumps(result) if as_json else json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
