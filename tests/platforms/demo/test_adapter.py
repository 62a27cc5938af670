"""What the adapter declares, and which options it takes."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.domain.comment import Source
from bot.domain.observation import Cause, Outcome
from bot.http.session import Session
from bot.platforms.demo.adapter import DemoPlatform
from bot.ports import Platform

OPTIONS = {"url": "http://127.0.0.1:8001/", "origin_url": "http://127.0.0.1:8002"}


def test_options_are_completed_and_urls_lose_their_last_slash(adapter: DemoPlatform) -> None:
    assert adapter.options(OPTIONS) == {
        "url": "http://127.0.0.1:8001",
        "origin_url": "http://127.0.0.1:8002",
        "interval": 1.0,
    }


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"url": "shop"}, "url"),
        ({"origin_url": None}, "origin_url"),
        ({"interval": 0}, "interval"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_options_are_refused_by_name(adapter: DemoPlatform, change: dict[str, object], place: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        adapter.options(OPTIONS | change)
    assert refusal.value.errors()[0]["loc"] == (place,)


def test_the_two_vantages_are_two_hosts_and_ids_belong_to_the_front(adapter: DemoPlatform) -> None:
    options = adapter.options(OPTIONS)
    source = Source(1, "demo", "demo", adapter.instance(options), options)
    hosts = [adapter.host(source, vantage) for vantage in adapter.capabilities.vantages]
    assert hosts == ["127.0.0.1:8001", "127.0.0.1:8002"]
    assert source.instance == hosts[0]


def test_the_capabilities_name_every_cause_that_a_row_can_state(adapter: DemoPlatform) -> None:
    declared: Platform = adapter
    assert declared.capabilities.causes == set(Cause) - {Cause.UNKNOWN, Cause.HELD, Cause.ACCOUNT}
    assert declared.capabilities.by_id
    assert declared.capabilities.bulk_size == 100


@pytest.mark.parametrize("vantage", ["front", "origin"])
async def test_the_known_absent_id_is_gone_on_every_server(
    adapter: DemoPlatform, source: Source, http: Session, vantage: str
) -> None:
    target = adapter.known_absent(source)
    [answer] = await adapter.probe(source, vantage, [target], http)
    assert (answer.outcome, answer.explicit) == (Outcome.GONE, False)
