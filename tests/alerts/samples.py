"""Alerts to try channels with: an ordinary one, and those that an enemy would write."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from bot.domain.alert import Alert, AlertKind

#: Each example holds a dozen hostile texts; drawing them may be slow on a busy machine.
thoroughly = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

_PIECES = st.one_of(
    st.text(max_size=30),
    st.text("<>&\"'|`*_~@#/:[](){}%$\\\n\r\t\x00\x1b\x9b\u202e\u2066\u200b\ufeff\ud800😀", max_size=30),
    st.sampled_from(
        ["<!channel>", "<https://evil.example|bank>", "</pre><b>", "&lt", "\x1b]0;x\x07\r\nINFO login ok", "{{7*7}}"]
    ),
)
#: Repeated, because drawing long texts is slow.
HOSTILE = st.builds(str.__mul__, _PIECES, st.sampled_from([1, 1, 1, 1, 10, 300]))


@st.composite
def hostile_alerts(draw: st.DrawFn) -> Alert:
    """Draw an alert in which every text comes from an enemy."""
    return Alert(
        key="hostile",
        kind=draw(st.sampled_from(AlertKind)),
        at=draw(st.integers(0, 4_000_000_000_000_000)),
        title=draw(HOSTILE),
        body=draw(HOSTILE),
        facts=draw(st.dictionaries(HOSTILE, HOSTILE, max_size=5) | st.just({f"<{n}>": "😀" * 400 for n in range(25)})),
        quote=draw(st.none() | HOSTILE),
        url=draw(st.none() | HOSTILE | HOSTILE.map(lambda text: f"https://example.org/{text}")),
    )


def an_alert(**changes: object) -> Alert:
    """Return an ordinary alert with some fields changed."""
    fields: dict[str, object] = {"key": "k", "kind": AlertKind.MATCHED, "at": 0, "title": "A comment was flagged"}
    return Alert(**{**fields, **changes})  # type: ignore[arg-type]
