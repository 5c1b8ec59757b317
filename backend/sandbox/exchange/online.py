"""Online meetings: the join address, its block in the body, and how a meeting stops being online.

Graph docs, event: once online, the provider is frozen and `isOnlineMeeting` cannot be changed; a
body written without the meeting's block ends it.
"""

import hashlib

from backend.sandbox.exchange import bodies
from backend.sandbox.exchange.model import Json

_MEMBERS = ("isOnlineMeeting", "onlineMeetingProvider")


def join(fields: Json, given: Json, key: str) -> None:
    """Give a new event its online meeting if it was asked for; `key` makes the address unique."""
    if not given.get("isOnlineMeeting"):
        fields["isOnlineMeeting"], fields["onlineMeetingProvider"] = False, "unknown"
        return
    digest = hashlib.sha256(key.encode()).hexdigest()
    url = f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{digest[:40]}%40thread.v2/0"
    body = fields["body"]
    content = body["content"] if body["content"] else "<html>\n<body>\n</body>\n</html>\n"
    block = f'<div class="me-email-text"><a href="{url}">Join the meeting now</a></div>\n'
    at = content.lower().rfind("</body>")
    at = len(content) if at < 0 else at
    content = content[:at] + block + content[at:]
    fields["onlineMeetingProvider"] = "teamsForBusiness"
    fields["onlineMeeting"] = {"joinUrl": url}
    fields["body"] = {"contentType": "html", "content": content}
    fields["bodyPreview"] = bodies.preview(content)


def keep(fields: Json, present: Json, key: str) -> None:
    """Make a change of an event respect, begin or end its online meeting."""
    if not present["isOnlineMeeting"]:
        if fields.get("isOnlineMeeting"):
            fields.setdefault("body", present["body"])
            join(fields, fields, key)
        else:
            fields.pop("onlineMeetingProvider", None)
        return
    for member in _MEMBERS:
        fields.pop(member, None)
    url = present["onlineMeeting"]["joinUrl"]
    if "body" in fields and url not in fields["body"]["content"]:
        fields |= {
            "isOnlineMeeting": False,
            "onlineMeetingProvider": "unknown",
            "onlineMeeting": None,
        }
