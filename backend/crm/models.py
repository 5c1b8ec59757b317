"""The tables of the embedded CRM. Every key begins with the firm: no row points across firms."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from backend.sql import UtcDateTime

ID_LENGTH = 64
ADDRESS_LENGTH = 320
VISIBILITY_LENGTH = 120
ICAL_UID_LENGTH = 600
EVENT_ID_LENGTH = 600
KEY_LENGTH = 640
"""PostgreSQL indexes rows of at most 2,704 bytes; 640 characters of UTF-8 stay below it."""

MOST_REMINDER_MINUTES = 2**31 - 1


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ContactTypeRow(Base):
    """A type a contact or company carries: Client, Prospect, Our Personnel, …"""

    __tablename__ = "crm_contact_types"
    __table_args__ = (UniqueConstraint("tenant_id", "folded_name"),)

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    folded_name: Mapped[str] = mapped_column(String(600))


class CompanyRow(Base):
    __tablename__ = "crm_companies"
    __table_args__ = (Index(None, "tenant_id", "sort_name", "id"),)

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(400))
    sort_name: Mapped[str] = mapped_column(String(400))
    search_text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CompanyTypeRow(Base):
    """Which types a company carries."""

    __tablename__ = "crm_company_has_type"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "company_id"],
            ["crm_companies.tenant_id", "crm_companies.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "type_id"], ["crm_contact_types.tenant_id", "crm_contact_types.id"]
        ),
        Index(None, "tenant_id", "type_id"),
    )

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    company_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    type_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)


class ContactRow(Base):
    __tablename__ = "crm_contacts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "company_id"], ["crm_companies.tenant_id", "crm_companies.id"]
        ),
        Index(None, "tenant_id", "sort_name", "id"),
        Index(None, "tenant_id", "company_id"),
        CheckConstraint("NOT private OR owner_id IS NOT NULL", name="private_has_owner"),
    )

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(400))
    sort_name: Mapped[str] = mapped_column(String(400))
    search_text: Mapped[str] = mapped_column(Text)
    company_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    private: Mapped[bool]
    owner_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ContactEmailRow(Base):
    """One address of a contact, as written and in the form in which addresses are compared."""

    __tablename__ = "crm_contact_emails"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["crm_contacts.tenant_id", "crm_contacts.id"],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "normalised"),
    )

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    contact_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))
    normalised: Mapped[str] = mapped_column(String(ADDRESS_LENGTH * 2))


class ContactHasTypeRow(Base):
    """Which types a contact carries."""

    __tablename__ = "crm_contact_has_type"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["crm_contacts.tenant_id", "crm_contacts.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "type_id"], ["crm_contact_types.tenant_id", "crm_contact_types.id"]
        ),
        Index(None, "tenant_id", "type_id"),
    )

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    contact_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    type_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)


class _Undertaking:
    """What opportunities and initiatives have in common."""

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(400))
    sort_name: Mapped[str] = mapped_column(String(400))
    search_text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OpportunityRow(_Undertaking, Base):
    __tablename__ = "crm_opportunities"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "company_id"], ["crm_companies.tenant_id", "crm_companies.id"]
        ),
        Index(None, "tenant_id", "sort_name", "id"),
        Index(None, "tenant_id", "company_id"),
    )

    company_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    stage: Mapped[str] = mapped_column(String(200))


class InitiativeRow(_Undertaking, Base):
    __tablename__ = "crm_initiatives"
    __table_args__ = (Index(None, "tenant_id", "sort_name", "id"),)


class ActivityRow(Base):
    """One record, live or removed. ``revision`` changes with the fields that Outlook fills (L4)."""

    __tablename__ = "crm_activities"
    __table_args__ = (
        UniqueConstraint("tenant_id", "external_key"),
        Index(None, "tenant_id", "start_at", "id"),
        # One index range answers a page of a list narrowed by any of these.
        Index(None, "tenant_id", "originator", "start_at", "id"),
        Index(None, "tenant_id", "type", "start_at", "id"),
        Index(None, "tenant_id", "kind", "start_at", "id"),
        # In the order of the lists, so that no planner walks all starts to find one meeting.
        Index(None, "tenant_id", "ical_uid", "start_at", "id"),
        Index(
            "ix_crm_activities_removed_at",
            "removed_at",
            sqlite_where=text("removed_at IS NOT NULL"),
            postgresql_where=text("removed_at IS NOT NULL"),
        ),
        # The records that still follow an event, whatever else a firm has.
        Index(
            "ix_crm_activities_in_sync",
            "tenant_id",
            "id",
            sqlite_where=text("sync_status = 'synced' AND removed_at IS NULL"),
            postgresql_where=text("sync_status = 'synced' AND removed_at IS NULL"),
        ),
        CheckConstraint("kind IN ('synced', 'added')", name="kind"),
        CheckConstraint("status IN ('confirmed', 'cancelled')", name="status"),
        CheckConstraint(
            "sync_status IN ('synced', 'released', 'final', 'not_synced')", name="sync_status"
        ),
    )

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    external_key: Mapped[str | None] = mapped_column(String(KEY_LENGTH))
    kind: Mapped[str] = mapped_column(String(10))

    subject: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    start_at: Mapped[datetime] = mapped_column(UtcDateTime)
    end_at: Mapped[datetime] = mapped_column(UtcDateTime)
    all_day: Mapped[bool]
    start_date: Mapped[date | None]
    end_date: Mapped[date | None]
    time_zone: Mapped[str | None] = mapped_column(Text)
    location: Mapped[str] = mapped_column(Text)
    resources: Mapped[list[str]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(10))
    contacts: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    unmatched: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    assigned_to: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    originator: Mapped[str | None] = mapped_column(String(ADDRESS_LENGTH * 2))
    owner_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    event_id: Mapped[str | None] = mapped_column(String(EVENT_ID_LENGTH))
    ical_uid: Mapped[str | None] = mapped_column(String(ICAL_UID_LENGTH))
    recurring: Mapped[bool] = mapped_column(server_default=false())
    web_link: Mapped[str | None] = mapped_column(Text)
    online_meeting: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    show_as: Mapped[str] = mapped_column(Text)
    importance: Mapped[str] = mapped_column(Text)
    private: Mapped[bool]
    reminder_minutes: Mapped[int | None]
    sync_status: Mapped[str] = mapped_column(String(10))

    notes: Mapped[str] = mapped_column(Text)
    company_ids: Mapped[list[str]] = mapped_column(JSON)
    opportunity_ids: Mapped[list[str]] = mapped_column(JSON)
    initiative_ids: Mapped[list[str]] = mapped_column(JSON)
    regarding_kind: Mapped[str | None] = mapped_column(String(12))
    regarding_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    visibility: Mapped[str] = mapped_column(String(VISIBILITY_LENGTH))

    search_text: Mapped[str] = mapped_column(Text)
    revision: Mapped[str] = mapped_column(String(40))
    edited_by: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MentionRow(Base):
    """A live record names a contact, company, opportunity or initiative: its grid, by start.

    The start is repeated here so that one index range answers a page of anybody's grid.
    """

    __tablename__ = "crm_activity_mentions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "activity_id"],
            ["crm_activities.tenant_id", "crm_activities.id"],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "activity_id"),
    )

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    mentioned_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    start_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    activity_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)


class GroupRow(Base):
    """People who may see records together (T6)."""

    __tablename__ = "crm_groups"
    __table_args__ = (UniqueConstraint("tenant_id", "folded_name"),)

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    folded_name: Mapped[str] = mapped_column(String(600))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GroupMemberRow(Base):
    """A member of the firm in a group; name and address as they were when he was put there."""

    __tablename__ = "crm_group_members"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["crm_groups.tenant_id", "crm_groups.id"],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "user_id"),
    )

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    group_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(400))
    address: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))


class FollowRow(Base):
    """A member of the firm wants to hear of a contact's appointments."""

    __tablename__ = "crm_follows"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["crm_contacts.tenant_id", "crm_contacts.id"],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "contact_id"),
    )

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    contact_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AlertRow(Base):
    """The last news of one record for one follower. It holds no text: that is read with the record.

    There is no foreign key to the contact: one that is removed at this moment must not make the
    write of a record fail. Lists join it, so that an alert goes with its contact.
    """

    __tablename__ = "crm_alerts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "activity_id"],
            ["crm_activities.tenant_id", "crm_activities.id"],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "activity_id"),
        Index(None, "tenant_id", "user_id", "at", "activity_id"),
        Index(None, "at"),
        CheckConstraint("news IN ('appeared', 'moved', 'cancelled', 'removed')", name="news"),
    )

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    activity_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    contact_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    news: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    was_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a record that was moved began before."""
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
