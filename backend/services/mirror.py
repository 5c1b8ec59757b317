"""Makes the Outlook category show the wish: the only thing ever written to Outlook (X2)."""

from __future__ import annotations

from dataclasses import replace

from backend.db import links, people
from backend.db.rows import forget_private, snapshot, store_memory
from backend.domain.category import category_write, remember_write
from backend.domain.crm import CrmGateway
from backend.domain.errors import (
    IdentityError,
    RemoteAccessError,
    RemoteConflictError,
    RemoteError,
    RemoteNotFoundError,
)
from backend.domain.link import CategoryPermission
from backend.domain.matching import invited
from backend.domain.plan import FREEZING
from backend.domain.ports import Look
from backend.services.deciding import decide_and_store
from backend.services.gathering import Gathering
from backend.services.run import FencedError, Run


class Mirror:
    """Writes the category of one run's event, where that is permitted."""

    def __init__(self, run: Run, crm: CrmGateway) -> None:
        self._run = run
        self._crm = crm

    def mend(self) -> None:
        """Write the whole array if it has to change, right after the look it was read in.

        Raises: RemoteConflictError when the event changed since; FencedError.
        """
        run = self._run
        event = run.sight.event
        if event is None or run.hand is None or not self._may_touch_outlook():
            return
        write = category_write(run.link, event, run.owner.policy.category_name)
        if write is None:
            return
        try:
            if not self._permitted() or run.graph_is_closed():
                return
            run.check_lease()
            answer = run.hand.calendar.set_categories(
                run.owner.mailbox, event.id, write.categories, etag=event.etag
            )
        except RemoteConflictError:
            raise
        except RemoteNotFoundError as error:
            raise RemoteConflictError(str(error), system="graph", status=404) from error
        except RemoteAccessError as error:
            if error.status == 403:
                self._store_permission(self._refused())
            else:
                run.note_trouble(error)
            return
        except (RemoteError, IdentityError) as error:
            run.note_trouble(error)
            return
        self._store(answer)
        self._look_again_at(answer)

    def make_master_category(self) -> None:
        """The coloured master category, once per mailbox, where that is permitted (X1).

        By the user; by the worker only where it was found lost (T11), or where the firm has chosen
        another colour, as it has to try to know.
        """
        run = self._run
        hand, name, color = run.hand, *self._category()
        was_lost = run.sight.master_category_lost
        is_made = run.owner.master_category == name and not was_lost
        recolors = is_made and run.owner.master_color not in (None, color)
        if hand is None or run.trouble is not None or (is_made and not recolors):
            return
        if not (hand.is_user or was_lost or recolors):
            return
        if not (run.link.is_wanted and run.link.category.seen):
            return
        try:
            allowed = hand.calendar.may_write_master_categories
            if allowed is False or (allowed is None and hand.is_user):
                return
            write = hand.calendar.ensure_master_category
            made = (hand.calendar.recolor_master_category if recolors else write)(
                run.owner.mailbox, name, color
            )
        except (RemoteError, IdentityError):
            return
        # A refused colour is left as it is, and not tried with every look.
        if made or recolors:
            with run.database.write.begin() as session:
                people.store_master_category(session, run.owner.mailbox_id, name, color)

    def _category(self) -> tuple[str, str]:
        policy = self._run.owner.policy
        return policy.category_name, policy.category_color

    def _may_touch_outlook(self) -> bool:
        """Until a verdict exists nothing is written; a frozen link is left as it is."""
        link = self._run.link
        return link.blocked_by not in FREEZING and (link.looked_at or not link.is_wanted)

    def _permitted(self) -> bool:
        """X1: a category that cannot be written now does not keep the link pending."""
        run = self._run
        assert run.hand is not None
        if run.hand.is_user:
            allowed = run.hand.calendar.may_write_events
        else:
            allowed = run.owner.server_can_write
        if allowed is False:
            self._store_permission(self._refused())
        return allowed is not False

    def _refused(self) -> CategoryPermission:
        run = self._run
        assert run.hand is not None
        not_permitted = CategoryPermission.NOT_PERMITTED
        if run.hand.is_user or run.link.category.permission is not_permitted:
            return not_permitted
        return CategoryPermission.WAITING_FOR_USER

    def _store_permission(self, permission: CategoryPermission) -> None:
        run = self._run
        assert run.hand is not None
        with run.database.write.begin() as session:
            row = run.locked(session)
            row.category_permission = permission
            if not run.hand.is_user:
                run.app_may_write(session, allowed=False)
            run.take_over(row)

    def _store(self, answer: Look) -> None:
        """Outlook's answer to our PATCH is a fact, stored at once, fence or not (R3)."""
        run = self._run
        assert run.hand is not None
        now = run.clock()
        with run.database.write.begin() as session:
            row = run.row_for_facts(session)
            fenced = run.is_fenced(row)
            memory = remember_write(
                snapshot(row, run.link.tenant_id).category,
                answer.event,
                run.owner.policy.category_name,
            )
            store_memory(row, replace(memory, permission=CategoryPermission.PERMITTED))
            links.learn_event(session, row, answer.event, now)
            row.own_change_key = answer.event.change_key or None
            forget_private(row)
            links.write_history(
                session,
                row,
                kind="write",
                line="category_set" if memory.seen else "category_cleared",
                at=now,
                request_id=answer.request_id,
            )
            if not run.hand.is_user:
                run.app_may_write(session, allowed=True)
            if fenced:
                # What is there now may not be what is wanted any more.
                links.ring(session, row.id, now)
            else:
                run.take_over(row)
        if fenced:
            raise FencedError

    def _look_again_at(self, answer: Look) -> None:
        """The CRM write is decided on the event that the PATCH returned."""
        run = self._run
        before = run.sight.event
        run.look = answer
        run.sight = replace(run.sight, event=answer.event)
        gathering = Gathering(run, self._crm)
        if before is not None and invited(before) != invited(answer.event):
            gathering.crm()
        else:
            gathering.judge()
        decide_and_store(run)
