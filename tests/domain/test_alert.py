"""What the owner is told: the word is *disappeared*, and the same event always has the same key."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from bot.domain import alert
from bot.domain.alert import Alert, AlertKind
from bot.domain.observation import Cause
from bot.domain.verdict import State

AUTHOR = "0123456789abcdef0123456789abcdef"


def gone(
    *,
    comment_id: int = 7,
    episode: int = 1,
    at: int = 0,
    cause: Cause = Cause.UNKNOWN,
    state: State = State.PROBABLE,
    why: str = "4 absences over 6 h",
) -> Alert:
    return alert.disappeared(
        comment_id=comment_id, episode=episode, at=at, source="shop", state=state, cause=cause, why=why, url=None
    )


def back(*, comment_id: int = 7, episode: int = 1, at: int = 0, why: str = "seen again from front") -> Alert:
    return alert.restored(comment_id=comment_id, episode=episode, at=at, source="shop", why=why, url=None)


EVERY = [
    gone(),
    back(),
    alert.thread_ended(thread_id=3, ended=5, at=0, source="shop", thread="A lamp"),
    alert.account_ended(author=AUTHOR, episode=1, at=0, source="shop"),
    alert.undecided(source_id=2, since=0, source="shop", missing=40, looked=100),
    alert.unreachable(source_id=2, since=0, at=60_000_000, source="shop", failure="timeout"),
    alert.reachable(source_id=2, since=0, at=60_000_000, source="shop"),
    alert.matched(comment_id=7, at=0, source="shop", rules="refunds", quote="Give my money back!", url=None),
]
IDS = [one.kind.value for one in EVERY]


def words(one: Alert) -> str:
    """Return all that is told, labels included."""
    return "\n".join([one.title, one.body, one.quote or "", *one.facts, *one.facts.values()])


def test_a_thread_that_ends_again_is_told_again() -> None:
    keys = [alert.thread_ended(thread_id=3, ended=end, at=9, source="shop", thread="A lamp").key for end in (5, 6)]
    assert keys == ["thread_ended:3:5", "thread_ended:3:6"]


def test_an_absence_without_a_statement_disappeared_and_is_a_possible_removal() -> None:
    told = gone()
    assert told.kind is AlertKind.DISAPPEARED
    assert told.title == "A flagged comment disappeared (possible removal)"
    assert dict(told.facts) == {
        "Source": "shop",
        "Comment": "7",
        "Verdict": "probable",
        "Cause": "not stated by the platform",
        "Because": "4 absences over 6 h",
    }


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (Cause.AUTHOR, "deleted by its author, says the platform"),
        (Cause.MODERATOR, "removed by a moderator, says the platform"),
        (Cause.PLATFORM, "removed by the platform, says the platform"),
        (Cause.ACCOUNT, "its author's account is gone, says the platform"),
        (Cause.PARENT, "its thread is gone, says the platform"),
    ],
)
def test_a_stated_cause_is_told_as_what_the_platform_says(cause: Cause, words: str) -> None:
    told = gone(cause=cause, state=State.CONFIRMED)
    assert told.title == "A flagged comment disappeared"
    assert told.facts["Cause"] == words


def test_a_comment_that_is_withheld_is_not_called_removed() -> None:
    told = gone(cause=Cause.HELD)
    assert told.title.endswith("(possible removal)")
    assert told.facts["Cause"] == "not stated by the platform"


@pytest.mark.parametrize("state", State)
def test_no_state_of_its_own_makes_a_disappearance_a_removal(state: State) -> None:
    """Even a confirmed absence is only confirmed to be absent."""
    assert gone(state=state).title.endswith("disappeared (possible removal)")
    assert "removed" not in words(gone(state=state)).lower()


@pytest.mark.parametrize("told", EVERY, ids=IDS)
def test_nothing_is_called_removed_and_no_odds_are_told_as_a_percentage(told: Alert) -> None:
    assert "%" not in words(told)
    assert "removed" not in words(told).lower()
    assert "censor" not in words(told).lower()


def test_the_same_event_has_the_same_key_whatever_is_known_of_it_later() -> None:
    keys = {one.key for one in (gone(), gone(at=99, cause=Cause.AUTHOR, state=State.CONFIRMED, why="more"))}
    assert keys == {"disappeared:7:1"}
    assert {one.key for one in (back(), back(at=99, why="more"))} == {"restored:7:1"}


def test_other_comments_and_other_episodes_have_other_keys() -> None:
    told = [make(comment_id=c, episode=e) for make in (gone, back) for c in (1, 11) for e in (1, 11)]
    assert len({one.key for one in told}) == 8


def test_no_two_kinds_share_a_key() -> None:
    assert len({one.key for one in EVERY}) == len(EVERY)
    assert [one.key.split(":")[0] for one in EVERY] == IDS


@pytest.mark.parametrize("build", ["unreachable", "reachable", "undecided"])
def test_an_outage_is_told_once_and_the_next_one_again(build: str) -> None:
    def told(since: int, source: str = "shop") -> Alert:
        if build == "undecided":
            return alert.undecided(source_id=2, since=since, source=source, missing=40, looked=100)
        if build == "unreachable":
            return alert.unreachable(source_id=2, since=since, at=since + 5, source=source, failure="dns")
        return alert.reachable(source_id=2, since=since, at=since + 9, source=source)

    assert told(0).key == told(0, "renamed shop").key
    assert told(0).key != told(1).key


@pytest.mark.parametrize("told", [EVERY[2], EVERY[3]], ids=["thread", "account"])
def test_a_thread_and_an_account_are_one_event(told: Alert) -> None:
    assert "dependants" in told.body
    assert "not as removals of their own" in told.body


def test_an_account_is_told_by_a_part_of_its_pseudonym() -> None:
    told = EVERY[3]
    assert told.facts["Author (pseudonym)"] == AUTHOR[:12]
    assert AUTHOR not in words(told)


def test_an_undecided_purge_is_held_with_its_numbers_and_not_forgotten() -> None:
    told = EVERY[4]
    assert told.title == "Mass disappearance, undecided"
    assert told.facts["Newly absent"] == "40 of 100 looked at"
    assert "then they count" in told.body


def test_an_outage_says_that_nothing_follows_for_the_comments() -> None:
    told = EVERY[5]
    assert told.body == "No comment of it is called disappeared because of this."
    assert dict(told.facts) == {"Source": "shop", "Since": "1970-01-01T00:00:00Z", "Reason": "timeout"}


def test_only_a_flagged_comment_is_quoted_and_never_in_its_title() -> None:
    quote = "Give my money back!"
    assert [one.kind for one in EVERY if one.quote is not None] == [AlertKind.MATCHED]
    assert [one.kind for one in EVERY if any(quote in str(part) for part in astuple(one)[3:6])] == []
