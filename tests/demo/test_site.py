"""The state of the simulated platform, without HTTP."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from pydantic import ValidationError

from bot.demo.acts import (
    CloseAccount,
    Edit,
    EndThread,
    Fold,
    Hold,
    OpenThread,
    Post,
    Remove,
    ReopenAccount,
    Restore,
    Restrict,
    SiteAct,
    SuspendAccount,
)
from bot.demo.site import PUBLIC_AT_LEAST, Change, RefusedError, Site, snowflake
from bot.domain.instant import MINUTE
from bot.domain.observation import Cause

AT = 1_774_000_000_000_000


def _post(name: str, author: str = "ann", thread: str = "t1") -> Post:
    return Post(id=name, thread=thread, author=author, text=f"text of {name}")


@pytest.fixture
def site() -> Site:
    site = Site()
    site.apply(OpenThread(id="t1", title="one"), AT)
    site.apply(OpenThread(id="t2", title="two"), AT)
    for act in (_post("1"), _post("2", "ben"), _post("3", "ann", "t2")):
        site.apply(act, AT)
    return site


def test_ids_are_64_bit_numbers_that_no_double_can_hold() -> None:
    ids = [int(snowflake(AT + later, sequence)) for later, sequence in ((0, 1), (0, 2), (1000, 3))]
    assert ids == sorted(set(ids))
    assert all(2**53 < one < 2**63 for one in ids)


def test_the_platform_numbers_a_post_that_comes_without_an_id(site: Site) -> None:
    native_id = site.apply(Post(thread="t1", author="ann", text="x"), AT)
    assert native_id == snowflake(AT, 4)
    assert site.comments[native_id].sequence == 4


def test_a_removal_is_kept_as_truth_and_a_restoration_dates_it(site: Site) -> None:
    site.apply(Remove(id="1", by="moderator"), AT + 1)
    assert [one.id for one in site.threads["t1"].comments if one.public] == ["2"]
    site.apply(Restore(id="1"), AT + 9)
    assert [one.id for one in site.threads["t1"].comments if one.public] == ["1", "2"]
    assert [asdict(one) for one in site.removals] == [
        {"id": "1", "cause": Cause.MODERATOR, "silent": False, "at": AT + 1, "restored_at": AT + 9}
    ]


def test_the_end_of_a_thread_takes_what_is_still_there_and_leaves_earlier_removals_alone(site: Site) -> None:
    site.apply(Remove(id="1", silent=True), AT + 1)
    site.apply(EndThread(id="t1"), AT + 2)
    assert [(one.id, one.cause) for one in site.removals] == [("1", None), ("2", Cause.PARENT)]
    assert site.comments["3"].public


def test_a_suspended_account_takes_its_comments_in_every_thread(site: Site) -> None:
    site.apply(SuspendAccount(author="ann"), AT + 2)
    assert {(one.id, one.cause) for one in site.removals} == {
        ("1", Cause.ACCOUNT_SUSPENDED),
        ("3", Cause.ACCOUNT_SUSPENDED),
    }
    with pytest.raises(RefusedError, match="account is closed"):
        site.apply(_post("4"), AT + 3)


def test_a_closed_account_that_comes_back_brings_its_comments_and_a_deleted_one_never_does(site: Site) -> None:
    site.apply(CloseAccount(author="ann", how="deactivated"), AT + 2)
    site.apply(ReopenAccount(author="ann"), AT + 9)
    assert {(one.cause, one.restored_at) for one in site.removals} == {(Cause.ACCOUNT_DEACTIVATED, AT + 9)}
    assert site.comments["1"].public
    assert site.apply(_post("4"), AT + 10) == "4"
    site.apply(CloseAccount(author="ben"), AT + 11)
    with pytest.raises(RefusedError, match="deleted for good"):
        site.apply(ReopenAccount(author="ben"), AT + 12)


def test_a_restriction_hides_a_page_or_an_account_and_is_no_removal(site: Site) -> None:
    site.apply(Restrict(thread="t1", says="quarantined"), AT + 1)
    site.apply(Restrict(author="ann", says="private"), AT + 2)
    site.apply(_post("4", "ann", "t2"), AT + 3)
    assert [one.public for one in site.comments.values()] == [False] * 4
    site.apply(Restrict(author="ann", restricted=False), AT + 4)
    assert [one.id for one in site.comments.values() if one.public] == ["3", "4"]
    site.apply(Restrict(thread="t1", restricted=False), AT + 5)
    assert all(one.public for one in site.comments.values())
    assert [(one.id, one.kind) for one in site.changes] == [
        ("t1", "restrict"),
        ("ann", "restrict"),
        ("ann", "open"),
        ("t1", "open"),
    ]
    assert not site.removals


@pytest.mark.parametrize("named", [{}, {"thread": "t1", "author": "ann"}])
def test_a_restriction_is_of_one_thing(named: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="one of the two"):
        Restrict(**named)


def test_edits_folds_and_holds_are_changes_and_no_removals(site: Site) -> None:
    site.apply(Edit(id="1", text="other"), AT + 1)
    site.apply(Fold(id="1"), AT + 2)
    site.apply(Fold(id="1", folded=False), AT + 3)
    site.apply(Hold(id="2"), AT + 4)
    site.apply(Hold(id="2", held=False), AT + 5)
    kinds = ("edit", "fold", "unfold", "hold", "release")
    assert [one.kind for one in site.changes] == list(kinds)
    assert site.changes[0] == Change("1", "edit", AT + 1)
    assert site.comments["1"].text == "other"
    assert site.comments["1"].edited
    assert not site.removals


def test_a_held_comment_is_not_public_but_is_not_removed(site: Site) -> None:
    site.apply(Hold(id="2"), AT)
    assert not site.comments["2"].public
    assert site.threads["t1"].last_public == site.comments["1"].sequence


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (OpenThread(id="t1", title="again"), "exists already"),
        (_post("1"), "the id is taken"),
        (_post("9", thread="none"), "no thread none"),
        (Remove(id="9"), "no comment 9"),
        (Restore(id="1"), "nothing to restore"),
        (EndThread(id="none"), "no thread none"),
        (ReopenAccount(author="ann"), "was not closed"),
        (Restrict(author="ann", restricted=False), "ann is not restricted"),
    ],
)
def test_what_the_state_does_not_allow_is_refused_with_the_reason(site: Site, act: SiteAct, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        site.apply(act, AT)
    assert not site.removals


@pytest.mark.parametrize("act", [Remove(id="1"), Edit(id="1", text="x"), Fold(id="1")])
def test_a_removed_comment_can_only_be_restored(site: Site, act: SiteAct) -> None:
    site.apply(Remove(id="1"), AT)
    with pytest.raises(RefusedError):
        site.apply(act, AT + 1)
    site.apply(Restore(id="1"), AT + 2)
    site.apply(act, AT + 3)


def test_what_went_with_its_thread_does_not_come_back_alone(site: Site) -> None:
    site.apply(EndThread(id="t1"), AT)
    with pytest.raises(RefusedError, match="not removed by itself"):
        site.apply(Restore(id="1"), AT + 1)


@pytest.mark.parametrize("act", [Remove(id="1"), EndThread(id="t1"), SuspendAccount(author="ann")])
def test_nothing_may_go_before_all_that_goes_with_it_was_served_and_public_for_a_while(
    site: Site, act: SiteAct
) -> None:
    assert site.removable_from(act) is None
    site.served(site.comments.values(), AT + MINUTE)
    site.served(site.comments.values(), AT + 5 * MINUTE)
    assert site.removable_from(act) == AT + MINUTE + PUBLIC_AT_LEAST


def test_other_acts_need_not_wait_for_a_reader(site: Site) -> None:
    assert site.removable_from(Edit(id="1", text="x")) == 0


def test_a_thread_gives_what_was_posted_after_a_sequence_number(site: Site) -> None:
    assert [one.id for one in site.threads["t1"].after(0)] == ["1", "2"]
    assert [one.id for one in site.threads["t1"].after(1)] == ["2"]
    assert site.threads["t1"].after(2) == []
