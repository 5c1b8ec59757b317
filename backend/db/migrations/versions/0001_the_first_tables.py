"""The first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.sql import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clocks",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_clocks")),
    )
    op.create_table(
        "firms",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sync_enabled", sa.Boolean(), nullable=False),
        sa.Column("sync_enabled_at", UtcDateTime(), nullable=True),
        sa.Column("mode", sa.String(length=32), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("users_may_enable", sa.Boolean(), nullable=False),
        sa.Column("past_days", sa.Integer(), nullable=False),
        sa.Column("future_days", sa.Integer(), nullable=False),
        sa.Column("private_events", sa.String(length=32), nullable=False),
        sa.Column("sync_internal_manual", sa.Boolean(), nullable=False),
        sa.Column("sync_internal_automatic", sa.Boolean(), nullable=False),
        sa.Column("unmatched_manual", sa.Boolean(), nullable=False),
        sa.Column("unmatched_automatic", sa.Boolean(), nullable=False),
        sa.Column("blocked_addresses", sa.String(length=32), nullable=False),
        sa.Column("block_list", sa.JSON(), nullable=False),
        sa.Column("verified_domains", sa.JSON(), nullable=False),
        sa.Column("further_domains", sa.JSON(), nullable=False),
        sa.Column("contact_types", sa.JSON(), nullable=False),
        sa.Column("also_company_types", sa.Boolean(), nullable=False),
        sa.Column("exclude_personnel", sa.Boolean(), nullable=False),
        sa.Column("include_description", sa.Boolean(), nullable=False),
        sa.Column("activity_type", sa.String(length=200), nullable=False),
        sa.Column("category_name", sa.String(length=255), nullable=False),
        sa.Column("category_color", sa.String(length=20), nullable=False),
        sa.Column("cancelled_records", sa.String(length=20), nullable=False),
        sa.Column("delete_synced_events", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firms")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_firms_tenant_id")),
    )
    op.create_table(
        "servers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("firm_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("cloud", sa.String(length=20), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("secret_encrypted", sa.Text(), nullable=True),
        sa.Column("certificate_encrypted", sa.Text(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("can_write", sa.Boolean(), nullable=True),
        sa.Column("can_write_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["firm_id"], ["firms.id"], name=op.f("fk_servers_firm_id_firms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_servers")),
    )
    with op.batch_alter_table("servers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_servers_firm_id"), ["firm_id"], unique=False)

    op.create_table(
        "users",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("firm_id", sa.String(length=36), nullable=False),
        sa.Column("oid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=True),
        sa.Column("enabled_by_admin", sa.Boolean(), nullable=True),
        sa.Column("enabled_by_user", sa.Boolean(), nullable=True),
        sa.Column("mode", sa.String(length=32), nullable=False),
        sa.Column("activated_at", UtcDateTime(), nullable=True),
        sa.Column("block_list", sa.JSON(), nullable=False),
        sa.Column("default_activity_type", sa.String(length=200), nullable=True),
        sa.Column("default_visibility", sa.String(length=100), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["firm_id"], ["firms.id"], name=op.f("fk_users_firm_id_firms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("firm_id", "oid", name=op.f("uq_users_firm_id_oid")),
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_users_firm_id_address"), ["firm_id", "address"], unique=False
        )

    op.create_table(
        "mailboxes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("firm_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("server_id", sa.String(length=36), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(length=64), nullable=True),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("master_category", sa.String(length=255), nullable=True),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=True),
        sa.Column("written_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["firm_id"], ["firms.id"], name=op.f("fk_mailboxes_firm_id_firms")),
        sa.ForeignKeyConstraint(
            ["server_id"], ["servers.id"], name=op.f("fk_mailboxes_server_id_servers")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mailboxes_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailboxes")),
        sa.UniqueConstraint("user_id", name=op.f("uq_mailboxes_user_id")),
    )
    with op.batch_alter_table("mailboxes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mailboxes_firm_id"), ["firm_id"], unique=False)

    op.create_table(
        "delegations",
        sa.Column("mailbox_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("firm_id", sa.String(length=36), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firms.id"], name=op.f("fk_delegations_firm_id_firms")
        ),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name=op.f("fk_delegations_mailbox_id_mailboxes")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_delegations_user_id_users")
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "user_id", name=op.f("pk_delegations")),
    )
    op.create_table(
        "links",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("firm_id", sa.String(length=36), nullable=False),
        sa.Column("mailbox_id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=512), nullable=False),
        sa.Column("ical_uid", sa.String(length=1024), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("origin", sa.String(length=32), nullable=False),
        sa.Column("wished_by", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("blocked_by", sa.String(length=64), nullable=True),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.Column("adopt", sa.Boolean(), nullable=False),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("activity_id", sa.String(length=64), nullable=True),
        sa.Column("activity_revision", sa.String(length=64), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("category_seen", sa.Boolean(), nullable=True),
        sa.Column("category_name", sa.String(length=255), nullable=True),
        sa.Column("category_seen_at", UtcDateTime(), nullable=True),
        sa.Column("category_written_at", UtcDateTime(), nullable=True),
        sa.Column("category_content", sa.String(length=64), nullable=True),
        sa.Column("category_put_back", sa.Boolean(), nullable=False),
        sa.Column("category_refused", sa.Boolean(), nullable=False),
        sa.Column("category_permission", sa.String(length=32), nullable=False),
        sa.Column("looked_at", sa.Boolean(), nullable=False),
        sa.Column("looked_at_version", UtcDateTime(), nullable=True),
        sa.Column("event_end", UtcDateTime(), nullable=True),
        sa.Column("had_attendees", sa.Boolean(), nullable=False),
        sa.Column("gone_since", UtcDateTime(), nullable=True),
        sa.Column("awaited_until", UtcDateTime(), nullable=True),
        sa.Column("undo_until", UtcDateTime(), nullable=True),
        sa.Column("last_change_seen_at", UtcDateTime(), nullable=True),
        sa.Column("written_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("ring_seq", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.String(length=36), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state <> 'linked' OR activity_id IS NOT NULL", name=op.f("ck_links_linked_has_record")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'linked', 'removing', 'removed', 'released')",
            name=op.f("ck_links_state"),
        ),
        sa.ForeignKeyConstraint(["firm_id"], ["firms.id"], name=op.f("fk_links_firm_id_firms")),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name=op.f("fk_links_mailbox_id_mailboxes")
        ),
        sa.ForeignKeyConstraint(["wished_by"], ["users.id"], name=op.f("fk_links_wished_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("firm_id", "ical_uid", name=op.f("uq_links_firm_id_ical_uid")),
        sa.UniqueConstraint("mailbox_id", "event_id", name=op.f("uq_links_mailbox_id_event_id")),
    )
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.create_index("ix_links_due", ["due_at", "urgent"], unique=False)

    op.create_table(
        "event_ids",
        sa.Column("mailbox_id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=512), nullable=False),
        sa.Column("firm_id", sa.String(length=36), nullable=False),
        sa.Column("link_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["firm_id"], ["firms.id"], name=op.f("fk_event_ids_firm_id_firms")),
        sa.ForeignKeyConstraint(["link_id"], ["links.id"], name=op.f("fk_event_ids_link_id_links")),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name=op.f("fk_event_ids_mailbox_id_mailboxes")
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "event_id", name=op.f("pk_event_ids")),
    )
    with op.batch_alter_table("event_ids", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_ids_link_id"), ["link_id"], unique=False)

    op.create_table(
        "history",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("firm_id", sa.String(length=36), nullable=False),
        sa.Column("mailbox_id", sa.String(length=36), nullable=False),
        sa.Column("link_id", sa.String(length=36), nullable=True),
        sa.Column("event_id", sa.String(length=512), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("line", sa.String(length=64), nullable=False),
        sa.Column("trigger", sa.String(length=16), nullable=True),
        sa.Column("state_before", sa.String(length=16), nullable=True),
        sa.Column("state_after", sa.String(length=16), nullable=True),
        sa.Column("by_user_id", sa.String(length=36), nullable=True),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["by_user_id"], ["users.id"], name=op.f("fk_history_by_user_id_users")
        ),
        sa.ForeignKeyConstraint(["firm_id"], ["firms.id"], name=op.f("fk_history_firm_id_firms")),
        sa.ForeignKeyConstraint(["link_id"], ["links.id"], name=op.f("fk_history_link_id_links")),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailboxes.id"], name=op.f("fk_history_mailbox_id_mailboxes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_history_firm_id_at"), ["firm_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_history_link_id_at"), ["link_id", "at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_history_mailbox_id_event_id"), ["mailbox_id", "event_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_history_mailbox_id_event_id"))
        batch_op.drop_index(batch_op.f("ix_history_link_id_at"))
        batch_op.drop_index(batch_op.f("ix_history_firm_id_at"))

    op.drop_table("history")
    with op.batch_alter_table("event_ids", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_ids_link_id"))

    op.drop_table("event_ids")
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.drop_index("ix_links_due")

    op.drop_table("links")
    op.drop_table("delegations")
    with op.batch_alter_table("mailboxes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mailboxes_firm_id"))

    op.drop_table("mailboxes")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_users_firm_id_address"))

    op.drop_table("users")
    with op.batch_alter_table("servers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_servers_firm_id"))

    op.drop_table("servers")
    op.drop_table("firms")
    op.drop_table("clocks")
