"""False removals, recall and delay of the product's own decision: `python -m benchmarks.removals --json --seed 1`.

All comments of the first two experiments are alive. What is simulated is the world; guards, breaker, decision and plan
are the product's. Suspected, probable and confirmed are counted apart.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

import click
import numpy as np
from numpy.random import Generator, SeedSequence, default_rng

from benchmarks.removal_faults import Fault, Kind, harsh, of_kinds
from benchmarks.removal_world import NEVER, Policy, Setting, Source
from bot.domain.error_rates import ASSUMED
from bot.domain.hazard import published
from bot.domain.instant import DAY, HOUR, MINUTE, Micros
from bot.domain.spacing import Schedule
from bot.domain.verdict import State

TWO = ("front", "origin")
#: The false misses of both models (science D4) as a source's measured rate.
FALSE_MISS = 1e-3
_RATES = replace(ASSUMED, false_miss=FALSE_MISS, measured=10_000)
_SCHEDULE = Schedule(published(), looks=84, follow_up=30 * DAY)

HARSH = Setting(_SCHEDULE, _RATES, TWO, 200, 7 * DAY, 2 * HOUR, 10 * MINUTE, FALSE_MISS)
#: 60 rounds, 45 minutes apart.
KINDS = Setting(_SCHEDULE, _RATES, TWO, 200, 45 * HOUR, 45 * MINUTE, 5 * MINUTE, FALSE_MISS)
COMBINATIONS: tuple[tuple[Kind, ...], ...] = (
    *((kind,) for kind in Kind),
    *itertools.combinations(Kind, 2),
)
#: Of each kind and pair: 9 sources x 12,000 ordinary looks are more than 10^5 probes; 78 of them are 10^7 with 11.
WORLDS_PER_COMBINATION = 11
MUTANTS: Mapping[str, Policy] = {
    "no_canary": Policy(canaries=False),
    "no_second_vantage": Policy(second_vantage=False),
    "two_misses": Policy(two_misses=True),
    "unreachable_counts": Policy(unreachable_counts=True),
    "no_breaker": Policy(breaker=False),
    "breaker_erases": Policy(breaker_erases=True),
}
_REAL = Policy()

Job = tuple[str, SeedSequence, dict[str, Any]]


def alive(setting: Setting) -> np.ndarray:
    """Return that no comment is ever removed."""
    return np.full(setting.comments, NEVER)


def half_flagged(setting: Setting) -> np.ndarray:
    """Return which comments are flagged: every other one."""
    return np.arange(setting.comments) % 2 == 0


def source_of(
    setting: Setting,
    policy: Policy,
    random: Generator,
    faults: Mapping[str, Sequence[Fault]],
    removed_at: np.ndarray | None = None,
) -> Source:
    """Return a source that has lived through its span; without a second vantage both look at the first's servers."""
    if not policy.second_vantage:
        faults = dict.fromkeys(setting.vantages, faults[setting.vantages[0]])
    removed = alive(setting) if removed_at is None else removed_at
    source = Source(setting, policy, random, faults, removed, half_flagged(setting))
    source.run()
    return source


def harsh_faults(random: Generator, setting: Setting, share: float) -> dict[str, list[Fault]]:
    """Return faults of both vantages: each its own, and `share` of the first's strikes the second too."""
    front = harsh(random, setting.comments, setting.span)
    origin = harsh(random, setting.comments, setting.span)
    return {"front": front, "origin": origin + [fault for fault in front if random.random() < share]}


def kind_faults(random: Generator, setting: Setting, kinds: Sequence[Kind]) -> dict[str, list[Fault]]:
    """Return the kinds on the first vantage, and one of any kind, at a time of its own, on the second."""
    own = (list(Kind)[random.integers(len(Kind))],)
    faults = {"front": of_kinds(random, setting.comments, setting.span, kinds)}
    return faults | {"origin": of_kinds(random, setting.comments, setting.span, own)}


def count_false(source: Source) -> dict[str, int]:
    """Return how many living comments were called so, and how many looks that took."""
    return {state.value: len(called) for state, called in source.called.items()} | {
        "called": len(source.called[State.PROBABLE].keys() | source.called[State.CONFIRMED].keys()),
        "looks": source.looks,
        "comments": source.setting.comments,
    }


def run_harsh(random: Generator, *, worlds: int, share: float, policy: Policy, vantages: tuple[str, ...]) -> Any:
    """Return the false verdicts of so many source-weeks of the harsh model."""
    setting = replace(HARSH, vantages=vantages)
    return _added(
        count_false(source_of(setting, policy, random, harsh_faults(random, setting, share))) for _ in range(worlds)
    )


def run_kinds(
    random: Generator,
    *,
    worlds: int,
    combinations: Sequence[tuple[Kind, ...]],
    policy: Policy,
    vantages: tuple[str, ...],
) -> Any:
    """Return the false verdicts under each of the combinations of kinds."""
    setting = replace(KINDS, vantages=vantages)
    return _added(
        count_false(source_of(setting, policy, random, kind_faults(random, setting, kinds)))
        for kinds in combinations
        for _ in range(worlds)
    )


def run_recall(random: Generator, *, worlds: int, policy: Policy) -> Any:
    """Return [found, confirmed within the span?, extra delay in hours] of comments removed under the harsh faults.

    Five comments in a hundred, removed in the first five days; the extra delay is from the first absence to confirmed.
    """
    planted, found, delays = 0, 0, []
    for _ in range(worlds):
        removed = alive(HARSH)
        chosen = random.choice(HARSH.comments, HARSH.comments // 20, replace=False)
        removed[chosen] = (random.random(len(chosen)) * 5 * DAY).astype(np.int64)
        source = source_of(HARSH, policy, random, harsh_faults(random, HARSH, 0.0), removed)
        confirmed = source.called[State.CONFIRMED]
        planted += len(chosen)
        found += sum(int(one) in confirmed for one in chosen)
        delays += [
            (confirmed[int(one)] - max(source.first_absent[int(one)], int(removed[one]))) / HOUR
            for one in chosen
            if int(one) in confirmed
        ]
    return {"planted": planted, "found": found, "delays": delays}


def run_purges(random: Generator, *, worlds: int, policy: Policy, vantages: tuple[str, ...]) -> Any:
    """Return how many of the flagged that a purge took (5 to 100 % of them) are called disappeared within a day."""
    setting = replace(HARSH, vantages=vantages)
    planted = found = 0
    for number in range(worlds):
        share = 0.05 + 0.95 * number / max(1, worlds - 1)
        at: Micros = DAY + int(random.random() * 3 * DAY)
        flagged = np.flatnonzero(half_flagged(setting))
        taken = random.choice(flagged, max(1, round(share * len(flagged))), replace=False)
        removed = alive(setting)
        removed[taken] = at + (random.random(len(taken)) * MINUTE).astype(np.int64)
        source = source_of(setting, policy, random, {vantage: [] for vantage in TWO}, removed)
        planted += len(taken)
        found += sum(_within_a_day(source, int(one), at) for one in taken)
    return {"planted": planted, "found": found}


def _within_a_day(source: Source, comment: int, at: Micros) -> bool:
    moments = (source.called[state].get(comment, NEVER) for state in (State.PROBABLE, State.CONFIRMED))
    return min(moments) <= at + DAY


_EXPERIMENTS: Mapping[str, Callable[..., Any]] = {
    "harsh": run_harsh,
    "kinds": run_kinds,
    "recall": run_recall,
    "purges": run_purges,
}


def _run(job: Job) -> tuple[str, Any]:
    name, seed, options = job
    return name, _EXPERIMENTS[name.partition(":")[0]](default_rng(seed), **options)


def _added(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    total: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total[name] + value if name in total else value
    return total


def jobs(seed: int, scale: float) -> list[Job]:
    """Return all pieces of work, small enough to share among processes; `scale` shrinks them for a quick run."""
    pieces: list[Job] = []
    seeds = SeedSequence(seed)
    weeks, chunk = max(1, round(15_000 * scale)), 250
    real = {"policy": _REAL, "vantages": TWO}
    for share in (0.0, 0.01):
        for start in range(0, weeks, chunk):
            options = {"worlds": min(chunk, weeks - start), "share": share, **real}
            pieces.append((f"harsh:{share}", seeds.spawn(1)[0], options))
    per_kind = max(1, round(WORLDS_PER_COMBINATION * scale))
    for start in range(0, len(COMBINATIONS), 6):
        options = {"worlds": per_kind, "combinations": COMBINATIONS[start : start + 6], **real}
        pieces.append(("kinds", seeds.spawn(1)[0], options))
    pieces += [("recall", one, {"worlds": max(1, round(125 * scale)), "policy": _REAL}) for one in seeds.spawn(4)]
    return pieces + _mutant_jobs(seeds, scale)


def _mutant_jobs(seeds: SeedSequence, scale: float) -> list[Job]:
    """Return the same worlds for the product and for each mutant: what differs is the policy alone."""
    pieces: list[Job] = []
    worlds = max(1, round(400 * scale))
    for vantages in (TWO, TWO[:1]):
        harsh_seed, kinds_seed, purge_seed = seeds.spawn(3)
        for name, policy in (("product", _REAL), *MUTANTS.items()):
            what, common = f"{name}:{len(vantages)}", {"policy": policy, "vantages": vantages}
            kinds = {"worlds": max(1, round(3 * scale)), "combinations": COMBINATIONS}
            pieces.append((f"harsh:{what}", harsh_seed, {"worlds": worlds, "share": 0.0, **common}))
            pieces.append((f"kinds:{what}", kinds_seed, {**kinds, **common}))
            pieces.append((f"purges:{what}", purge_seed, {"worlds": 40, **common}))
    return pieces


def measure(seed: int, scale: float, processes: int) -> dict[str, Any]:
    """Return every figure; the same for the same seed and scale."""
    gathered: dict[str, list[Any]] = {}
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for name, found in pool.imap_unordered(_run, jobs(seed, scale)):
            gathered.setdefault(name, []).append(found)
    total = {name: _added(parts) for name, parts in gathered.items()}
    return report(total)


def report(total: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures that are asked for; `false_…` without more words are the falsely confirmed."""
    recall = total["recall"]
    found: dict[str, Any] = {}
    for name, counted in (
        ("false_12_kinds", total["kinds"]),
        ("false_harsh", total["harsh:0.0"]),
        ("false_harsh_share_1_percent", total["harsh:0.01"]),
    ):
        found[name] = counted[State.CONFIRMED.value]
        found |= {f"{name}_{state.value}": counted[state.value] for state in (State.SUSPECTED, State.PROBABLE)}
    mutants = {name: _mutant(total, name) for name in MUTANTS}
    return found | {
        "probes_12_kinds": total["kinds"]["looks"],
        "post_weeks_harsh": total["harsh:0.0"]["comments"],
        "recall": recall["found"] / recall["planted"],
        "recall_removals": recall["planted"],
        "median_extra_delay_h": median(recall["delays"]),
        "purge_recall_24h": _share(total["purges:product:2"]),
        "purge_recall_24h_one_vantage": _share(total["purges:product:1"]),
        "false_harsh_one_vantage_per_million": _per_million(total["harsh:product:1"]),
        "false_12_kinds_one_vantage_per_million": _per_million(total["kinds:product:1"]),
        "mutants": {name: worse["false_removals"] for name, worse in mutants.items()},
        "mutants_purge_recall_24h": {name: worse["purge_recall_24h"] for name, worse in mutants.items()},
        "mutants_in_full": mutants,
    }


def _mutant(total: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return how many false removals per million comments a mutant makes more than the product in the same worlds.

    By world and number of vantages: with two the falsely confirmed, with one the probable and better.
    """
    worse = {
        f"{world}_{number}": round(
            _per_million(total[f"{world}:{name}:{number}"], strict=number == 2)
            - _per_million(total[f"{world}:product:{number}"], strict=number == 2)
        )
        for world in ("harsh", "kinds")
        for number in (2, 1)
    }
    purges = min(_share(total[f"purges:{name}:{number}"]) for number in (1, 2))
    return {"false_removals": max(worse.values()), **worse, "purge_recall_24h": purges}


def _per_million(counts: Mapping[str, int], *, strict: bool = False) -> float:
    """Return false removals per million comments: confirmed ones (`strict`), or probable and better."""
    return 1e6 * (counts["confirmed"] if strict else counts["called"]) / counts["comments"]


def _share(counts: Mapping[str, int]) -> float:
    return counts["found"] / counts["planted"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--seed", default=1, show_default=True)
@click.option("--scale", default=1.0, show_default=True, help="0.01 for a quick look; 1 for the figures asked for.")
@click.option("--processes", default=os.cpu_count() or 1, show_default=True)
def main(*, as_json: bool, seed: int, scale: float, processes: int) -> None:
    """Count false removals, recall and delay of the decision under simulated faults."""
    found = measure(seed, scale, processes)
    print(json.dumps(found) if as_json else json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
