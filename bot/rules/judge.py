"""Conditions compiled to functions that judge what was found in a comment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from bot.rules.schema import AllOf, AnyOf, Condition, Phrase, Word


class Hit(NamedTuple):
    """Where a phrase or word was found: the number of the view, offsets into it. The smaller, the stronger."""

    view: int
    start: int
    end: int


#: The strongest hit of each phrase and word that was found, by its number.
Hits = Mapping[int, Hit]
#: Returns the hits that a condition rests on: None where it does not hold, none where it holds by what is absent.
Judge = Callable[[Hits], Sequence[Hit] | None]


def judge(condition: Condition, numbers: Mapping[Phrase | Word, int]) -> Judge:
    """Compile a condition; `numbers` names each of its phrases and words."""
    if isinstance(condition, Phrase | Word):
        return _any(frozenset((numbers[condition],)), ())
    # Plain phrases together: a list of thousands costs no more than what was found of it.
    literals = frozenset(numbers[part] for part in condition.parts if isinstance(part, Phrase | Word))
    others = tuple(judge(part, numbers) for part in condition.parts if not isinstance(part, Phrase | Word))
    if isinstance(condition, AnyOf):
        return _any(literals, others)
    return _all(literals, others) if isinstance(condition, AllOf) else _none(literals, others)


def _any(literals: frozenset[int], others: Sequence[Judge]) -> Judge:
    def judged(hits: Hits) -> Sequence[Hit] | None:
        alternatives: list[Sequence[Hit]] = [(hits[number],) for number in literals & hits.keys()]
        alternatives += [evidence for other in others if (evidence := other(hits)) is not None]
        return min(alternatives, key=_weakness, default=None)

    return judged


def _all(literals: frozenset[int], others: Sequence[Judge]) -> Judge:
    def judged(hits: Hits) -> Sequence[Hit] | None:
        if not literals <= hits.keys():
            return None
        evidence = [hits[number] for number in literals]
        for other in others:
            found = other(hits)
            if found is None:
                return None
            evidence += found
        return evidence

    return judged


def _none(literals: frozenset[int], others: Sequence[Judge]) -> Judge:
    def judged(hits: Hits) -> Sequence[Hit] | None:
        if literals.isdisjoint(hits) and all(other(hits) is None for other in others):
            return ()
        return None

    return judged


def _weakness(evidence: Sequence[Hit]) -> tuple[bool, Sequence[Hit]]:
    """Order alternatives: what was found before what is absent, then by the weakest hit each needs."""
    return not evidence, sorted(evidence, reverse=True)
