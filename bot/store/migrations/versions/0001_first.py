"""The first tables."""

import sqlalchemy as sa
from alembic import op

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digest",
        sa.Column("week", sa.String(), nullable=False),
        sa.Column("built_at", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_digest")),
    )
    op.create_table(
        "heartbeat",
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("at_real", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "host_budget",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("next_real", sa.BigInteger(), nullable=False),
        sa.Column("blocked_real", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_host_budget")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("alert", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_real", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_real", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unsure", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("sent_real", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", "channel", name=op.f("uq_outbox_key_channel")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_open",
            ["channel", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('pending', 'sending')"),
            postgresql_where=sa.text("state IN ('pending', 'sending')"),
        )

    op.create_table(
        "rule_version",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("first_used", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_version")),
        sa.UniqueConstraint("digest", name=op.f("uq_rule_version_digest")),
    )
    op.create_table(
        "source",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.Column("collected_at", sa.BigInteger(), nullable=True),
        sa.Column("collected_real", sa.BigInteger(), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("breaker_since", sa.BigInteger(), nullable=True),
        sa.Column("healthy_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("name", name=op.f("uq_source_name")),
    )
    op.create_table(
        "batch",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("source_id", ROW_ID, nullable=False),
        sa.Column("vantage", sa.String(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_real", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=True),
        sa.Column("guards", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_batch_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "coverage",
        sa.Column("source_id", ROW_ID, nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("unreachable", sa.Integer(), nullable=False),
        sa.Column("new_misses", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_coverage_source_id")),
        sa.PrimaryKeyConstraint("source_id", "hour", name=op.f("pk_coverage")),
    )
    op.create_table(
        "thread",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("source_id", ROW_ID, nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_thread_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
        sa.UniqueConstraint("source_id", "native_id", name=op.f("uq_thread_source_id_native_id")),
    )
    op.create_table(
        "comment",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("native_id", sa.String(), nullable=False),
        sa.Column("source_id", ROW_ID, nullable=False),
        sa.Column("thread_id", ROW_ID, nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("author", sa.String(), nullable=True),
        sa.Column("posted_at", sa.BigInteger(), nullable=True),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("rating", sa.Float(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_comment_source_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_comment_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
        sa.UniqueConstraint("platform", "instance", "native_id", name=op.f("uq_comment_platform_instance_native_id")),
    )
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.create_index("ix_comment_source_id_first_seen", ["source_id", "first_seen"], unique=False)

    op.create_table(
        "canary",
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("source_id", ROW_ID, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_canary_comment_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_canary_source_id")),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_canary")),
    )
    with op.batch_alter_table("canary", schema=None) as batch_op:
        batch_op.create_index("ix_canary_source_id", ["source_id"], unique=False)

    op.create_table(
        "enrolment",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=True),
        sa.Column("rule_version_id", ROW_ID, nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("matched", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_enrolment_comment_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["comment.id"], name=op.f("fk_enrolment_partner_id")),
        sa.ForeignKeyConstraint(["rule_version_id"], ["rule_version.id"], name=op.f("fk_enrolment_rule_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint(
            "comment_id",
            "role",
            "partner_id",
            "rule_version_id",
            name=op.f("uq_enrolment_comment_id_role_partner_id_rule_version_id"),
        ),
    )
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.create_index("ix_enrolment_enrolled_at", ["enrolled_at"], unique=False)
        batch_op.create_index("ix_enrolment_partner_id", ["partner_id"], unique=False)

    op.create_table(
        "match",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("rule_version_id", ROW_ID, nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("view", sa.String(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_match_comment_id")),
        sa.ForeignKeyConstraint(["rule_version_id"], ["rule_version.id"], name=op.f("fk_match_rule_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match")),
        sa.UniqueConstraint(
            "comment_id",
            "revision",
            "rule_id",
            "rule_version_id",
            name=op.f("uq_match_comment_id_revision_rule_id_rule_version_id"),
        ),
    )
    with op.batch_alter_table("match", schema=None) as batch_op:
        batch_op.create_index("ix_match_rule_id", ["rule_id"], unique=False)

    op.create_table(
        "observation",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("batch_id", ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("vantage", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("explicit", sa.Boolean(), nullable=False),
        sa.Column("held", sa.String(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_observation_batch_id")),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_observation_comment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
        sa.UniqueConstraint("comment_id", "batch_id", name=op.f("uq_observation_comment_id_batch_id")),
    )
    op.create_table(
        "revision",
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_revision_comment_id")),
        sa.PrimaryKeyConstraint("comment_id", "number", name=op.f("pk_revision")),
    )
    op.create_table(
        "tracking",
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("source_id", ROW_ID, nullable=False),
        sa.Column("thread_id", ROW_ID, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("vantage", sa.String(), nullable=False),
        sa.Column("lease_real", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("jitter", sa.Float(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("begin", sa.BigInteger(), nullable=False),
        sa.Column("follow_until", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("log_odds", sa.Float(), nullable=True),
        sa.Column("last_look", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("absent_since", sa.BigInteger(), nullable=True),
        sa.Column("first_miss", sa.BigInteger(), nullable=True),
        sa.Column("last_miss", sa.BigInteger(), nullable=True),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("explicit", sa.Boolean(), nullable=False),
        sa.Column("miss_vantages", sa.String(), server_default="", nullable=False),
        sa.Column("run_cause", sa.String(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("step_at", sa.BigInteger(), nullable=True),
        sa.Column("episode", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gone_after", sa.BigInteger(), nullable=True),
        sa.Column("gone_before", sa.BigInteger(), nullable=True),
        sa.Column("suspected_at", sa.BigInteger(), nullable=True),
        sa.Column("probable_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("restored_at", sa.BigInteger(), nullable=True),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unobserved", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_tracking_comment_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_tracking_source_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_tracking_thread_id")),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_tracking")),
    )
    with op.batch_alter_table("tracking", schema=None) as batch_op:
        batch_op.create_index(
            "ix_tracking_due",
            ["source_id", "vantage", "due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index("ix_tracking_last_look", ["source_id", "last_look"], unique=False)
        batch_op.create_index("ix_tracking_thread_id", ["thread_id"], unique=False)

    op.create_table(
        "verdict",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("log_odds", sa.Float(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_verdict_comment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
    )
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.create_index("ix_verdict_at", ["at"], unique=False)
        batch_op.create_index("ix_verdict_comment_id", ["comment_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.drop_index("ix_verdict_comment_id")
        batch_op.drop_index("ix_verdict_at")

    op.drop_table("verdict")
    with op.batch_alter_table("tracking", schema=None) as batch_op:
        batch_op.drop_index("ix_tracking_thread_id")
        batch_op.drop_index("ix_tracking_last_look")
        batch_op.drop_index(
            "ix_tracking_due",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )

    op.drop_table("tracking")
    op.drop_table("revision")
    op.drop_table("observation")
    with op.batch_alter_table("match", schema=None) as batch_op:
        batch_op.drop_index("ix_match_rule_id")

    op.drop_table("match")
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.drop_index("ix_enrolment_partner_id")
        batch_op.drop_index("ix_enrolment_enrolled_at")

    op.drop_table("enrolment")
    with op.batch_alter_table("canary", schema=None) as batch_op:
        batch_op.drop_index("ix_canary_source_id")

    op.drop_table("canary")
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.drop_index("ix_comment_source_id_first_seen")

    op.drop_table("comment")
    op.drop_table("thread")
    op.drop_table("coverage")
    op.drop_table("batch")
    op.drop_table("source")
    op.drop_table("rule_version")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_open",
            sqlite_where=sa.text("state IN ('pending', 'sending')"),
            postgresql_where=sa.text("state IN ('pending', 'sending')"),
        )

    op.drop_table("outbox")
    op.drop_table("host_budget")
    op.drop_table("heartbeat")
    op.drop_table("digest")
