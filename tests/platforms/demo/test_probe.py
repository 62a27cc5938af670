"""Looking for comments on a real server: what each row means, and that a failing server means nothing."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pytest

from bot.demo.acts import (
    VANTAGES,
    CloseAccount,
    Edit,
    EndThread,
    Fault,
    Fold,
    Hold,
    OpenThread,
    Post,
    Remove,
    Restore,
    Restrict,
    SiteAct,
    StartFault,
    StopFault,
    SuspendAccount,
)
from bot.demo.platform import SimulatedPlatform
from bot.domain.comment import Source, text_digest
from bot.domain.observation import Answer, Cause, Outcome, Target
from bot.http.session import Session
from bot.platforms.demo.adapter import DemoPlatform
from tests.platforms.demo.conftest import IDS

WELL_FORMED_AND_FALSE = {Fault.REPLICA_LAG, Fault.EMPTY_LIST, Fault.WRONG_TOMBSTONE}


def _targets(ids: Sequence[str] = IDS) -> list[Target]:
    return [Target(name, "t1", revision_digest=text_digest(f"No. {IDS.index(name)}")) for name in ids]


@pytest.fixture
def look(adapter: DemoPlatform, source: Source, http: Session) -> Look:
    return Look(adapter, source, http)


class Look:
    """Asks the adapter for comments."""

    def __init__(self, adapter: DemoPlatform, source: Source, http: Session) -> None:
        self._adapter, self._source, self._http = adapter, source, http

    async def at(self, targets: Sequence[Target], vantage: str = "front") -> dict[str, Answer]:
        answers = await self._adapter.probe(self._source, vantage, targets, self._http)
        assert len(answers) == len(targets)
        return {answer.native_id: answer for answer in answers}


@pytest.mark.parametrize("vantage", VANTAGES)
@pytest.mark.parametrize(
    ("act", "outcome", "explicit"),
    [
        (Remove(id=IDS[5], by="author"), Outcome.DELETED_BY_AUTHOR, False),
        (Remove(id=IDS[5], by="moderator"), Outcome.REMOVED_BY_MODERATOR, False),
        (Remove(id=IDS[5], by="platform"), Outcome.REMOVED_BY_PLATFORM, False),
        (Remove(id=IDS[5]), Outcome.GONE, True),
        (Remove(id=IDS[5], silent=True), Outcome.GONE, False),
        (SuspendAccount(author="ben"), Outcome.ACCOUNT_GONE, False),
        (CloseAccount(author="ben"), Outcome.ACCOUNT_GONE, False),
        (Restrict(author="ben", says="private"), Outcome.RESTRICTED, False),
        (Restrict(author="ben", says="forbidden"), Outcome.RESTRICTED, False),
        (Restrict(author="ben"), Outcome.GONE, False),
        (EndThread(id="t1"), Outcome.PARENT_GONE, False),
        (Hold(id=IDS[5]), Outcome.PENDING, False),
        (Fold(id=IDS[5]), Outcome.FOLDED, False),
        (Edit(id=IDS[5], text="other"), Outcome.EDITED, False),
    ],
)
async def test_each_row_has_its_outcome_on_both_servers(
    look: Look, platform: SimulatedPlatform, act: SiteAct, vantage: str, outcome: Outcome, *, explicit: bool
) -> None:
    platform.simulation.act(act)
    answers = await look.at(_targets(), vantage)
    assert (answers[IDS[5]].outcome, answers[IDS[5]].explicit) == (outcome, explicit)
    if not isinstance(act, EndThread):
        assert {answers[name].outcome for name in IDS if name != IDS[5]} == {Outcome.VISIBLE}


@pytest.mark.parametrize(
    ("act", "cause"),
    [
        (SuspendAccount(author="ben"), Cause.ACCOUNT_SUSPENDED),
        (CloseAccount(author="ben", how="deleted"), Cause.ACCOUNT_DELETED),
        (CloseAccount(author="ben", how="deactivated"), Cause.ACCOUNT_DEACTIVATED),
        (EndThread(id="t1"), None),
        (Remove(id=IDS[5], by="author"), None),
    ],
)
async def test_the_end_of_an_account_is_told_as_finely_as_the_platform_tells_it(
    look: Look, platform: SimulatedPlatform, act: SiteAct, cause: Cause | None
) -> None:
    platform.simulation.act(act)
    assert (await look.at(_targets(IDS[5:6])))[IDS[5]].cause is cause


async def test_what_is_shown_comes_with_its_text_and_what_is_not_without(
    look: Look, platform: SimulatedPlatform
) -> None:
    for act in (Edit(id=IDS[1], text="other"), Fold(id=IDS[2]), Remove(id=IDS[3], by="author"), Hold(id=IDS[4])):
        platform.simulation.act(act)
    answers = await look.at(_targets(IDS[:5]))
    assert [answers[name].text for name in IDS[:5]] == ["No. 0", "other", "No. 2", None, None]


async def test_without_a_stored_revision_nothing_is_called_edited(look: Look, platform: SimulatedPlatform) -> None:
    platform.simulation.act(Edit(id=IDS[1], text="other"))
    answers = await look.at([Target(IDS[1], "t1")])
    assert answers[IDS[1]].outcome is Outcome.VISIBLE


async def test_a_restored_comment_is_visible_again(look: Look, platform: SimulatedPlatform) -> None:
    platform.simulation.act(Remove(id=IDS[0], by="moderator"))
    platform.simulation.act(Restore(id=IDS[0]))
    assert (await look.at(_targets(IDS[:1])))[IDS[0]].outcome is Outcome.VISIBLE


async def test_a_text_that_reads_like_a_tombstone_is_only_a_text(look: Look, platform: SimulatedPlatform) -> None:
    text = '[removed] {"deleted": true, "by": "moderator"} thread_gone'
    platform.simulation.act(Edit(id=IDS[0], text=text))
    answer = (await look.at(_targets(IDS[:1])))[IDS[0]]
    assert (answer.outcome, answer.text) == (Outcome.EDITED, text)


async def test_more_comments_than_fit_into_one_request_are_all_answered(
    look: Look, platform: SimulatedPlatform
) -> None:
    platform.simulation.act(OpenThread(id="t2", title="Lamp"))
    more = [platform.simulation.act(Post(thread="t2", author="ann", text=f"More {number}")) for number in range(211)]
    answers = await look.at([Target(name, "t2") for name in more])
    assert list(answers) == more
    assert {answer.outcome for answer in answers.values()} == {Outcome.VISIBLE}


@pytest.mark.parametrize("fault", sorted(set(Fault) - WELL_FORMED_AND_FALSE - {Fault.SLOW}))
async def test_a_failing_server_is_unreachable_and_says_nothing_even_of_a_removed_comment(
    look: Look, platform: SimulatedPlatform, fault: Fault
) -> None:
    platform.simulation.act(Remove(id=IDS[0], silent=True))
    platform.simulation.act(Remove(id=IDS[1], by="moderator"))
    platform.simulation.act(StartFault(kind=fault))
    answers = await look.at(_targets())
    assert {answer.outcome for answer in answers.values()} == {Outcome.UNREACHABLE}
    assert all(answer.text is None and answer.evidence["signal"] for answer in answers.values())
    elsewhere = await look.at(_targets(), "origin")
    assert elsewhere[IDS[1]].outcome is Outcome.REMOVED_BY_MODERATOR
    assert sum(answer.outcome is Outcome.VISIBLE for answer in elsewhere.values()) == len(IDS) - 2


@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.PARSER_DRIFT, Fault.EMPTY])
async def test_a_failing_server_is_unreachable_also_when_all_that_was_asked_for_is_gone(
    look: Look, platform: SimulatedPlatform, fault: Fault
) -> None:
    platform.simulation.act(Remove(id=IDS[0], silent=True))
    platform.simulation.act(StartFault(kind=fault))
    assert (await look.at(_targets(IDS[:1])))[IDS[0]].outcome is Outcome.UNREACHABLE


async def test_a_slow_server_is_waited_for(look: Look, platform: SimulatedPlatform) -> None:
    platform.simulation.act(StartFault(kind=Fault.SLOW))
    assert {answer.outcome for answer in (await look.at(_targets())).values()} == {Outcome.VISIBLE}


async def test_an_outage_of_the_host_leaves_no_vantage(look: Look, platform: SimulatedPlatform) -> None:
    platform.simulation.act(StartFault(kind=Fault.SERVER_ERROR, vantages=VANTAGES))
    for vantage in VANTAGES:
        answers = await look.at(_targets(), vantage)
        assert {answer.outcome for answer in answers.values()} == {Outcome.UNREACHABLE}


async def test_a_lagging_replica_says_gone_of_the_living_as_no_adapter_can_know_better(
    look: Look, platform: SimulatedPlatform
) -> None:
    platform.simulation.act(StartFault(kind=Fault.REPLICA_LAG))
    outcomes = [answer.outcome for answer in (await look.at(_targets())).values()]
    assert set(outcomes) == {Outcome.VISIBLE, Outcome.GONE}
    assert {answer.outcome for answer in (await look.at(_targets(), "origin")).values()} == {Outcome.VISIBLE}


async def test_an_empty_list_says_gone_of_all_as_no_adapter_can_know_better(
    look: Look, platform: SimulatedPlatform
) -> None:
    platform.simulation.act(StartFault(kind=Fault.EMPTY_LIST))
    assert {answer.outcome for answer in (await look.at(_targets())).values()} == {Outcome.GONE}
    platform.simulation.act(StopFault(kind=Fault.EMPTY_LIST))
    assert {answer.outcome for answer in (await look.at(_targets())).values()} == {Outcome.VISIBLE}


async def test_evidence_holds_status_length_and_digest_and_no_text(look: Look, platform: SimulatedPlatform) -> None:
    platform.simulation.act(Remove(id=IDS[1], by="moderator"))
    platform.simulation.act(Edit(id=IDS[0], text="a secret"))
    answers = await look.at(_targets(IDS[:3]))
    evidence = answers[IDS[1]].evidence
    assert (evidence["status"], evidence["signal"]) == (200, "by: moderator")
    assert isinstance(evidence["bytes"], int)
    assert len(str(evidence["sha256"])) == len(sha256().hexdigest())
    assert all("secret" not in str(answer.evidence) for answer in answers.values())


async def test_a_server_that_is_not_there_is_unreachable(look: Look, platform: SimulatedPlatform) -> None:
    await platform.close()
    assert {answer.outcome for answer in (await look.at(_targets())).values()} == {Outcome.UNREACHABLE}
