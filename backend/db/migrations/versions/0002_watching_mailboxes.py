"""Watching mailboxes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.sql import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watches",
        sa.Column("mailbox_id", sa.String(length=36), nullable=False),
        sa.Column("firm_id", sa.String(length=36), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("cursor_version", sa.Integer(), nullable=False),
        sa.Column("window_start", UtcDateTime(), nullable=True),
        sa.Column("window_end", UtcDateTime(), nullable=True),
        sa.Column("seed_id", sa.String(length=36), nullable=True),
        sa.Column("seed_link", sa.Text(), nullable=True),
        sa.Column("seed_start", UtcDateTime(), nullable=True),
        sa.Column("seed_end", UtcDateTime(), nullable=True),
        sa.Column("seed_since", UtcDateTime(), nullable=True),
        sa.Column("seed_pages", sa.Integer(), nullable=False),
        sa.Column("seed_events", sa.Integer(), nullable=False),
        sa.Column("reseed_at", UtcDateTime(), nullable=True),
        sa.Column("problem_since", UtcDateTime(), nullable=True),
        sa.Column("brake_off_until", UtcDateTime(), nullable=True),
        sa.Column("subscription_id", sa.String(length=64), nullable=True),
        sa.Column("subscription_expires_at", UtcDateTime(), nullable=True),
        sa.Column("subscription_due_at", UtcDateTime(), nullable=True),
        sa.Column("subscription_problem", sa.String(length=64), nullable=True),
        sa.Column("notified_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("again_at", UtcDateTime(), nullable=True),
        sa.Column("ring_seq", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.String(length=36), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["firm_id"], ["firms.id"], name=op.f("fk_watches_firm_id_firms")),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name=op.f("fk_watches_mailbox_id_mailboxes")
        ),
        sa.PrimaryKeyConstraint("mailbox_id", name=op.f("pk_watches")),
        sa.UniqueConstraint("subscription_id", name=op.f("uq_watches_subscription_id")),
    )
    with op.batch_alter_table("watches", schema=None) as batch_op:
        batch_op.create_index("ix_watches_due", ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_watches_firm_id"), ["firm_id"], unique=False)
    # Every mailbox has its watch; the next sweep finds those that may be watched.
    op.execute(
        sa.text(
            "INSERT INTO watches (mailbox_id, firm_id, cursor_version, seed_pages, seed_events,"
            " ring_seq, attempts) SELECT id, firm_id, 0, 0, 0, 0, 0 FROM mailboxes"
        )
    )

    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.add_column(sa.Column("own_change_key", sa.String(length=128), nullable=True))
        batch_op.add_column(
            sa.Column("off_delta", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("seed_id", sa.String(length=36), nullable=True))

    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_history_mailbox_id_at"), ["mailbox_id", "at"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_history_mailbox_id_at"))
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.drop_column("seed_id")
        batch_op.drop_column("off_delta")
        batch_op.drop_column("own_change_key")
    op.drop_table("watches")
