"""What a real Isso server says about a comment is told from what stands between."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.domain.comment import FetchedComment, Source, text_digest
from bot.domain.observation import Answer, Outcome, Target
from bot.http.session import Session
from bot.platforms.isso.parse import number_and_time
from tests.faulty_proxy import Fault, FaultyProxy
from tests.isso_server import IssoServer
from tests.platforms.isso.conftest import ISSO, client, collected, source
from tests.platforms.isso.test_listing import FIFTY_LONG, LONG

LISTING, BY_NUMBER = r"/\?.*", r"/id/.*"


def target(comment: FetchedComment, uri: str) -> Target:
    """Return what is asked about a collected comment."""
    return Target(comment.native_id, uri, comment.parent_id, text_digest(comment.text))


async def look(http: Session, watched: Source, targets: Sequence[Target]) -> list[Answer]:
    """Probe; return the answers in the order of the targets."""
    answers = {answer.native_id: answer for answer in await ISSO.probe(watched, "server", targets, http)}
    assert len(answers) == len(targets)
    return [answers[each.native_id] for each in targets]


async def followed(http: Session, url: str, uri: str, *numbers: int) -> list[Target]:
    """Collect a page and return targets for the comments with these numbers."""
    comments = await collected(http, source(url, uri))
    return [target(comments[number], uri) for number in numbers]


async def test_a_comment_and_a_reply_that_are_shown_are_visible(isso: IssoServer, http: Session, uri: str) -> None:
    root, _ = isso.post(uri, "видно")
    reply, _ = isso.post(uri, "也看得见", parent=root)
    targets = await followed(http, isso.url, uri, root, reply)
    answers = await look(http, source(isso.url, uri), targets)
    assert [(answer.outcome, answer.text) for answer in answers] == [
        (Outcome.VISIBLE, "видно"),
        (Outcome.VISIBLE, "也看得见"),
    ]


async def test_a_changed_text_is_edited_and_comes_with_the_answer(isso: IssoServer, http: Session, uri: str) -> None:
    number, cookie = isso.post(uri, "before")
    targets = await followed(http, isso.url, uri, number)
    isso.edit_as_author(number, cookie, "after")
    (answer,) = await look(http, source(isso.url, uri), targets)
    assert (answer.outcome, answer.text) == (Outcome.EDITED, "after")


async def test_a_deleted_leaf_is_gone_without_a_cause(isso: IssoServer, http: Session, uri: str) -> None:
    """Author and moderator leave the same trace: none."""
    by_author, cookie = isso.post(uri, "deleted by its author")
    by_moderator, _ = isso.post(uri, "deleted by a moderator")
    kept, _ = isso.post(uri, "kept")
    targets = await followed(http, isso.url, uri, by_author, by_moderator, kept)
    isso.delete_as_author(by_author, cookie)
    isso.delete_as_moderator(by_moderator)
    first, second, third = await look(http, source(isso.url, uri), targets)
    for answer in (first, second):
        assert (answer.outcome, answer.explicit) == (Outcome.GONE, False)
        assert answer.evidence["signal"] == "no such row"
        assert answer.evidence["status"] == 404
    assert third.outcome is Outcome.VISIBLE


async def test_a_removed_comment_with_replies_is_an_explicit_tombstone_and_its_reply_stays(
    isso: IssoServer, http: Session, uri: str
) -> None:
    root, _ = isso.post(uri, "removed by a moderator")
    reply, _ = isso.post(uri, "a reply to it", parent=root)
    targets = await followed(http, isso.url, uri, root, reply)
    isso.delete_as_moderator(root)
    gone, visible = await look(http, source(isso.url, uri), targets)
    assert (gone.outcome, gone.explicit, gone.text) == (Outcome.GONE, True, None)
    assert visible.outcome is Outcome.VISIBLE


async def test_a_tombstone_that_lost_its_last_reply_is_still_gone(isso: IssoServer, http: Session, uri: str) -> None:
    root, _ = isso.post(uri, "removed first")
    reply, _ = isso.post(uri, "removed second", parent=root)
    isso.post(uri, "keeps the thread alive")
    targets = await followed(http, isso.url, uri, root, reply)
    isso.delete_as_moderator(root)
    isso.delete_as_moderator(reply)
    answers = await look(http, source(isso.url, uri), targets)
    assert [(answer.outcome, answer.explicit) for answer in answers] == [(Outcome.GONE, False)] * 2


async def test_the_last_comment_of_a_thread_is_gone_although_the_listing_is_empty(
    isso: IssoServer, http: Session, uri: str
) -> None:
    only, cookie = isso.post(uri, "the only one")
    targets = await followed(http, isso.url, uri, only)
    isso.delete_as_author(only, cookie)
    (answer,) = await look(http, source(isso.url, uri), targets)
    assert answer.outcome is Outcome.GONE


async def test_a_comment_in_the_moderation_queue_is_pending_then_visible_or_gone(
    moderated: IssoServer, http: Session, uri: str
) -> None:
    accepted, _ = moderated.post(uri, "will be let through")
    rejected, _ = moderated.post(uri, "will be rejected")
    watched = source(moderated.url, uri)
    unseen = [Target(f"{number}-0", uri) for number in (accepted, rejected)]
    assert [answer.outcome for answer in await look(http, watched, unseen)] == [Outcome.PENDING] * 2
    moderated.activate_as_moderator(accepted)
    moderated.delete_as_moderator(rejected)
    visible = await followed(http, moderated.url, uri, accepted)
    answers = await look(http, watched, [*visible, unseen[1]])
    assert [answer.outcome for answer in answers] == [Outcome.VISIBLE, Outcome.GONE]


async def test_a_comment_whose_number_was_given_to_a_later_one_is_gone_and_not_edited(
    isso: IssoServer, http: Session, uri: str
) -> None:
    number, cookie = isso.post(uri, "deleted, and its number given away")
    targets = await followed(http, isso.url, uri, number)
    isso.delete_as_author(number, cookie)
    assert isso.post(uri, "has the number now")[0] == number
    (answer,) = await look(http, source(isso.url, uri), targets)
    assert (answer.outcome, answer.text) == (Outcome.GONE, None)
    assert answer.evidence["signal"] == "number given to a later comment"


async def test_a_number_given_away_is_found_in_another_thread_of_the_same_batch(
    isso: IssoServer, http: Session, uri: str
) -> None:
    other = f"{uri}-other"
    number, cookie = isso.post(uri, "deleted, and its number given away")
    targets = await followed(http, isso.url, uri, number)
    isso.delete_as_author(number, cookie)
    assert isso.post(other, "has the number now")[0] == number
    targets += await followed(http, isso.url, other, number)
    gone, visible = await look(http, source(isso.url, uri, other), targets)
    assert (gone.outcome, visible.outcome) == (Outcome.GONE, Outcome.VISIBLE)


async def test_an_earlier_comment_under_the_number_is_an_old_cache_and_proves_nothing(
    isso: IssoServer, http: Session, uri: str
) -> None:
    number, _ = isso.post(uri, "an old page still shows this one")
    (known,) = await followed(http, isso.url, uri, number)
    later = Target(f"{number}-{number_and_time(known.native_id)[1] + 1}", uri)
    (answer,) = await look(http, source(isso.url, uri), [later])
    assert answer.outcome is not Outcome.GONE


async def test_an_id_that_cannot_exist_is_gone(isso: IssoServer, http: Session, uri: str) -> None:
    watched = source(isso.url, uri)
    absent = ISSO.known_absent(watched)
    assert absent is not None
    (answer,) = await look(http, watched, [absent])
    assert answer.outcome is Outcome.GONE


async def mixed(isso: IssoServer, http: Session, uri: str) -> list[Target]:
    """Return a comment that is alive, one that is a tombstone, one that is truly gone, and one that never was."""
    gone, cookie = isso.post(uri, "truly gone")
    root, _ = isso.post(uri, "a tombstone soon")
    alive, _ = isso.post(uri, "alive", parent=root)
    targets = await followed(http, isso.url, uri, alive, root, gone)
    isso.delete_as_moderator(root)
    isso.delete_as_author(gone, cookie)
    return [*targets, Target(f"{2**53}-0", uri)]


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in {Fault.NONE, Fault.SLOW}])
async def test_no_fault_makes_a_comment_gone_and_everything_is_seen_again_after_it(
    fault: Fault, isso: IssoServer, proxy: FaultyProxy, http: Session, uri: str
) -> None:
    targets = await mixed(isso, http, uri)
    watched = source(proxy.url, uri)
    proxy.fail(fault)
    answers = await look(http, watched, targets)
    assert [answer.outcome for answer in answers] == [Outcome.UNREACHABLE] * 4
    proxy.fail(Fault.NONE)
    async with client() as fresh:
        outcomes = [answer.outcome for answer in await look(fresh, watched, targets)]
    assert outcomes == [Outcome.VISIBLE, Outcome.GONE, Outcome.GONE, Outcome.GONE]


async def test_a_hanging_server_is_asked_twice_for_a_whole_batch_and_everything_is_unreachable(
    isso: IssoServer, proxy: FaultyProxy, http: Session, uri: str
) -> None:
    targets = await mixed(isso, http, uri)
    proxy.fail(Fault.SLOW)
    async with client(timeout=0.3) as impatient:
        answers = await look(impatient, source(proxy.url, uri), targets)
    assert {answer.outcome for answer in answers} == {Outcome.UNREACHABLE}
    assert {str(answer.evidence["failure"]).partition(":")[0] for answer in answers} == {"timeout"}
    assert len(proxy.requests) == 2


@pytest.mark.parametrize(
    "fault", [Fault.STATUS_500, Fault.EMPTY_200, Fault.CAPTCHA_200, Fault.NOT_FOUND_JSON, Fault.TRUNCATED]
)
async def test_without_the_listing_a_missing_row_counts_only_beside_one_that_exists(
    fault: Fault, isso: IssoServer, proxy: FaultyProxy, http: Session, uri: str
) -> None:
    """A row that exists (403) may be public, pending or a tombstone; it shows at least that this is Isso."""
    alive, tombstone, gone, absent = await mixed(isso, http, uri)
    watched = source(proxy.url, uri)
    proxy.fail(fault, only=LISTING)
    together = await look(http, watched, [alive, tombstone, gone, absent])
    alone = await look(http, watched, [gone, absent])
    assert [answer.outcome for answer in together] == [
        Outcome.UNREACHABLE,
        Outcome.UNREACHABLE,
        Outcome.GONE,
        Outcome.GONE,
    ]
    assert [answer.outcome for answer in alone] == [Outcome.UNREACHABLE] * 2
    assert together[0].evidence["signal"] == "row exists, listing not whole"


@pytest.mark.parametrize("fault", [Fault.STATUS_500, Fault.NOT_FOUND_PAGE, Fault.NOT_FOUND_JSON, Fault.FORBIDDEN_JSON])
async def test_a_fault_of_the_lookups_leaves_what_the_listing_shows(
    fault: Fault, isso: IssoServer, proxy: FaultyProxy, http: Session, uri: str
) -> None:
    targets = await mixed(isso, http, uri)
    proxy.fail(fault, only=BY_NUMBER)
    answers = await look(http, source(proxy.url, uri), targets)
    assert [answer.outcome for answer in answers] == [
        Outcome.VISIBLE,
        Outcome.GONE,
        Outcome.UNREACHABLE,
        Outcome.UNREACHABLE,
    ]


async def test_a_listing_that_breaks_off_makes_nothing_pending(
    isso: IssoServer, proxy: FaultyProxy, http: Session, uri: str
) -> None:
    numbers = [isso.post(uri, LONG)[0] for _ in range(60)]
    targets = await followed(http, isso.url, uri, numbers[0], numbers[59])
    proxy.fail(Fault.CAPTCHA_200, only=r".*offset=49.*")
    async with client(max_body=FIFTY_LONG) as narrow:
        seen, unseen = await look(narrow, source(proxy.url, uri), targets)
    assert (seen.outcome, unseen.outcome) == (Outcome.VISIBLE, Outcome.UNREACHABLE)
    assert "no JSON" in str(unseen.evidence["listing_gap"])


async def test_under_a_wrong_path_the_servers_own_404_is_no_removal(isso: IssoServer, http: Session, uri: str) -> None:
    """A proxy that forgets to cut its prefix turns every request into Isso's 404, in Isso's own words."""
    number, _ = isso.post(uri, "alive")
    targets = await followed(http, isso.url, uri, number)
    (answer,) = await look(http, source(f"{isso.url}/isso", uri), targets)
    assert answer.outcome is Outcome.UNREACHABLE
    assert "nothing shows that this is Isso" in str(answer.evidence["signal"])


async def test_a_stopped_server_is_unreachable_and_after_its_restart_the_comment_is_visible(
    isso: IssoServer, http: Session, uri: str
) -> None:
    number, _ = isso.post(uri, "survives a restart")
    targets = await followed(http, isso.url, uri, number)
    isso.stop()
    (during,) = await look(http, source(isso.url, uri), targets)
    isso.start()
    (after,) = await look(http, source(isso.url, uri), targets)
    assert (during.outcome, after.outcome) == (Outcome.UNREACHABLE, Outcome.VISIBLE)


async def test_a_batch_costs_one_listing_a_thread_and_one_lookup_for_what_is_not_listed(
    isso: IssoServer, proxy: FaultyProxy, http: Session, uri: str
) -> None:
    other = f"{uri}-other"
    numbers = [isso.post(uri, f"comment {number}")[0] for number in range(5)]
    missing, cookie = isso.post(other, "deleted")
    kept, _ = isso.post(other, "kept")
    targets = [*await followed(http, isso.url, uri, *numbers), *await followed(http, isso.url, other, missing, kept)]
    isso.delete_as_author(missing, cookie)
    await look(http, source(proxy.url, uri, other), targets)
    assert [request.partition("?")[0] for request in proxy.requests] == ["GET /", "GET /", f"GET /id/{missing}"]


async def test_evidence_never_holds_a_text(isso: IssoServer, http: Session, uri: str) -> None:
    number, cookie = isso.post(uri, "UNMISTAKABLE")
    targets = await followed(http, isso.url, uri, number)
    before = await look(http, source(isso.url, uri), targets)
    isso.delete_as_author(number, cookie)
    after = await look(http, source(isso.url, uri), targets)
    assert "UNMISTAKABLE" not in str([dict(answer.evidence) for answer in (*before, *after)])
