"""A subscription, and the JSON that its subscriber is sent (Graph docs: change notifications)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

Json = dict[str, Any]

LONGEST_LIFE = timedelta(minutes=10_080)
SHORTEST_LIFE = timedelta(minutes=45)
MOST_PER_MAILBOX = 1_000
MOMENTS = ("expires", "created", "renewed_at", "reauthorized_at", "end_before_renewal")


class LifecycleEvent(StrEnum):
    """Graph's lifecycleEventType."""

    MISSED = "missed"
    REMOVED = "subscriptionRemoved"
    REAUTHORIZE = "reauthorizationRequired"


@dataclass(slots=True)
class Tally:
    """What became of a subscription's notifications so far."""

    delivered: int = 0
    failed_attempts: int = 0
    dropped: int = 0


@dataclass(slots=True, eq=False)
class Subscription:
    """Who wants to hear of which changes in whose mailbox, where, and until when.

    `user_id` is the signed-in user it was made for, None for an application's own. `renewed_at`,
    `reauthorized_at` and `end_before_renewal` are what `renewal` has to remember.
    """

    id: str
    app: str
    tenant_id: str
    creator_id: str
    user_id: str | None
    owner_id: str
    resource: str
    change_type: str
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    created: datetime
    expires: datetime
    immutable_ids: bool = False
    tls_version: str = "v1_2"
    is_reauthorized: bool = False
    has_lost_access: bool = False
    renewed_at: datetime | None = None
    reauthorized_at: datetime | None = None
    end_before_renewal: datetime | None = None
    tally: Tally = field(default_factory=Tally)

    @property
    def kinds(self) -> frozenset[str]:
        """The change types it wants."""
        return change_kinds(self.change_type)

    def as_json(self) -> Json:
        """The subscription as Graph shows it."""
        return {
            "id": self.id,
            "resource": self.resource,
            "applicationId": self.app,
            "changeType": self.change_type,
            "clientState": self.client_state,
            "notificationUrl": self.notification_url,
            "notificationQueryOptions": None,
            "lifecycleNotificationUrl": self.lifecycle_url,
            "expirationDateTime": zulu(self.expires),
            "creatorId": self.creator_id,
            "includeResourceData": None,
            "latestSupportedTlsVersion": self.tls_version,
            "encryptionCertificate": None,
            "encryptionCertificateId": None,
            "notificationUrlAppId": None,
        }

    def change(self, kind: str, item_id: str, etag: str) -> Json:
        """One change of one event, as the subscriber gets it."""
        path = f"Users/{self.owner_id}/Events/{item_id}"
        return {
            "subscriptionId": self.id,
            "subscriptionExpirationDateTime": _with_offset(self.expires),
            "changeType": kind,
            "resource": path,
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.Event",
                "@odata.id": path,
                "@odata.etag": etag,
                "id": item_id,
            },
            "clientState": self.client_state,
            "tenantId": self.tenant_id,
        }

    def lifecycle(self, event: LifecycleEvent) -> Json:
        """A word about the subscription itself."""
        return {
            "subscriptionId": self.id,
            "subscriptionExpirationDateTime": _with_offset(self.expires),
            "tenantId": self.tenant_id,
            "clientState": self.client_state,
            "lifecycleEvent": event.value,
        }

    def snapshot(self) -> Json:
        """Everything as JSON."""
        return asdict(self) | {name: _written(getattr(self, name)) for name in MOMENTS}


def subscription_of(saved: Json) -> Subscription:
    """The subscription of a snapshot."""
    moments = {name: _read(saved.get(name)) for name in MOMENTS}
    return Subscription(**{**saved, **moments, "tally": Tally(**saved["tally"])})


def change_kinds(text: str) -> frozenset[str]:
    """The members of a `changeType`."""
    return frozenset(part.strip().lower() for part in text.split(","))


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def zulu(moment: datetime) -> str:
    """A time as Graph writes it in a subscription."""
    text = moment.replace(tzinfo=None).isoformat(timespec="microseconds").rstrip("0")
    return f"{text.rstrip('.')}Z"


def _with_offset(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}0+00:00"
