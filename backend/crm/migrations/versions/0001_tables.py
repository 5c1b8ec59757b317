"""Create the CRM's tables"""

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
        "crm_activities",
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("external_key", sa.String(length=640), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("start_at", UtcDateTime(), nullable=False),
        sa.Column("end_at", UtcDateTime(), nullable=False),
        sa.Column("all_day", sa.Boolean(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("resources", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("contacts", sa.JSON(), nullable=False),
        sa.Column("unmatched", sa.JSON(), nullable=False),
        sa.Column("assigned_to", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("owner_id", sa.String(length=64), nullable=True),
        sa.Column("ical_uid", sa.String(length=600), nullable=True),
        sa.Column("web_link", sa.Text(), nullable=True),
        sa.Column("online_meeting", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("show_as", sa.Text(), nullable=False),
        sa.Column("importance", sa.Text(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("reminder_minutes", sa.Integer(), nullable=True),
        sa.Column("sync_status", sa.String(length=10), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("company_ids", sa.JSON(), nullable=False),
        sa.Column("opportunity_ids", sa.JSON(), nullable=False),
        sa.Column("initiative_ids", sa.JSON(), nullable=False),
        sa.Column("visibility", sa.String(length=120), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("revision", sa.String(length=40), nullable=False),
        sa.Column("edited_by", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('synced', 'added')", name=op.f("ck_crm_activities_kind")),
        sa.CheckConstraint(
            "status IN ('confirmed', 'cancelled')", name=op.f("ck_crm_activities_status")
        ),
        sa.CheckConstraint(
            "sync_status IN ('synced', 'released', 'final', 'not_synced')",
            name=op.f("ck_crm_activities_sync_status"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_crm_activities")),
        sa.UniqueConstraint(
            "tenant_id", "external_key", name=op.f("uq_crm_activities_tenant_id_external_key")
        ),
    )
    with op.batch_alter_table("crm_activities", schema=None) as batch_op:
        batch_op.create_index(
            "ix_crm_activities_removed_at",
            ["removed_at"],
            unique=False,
            sqlite_where=sa.text("removed_at IS NOT NULL"),
            postgresql_where=sa.text("removed_at IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_crm_activities_tenant_id_ical_uid_start_at_id"),
            ["tenant_id", "ical_uid", "start_at", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_crm_activities_tenant_id_start_at_id"),
            ["tenant_id", "start_at", "id"],
            unique=False,
        )

    op.create_table(
        "crm_companies",
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("sort_name", sa.String(length=400), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_crm_companies")),
    )
    with op.batch_alter_table("crm_companies", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_crm_companies_tenant_id_sort_name_id"),
            ["tenant_id", "sort_name", "id"],
            unique=False,
        )

    op.create_table(
        "crm_contact_types",
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("folded_name", sa.String(length=600), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_crm_contact_types")),
        sa.UniqueConstraint(
            "tenant_id", "folded_name", name=op.f("uq_crm_contact_types_tenant_id_folded_name")
        ),
    )
    op.create_table(
        "crm_initiatives",
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("sort_name", sa.String(length=400), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_crm_initiatives")),
    )
    with op.batch_alter_table("crm_initiatives", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_crm_initiatives_tenant_id_sort_name_id"),
            ["tenant_id", "sort_name", "id"],
            unique=False,
        )

    op.create_table(
        "crm_activity_mentions",
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("mentioned_id", sa.String(length=64), nullable=False),
        sa.Column("start_at", UtcDateTime(), nullable=False),
        sa.Column("activity_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "activity_id"],
            ["crm_activities.tenant_id", "crm_activities.id"],
            name=op.f("fk_crm_activity_mentions_tenant_id_activity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "kind",
            "mentioned_id",
            "start_at",
            "activity_id",
            name=op.f("pk_crm_activity_mentions"),
        ),
    )
    with op.batch_alter_table("crm_activity_mentions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_crm_activity_mentions_tenant_id_activity_id"),
            ["tenant_id", "activity_id"],
            unique=False,
        )

    op.create_table(
        "crm_company_has_type",
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=False),
        sa.Column("type_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "company_id"],
            ["crm_companies.tenant_id", "crm_companies.id"],
            name=op.f("fk_crm_company_has_type_tenant_id_company_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "type_id"],
            ["crm_contact_types.tenant_id", "crm_contact_types.id"],
            name=op.f("fk_crm_company_has_type_tenant_id_type_id"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "company_id", "type_id", name=op.f("pk_crm_company_has_type")
        ),
    )
    with op.batch_alter_table("crm_company_has_type", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_crm_company_has_type_tenant_id_type_id"),
            ["tenant_id", "type_id"],
            unique=False,
        )

    op.create_table(
        "crm_contacts",
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("sort_name", sa.String(length=400), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("company_id", sa.String(length=64), nullable=True),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "NOT private OR owner_id IS NOT NULL", name=op.f("ck_crm_contacts_private_has_owner")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "company_id"],
            ["crm_companies.tenant_id", "crm_companies.id"],
            name=op.f("fk_crm_contacts_tenant_id_company_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_crm_contacts")),
    )
    with op.batch_alter_table("crm_contacts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_crm_contacts_tenant_id_company_id"),
            ["tenant_id", "company_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_crm_contacts_tenant_id_sort_name_id"),
            ["tenant_id", "sort_name", "id"],
            unique=False,
        )

    op.create_table(
        "crm_opportunities",
        sa.Column("company_id", sa.String(length=64), nullable=True),
        sa.Column("stage", sa.String(length=200), nullable=False),
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("sort_name", sa.String(length=400), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "company_id"],
            ["crm_companies.tenant_id", "crm_companies.id"],
            name=op.f("fk_crm_opportunities_tenant_id_company_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_crm_opportunities")),
    )
    with op.batch_alter_table("crm_opportunities", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_crm_opportunities_tenant_id_company_id"),
            ["tenant_id", "company_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_crm_opportunities_tenant_id_sort_name_id"),
            ["tenant_id", "sort_name", "id"],
            unique=False,
        )

    op.create_table(
        "crm_contact_emails",
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("contact_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("normalised", sa.String(length=640), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["crm_contacts.tenant_id", "crm_contacts.id"],
            name=op.f("fk_crm_contact_emails_tenant_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "contact_id", "position", name=op.f("pk_crm_contact_emails")
        ),
    )
    with op.batch_alter_table("crm_contact_emails", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_crm_contact_emails_tenant_id_normalised"),
            ["tenant_id", "normalised"],
            unique=False,
        )

    op.create_table(
        "crm_contact_has_type",
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("contact_id", sa.String(length=64), nullable=False),
        sa.Column("type_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["crm_contacts.tenant_id", "crm_contacts.id"],
            name=op.f("fk_crm_contact_has_type_tenant_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "type_id"],
            ["crm_contact_types.tenant_id", "crm_contact_types.id"],
            name=op.f("fk_crm_contact_has_type_tenant_id_type_id"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "contact_id", "type_id", name=op.f("pk_crm_contact_has_type")
        ),
    )
    with op.batch_alter_table("crm_contact_has_type", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_crm_contact_has_type_tenant_id_type_id"),
            ["tenant_id", "type_id"],
            unique=False,
        )


def downgrade() -> None:
    with op.batch_alter_table("crm_contact_has_type", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_crm_contact_has_type_tenant_id_type_id"))

    op.drop_table("crm_contact_has_type")
    with op.batch_alter_table("crm_contact_emails", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_crm_contact_emails_tenant_id_normalised"))

    op.drop_table("crm_contact_emails")
    with op.batch_alter_table("crm_opportunities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_crm_opportunities_tenant_id_sort_name_id"))
        batch_op.drop_index(batch_op.f("ix_crm_opportunities_tenant_id_company_id"))

    op.drop_table("crm_opportunities")
    with op.batch_alter_table("crm_contacts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_crm_contacts_tenant_id_sort_name_id"))
        batch_op.drop_index(batch_op.f("ix_crm_contacts_tenant_id_company_id"))

    op.drop_table("crm_contacts")
    with op.batch_alter_table("crm_company_has_type", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_crm_company_has_type_tenant_id_type_id"))

    op.drop_table("crm_company_has_type")
    with op.batch_alter_table("crm_activity_mentions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_crm_activity_mentions_tenant_id_activity_id"))

    op.drop_table("crm_activity_mentions")
    with op.batch_alter_table("crm_initiatives", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_crm_initiatives_tenant_id_sort_name_id"))

    op.drop_table("crm_initiatives")
    op.drop_table("crm_contact_types")
    with op.batch_alter_table("crm_companies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_crm_companies_tenant_id_sort_name_id"))

    op.drop_table("crm_companies")
    with op.batch_alter_table("crm_activities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_crm_activities_tenant_id_start_at_id"))
        batch_op.drop_index(batch_op.f("ix_crm_activities_tenant_id_ical_uid_start_at_id"))
        batch_op.drop_index(
            "ix_crm_activities_removed_at",
            sqlite_where=sa.text("removed_at IS NOT NULL"),
            postgresql_where=sa.text("removed_at IS NOT NULL"),
        )

    op.drop_table("crm_activities")
