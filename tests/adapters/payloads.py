"""Graph payloads as the service sends them, for the parser and the client."""

from __future__ import annotations

from typing import Any


def an_event(**members: Any) -> dict[str, Any]:
    """A complete event of v1.0; ``members`` replace or add, ``...`` leaves a member out."""
    event: dict[str, Any] = {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users('7c4b')/events/$entity",
        "@odata.etag": 'W/"qU3PyJwbLk2ME1AW/lSG/AAAfFY3Cg=="',
        "id": "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A=",
        "createdDateTime": "2026-02-03T09:12:44.1034912Z",
        "lastModifiedDateTime": "2026-02-04T08:00:01.55Z",
        "changeKey": "qU3PyJwbLk2ME1AW/lSG/AAAfFY3Cg==",
        "categories": ["Blue category"],
        "transactionId": None,
        "originalStartTimeZone": "W. Europe Standard Time",
        "originalEndTimeZone": "W. Europe Standard Time",
        "iCalUId": "040000008200E00074C5B7101A82E008",
        "reminderMinutesBeforeStart": 15,
        "isReminderOn": True,
        "hasAttachments": False,
        "subject": "Quarterly review",
        "bodyPreview": "Agenda",
        "importance": "normal",
        "sensitivity": "normal",
        "isAllDay": False,
        "isCancelled": False,
        "isOrganizer": True,
        "responseRequested": True,
        "seriesMasterId": None,
        "showAs": "busy",
        "type": "singleInstance",
        "webLink": "https://outlook.office365.com/owa/?itemid=AAMk&path=/calendar/item",
        "onlineMeetingUrl": None,
        "isOnlineMeeting": False,
        "onlineMeetingProvider": "unknown",
        "allowNewTimeProposals": True,
        "isDraft": False,
        "hideAttendees": False,
        "recurrence": None,
        "onlineMeeting": None,
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
        "body": {"contentType": "html", "content": "<html><body><p>Agenda</p></body></html>"},
        "start": {"dateTime": "2026-03-01T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-03-01T10:00:00.0000000", "timeZone": "UTC"},
        "location": {
            "displayName": "",
            "locationType": "default",
            "uniqueIdType": "unknown",
            "address": {},
            "coordinates": {},
        },
        "locations": [],
        "attendees": [an_attendee()],
        "organizer": {"emailAddress": {"name": "Ann Lawyer", "address": "ann@firm.example"}},
    }
    event.update(members)
    return {name: value for name, value in event.items() if value is not ...}


def an_attendee(
    address: str | None = "ben@client.example",
    name: str | None = "Ben Client",
    *,
    type: str = "required",
    response: str = "accepted",
) -> dict[str, Any]:
    """One entry of ``attendees``."""
    return {
        "type": type,
        "status": {"response": response, "time": "2026-02-03T10:00:00Z"},
        "emailAddress": {"name": name, "address": address},
    }


def an_error(code: str, message: str = "What went wrong.") -> dict[str, Any]:
    """Graph's error body."""
    inner = {"date": "2026-03-01T09:00:00", "request-id": "r-1", "client-request-id": "c-1"}
    return {"error": {"code": code, "message": message, "innerError": inner}}
