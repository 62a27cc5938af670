"""The tables. Instants are UTC microseconds; columns ending in _real hold real time, all others domain time."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from bot.domain.comment import Role
from bot.domain.observation import Cause, Outcome
from bot.domain.verdict import State
from bot.store.columns import ForeignText, RowId, metadata, one_of

source = Table(
    "source",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("platform", String, nullable=False),
    Column("instance", String, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("cursor", JSON, nullable=False),
    Column("collected_at", BigInteger),
    Column("collected_real", BigInteger),
    Column("failing_since", BigInteger),
    Column("failure", ForeignText),
    # The breaker: since when it holds the misses of this source, and since when canaries were healthy under it.
    Column("breaker_since", BigInteger),
    Column("healthy_since", BigInteger),
    Column("breaker_faulty", Boolean, nullable=False, server_default=false()),
    Column("breaker_agreed", Integer, nullable=False, server_default="0"),
    Column("breaker_denied", Integer, nullable=False, server_default="0"),
    # What this source's price of a look is multiplied by so that its budget is spent, and when that was last decided.
    Column("price_factor", Float, nullable=False, server_default="1"),
    Column("priced_at", BigInteger),
    # How far the platform's own event stream was read, and until when everything that it states is known.
    Column("truth_cursor", JSON),
    Column("truth_until", BigInteger),
)

thread = Table(
    "thread",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("native_id", ForeignText, nullable=False),
    Column("url", ForeignText),
    Column("title", ForeignText),
    Column("first_seen", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    UniqueConstraint("source_id", "native_id"),
)

comment = Table(
    "comment",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("platform", String, nullable=False),
    Column("instance", String, nullable=False),
    Column("native_id", String, nullable=False),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("thread_id", ForeignKey("thread.id"), nullable=False),
    Column("parent_id", ForeignText),
    Column("author", String),
    Column("posted_at", BigInteger),
    Column("first_seen", BigInteger, nullable=False),
    Column("language", String, nullable=False),
    Column("length", Integer, nullable=False),
    Column("rating", Float),
    Column("url", ForeignText),
    UniqueConstraint("platform", "instance", "native_id"),
    Index("ix_comment_source_id_first_seen", "source_id", "first_seen"),
)

revision = Table(
    "revision",
    metadata,
    Column("comment_id", ForeignKey("comment.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("seen_at", BigInteger, nullable=False),
    Column("digest", String, nullable=False),
    # NULL once the text was erased or its time is over; the digest outlives it.
    Column("text", ForeignText),
)

rule_version = Table(
    "rule_version",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("digest", String, nullable=False, unique=True),
    Column("first_used", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

match = Table(
    "match",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("comment_id", ForeignKey("comment.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("rule_id", String, nullable=False),
    Column("rule_version_id", ForeignKey("rule_version.id"), nullable=False),
    # A shadow rule's matches are stored and change nothing.
    Column("live", Boolean, nullable=False),
    Column("view", String, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("found_at", BigInteger, nullable=False),
    UniqueConstraint("comment_id", "revision", "rule_id", "rule_version_id"),
    Index("ix_match_rule_id", "rule_id"),
)

# Membership of cohorts: a comment of the panel may be flagged, a control may belong to several partners.
enrolment = Table(
    "enrolment",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("comment_id", ForeignKey("comment.id"), nullable=False),
    Column("role", String, one_of("role", Role), nullable=False),
    Column("partner_id", ForeignKey("comment.id")),
    Column("rule_version_id", ForeignKey("rule_version.id"), nullable=False),
    Column("probability", Float, nullable=False),
    Column("enrolled_at", BigInteger, nullable=False),
    Column("matched", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("comment_id", "role", "partner_id", "rule_version_id"),
    Index("ix_enrolment_enrolled_at", "enrolled_at"),
    Index("ix_enrolment_partner_id", "partner_id"),
)

# One row per followed comment: what is thought of it now, and when to look again.
tracking = Table(
    "tracking",
    metadata,
    Column("comment_id", ForeignKey("comment.id"), primary_key=True),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("thread_id", ForeignKey("thread.id"), nullable=False),
    Column("due_at", BigInteger),
    # The next look proves an absence or closes a horizon: it goes first where a budget is short.
    Column("urgent", Boolean, nullable=False, server_default=false()),
    Column("vantage", String, nullable=False),
    Column("lease_real", BigInteger, nullable=False, server_default="0"),
    Column("batch_id", BigInteger, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("jitter", Float, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    # When its pair was enrolled: flagged and control go by the same clock.
    Column("begin", BigInteger, nullable=False),
    Column("follow_until", BigInteger, nullable=False),
    Column("state", String, one_of("state", State), nullable=False),
    Column("cause", String, one_of("cause", Cause), nullable=False),
    Column("outcome", String, one_of("outcome", Outcome), nullable=False),
    Column("log_odds", Float),
    Column("last_look", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    # The current run of absences, ended by a sighting. `absent_since` is the first absent answer, counted or held;
    # `first_miss` the first that counts.
    Column("absent_since", BigInteger),
    Column("first_miss", BigInteger),
    Column("last_miss", BigInteger),
    Column("misses", Integer, nullable=False),
    Column("explicit", Boolean, nullable=False),
    Column("miss_vantages", String, nullable=False, server_default=""),
    Column("run_cause", String, one_of("run_cause", Cause), nullable=False),
    Column("settled_at", BigInteger),
    Column("step", Integer, nullable=False),
    Column("step_at", BigInteger),
    # The first removal, if there was one, with `cause`: (gone_after, gone_before] holds it. Kept after a restoration.
    Column("episode", Integer, nullable=False, server_default="0"),
    Column("gone_after", BigInteger),
    Column("gone_before", BigInteger),
    Column("suspected_at", BigInteger),
    Column("probable_at", BigInteger),
    Column("confirmed_at", BigInteger),
    Column("restored_at", BigInteger),
    Column("looks", Integer, nullable=False, server_default="0"),
    Column("unobserved", Integer, nullable=False, server_default="0"),
    Index(
        "ix_tracking_due",
        "source_id",
        "vantage",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index("ix_tracking_thread_id", "thread_id"),
    # What batches hold: a few rows of millions.
    Index(
        "ix_tracking_held",
        "batch_id",
        sqlite_where=text("batch_id > 0"),
        postgresql_where=text("batch_id > 0"),
    ),
    Index(
        "ix_tracking_urgent",
        "source_id",
        "vantage",
        "due_at",
        sqlite_where=text("urgent AND due_at IS NOT NULL"),
        postgresql_where=text("urgent AND due_at IS NOT NULL"),
    ),
)

# A batch of one host and vantage; it exists before its job does.
batch = Table(
    "batch",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("vantage", String, nullable=False),
    Column("claimed_at", BigInteger, nullable=False),
    Column("claimed_real", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("due", Integer, nullable=False),
    Column("done", Integer),
    # Did the guards hold (canaries before and after, known-absent id)? The reason if they did not.
    Column("guards", String),
    sqlite_autoincrement=True,
)

observation = Table(
    "observation",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("comment_id", ForeignKey("comment.id"), nullable=False),
    Column("batch_id", ForeignKey("batch.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("vantage", String, nullable=False),
    Column("outcome", String, one_of("outcome", Outcome), nullable=False),
    Column("explicit", Boolean, nullable=False),
    # The finer cause that the platform stated beside the outcome (a suspended account …), if it did.
    Column("cause", String),
    # Why an absence did not count: canary, breaker, known-absent …; NULL where it did.
    Column("held", String),
    Column("evidence", JSON, nullable=False),
    UniqueConstraint("comment_id", "batch_id"),
)

# Every change of a state, append only: the history that `explain` and corrections build on.
verdict = Table(
    "verdict",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("comment_id", ForeignKey("comment.id"), nullable=False),
    Column("episode", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", String, one_of("state", State), nullable=False),
    Column("cause", String, one_of("cause", Cause), nullable=False),
    Column("log_odds", Float),
    Column("why", Text, nullable=False),
    Index("ix_verdict_comment_id", "comment_id"),
    Index("ix_verdict_at", "at"),
)

canary = Table(
    "canary",
    metadata,
    Column("comment_id", ForeignKey("comment.id"), primary_key=True),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("failing_since", BigInteger),
    Column("failures", Integer, nullable=False, server_default="0"),
    Index("ix_canary_source_id", "source_id"),
)

# What was due, looked at, late and not observable, per source and hour: stands beside every rate.
coverage = Table(
    "coverage",
    metadata,
    Column("source_id", ForeignKey("source.id"), primary_key=True),
    Column("hour", BigInteger, primary_key=True),
    Column("due", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Column("unreachable", Integer, nullable=False),
    Column("new_misses", Integer, nullable=False),
    # What the breaker compares with: how many new absences the hazard foretold, and comments first looked at this hour.
    Column("expected", Float, nullable=False, server_default="0"),
    Column("fresh", Integer, nullable=False, server_default="0"),
    # Units of the source's budget that were spent on collection, looks and canaries.
    Column("requests", Float, nullable=False, server_default="0"),
    Column("canary_looks", Integer, nullable=False, server_default="0"),
    Column("canary_misses", Integer, nullable=False, server_default="0"),
)

# Learned daily per platform; the newest holds.
hazard = Table(
    "hazard",
    metadata,
    Column("platform", String, primary_key=True),
    Column("fitted_at", BigInteger, primary_key=True),
    Column("edges", JSON, nullable=False),
    Column("rates", JSON, nullable=False),
    Column("comments", Integer, nullable=False),
    Column("removals", Integer, nullable=False),
)

# Estimated daily per source from its canaries and restorations; the newest holds.
error_rate = Table(
    "error_rate",
    metadata,
    Column("source_id", ForeignKey("source.id"), primary_key=True),
    Column("estimated_at", BigInteger, primary_key=True),
    Column("rates", JSON, nullable=False),
)

# What an analyst says of a comment: an event of its own, beside the verdicts and never over them.
correction = Table(
    "correction",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("comment_id", ForeignKey("comment.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("cause", String, nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_correction_comment_id", "comment_id"),
)

# Each time a breaker opened: what it held, and whether the absences counted in the end or were annulled.
mass_disappearance = Table(
    "mass_disappearance",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("missing", Integer, nullable=False),
    Column("looked", Integer, nullable=False),
    Column("ended_at", BigInteger),
    Column("ending", String),
    Index("ix_mass_disappearance_source_id_opened_at", "source_id", "opened_at"),
)

# What an event stream of the platform itself says; it calibrates the verdicts and never enters them.
truth = Table(
    "truth",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("native_id", ForeignText, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("cause", String, nullable=False),
    UniqueConstraint("source_id", "native_id", "at", "kind"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("key", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("alert", JSON, nullable=False),
    Column(
        "state",
        String,
        CheckConstraint("state IN ('pending', 'sending', 'sent', 'failed')", name="state"),
        nullable=False,
    ),
    Column("created_at", BigInteger, nullable=False),
    Column("due_real", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("lease_real", BigInteger, nullable=False, server_default="0"),
    # A send whose end nobody saw: the next one is marked "(possible repeat)".
    Column("unsure", Boolean, nullable=False, server_default=false()),
    Column("external_id", String),
    Column("failure", ForeignText),
    Column("sent_real", BigInteger),
    UniqueConstraint("key", "channel"),
    Index(
        "ix_outbox_open",
        "channel",
        "id",
        sqlite_where=text("state IN ('pending', 'sending')"),
        postgresql_where=text("state IN ('pending', 'sending')"),
    ),
)

digest = Table(
    "digest",
    metadata,
    Column("week", String, primary_key=True),
    Column("built_at", BigInteger, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("numbers", JSON, nullable=False),
    Column("folder", Text, nullable=False),
)

host_budget = Table(
    "host_budget",
    metadata,
    Column("host", String, primary_key=True),
    Column("next_real", BigInteger, nullable=False),
    Column("blocked_real", BigInteger, nullable=False, server_default="0"),
)

# One row per living process, so that readiness can say which part is missing.
heartbeat = Table(
    "heartbeat",
    metadata,
    Column("part", String, primary_key=True),
    Column("at_real", BigInteger, nullable=False),
    Column("detail", String, nullable=False),
)
