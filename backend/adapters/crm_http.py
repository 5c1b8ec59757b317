"""The CRM of another instance behind the same interface: its ``/crm/api`` instead of our tables.

Every write carries our key, so a call whose answer was lost is simply sent again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from backend.adapters.answers import Answer
from backend.adapters.crm_json import UNSAYABLE, draft_json, draft_of, mended, person_of
from backend.adapters.http import Http
from backend.domain.crm import (
    Activity,
    ActivityDraft,
    ActivityKind,
    Additions,
    Capabilities,
    Contact,
    Entry,
    Group,
    Listing,
    Reference,
    ReferenceKind,
    SyncStatus,
)
from backend.domain.crm_abilities import RecordPage
from backend.domain.errors import RemoteRejectedError, TransientRemoteError
from backend.domain.event import normalised_address

TENANT_HEADER = "X-CRM-Tenant"
"""Which firm the service acts for; the token itself belongs to no firm."""

_SYSTEM = "crm"
_MOST_ADDRESSES = 1_000
_MOST_PER_PAGE = 200
_LONGEST_QUERY = 400
_LONGEST_KEY = 640
_REPEATS = 1


class HttpCrm:
    """A :class:`~backend.domain.crm.CrmGateway` that asks another instance of this product."""

    def __init__(self, http: Http, base_url: str, token: str) -> None:
        """``base_url`` ends with ``/crm/api``; ``token`` is that instance's service token."""
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._token = token

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(can_restore=True, knows_revisions=True)

    def contacts_by_address(
        self, tenant_id: str, addresses: Sequence[str]
    ) -> Mapping[str, tuple[Contact, ...]]:
        """Private contacts included; the oldest contact of an address comes first (M)."""
        wanted = {normalised_address(a) for a in addresses if not UNSAYABLE.search(a)}
        ordered = sorted(wanted - {""})
        found: dict[str, tuple[Contact, ...]] = {}
        for start in range(0, len(ordered), _MOST_ADDRESSES):
            batch = ordered[start : start + _MOST_ADDRESSES]
            answer = self._call("POST", "/contacts/match", tenant_id, json={"addresses": batch})
            for match in answer.raise_for_status().json()["items"]:
                found[match["address"]] = tuple(_contact(c) for c in match["contacts"])
        return found

    def find_contacts(self, tenant_id: str, query: str, limit: int) -> Sequence[Contact]:
        """Contacts for pickers. Private ones are left out: this call does not say who is asking."""
        if UNSAYABLE.search(query) or len(query) > _LONGEST_QUERY:
            return []
        params = {"q": query, "limit": str(min(limit, _MOST_PER_PAGE)), "private": "false"}
        answer = self._call("GET", "/contacts", tenant_id, params=params).raise_for_status()
        return [_contact(contact) for contact in answer.json()["items"]]

    def get_activity(self, tenant_id: str, activity_id: str) -> Activity | None:
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", activity_id):
            return None
        path = f"/activities/{activity_id}"
        return _found(self._call("GET", path, tenant_id, shown_as="/activities/{id}"))

    def find_activity(self, tenant_id: str, external_key: str) -> Activity | None:
        if not _is_key(external_key):
            return None
        return _found(self._by_key("GET", tenant_id, external_key))

    def find_by_ical_uid(self, tenant_id: str, ical_uid: str) -> Sequence[Activity]:
        if UNSAYABLE.search(ical_uid):
            return []
        found: list[Activity] = []
        params = {"ical_uid": ical_uid, "limit": str(_MOST_PER_PAGE)}
        while True:
            answer = self._call("GET", "/activities", tenant_id, params=params).raise_for_status()
            page = answer.json()
            found.extend(_activity(item) for item in page["items"])
            if page["next"] is None:
                return sorted(found, key=lambda activity: activity.id)
            params["cursor"] = page["next"]

    def synced_records(self, tenant_id: str, *, after: str | None, limit: int) -> RecordPage:
        """Added records are left out here, so that a page may hold fewer than ``limit``."""
        params = {"limit": str(min(limit, _MOST_PER_PAGE))}
        if after is not None:
            params["cursor"] = after
        answer = self._call("GET", "/activities", tenant_id, params=params).raise_for_status()
        page = answer.json()
        found = (_activity(item) for item in page["items"])
        synced = tuple(each for each in found if each.kind is ActivityKind.SYNCED)
        return RecordPage(synced, page["next"])

    def write_activity(
        self,
        tenant_id: str,
        external_key: str,
        draft: ActivityDraft,
        *,
        revision: str | None,
        visibility: str = "everyone",
    ) -> Activity:
        """A record the sync has written has no ``edited_by``, whoever edited it before."""
        if not _is_key(external_key):
            raise _cannot_be_said("external_key")
        precondition = {"If-None-Match": "*"} if revision is None else _if_match(revision)
        answer = self._by_key(
            "PUT",
            tenant_id,
            external_key,
            headers=precondition,
            json={**draft_json(draft), "visibility": visibility},
        )
        if revision is None and answer.status == 412:
            return _activity(answer.json()["activity"])
        return _activity(answer.raise_for_status().json())

    def add_activity(
        self, tenant_id: str, external_key: str, draft: ActivityDraft, additions: Additions
    ) -> tuple[Activity, bool]:
        if not _is_key(external_key):
            raise _cannot_be_said("external_key")
        content = {**draft_json(draft), **mended(asdict(additions))}
        answer = self._by_key("POST", tenant_id, external_key, json=content).raise_for_status()
        return _activity(answer.json()), answer.status == 201

    def find_entries(
        self, tenant_id: str, listing: Listing, query: str, limit: int
    ) -> Sequence[Entry]:
        if UNSAYABLE.search(query) or len(query) > _LONGEST_QUERY:
            return []
        params = {"listing": listing.value, "q": query, "limit": str(min(limit, _MOST_PER_PAGE))}
        return self._entries(tenant_id, params)

    def entries_by_id(
        self, tenant_id: str, listing: Listing, ids: Sequence[str]
    ) -> Sequence[Entry]:
        known = [i for i in dict.fromkeys(ids) if re.fullmatch(r"[A-Za-z0-9_.-]+", i)]
        if not known:
            return []
        params = {"listing": listing.value, "id": known[:_MOST_PER_PAGE]}
        return self._entries(tenant_id, params)

    def contact_types(self, tenant_id: str) -> Sequence[str]:
        return self._types(tenant_id)["contact_types"]

    def activity_types(self, tenant_id: str) -> Sequence[str]:
        return self._types(tenant_id)["activity_types"]

    def groups_of(self, tenant_id: str, person_id: str) -> Sequence[Group]:
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", person_id):
            return []
        answer = self._call("GET", "/groups", tenant_id, params={"member": person_id})
        items = answer.raise_for_status().json()["items"]
        return [Group(item["id"], item["name"]) for item in items]

    def create_contact(self, tenant_id: str, name: str, address: str) -> Contact:
        for field, value in (("name", name), ("address", address)):
            if UNSAYABLE.search(value):
                raise _cannot_be_said(field)
        content = {"name": name, "address": address}
        answer = self._call("POST", "/contacts/by-address", tenant_id, json=content)
        return _contact(answer.raise_for_status().json())

    def _entries(
        self, tenant_id: str, params: Mapping[str, str | Sequence[str]]
    ) -> Sequence[Entry]:
        answer = self._call("GET", "/entries", tenant_id, params=params).raise_for_status()
        return [Entry(item["id"], item["name"], item["detail"]) for item in answer.json()["items"]]

    def _types(self, tenant_id: str) -> Mapping[str, Sequence[str]]:
        answer = self._call("GET", "/types", tenant_id).raise_for_status()
        names: Mapping[str, Sequence[str]] = answer.json()
        return names

    def remove_activity(self, tenant_id: str, external_key: str, *, revision: str) -> None:
        """The tombstone has a revision of its own: look at it before bringing the record back."""
        if _is_key(external_key):
            headers = _if_match(revision)
            answer = self._by_key("DELETE", tenant_id, external_key, headers=headers)
            answer.raise_for_status()

    def destroy_activity(self, tenant_id: str, external_key: str) -> None:
        if _is_key(external_key):
            params = {"destroy": "true"}
            self._by_key("DELETE", tenant_id, external_key, params=params).raise_for_status()

    def set_sync_status(self, tenant_id: str, external_key: str, status: SyncStatus) -> None:
        """Nothing there, or only a tombstone, is success: there is nothing to mark."""
        if _is_key(external_key):
            self._call(
                "PUT",
                "/activities/by-key/sync-status",
                tenant_id,
                params={"external_key": external_key},
                json={"sync_status": status},
            ).raise_for_status()

    def _by_key(
        self,
        method: str,
        tenant_id: str,
        external_key: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
    ) -> Answer:
        named = {"external_key": external_key, **(params or {})}
        path = "/activities/by-key"
        return self._call(method, path, tenant_id, params=named, headers=headers, json=json)

    def _call(
        self,
        method: str,
        path: str,
        tenant_id: str,
        *,
        shown_as: str | None = None,
        params: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
    ) -> Answer:
        identity = {"Authorization": f"Bearer {self._token}", TENANT_HEADER: tenant_id}
        return self._http.request(
            method,
            self._base_url + path,
            system=_SYSTEM,
            path=shown_as or path,
            params=params,
            headers={**identity, **(headers or {})},
            json=json,
            retries=_REPEATS,
        )


def _is_key(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_KEY and not UNSAYABLE.search(text)


def _if_match(revision: str) -> dict[str, str]:
    """Raises: RemoteRejectedError for a text that no revision of that CRM can be."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", revision):
        raise _cannot_be_said("revision")
    return {"If-Match": f'"{revision}"'}


def _cannot_be_said(name: str) -> RemoteRejectedError:
    return RemoteRejectedError(f"the CRM cannot store this {name}", system=_SYSTEM, status=422)


def _found(answer: Answer) -> Activity | None:
    if answer.status == 404:
        if "problem+json" not in answer.headers.get("Content-Type", ""):
            # A proxy's or a wrong address's 404 says nothing about the record.
            raise TransientRemoteError("crm: not the CRM's answer", system=_SYSTEM, status=404)
        return None
    return _activity(answer.raise_for_status().json())


def _activity(found: Mapping[str, Any]) -> Activity:
    return Activity(
        id=found["id"],
        external_key=found["external_key"],
        kind=ActivityKind(found["kind"]),
        draft=draft_of(found),
        revision=found["revision"],
        created_at=datetime.fromisoformat(found["created_at"]),
        updated_at=datetime.fromisoformat(found["updated_at"]),
        edited_by=person_of(found["edited_by"]),
        notes=found["notes"],
        company_ids=tuple(found["company_ids"]),
        opportunity_ids=tuple(found["opportunity_ids"]),
        initiative_ids=tuple(found["initiative_ids"]),
        regarding=_reference(found.get("regarding")),
        visibility=found["visibility"],
        removed=found["removed"],
    )


def _contact(found: Mapping[str, Any]) -> Contact:
    return Contact(
        id=found["id"],
        name=found["name"],
        emails=tuple(found["emails"]),
        types=tuple(found["types"]),
        company_id=found["company_id"],
        company_types=tuple(found["company_types"]),
        private=found["private"],
        owner_id=found["owner_id"],
    )


def _reference(found: Mapping[str, str] | None) -> Reference | None:
    """Older instances do not know it."""
    return Reference(ReferenceKind(found["kind"]), found["id"]) if found else None
