"""Lookups by id: 100 ids a request; a request that cannot be read says nothing about any of its comments."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.observation import Answer, Outcome, Target
from bot.platforms.demo.parse import UnreadableError, answers_of, evidence_of
from bot.ports import Http

BULK = 100


async def probe(base: str, targets: Sequence[Target], http: Http) -> list[Answer]:
    """Return one answer for each target, as the server at `base` sees it."""
    answers: list[Answer] = []
    for start in range(0, len(targets), BULK):
        answers += await _look(base, targets[start : start + BULK], http)
    return answers


async def _look(base: str, targets: Sequence[Target], http: Http) -> list[Answer]:
    url = f"{base}/comments"
    reply = await http.get(url, params={"ids": ",".join(target.native_id for target in targets)})
    try:
        return answers_of(reply, url, targets)
    except UnreadableError as reason:
        evidence = evidence_of(reply, signal=str(reason))
        return [Answer(target.native_id, Outcome.UNREACHABLE, evidence=evidence) for target in targets]
