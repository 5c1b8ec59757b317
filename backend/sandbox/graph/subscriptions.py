"""`/subscriptions`: create with validation, list, renew, reauthorize, delete.

Graph docs: subscription resource. How notifications travel is decided in `notifications`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import unquote
from uuid import UUID, uuid4, uuid5

from backend.sandbox.directory import Person
from backend.sandbox.exchange.model import ChangeKind, Json
from backend.sandbox.graph.call import Answer, Call
from backend.sandbox.graph.errors import GraphError, access_denied
from backend.sandbox.graph.paths import PathTable
from backend.sandbox.graph.permissions import calendar_access, person_for_mailbox, signed_in
from backend.sandbox.graph.validation import validate
from backend.sandbox.notifications import courier, renewal
from backend.sandbox.notifications.model import (
    LONGEST_LIFE,
    MOST_PER_MAILBOX,
    SHORTEST_LIFE,
    Subscription,
    zulu,
)

MAX_CLIENT_STATE = 128
MAX_TEXT = 4_096
PAGE = 100
_SERVICE_PRINCIPALS = UUID("5e9f1c3a-0c1d-4a52-9a63-2c7d1f0b8e44")
_OWN_CALENDAR = frozenset(("Calendars.Read", "Calendars.ReadWrite"))
_RESOURCE = re.compile(r"/?(?:(me)|users(?:/([^/()']+)|\('([^']+)'\)))/events/?", re.IGNORECASE)
_KINDS = frozenset(kind.value for kind in ChangeKind)
_TLS_VERSIONS = ("v1_0", "v1_1", "v1_2", "v1_3")
_MEMBERS = frozenset(
    [
        "changeType",
        "clientState",
        "encryptionCertificate",
        "encryptionCertificateId",
        "expirationDateTime",
        "includeResourceData",
        "latestSupportedTlsVersion",
        "lifecycleNotificationUrl",
        "notificationQueryOptions",
        "notificationUrl",
        "notificationUrlAppId",
        "resource",
    ]
)
_READ_ONLY = frozenset(("id", "applicationId", "creatorId"))
_CHANGEABLE = frozenset(("expirationDateTime", "notificationUrl"))


def add_routes(table: PathTable) -> None:
    """Put the endpoints under `subscriptions`."""
    table.add("GET", "subscriptions", list_subscriptions)
    table.add("POST", "subscriptions", create_subscription)
    table.add("GET", "subscriptions/*", get_subscription)
    table.add("PATCH", "subscriptions/*", update_subscription)
    table.add("DELETE", "subscriptions/*", delete_subscription)
    table.add("POST", "subscriptions/*/reauthorize", reauthorize)


def list_subscriptions(call: Call) -> Answer:
    """What the calling application has, for the signed-in user or for itself."""
    found = [each for each in call.world.notifier.register if _is_of_caller(call, each)]
    start = _position(call)
    rows = [each.as_json() for each in found[start : start + PAGE]]
    body: Json = {"@odata.context": call.context("subscriptions"), "value": rows}
    if start + PAGE < len(found):
        body["@odata.nextLink"] = call.next_link(start + PAGE, "$skiptoken")
    return Answer(200, body)


def create_subscription(call: Call) -> Answer:
    """A new subscription; both addresses are asked for the validation token before the answer."""
    form = _form(call)
    wanted = _wanted(call, form)
    _refuse_second(call, wanted)
    return Answer(202, awaited=partial(_create, call, wanted))


async def _create(call: Call, wanted: Subscription) -> Answer:
    for url in dict.fromkeys((wanted.notification_url, wanted.lifecycle_url)):
        if url is not None:
            await validate(call, url)
    # Somebody else may have been quicker while the addresses were asked.
    _refuse_second(call, wanted)
    call.world.notifier.add(wanted)
    return _answer(call, wanted, 201)


def get_subscription(call: Call) -> Answer:
    """One subscription of the caller."""
    return _answer(call, _find(call))


def update_subscription(call: Call) -> Answer:
    """A later end, another address, or both; reauthorizes as well."""
    subscription = _find_readable(call)
    form = _form(call)
    frozen = sorted(set(form) - _CHANGEABLE)
    if frozen or not form:
        raise _invalid(f"'{frozen[0]}' cannot be updated." if frozen else "Nothing to update.")
    expires = _end(call, form) if "expirationDateTime" in form else subscription.expires
    url = _url(form, "notificationUrl") if "notificationUrl" in form else None
    if url is None or url == subscription.notification_url:
        return _renew(call, subscription, expires, subscription.notification_url)
    return Answer(202, awaited=partial(_move, call, subscription, expires, url))


async def _move(call: Call, subscription: Subscription, expires: datetime, url: str) -> Answer:
    await validate(call, url)
    if subscription not in call.world.notifier.register:
        raise _unknown()
    return _renew(call, subscription, expires, url)


def _renew(call: Call, subscription: Subscription, expires: datetime, url: str) -> Answer:
    subscription.notification_url = url
    renewal.renew(call.world.notifier, subscription, expires, keeps=_keeps_clashes(call))
    # What is answered is what was wished, also where it is lost.
    body = subscription.as_json() | {"expirationDateTime": zulu(expires)}
    context = call.context("subscriptions/$entity")
    return Answer(200, {"@odata.context": context, **body})


def reauthorize(call: Call) -> Answer:
    """The caller is still entitled: no more warnings for this end, which stays where it is."""
    subscription = _find_readable(call)
    renewal.reauthorize(call.world.notifier, subscription, keeps=_keeps_clashes(call))
    return Answer(204)


def delete_subscription(call: Call) -> Answer:
    """No more notifications."""
    call.world.notifier.register.remove(_find(call))
    return Answer(204)


# --- reading ------------------------------------------------------------------------------------


def _form(call: Call) -> Json:
    form = {name: value for name, value in call.json_body().items() if "@" not in name}
    unknown = sorted(set(form) - _MEMBERS - _READ_ONLY)
    if unknown:
        raise _invalid(f"Invalid property '{unknown[0][:100]}' on subscription.")
    for name in _MEMBERS - {"includeResourceData"}:
        value = form.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > MAX_TEXT):
            raise _invalid(f"Invalid '{name}' attribute.")
    return {name: value for name, value in form.items() if name in _MEMBERS and value is not None}


def _wanted(call: Call, form: Json) -> Subscription:
    for name in ("changeType", "notificationUrl", "resource", "expirationDateTime"):
        if not form.get(name):
            raise _invalid(f"Missing required attribute '{name}'.")
    if form.get("includeResourceData") or "encryptionCertificate" in form:
        raise _invalid("Notifications with resource data are not emulated.")
    if len(form.get("clientState", "")) > MAX_CLIENT_STATE:
        raise _invalid(f"'clientState' must have at most {MAX_CLIENT_STATE} characters.")
    tls = form.get("latestSupportedTlsVersion", "v1_2")
    if tls not in _TLS_VERSIONS:
        raise _invalid("Invalid 'latestSupportedTlsVersion' attribute.")
    caller = call.caller
    owner = _owner(call, form["resource"])
    user_id = caller.user.id if caller.user else None
    return Subscription(
        id=str(uuid4()),
        app=caller.client_id,
        tenant_id=caller.tenant_id,
        creator_id=user_id or str(uuid5(_SERVICE_PRINCIPALS, caller.client_id)),
        user_id=user_id,
        owner_id=owner.id,
        resource=form["resource"],
        change_type=_change_type(form["changeType"]),
        notification_url=_url(form, "notificationUrl"),
        lifecycle_url=_url(form, "lifecycleNotificationUrl")
        if "lifecycleNotificationUrl" in form
        else None,
        client_state=form.get("clientState"),
        created=call.world.clock(),
        expires=_end(call, form),
        immutable_ids=call.preferences.immutable_ids,
        tls_version=tls,
    )


def _owner(call: Call, resource: str) -> Person:
    """Whose events are meant; an app may watch any mailbox it may read, a user only his own."""
    match = _RESOURCE.fullmatch(unquote(resource))
    if match is None:
        raise _invalid(f"Resource '{resource[:200]}' is not supported for subscriptions here.")
    if match[1]:
        owner = signed_in(call.caller)
    else:
        owner = person_for_mailbox(call.world, call.caller, match[2] or match[3])
    call.note_mailbox(owner)
    _check_access(call, owner)
    # Watching is not reading: thousands of mailboxes can be watched without filling them.
    return call.world.exchange.mailbox(owner.id, populate=False).person


def _check_access(call: Call, owner: Person) -> None:
    """Watching needs the right to read, and `.Shared` scopes do not do (Graph docs: subscription).

    Raises GraphError 403 `ErrorAccessDenied`.
    """
    user = call.caller.user
    if user is not None and (user.id != owner.id or not call.caller.scopes & _OWN_CALENDAR):
        raise access_denied()
    if calendar_access(call, owner).is_basic:
        raise access_denied()


def _change_type(text: str) -> str:
    kinds = [part.strip().lower() for part in text.split(",")]
    wrong = [kind for kind in kinds if kind not in _KINDS]
    if wrong:
        raise _invalid(f"Invalid 'changeType' attribute: '{wrong[0][:100]}'.")
    return ",".join(dict.fromkeys(kinds))


def _url(form: Json, name: str) -> str:
    url = str(form[name])
    problem = courier.address_problem(url)
    if problem is not None:
        raise _invalid(f"Invalid '{name}' attribute: {problem}.")
    return url


def _end(call: Call, form: Json) -> datetime:
    """When the subscription shall end: at least 45 minutes from now, at most seven days."""
    text, now = str(form["expirationDateTime"]), call.world.clock()
    try:
        moment = datetime.fromisoformat(text.strip())
        wanted = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _invalid("Invalid 'expirationDateTime' attribute.") from None
    if wanted > now + LONGEST_LIFE:
        minutes = LONGEST_LIFE // timedelta(minutes=1)
        raise GraphError(
            400,
            "ExtensionError",
            f"Subscription expiration can only be {minutes} minutes in the future.",
        )
    if wanted <= now:
        raise _invalid("The expirationDateTime of a subscription must be in the future.")
    return max(wanted, now + SHORTEST_LIFE)


def _refuse_second(call: Call, wanted: Subscription) -> None:
    register, now = call.world.notifier.register, call.world.clock()
    same = register.same_as(wanted.app, wanted.owner_id, wanted.change_type)
    if same is not None and same.expires > now:
        raise GraphError(
            409,
            "Conflict",
            f"Subscription Id {same.id} already exists for the requested combination",
        )
    if len(register.of_mailbox(wanted.owner_id)) >= MOST_PER_MAILBOX:
        raise GraphError(
            403,
            "ExtensionError",
            f"The mailbox has reached its limit of {MOST_PER_MAILBOX} subscriptions.",
        )


def _find(call: Call) -> Subscription:
    found = call.world.notifier.register.get(call.keys[0])
    if found is None or not _is_of_caller(call, found):
        raise _unknown()
    return found


def _find_readable(call: Call) -> Subscription:
    """The caller's subscription, prolonged only for those who may still read the mailbox."""
    found = _find(call)
    owner = call.world.directory.person_by_id(found.owner_id)
    if owner is not None:
        call.note_mailbox(owner)
        _check_access(call, owner)
    return found


def _keeps_clashes(call: Call) -> bool:
    return call.world.exchange.personality.renewal_clash == "kept"


def _is_of_caller(call: Call, subscription: Subscription) -> bool:
    caller = call.caller
    user_id = caller.user.id if caller.user else None
    is_mine = (subscription.app, subscription.tenant_id) == (caller.client_id, caller.tenant_id)
    return is_mine and subscription.user_id == user_id and subscription.expires > call.world.clock()


def _position(call: Call) -> int:
    token = call.options.raw.get("$skiptoken", "0")
    return int(token) if token.isascii() and token.isdigit() and len(token) < 9 else 0


def _answer(call: Call, subscription: Subscription, status: int = 200) -> Answer:
    context = call.context("subscriptions/$entity")
    return Answer(status, {"@odata.context": context, **subscription.as_json()})


def _invalid(message: str) -> GraphError:
    return GraphError(400, "InvalidRequest", message)


def _unknown() -> GraphError:
    return GraphError(404, "ResourceNotFound", "The object was not found.")
