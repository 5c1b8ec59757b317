"""What people call the things whose ids the administration's lists carry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backend.db.admin_models import OperationRow
from backend.db.models import MailboxRow, ServerRow, UserRow

Target = tuple[str, str]
"""A kind of thing, as the audit names it, and an id."""


def of_users(session: Session, firm_id: str, ids: Collection[str]) -> dict[str, str]:
    """Names of the firm's users; those who are not there any more are absent."""
    return _ask(session, _users(firm_id, ids))


def of_targets(session: Session, firm_id: str, targets: Iterable[Target]) -> dict[Target, str]:
    """Names of the firm's things; what is gone, or has no name, is absent."""
    by_kind: defaultdict[str, set[str]] = defaultdict(set)
    for kind, key in targets:
        by_kind[kind].add(key)
    return {
        (kind, key): name
        for kind, ids in by_kind.items()
        if kind in _QUERIES
        for key, name in _ask(session, _QUERIES[kind](firm_id, ids)).items()
    }


def _ask(session: Session, wanted: Select[str, str]) -> dict[str, str]:
    return {row[0]: row[1] for row in session.execute(wanted)}


def _users(firm_id: str, ids: Collection[str]) -> Select[str, str]:
    return select(UserRow.id, UserRow.name).where(UserRow.firm_id == firm_id, UserRow.id.in_(ids))


def _mailboxes(firm_id: str, ids: Collection[str]) -> Select[str, str]:
    return (
        select(MailboxRow.id, UserRow.name)
        .join(UserRow, UserRow.id == MailboxRow.user_id)
        .where(MailboxRow.firm_id == firm_id, MailboxRow.id.in_(ids))
    )


def _servers(firm_id: str, ids: Collection[str]) -> Select[str, str]:
    return select(ServerRow.id, ServerRow.name).where(
        ServerRow.firm_id == firm_id, ServerRow.id.in_(ids)
    )


def _operations(firm_id: str, ids: Collection[str]) -> Select[str, str]:
    return select(OperationRow.id, OperationRow.kind).where(
        OperationRow.firm_id == firm_id, OperationRow.id.in_(ids)
    )


_QUERIES: Mapping[str, Callable[[str, Collection[str]], Select[str, str]]] = {
    "user": _users,
    "mailbox": _mailboxes,
    "server": _servers,
    "operation": _operations,
}
