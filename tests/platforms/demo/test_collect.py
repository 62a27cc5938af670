"""Reading new comments: nothing lost, nothing twice, and an unreadable answer is told and not believed."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest

from bot.demo.acts import (
    EndThread,
    Fault,
    Hold,
    OpenThread,
    Post,
    Remove,
    StartFault,
    StopFault,
)
from bot.demo.platform import SimulatedPlatform
from bot.domain.comment import FetchedComment, FetchedThread, Page, Source
from bot.http.session import Session
from bot.platforms.demo.adapter import DemoPlatform
from bot.ports import CollectError
from tests.demo.hand_clock import START
from tests.platforms.demo.conftest import IDS


class Reader:
    """Collects from where it stopped, as the service does: the cursor of each page is kept at once."""

    def __init__(self, adapter: DemoPlatform, source: Source, http: Session) -> None:
        self._adapter, self._source, self._http = adapter, source, http
        self.cursor: Mapping[str, object] = {}
        self.ids: list[str] = []

    async def read(self) -> list[Page]:
        pages = []
        async for page in self._adapter.collect(self._source, self.cursor, self._http):
            pages.append(page)
            self.cursor = page.cursor
            self.ids += [comment.native_id for comment in page.comments]
        return pages


@pytest.fixture
def reader(adapter: DemoPlatform, source: Source, http: Session) -> Reader:
    return Reader(adapter, source, http)


async def test_a_page_brings_threads_and_comments_as_the_platform_shows_them(
    reader: Reader, platform: SimulatedPlatform
) -> None:
    platform.simulation.act(Post(id="77", thread="t1", author="ben", text="Так", parent=IDS[0]))
    [page] = await reader.read()
    front = platform.urls["front"]
    assert page.thread == FetchedThread("t1", f"{front}/threads/t1/comments", "Kettle")
    assert page.comments[-1] == FetchedComment(
        native_id="77",
        text="Так",
        posted_at=START,
        author="ben",
        parent_id=IDS[0],
        url=f"{front}/comments?ids=77",
    )
    assert page.blocks_seen == len(page.comments) == len(IDS) + 1
    assert page.cursor == {"t1": len(IDS) + 1}


async def test_what_was_read_is_not_read_again_and_a_quiet_thread_costs_no_request(
    reader: Reader, platform: SimulatedPlatform
) -> None:
    await reader.read()
    before = len(reader.ids)
    assert await reader.read() == []
    platform.simulation.act(OpenThread(id="t2", title="Lamp"))
    platform.simulation.act(Post(id="78", thread="t2", author="ben", text="x"))
    assert [page.thread.native_id for page in await reader.read()] == ["t2"]
    assert reader.ids[before:] == ["78"]
    assert reader.cursor == {"t1": len(IDS), "t2": len(IDS) + 1}


async def test_what_is_not_public_is_not_collected(reader: Reader, platform: SimulatedPlatform) -> None:
    platform.simulation.act(Remove(id=IDS[3], by="moderator"))
    platform.simulation.act(Hold(id=IDS[4]))
    await reader.read()
    assert reader.ids == [*IDS[:3], *IDS[5:]]


async def test_an_ended_thread_is_left_alone_and_its_place_is_kept(reader: Reader, platform: SimulatedPlatform) -> None:
    platform.simulation.act(OpenThread(id="t2", title="Lamp"))
    await reader.read()
    platform.simulation.act(EndThread(id="t1"))
    platform.simulation.act(Post(id="78", thread="t2", author="ann", text="x"))
    await reader.read()
    assert reader.ids[-1] == "78"
    assert reader.cursor["t1"] == len(IDS)


async def test_a_thread_that_ends_between_the_list_and_its_page_is_no_error(
    adapter: DemoPlatform, source: Source, http: Session, platform: SimulatedPlatform
) -> None:
    platform.simulation.act(OpenThread(id="t2", title="Lamp"))
    platform.simulation.act(Post(id="78", thread="t2", author="ann", text="x"))
    seen = []
    async for page in adapter.collect(source, {}, http):
        seen.append(page.thread.native_id)
        platform.simulation.act(EndThread(id="t2"))
    assert seen == ["t1"]


@pytest.mark.parametrize("seed", range(4))
async def test_no_comment_is_lost_or_read_twice_while_people_go_on_writing(
    adapter: DemoPlatform, source: Source, http: Session, platform: SimulatedPlatform, seed: int
) -> None:
    random = Random(seed)
    threads = ["t1", "t2", "t3"]
    posted = list(IDS)
    for name in threads[1:]:
        platform.simulation.act(OpenThread(id=name, title=name))

    def write(most: int) -> None:
        for _ in range(random.randint(0, most)):
            act = Post(thread=random.choice(threads), author="ann", text="x")
            posted.append(platform.simulation.act(act))

    reader = Reader(adapter, source, http)
    for _ in range(6):
        write(150)
        async for page in adapter.collect(source, reader.cursor, http):
            reader.ids += [comment.native_id for comment in page.comments]
            reader.cursor = page.cursor
            write(30)
            if random.random() < 0.2:
                break  # the service was stopped between two pages
    await reader.read()
    assert sorted(reader.ids) == sorted(posted)


@pytest.mark.parametrize("fault", sorted(set(Fault) - {Fault.SLOW, Fault.REPLICA_LAG, Fault.WRONG_TOMBSTONE}))
async def test_a_failing_source_is_told_in_words_and_moves_no_cursor(
    reader: Reader, platform: SimulatedPlatform, fault: Fault
) -> None:
    await reader.read()
    platform.simulation.act(Post(id="78", thread="t1", author="ann", text="x"))
    before = reader.cursor
    platform.simulation.act(StartFault(kind=fault))
    with pytest.raises(CollectError, match=f"{platform.urls['front']} could not be read: .+"):
        await reader.read()
    assert reader.cursor == before
    platform.simulation.act(StopFault(kind=fault))
    if fault is not Fault.RATE_LIMITED:
        await reader.read()
        assert reader.ids[-1] == "78"


async def test_an_empty_list_before_anything_was_read_loses_nothing(
    reader: Reader, platform: SimulatedPlatform
) -> None:
    platform.simulation.act(StartFault(kind=Fault.EMPTY_LIST))
    assert await reader.read() == []
    platform.simulation.act(StopFault(kind=Fault.EMPTY_LIST))
    await reader.read()
    assert reader.ids == IDS


@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.REPLICA_LAG, Fault.WRONG_TOMBSTONE])
async def test_a_slow_server_and_a_lagging_lookup_do_not_disturb_reading(
    reader: Reader, platform: SimulatedPlatform, fault: Fault
) -> None:
    platform.simulation.act(StartFault(kind=fault))
    await reader.read()
    assert reader.ids == IDS


async def test_what_came_before_a_failure_stays_and_reading_goes_on_from_there(
    adapter: DemoPlatform, source: Source, http: Session, platform: SimulatedPlatform
) -> None:
    for number in range(130):
        platform.simulation.act(Post(thread="t1", author="ann", text=str(number)))
    reader = Reader(adapter, source, http)
    pages = adapter.collect(source, {}, http)
    first = await anext(pages)
    reader.cursor, reader.ids = first.cursor, [comment.native_id for comment in first.comments]
    platform.simulation.act(StartFault(kind=Fault.CAPTCHA))
    with pytest.raises(CollectError):
        await anext(pages)
    assert len(reader.ids) == 100
    platform.simulation.act(StopFault(kind=Fault.CAPTCHA))
    await reader.read()
    assert len(reader.ids) == len(set(reader.ids)) == 170
