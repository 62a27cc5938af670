"""What judging needs: learned hazards, measured error rates, corrections, mass disappearances, the price of a look."""

import sqlalchemy as sa
from alembic import op

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("observation", sa.Column("cause", sa.String(), nullable=True))
    op.add_column("source", sa.Column("breaker_faulty", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("source", sa.Column("breaker_agreed", sa.Integer(), server_default="0", nullable=False))
    op.add_column("source", sa.Column("breaker_denied", sa.Integer(), server_default="0", nullable=False))
    op.add_column("source", sa.Column("price_factor", sa.Float(), server_default="1", nullable=False))
    op.add_column("source", sa.Column("priced_at", sa.BigInteger(), nullable=True))
    op.add_column("source", sa.Column("truth_cursor", sa.JSON(), nullable=True))
    op.add_column("source", sa.Column("truth_until", sa.BigInteger(), nullable=True))
    for name, kind in (
        ("expected", sa.Float()),
        ("fresh", sa.Integer()),
        ("requests", sa.Float()),
        ("canary_looks", sa.Integer()),
        ("canary_misses", sa.Integer()),
    ):
        op.add_column("coverage", sa.Column(name, kind, server_default="0", nullable=False))
    op.add_column("tracking", sa.Column("urgent", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("tracking", schema=None) as batch_op:
        batch_op.drop_index("ix_tracking_last_look")
        batch_op.create_index(
            "ix_tracking_urgent",
            ["source_id", "vantage", "due_at"],
            unique=False,
            sqlite_where=sa.text("urgent AND due_at IS NOT NULL"),
            postgresql_where=sa.text("urgent AND due_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_tracking_held",
            ["batch_id"],
            unique=False,
            sqlite_where=sa.text("batch_id > 0"),
            postgresql_where=sa.text("batch_id > 0"),
        )
    op.create_table(
        "hazard",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("fitted_at", sa.BigInteger(), nullable=False),
        sa.Column("edges", sa.JSON(), nullable=False),
        sa.Column("rates", sa.JSON(), nullable=False),
        sa.Column("comments", sa.Integer(), nullable=False),
        sa.Column("removals", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "fitted_at", name=op.f("pk_hazard")),
    )
    op.create_table(
        "error_rate",
        sa.Column("source_id", ROW_ID, nullable=False),
        sa.Column("estimated_at", sa.BigInteger(), nullable=False),
        sa.Column("rates", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_error_rate_source_id")),
        sa.PrimaryKeyConstraint("source_id", "estimated_at", name=op.f("pk_error_rate")),
    )
    op.create_table(
        "correction",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("comment_id", ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_correction_comment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index("ix_correction_comment_id", "correction", ["comment_id"], unique=False)
    op.create_table(
        "mass_disappearance",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("source_id", ROW_ID, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("looked", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ending", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_mass_disappearance_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mass_disappearance")),
    )
    op.create_index(
        "ix_mass_disappearance_source_id_opened_at", "mass_disappearance", ["source_id", "opened_at"], unique=False
    )
    op.create_table(
        "truth",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("source_id", ROW_ID, nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_truth_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_truth")),
        sa.UniqueConstraint("source_id", "native_id", "at", "kind", name=op.f("uq_truth_source_id_native_id_at_kind")),
    )


def downgrade() -> None:
    for name in ("truth", "mass_disappearance", "correction", "error_rate", "hazard"):
        op.drop_table(name)
    with op.batch_alter_table("tracking", schema=None) as batch_op:
        batch_op.drop_index("ix_tracking_held")
        batch_op.drop_index("ix_tracking_urgent")
        batch_op.create_index("ix_tracking_last_look", ["source_id", "last_look"], unique=False)
        batch_op.drop_column("urgent")
    with op.batch_alter_table("coverage", schema=None) as batch_op:
        for name in ("canary_misses", "canary_looks", "requests", "fresh", "expected"):
            batch_op.drop_column(name)
    with op.batch_alter_table("source", schema=None) as batch_op:
        for name in ("truth_until", "truth_cursor", "priced_at", "price_factor"):
            batch_op.drop_column(name)
        for name in ("breaker_denied", "breaker_agreed", "breaker_faulty"):
            batch_op.drop_column(name)
    with op.batch_alter_table("observation", schema=None) as batch_op:
        batch_op.drop_column("cause")
