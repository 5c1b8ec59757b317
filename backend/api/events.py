"""``/api/events``: one event seen whole, judged, ticked, unticked, brought back, told (T1-T5)."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from backend.api.answers import EventAnswerSchema, HistoryPageSchema, VerdictSchema
from backend.api.authentication import caller
from backend.api.event_ids import graph_event_id
from backend.api.ports import History, Linking
from backend.api.requests import FormSchema, HistoryQuerySchema, MailboxSchema, TickSchema
from backend.domain.rules import EventFacts, Verdict
from backend.services.answers import EventAnswer, HistoryPage


def events_api(linking: Linking, history: History) -> Blueprint:
    """Bearer only: these calls may go on to Outlook in the caller's name."""
    api = Blueprint("events", __name__, url_prefix="/api/events", description="Outlook events")

    @api.post("/check")
    @api.arguments(FormSchema)
    @api.arguments(MailboxSchema, location="query")
    @api.response(200, VerdictSchema)
    def check(facts: EventFacts, query: dict[str, Any]) -> Verdict:
        """Judge an open form by what Outlook can tell of it; writes nothing (T2)."""
        return linking.check(caller(), facts, query["mailbox"])

    @api.get("/<event_id:event_id>")
    @api.arguments(MailboxSchema, location="query")
    @api.response(200, EventAnswerSchema)
    def view(query: dict[str, Any], event_id: str) -> EventAnswer:
        """Everything about one event."""
        return linking.view(caller(), graph_event_id(event_id), query["mailbox"])

    @api.put("/<event_id:event_id>/link")
    @api.arguments(TickSchema, required=False)
    @api.arguments(MailboxSchema, location="query")
    @api.response(200, EventAnswerSchema, description="Done.")
    @api.alt_response(202, schema=EventAnswerSchema, description="Something is outstanding.")
    def tick(body: dict[str, Any], query: dict[str, Any], event_id: str) -> tuple[EventAnswer, int]:
        """Add the event to the sync."""
        answer = linking.tick(
            caller(), graph_event_id(event_id), query["mailbox"], just_saved=body["just_saved"]
        )
        return answer, _status(answer)

    @api.delete("/<event_id:event_id>/link")
    @api.arguments(MailboxSchema, location="query")
    @api.response(200, EventAnswerSchema, description="Done.")
    @api.alt_response(202, schema=EventAnswerSchema, description="Something is outstanding.")
    def untick(query: dict[str, Any], event_id: str) -> tuple[EventAnswer, int]:
        """Take the event out of the sync."""
        answer = linking.untick(caller(), graph_event_id(event_id), query["mailbox"])
        return answer, _status(answer)

    @api.post("/<event_id:event_id>/link/undo")
    @api.arguments(MailboxSchema, location="query")
    @api.response(200, EventAnswerSchema, description="Done.")
    @api.alt_response(202, schema=EventAnswerSchema, description="Something is outstanding.")
    def undo(query: dict[str, Any], event_id: str) -> tuple[EventAnswer, int]:
        """Bring back the record of an event that was unticked (T4)."""
        answer = linking.undo(caller(), graph_event_id(event_id), query["mailbox"])
        return answer, _status(answer)

    @api.get("/<event_id:event_id>/history")
    @api.arguments(HistoryQuerySchema, location="query")
    @api.response(200, HistoryPageSchema)
    def history_of(query: dict[str, Any], event_id: str) -> HistoryPage:
        """What was seen, decided and written about one event, newest first (T10)."""
        return history.of_event(
            caller(),
            graph_event_id(event_id),
            query["mailbox"],
            limit=query["limit"],
            after=query["cursor"],
        )

    return api


def _status(answer: EventAnswer) -> int:
    return 202 if answer.is_pending else 200
