"""What all tables have in common: names of constraints, kinds of columns, new ids."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, MetaData
from sqlalchemy.orm import DeclarativeBase

from backend.domain.link import CategoryPermission, LinkState
from backend.domain.policy import (
    BlockedAddresses,
    Origin,
    PrivateEvents,
    SyncMode,
    UserAddress,
)
from backend.sql import UtcDateTime


def new_id() -> str:
    return str(uuid.uuid4())


def _values(enum: type[StrEnum]) -> Enum:
    """Enums are stored by value, as text that a later version may extend."""
    return Enum(
        enum,
        native_enum=False,
        length=32,
        create_constraint=False,
        values_callable=lambda members: [m.value for m in members],
    )


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy at class creation
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        dict[str, str]: JSON,
        list[str]: JSON,
        SyncMode: _values(SyncMode),
        Origin: _values(Origin),
        PrivateEvents: _values(PrivateEvents),
        BlockedAddresses: _values(BlockedAddresses),
        UserAddress: _values(UserAddress),
        LinkState: _values(LinkState),
        CategoryPermission: _values(CategoryPermission),
    }
