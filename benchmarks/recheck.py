"""`python -m benchmarks.recheck --json`: what claiming costs in a large database, and what one re-check costs."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
from pathlib import Path

import click

from benchmarks import claim_time, job_cost

SMALL = 10_000


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@click.option(
    "--comments",
    default=10_000_000,
    type=click.IntRange(min=SMALL, min_open=True),
    help="Tracked comments of the large one.",
)
@click.option("--rounds", default=15, type=click.IntRange(min=1), help="Batches that are claimed in each database.")
@click.option("--batches", default=30, type=click.IntRange(min=1), help="Full batches that are looked at end to end.")
@click.option("--singles", default=100, type=click.IntRange(min=1), help="Comments that are looked at with a job each.")
@click.option("--only", type=click.Choice(["claim", "job"]), help="Measure one half only.")
def main(*, as_json: bool, comments: int, rounds: int, batches: int, singles: int, only: str | None) -> None:
    """Measure side by side, and print medians and ratios."""
    figures: dict[str, object] = {}
    if only != "claim":
        figures |= _job(batches, singles)
    if only != "job":
        figures |= _claim(comments, rounds)
    click.echo(json.dumps(figures) if as_json else "\n".join(f"{name}: {value}" for name, value in figures.items()))


def _job(batches: int, singles: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="removalwatch-bench-") as folder:
        whole, single = asyncio.run(job_cost.measure(Path(folder), batches, singles))
    return {
        "cpu_ms_per_comment": round(whole.ms_per_comment, 3),
        "cpu_ms_per_comment_job_each": round(single.ms_per_comment, 3),
        "ratio_job_per_comment": round(single.ms_per_comment / whole.ms_per_comment, 2),
        "cpu_ms_worker": round(1000 * whole.worker_seconds / whole.comments, 3),
        "cpu_ms_planner": round(1000 * whole.planner_seconds / whole.comments, 3),
        "batch_comments": whole.comments,
        "batch_jobs": whole.jobs,
        "single_comments": single.comments,
    }


def _claim(number: int, rounds: int) -> dict[str, object]:
    times = claim_time.measure(SMALL, number, rounds)
    medians = {size: {kind: statistics.median(each[size]) for kind, each in times.items()} for size in (SMALL, number)}
    ratios = {kind: round(medians[number][kind] / medians[SMALL][kind], 2) for kind in times}
    return {
        "claim_ratio_10m_10k": ratios,
        "claim_ms_10k": {kind: round(1000 * each, 2) for kind, each in medians[SMALL].items()},
        "claim_ms_10m": {kind: round(1000 * each, 2) for kind, each in medians[number].items()},
        "claim_comments": number,
        "claim_rounds": rounds,
    }


if __name__ == "__main__":
    main()
