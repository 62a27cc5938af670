"""Options, names and hosts of a source on Isso."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bot.ports import Platform
from tests.platforms.isso.conftest import ISSO, source


def test_it_is_a_platform() -> None:
    adapter: Platform = ISSO
    assert adapter.name == "isso"
    assert adapter.capabilities.causes == frozenset()


def test_defaults_are_filled_and_the_address_is_brought_into_one_form() -> None:
    options = ISSO.options({"url": "HTTPS://Comments.Example.org:443/isso/", "threads": ["/a/"]})
    assert options == {"url": "https://comments.example.org/isso", "threads": ["/a/"], "interval": None}
    assert ISSO.options(options) == options


@pytest.mark.parametrize(
    ("url", "instance", "host"),
    [
        ("https://comments.example.org", "comments.example.org", "comments.example.org"),
        ("https://example.org/isso/", "example.org/isso", "example.org"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1:8080"),
    ],
)
def test_instance_and_host_come_from_the_address(url: str, instance: str, host: str) -> None:
    watched = source(url, "/a/")
    assert watched.instance == instance
    assert ISSO.host(watched, "server") == host


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        ({"threads": ["/a/"]}, "url"),
        ({"url": "comments.example.org", "threads": ["/a/"]}, "https://comments.example.org"),
        ({"url": "file:///etc/passwd", "threads": ["/a/"]}, "only http and https"),
        ({"url": "http://user:pw@example.org", "threads": ["/a/"]}, "user name or password"),
        ({"url": "http://example.org:99999", "threads": ["/a/"]}, "url"),
        ({"url": "http://example.org/?uri=/a/", "threads": ["/a/"]}, "pages go under threads"),
        ({"url": "http://example.org"}, "threads"),
        ({"url": "http://example.org", "threads": []}, "threads"),
        ({"url": "http://example.org", "threads": [""]}, "threads"),
        ({"url": "http://example.org", "threads": [7]}, "threads"),
        ({"url": "http://example.org", "threads": ["/a/", "/b/", "/a/"]}, "listed twice: /a/"),
        ({"url": "http://example.org", "threads": ["/a/"], "interval": 0}, "interval"),
        ({"url": "http://example.org", "threads": ["/a/"], "thread": "/b/"}, "thread"),
    ],
)
def test_wrong_options_are_refused_with_the_reason(raw: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        ISSO.options(raw)
