"""Drifts, nightly operations, erased people, and an audit that the database itself guards

A later change of ``audit`` in batch mode makes the table anew on SQLite: it has to make the two
triggers anew as well.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.sql import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SQLITE = (
    """
    CREATE TRIGGER audit_stays_as_it_is BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END
    """,
    """
    CREATE TRIGGER audit_loses_nothing BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END
    """,
)
_POSTGRESQL = (
    """
    CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit is append-only'
        USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER audit_stays_as_it_is BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit()
    """,
    """
    CREATE TRIGGER audit_loses_nothing BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit()
    """,
)


def upgrade() -> None:
    with op.batch_alter_table("firms", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.alter_column("by_user_id", existing_type=sa.String(length=36), nullable=True)
    op.create_table(
        "drifts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("firm_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=512), nullable=False),
        sa.Column("mailbox_id", sa.String(length=36), nullable=True),
        sa.Column("link_id", sa.String(length=36), nullable=True),
        sa.Column("event_id", sa.String(length=512), nullable=True),
        sa.Column("ical_uid", sa.String(length=1024), nullable=True),
        sa.Column("activity_id", sa.String(length=64), nullable=True),
        sa.Column("external_key", sa.String(length=1100), nullable=True),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("fixed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["firm_id"], ["firms.id"], name=op.f("fk_drifts_firm_id_firms")),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name=op.f("fk_drifts_mailbox_id_mailboxes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drifts")),
        sa.UniqueConstraint(
            "firm_id", "kind", "subject_id", name=op.f("uq_drifts_firm_id_kind_subject_id")
        ),
    )
    with op.batch_alter_table("drifts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_drifts_mailbox_id"), ["mailbox_id"])
        batch_op.create_index(
            batch_op.f("ix_drifts_firm_id_found_at_id"), ["firm_id", "found_at", "id"]
        )
    for statement in _SQLITE if _is_sqlite() else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.execute(
        "DROP TRIGGER audit_stays_as_it_is"
        if _is_sqlite()
        else "DROP FUNCTION refuse_change_of_audit() CASCADE"
    )
    if _is_sqlite():
        op.execute("DROP TRIGGER audit_loses_nothing")
    op.drop_table("drifts")
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.alter_column("by_user_id", existing_type=sa.String(length=36), nullable=False)
    with op.batch_alter_table("firms", schema=None) as batch_op:
        batch_op.drop_column("erased")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
