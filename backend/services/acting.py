"""The road's third beat: the one CRM step that the plan asks for, and its fenced outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from sqlalchemy.orm import Session

from backend.db import links, people
from backend.db.models import LinkRow
from backend.db.rows import apply
from backend.domain.crm import Activity, ActivityDraft, ActivityStatus, CrmGateway
from backend.domain.errors import RemoteConflictError, RemoteError, RemoteNotFoundError
from backend.domain.link import LinkState, Trigger
from backend.domain.mapping import changed_fields, fingerprint
from backend.domain.plan import (
    DESTROYING,
    ConfirmAbsence,
    DestroyRecord,
    MarkRecord,
    Nothing,
    RemoveRecord,
    Step,
    WriteRecord,
    plan,
)
from backend.services.run import FencedError, Run

UNDO_PERIOD = timedelta(days=30)


class Acting:
    """Acts on the CRM for one run; a failure is noted as trouble, a conflict is raised."""

    def __init__(self, run: Run, crm: CrmGateway) -> None:
        self._run = run
        self._crm = crm

    def act(self) -> None:
        """Do what the plan says.

        Raises: RemoteConflictError when the record changed meanwhile; FencedError.
        """
        step = plan(self._run.link, self._run.sight)
        if isinstance(step, Nothing):
            return
        if isinstance(step, ConfirmAbsence):
            self._store_cleared(line="absent")
            return
        self._run.check_lease()
        try:
            self._do(step)
        except RemoteConflictError:
            raise
        except RemoteNotFoundError as error:
            raise RemoteConflictError(str(error), system="crm", status=404) from error
        except RemoteError as error:
            self._run.note_trouble(error)

    def _do(self, step: Step) -> None:
        tenant_id, key = self._run.link.tenant_id, self._run.link.external_key
        assert key is not None
        match step:
            case WriteRecord():
                self._store_written(self._write(tenant_id, key, step), step.draft)
            case RemoveRecord():
                self._crm.remove_activity(tenant_id, key, revision=step.revision)
                self._store_cleared(line="removed")
            case DestroyRecord():
                self._crm.destroy_activity(tenant_id, key)
                self._store_cleared(line="destroyed")
            case MarkRecord():
                self._mark(tenant_id, key, step)
            case Nothing() | ConfirmAbsence():
                pass
            case _:
                assert_never(step)

    def _write(self, tenant_id: str, key: str, step: WriteRecord) -> Activity:
        written = self._crm.write_activity(
            tenant_id,
            key,
            step.draft,
            revision=step.revision,
            visibility=self._run.owner.default_visibility,
        )
        if step.revision is not None or fingerprint(written.draft) == fingerprint(step.draft):
            if written.removed:
                raise RemoteConflictError("the key was taken meanwhile", system="crm")
            return written
        if written.removed or written.edited_by is not None:
            raise RemoteConflictError("the key was taken meanwhile", system="crm")
        # Somebody else of ours made it, or the CRM mended a character it cannot store: naming the
        # revision tells the two apart.
        return self._crm.write_activity(tenant_id, key, step.draft, revision=written.revision)

    def _mark(self, tenant_id: str, key: str, step: MarkRecord) -> None:
        record = self._run.sight.record
        if step.cancelled and record is not None:
            draft = replace(record.draft, status=ActivityStatus.CANCELLED, sync_status=step.status)
            self._crm.write_activity(tenant_id, key, draft, revision=record.revision)
        else:
            self._crm.set_sync_status(tenant_id, key, step.status)
        self._store_fact("marked")

    def _store_written(self, record: Activity, draft: ActivityDraft) -> None:
        run = self._run
        now = run.clock()
        with run.database.write.begin() as session:
            row = run.row_for_facts(session)
            fenced = self._outdate_if_fenced(session, row)
            if not fenced:
                row.activity_id = record.id
                row.activity_revision = record.revision
                row.fingerprint = fingerprint(draft)
                row.adopt = False
                row.undo_until = None
                row.written_at = now
                apply(
                    session,
                    row,
                    Trigger.WRITTEN,
                    now=now,
                    kind="write",
                    line=self._line_of_write(),
                    fields=self._changed(record),
                    request_id=self._request_id,
                )
                people.note_written(session, row.mailbox_id, now)
                run.take_over(row)
                run.finish(session)
        if fenced:
            raise FencedError

    def _line_of_write(self) -> str:
        before = self._run.sight.record
        if before is None:
            return "created"
        return "restored" if before.removed else "updated"

    def _changed(self, record: Activity) -> tuple[str, ...]:
        before = self._run.sight.record
        return () if before is None else changed_fields(before.draft, record.draft)

    @property
    def _request_id(self) -> str | None:
        """Of the look at the event that led here."""
        look = self._run.look
        return look.request_id if look is not None else None

    def _store_fact(self, line: str) -> None:
        """The CRM was written without a move of the link."""
        run = self._run
        with run.database.write.begin() as session:
            row = run.row_for_facts(session)
            links.write_history(
                session,
                row,
                kind="write",
                line=line,
                at=run.clock(),
                codes=(row.reason,) if row.reason else (),
                request_id=self._request_id,
            )

    def _store_cleared(self, *, line: str) -> None:
        run = self._run
        now = run.clock()
        was_there = run.sight.record is not None
        with run.database.write.begin() as session:
            row = run.row_for_facts(session)
            fenced = self._outdate_if_fenced(session, row)
            if not fenced:
                if was_there and row.reason not in DESTROYING:
                    row.undo_until = row.undo_until or now + UNDO_PERIOD
                row.activity_id = None
                row.activity_revision = None
                row.fingerprint = None
                if row.state is LinkState.REMOVING:
                    apply(
                        session,
                        row,
                        Trigger.CLEARED,
                        now=now,
                        kind="write",
                        line=line,
                        reason=row.reason,
                        codes=(row.reason,) if row.reason else (),
                        request_id=self._request_id,
                    )
                else:
                    links.write_history(
                        session, row, kind="write", line=line, at=now, request_id=self._request_id
                    )
                run.take_over(row)
        if fenced:
            raise FencedError

    def _outdate_if_fenced(self, session: Session, row: LinkRow) -> bool:
        """The CRM was written for a wish that has changed meanwhile: somebody must look again."""
        if not self._run.is_fenced(row):
            return False
        now = self._run.clock()
        apply(
            session,
            row,
            Trigger.OUTDATED,
            now=now,
            line="outdated",
            reason=row.reason,
            request_id=self._request_id,
        )
        session.flush()
        links.ring(session, row.id, now)
        return True
