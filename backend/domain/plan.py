"""The road's second decision, pure and total: which single CRM step makes it agree with the wish.

What a look means for the wish itself is decided before, in :mod:`backend.domain.decisions`.
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.crm import Activity, ActivityDraft, ActivityStatus, SyncStatus
from backend.domain.decisions import CATEGORY_REMOVED, COUNTED_LINES, Decision, Weight, decide
from backend.domain.link import EndReason, Link, LinkState
from backend.domain.mapping import draft_for, fingerprint
from backend.domain.sight import DESTROYING, FREEZING, GONE_PROOF_PAUSE, Missing, Sight

__all__ = [
    "CATEGORY_REMOVED",
    "COUNTED_LINES",
    "DESTROYING",
    "FREEZING",
    "GONE_PROOF_PAUSE",
    "ConfirmAbsence",
    "Decision",
    "DestroyRecord",
    "MarkRecord",
    "Missing",
    "Nothing",
    "RemoveRecord",
    "Sight",
    "Step",
    "Weight",
    "WriteRecord",
    "decide",
    "plan",
]


@dataclass(frozen=True, slots=True)
class Nothing:
    """The CRM agrees already, or must not be touched now."""


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """Create (``revision=None``), update or revive the record."""

    draft: ActivityDraft
    revision: str | None


@dataclass(frozen=True, slots=True)
class RemoveRecord:
    """Turn the record into a tombstone."""

    revision: str


@dataclass(frozen=True, slots=True)
class DestroyRecord:
    """Erase record and tombstone."""


@dataclass(frozen=True, slots=True)
class MarkRecord:
    """Say on the record that it is no longer followed; cancelled ones say that, too."""

    status: SyncStatus
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class ConfirmAbsence:
    """Nothing to remove: the wish is fulfilled."""


Step = Nothing | WriteRecord | RemoveRecord | DestroyRecord | MarkRecord | ConfirmAbsence


def plan(link: Link, sight: Sight) -> Step:
    """The one step that makes the CRM agree with the link's wish."""
    if link.external_key is None:
        return ConfirmAbsence() if link.state is LinkState.REMOVING else Nothing()
    if not sight.record_known:
        return Nothing()
    record = sight.record
    if link.reason in DESTROYING and not link.is_wanted:
        if record is not None:
            return DestroyRecord()
        return ConfirmAbsence() if link.state is LinkState.REMOVING else Nothing()
    match link.state:
        case LinkState.REMOVING:
            if record is None or record.removed:
                return ConfirmAbsence()
            return RemoveRecord(record.revision)
        case LinkState.RELEASED:
            return _plan_released(link, record)
        case LinkState.PENDING | LinkState.LINKED:
            return _plan_wanted(link, sight)
        case LinkState.REMOVED:
            return Nothing()


def _plan_released(link: Link, record: Activity | None) -> Step:
    if record is None or record.removed:
        return Nothing()
    status = SyncStatus.FINAL if link.reason == EndReason.FINAL else SyncStatus.RELEASED
    cancels = (
        link.reason == EndReason.CANCELLED
        and record.draft.status is not ActivityStatus.CANCELLED
        and record.edited_by is None
    )
    if record.draft.sync_status is status and not cancels:
        return Nothing()
    return MarkRecord(status, cancelled=cancels)


def _plan_wanted(link: Link, sight: Sight) -> Step:
    if sight.event is None or link.blocked_by in FREEZING:
        return Nothing()
    record = sight.record
    draft = draft_for(
        sight.event,
        sight.matches,
        sight.policy,
        owner_oid=sight.owner_oid,
        activity_type=sight.activity_type,
    )
    if (
        link.state is LinkState.LINKED
        and record is not None
        and not record.removed
        and record.revision == link.activity_revision
        and record.draft.sync_status is SyncStatus.SYNCED
        and link.fingerprint == fingerprint(draft)
    ):
        return Nothing()
    # A pending link writes even what stands there already: the new revision is what keeps a late
    # removal of a dead worker from matching (A11).
    return WriteRecord(draft, None if record is None else record.revision)
