"""What every connector must tell of people's work on records in the CRM itself (L4).

A connector's test module provides ``hands``: how a person works in the CRM behind its gateway.
"""

from __future__ import annotations

from typing import Protocol

import pytest

from backend.domain.crm import CrmGateway, SyncStatus
from backend.domain.errors import RemoteConflictError, RemoteNotFoundError
from tests.crm.gateway_contract import KEY, TENANT, a_draft


class Hands(Protocol):
    """A person of the firm at work in the CRM, by record id."""

    def change_subject(self, activity_id: str, subject: str) -> None: ...

    def write_notes(self, activity_id: str, notes: str) -> None: ...

    def hide(self, activity_id: str) -> None:
        """Make it visible to nobody else."""
        ...

    def delete(self, activity_id: str) -> None: ...


class EditingContract:
    """A person's edit of what Outlook fills counts; all other work survives and does not count.

    For every connector that says it knows revisions.
    """

    def test_it_says_that_it_knows_revisions(self, gateway: CrmGateway) -> None:
        assert gateway.capabilities.knows_revisions

    def test_a_persons_edit_changes_the_revision_and_says_that_somebody_did_it(
        self, gateway: CrmGateway, hands: Hands
    ) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(description="Agenda"), revision=None)

        hands.change_subject(made.id, "Mine now")

        edited = gateway.find_activity(TENANT, KEY)
        assert edited is not None
        assert edited.draft.subject == "Mine now"
        assert edited.draft.description == "Agenda"
        assert edited.edited_by is not None
        assert edited.revision != made.revision
        assert gateway.find_activity(TENANT, KEY) == edited

    def test_nothing_is_written_over_an_edit_that_was_not_seen(
        self, gateway: CrmGateway, hands: Hands
    ) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        hands.change_subject(made.id, "Mine now")

        with pytest.raises(RemoteConflictError):
            gateway.write_activity(TENANT, KEY, a_draft(subject="Late"), revision=made.revision)
        with pytest.raises(RemoteConflictError):
            gateway.remove_activity(TENANT, KEY, revision=made.revision)

        kept = gateway.get_activity(TENANT, made.id)
        assert kept is not None
        assert kept.draft.subject == "Mine now"

    def test_marking_an_edited_record_does_not_hide_who_edited_it(
        self, gateway: CrmGateway, hands: Hands
    ) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        hands.change_subject(made.id, "Mine now")
        edited = gateway.find_activity(TENANT, KEY)
        assert edited is not None

        gateway.set_sync_status(TENANT, KEY, SyncStatus.RELEASED)

        marked = gateway.find_activity(TENANT, KEY)
        assert marked is not None
        assert (marked.edited_by, marked.revision) == (edited.edited_by, edited.revision)

    def test_a_write_that_has_seen_the_edit_makes_the_record_ours_again(
        self, gateway: CrmGateway, hands: Hands
    ) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        hands.change_subject(made.id, "Mine now")
        edited = gateway.find_activity(TENANT, KEY)
        assert edited is not None

        adopted = gateway.write_activity(TENANT, KEY, a_draft(), revision=edited.revision)

        assert (adopted.id, adopted.edited_by) == (made.id, None)
        assert adopted.draft.subject == a_draft().subject
        assert gateway.find_activity(TENANT, KEY) == adopted

    def test_notes_and_visibility_do_not_count_and_survive_a_write(
        self, gateway: CrmGateway, hands: Hands
    ) -> None:
        draft = a_draft(description="Agenda", owner_id="jane")
        made = gateway.write_activity(TENANT, KEY, draft, revision=None)

        hands.write_notes(made.id, "Bring the file")
        hands.hide(made.id)

        noted = gateway.find_activity(TENANT, KEY)
        assert noted is not None
        assert (noted.notes, noted.visibility) == ("Bring the file", "only_me")
        assert (noted.revision, noted.edited_by) == (made.revision, None)
        moved = a_draft(subject="Moved", owner_id="jane")
        written = gateway.write_activity(TENANT, KEY, moved, revision=made.revision)
        assert (written.notes, written.visibility) == ("Bring the file", "only_me")
        assert written.draft == moved

    def test_notes_come_back_with_a_record_that_was_removed(
        self, gateway: CrmGateway, hands: Hands
    ) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        hands.write_notes(made.id, "Bring the file")
        gateway.remove_activity(TENANT, KEY, revision=made.revision)
        tombstone = gateway.find_activity(TENANT, KEY)
        assert tombstone is not None

        revived = gateway.write_activity(TENANT, KEY, a_draft(), revision=tombstone.revision)

        assert (tombstone.notes, revived.notes) == ("Bring the file", "Bring the file")

    def test_a_record_that_a_person_deleted_does_not_come_back_by_a_late_write(
        self, gateway: CrmGateway, hands: Hands
    ) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)

        hands.delete(made.id)

        found = gateway.find_activity(TENANT, KEY)
        assert found is None or found.removed
        with pytest.raises((RemoteConflictError, RemoteNotFoundError)):
            gateway.write_activity(TENANT, KEY, a_draft(), revision=made.revision)
        assert gateway.get_activity(TENANT, made.id) is None
