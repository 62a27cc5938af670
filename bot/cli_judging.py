"""The analyst's commands: how a verdict came about, and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console

from bot import explanation, explanation_view
from bot.app import bench_of, build
from bot.clock import clock_of
from bot.command import config_option, explained, load
from bot.domain.errors import InputError
from bot.domain.observation import Cause
from bot.recheck_now import recheck_now
from bot.rejudge import rejudge as judge_again
from bot.status import database_of
from bot.store import story

_MOST_WORDS = 2000


@click.command()
@click.argument("comment")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@explained
def explain(comment: str, *, config: Path, as_json: bool) -> None:
    """Tell the whole story of a followed COMMENT: our number, or the platform's own id.

    Every look with its weight, every change of state, and what is missing for the next step.
    """
    with (
        database_of(load(config).settings) as engine,
        engine.connect().execution_options(read_only=True) as connection,
    ):
        found = explanation.explain(connection, explanation.find(connection, comment))
    if as_json:
        # ASCII only: what strangers wrote can neither move a cursor nor turn text round.
        click.echo(json.dumps(found, indent=2))
    else:
        explanation_view.show(found, Console())


@click.command()
@config_option
@click.option("--source", help="Only this source of the configuration.")
@click.option("--apply", is_flag=True, help="Store what moved; without it nothing is written.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@explained
def rejudge(*, config: Path, source: str | None, apply: bool, as_json: bool) -> None:
    """Make the verdicts again from the stored looks, with today's decision, and show what moved.

    Nothing is erased and no alert is sent; comments that a batch holds are left as they are.
    """
    with database_of(load(config).settings) as engine:
        moves = judge_again(engine, clock_of(), source=source, apply=apply)
    if as_json:
        click.echo(json.dumps(explanation_view.moves_as_json(moves, applied=apply), indent=2, ensure_ascii=False))
    else:
        explanation_view.show_moves(moves, Console(), applied=apply)


@click.command()
@click.argument("comment")
@config_option
@click.option("--now", is_flag=True, required=True, help="Look at once, before everything that is due.")
@explained
def recheck(comment: str, *, config: Path, now: bool) -> None:  # noqa: ARG001 - said so that nobody asks by mistake
    """Look at a followed COMMENT now: by a running worker, or else in this process."""
    app = build(load(config))
    with app.engine.connect().execution_options(read_only=True) as connection:
        comment_id = explanation.find(connection, comment)
    if not recheck_now(bench_of(app), comment_id):
        click.echo(
            f"Comment {comment_id} is due now; a worker that runs looks at it: removalwatch explain {comment_id}"
        )
        return
    with app.engine.connect().execution_options(read_only=True) as connection:
        explanation_view.show_last(explanation.explain(connection, comment_id), Console())


@click.command()
@click.argument("comment")
@config_option
@click.option("--state", required=True, type=click.Choice(["visible", "disappeared"]), help="What you found.")
@click.option(
    "--cause",
    required=True,
    type=click.Choice([cause.value for cause in Cause]),
    help="Who ended it, as far as you know.",
)
@click.option("--why", required=True, help="On what evidence, in a sentence.")
@explained
def correct(comment: str, *, config: Path, state: str, cause: str, why: str) -> None:
    """Put on record what you found out about a followed COMMENT, beside its verdicts and never over them.

    explain and status show it; figures stay on the verdicts.
    """
    words = why.strip()
    if not words or not words.isprintable() or len(words) > _MOST_WORDS:
        wrong = "holds characters that cannot be printed" if words and len(words) <= _MOST_WORDS else "is no sentence"
        raise InputError(f"--why {wrong}", instead=f"one line of 1 to {_MOST_WORDS} characters: how you know")
    with database_of(load(config).settings) as engine, engine.begin() as connection:
        comment_id = explanation.find(connection, comment)
        story.correct(connection, comment_id, at=clock_of().now(), state=state, cause=Cause(cause), why=words)
    click.echo(f"On record for comment {comment_id}: {state} ({cause}). Its verdicts stay as they are.")
