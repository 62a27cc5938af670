"""A real Isso server, one with moderation, and a proxy that can fail in front of the first."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest

from bot.domain.comment import FetchedComment, Source
from bot.http.memory_budget import MemoryBudget
from bot.http.session import Session, open_http
from bot.platforms.isso.adapter import IssoPlatform
from bot.platforms.isso.parse import number_and_time
from tests.faulty_proxy import FaultyProxy
from tests.isso_server import IssoServer

ISSO = IssoPlatform()
_pages = itertools.count(1)


@pytest.fixture(scope="module")
def isso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IssoServer]:
    """Start one server for all tests of a file; each test has pages of its own."""
    with IssoServer(tmp_path_factory.mktemp("isso")) as server:
        yield server


@pytest.fixture(scope="module")
def moderated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IssoServer]:
    """Start a server whose comments wait for a moderator."""
    with IssoServer(tmp_path_factory.mktemp("moderated"), moderated=True) as server:
        yield server


@pytest.fixture
def proxy(isso: IssoServer) -> Iterator[FaultyProxy]:
    """Put a proxy in front of the server that works until it is told to fail."""
    with FaultyProxy(isso.url) as standing_between:
        yield standing_between


@pytest.fixture
def uri() -> str:
    """Name a page that no other test has."""
    return f"/статья/{next(_pages)}/评论?a=1&b=2"


def source(url: str, *threads: str) -> Source:
    """Return a source that watches these pages of the server at `url`."""
    options = ISSO.options({"url": url, "threads": list(threads)})
    return Source(1, "blog", "isso", ISSO.instance(options), options)


def client(max_body: int = 2 * 1024 * 1024, timeout: float = 20.0) -> Session:
    """Return a client that may reach loopback, does not wait between requests and knows no host yet."""
    return open_http(
        MemoryBudget(),
        user_agent="removalwatch-test",
        allow_networks=["127.0.0.0/8"],
        interval=0,
        max_body=max_body,
        timeout=timeout,
    )


@pytest.fixture
async def http() -> AsyncIterator[Session]:
    """Open the usual client."""
    async with client() as session:
        yield session


async def collected(http: Session, watched: Source) -> dict[int, FetchedComment]:
    """Collect a source from the beginning: the server's number -> comment."""
    return {
        number_and_time(comment.native_id)[0]: comment
        async for page in ISSO.collect(watched, {}, http)
        for comment in page.comments
    }
