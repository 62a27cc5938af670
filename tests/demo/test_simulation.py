"""Acts that wait for their time, and the truth about them."""

from __future__ import annotations

from collections.abc import Iterable

from bot.demo.acts import (
    EndThread,
    Fault,
    Fold,
    OpenThread,
    Post,
    Remove,
    Restore,
    SiteAct,
    StartFault,
    StopFault,
)
from bot.demo.simulation import Simulation, Timed
from bot.domain.instant import HOUR, MINUTE, Micros
from tests.demo.hand_clock import START, HandClock


def _simulation(clock: HandClock, *later: Timed) -> Simulation:
    first: Iterable[Timed] = (
        (START, OpenThread(id="t1", title="one")),
        (START, Post(id="1", thread="t1", author="ann", text="x")),
    )
    simulation = Simulation(clock, (*first, *later))
    simulation.advance()
    return simulation


def _serve(simulation: Simulation) -> None:
    simulation.site.served(simulation.site.comments.values(), simulation.clock.now())


def _removed_at(simulation: Simulation) -> list[Micros]:
    simulation.advance()
    return [one.at for one in simulation.site.removals]


def test_an_act_happens_under_its_own_time_when_somebody_looks_later(clock: HandClock) -> None:
    simulation = _simulation(clock, (START + HOUR, Fold(id="1")))
    clock.at = START + HOUR - 1
    simulation.advance()
    assert not simulation.site.comments["1"].folded
    clock.at = START + 5 * HOUR
    simulation.advance()
    assert [(one.kind, one.at) for one in simulation.site.changes] == [("fold", START + HOUR)]


def test_a_removal_waits_until_its_comment_was_served_half_an_hour_ago(clock: HandClock) -> None:
    simulation = _simulation(clock, (START + HOUR, Remove(id="1", silent=True)))
    clock.at = START + 2 * HOUR
    assert _removed_at(simulation) == []
    _serve(simulation)
    clock.at = START + 2 * HOUR + 29 * MINUTE
    assert _removed_at(simulation) == []
    clock.at = START + 9 * HOUR
    assert _removed_at(simulation) == [START + 2 * HOUR + 30 * MINUTE]


def test_a_removal_of_a_comment_long_served_happens_when_it_was_due(clock: HandClock) -> None:
    simulation = _simulation(clock, (START + HOUR, Remove(id="1")))
    _serve(simulation)
    clock.at = START + 9 * HOUR
    assert _removed_at(simulation) == [START + HOUR]


def test_a_removal_is_never_dated_before_a_look_that_still_showed_the_comment(clock: HandClock) -> None:
    simulation = _simulation(clock, (START + HOUR, Remove(id="1")))
    for minutes in range(0, 240, 7):
        clock.at = START + minutes * MINUTE
        simulation.advance()
        if minutes > 120:
            _serve(simulation)
        if simulation.site.comments["1"].public:
            last_look = clock.at
    [at] = _removed_at(simulation)
    assert last_look < at


def test_a_restoration_follows_its_removal_however_late_that_was(clock: HandClock) -> None:
    simulation = _simulation(clock, (START + HOUR, Remove(id="1", restore_after=10 * HOUR)))
    clock.at = START + 20 * HOUR
    _serve(simulation)
    clock.at = START + 30 * HOUR
    [removed] = _removed_at(simulation)
    clock.at = START + 40 * HOUR
    simulation.advance()
    assert simulation.site.removals[0].restored_at == removed + 10 * HOUR


def test_an_act_that_the_panel_made_impossible_is_left_out(clock: HandClock) -> None:
    simulation = _simulation(clock, (START + HOUR, Fold(id="1")), (START + 2 * HOUR, EndThread(id="t1")))
    _serve(simulation)
    simulation.act(Remove(id="1"))
    clock.at = START + 3 * HOUR
    simulation.advance()
    assert simulation.site.changes == []
    assert simulation.site.threads["t1"].ended


def test_the_panel_acts_at_once_and_after_what_was_due(clock: HandClock) -> None:
    simulation = _simulation(clock, (START + HOUR, Fold(id="1")))
    clock.at = START + 2 * HOUR
    simulation.act(Remove(id="1"))
    assert [one.at for one in simulation.site.changes] == [START + HOUR]
    assert _removed_at(simulation) == [START + 2 * HOUR]


def test_the_truth_is_what_was_done_and_nothing_that_is_still_to_come(clock: HandClock) -> None:
    simulation = _simulation(
        clock,
        (START + HOUR, StartFault(kind=Fault.CAPTCHA)),
        (START + 2 * HOUR, StopFault(kind=Fault.CAPTCHA)),
        (START + 9 * HOUR, StartFault(kind=Fault.RESET)),
    )
    acts: tuple[SiteAct, ...] = (Remove(id="1", by="author"), Restore(id="1"), Fold(id="1"))
    for hours, act in enumerate(acts, start=1):
        clock.at = START + hours * HOUR
        simulation.act(act)
    truth = simulation.truth()
    assert truth == {
        "now": START + 3 * HOUR,
        "comments": 1,
        "removals": [
            {
                "id": "1",
                "cause": "author",
                "silent": False,
                "at": START + HOUR,
                "restored_at": START + 2 * HOUR,
            }
        ],
        "changes": [{"id": "1", "kind": "fold", "at": START + 3 * HOUR}],
        "faults": [
            {
                "kind": "captcha",
                "vantages": ("front",),
                "from": START + HOUR,
                "to": START + 2 * HOUR,
                "requests": 0,
                "living_asked": 0,
            }
        ],
    }
