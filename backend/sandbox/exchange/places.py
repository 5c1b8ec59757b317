"""Locations of events: `location` and `locations` kept in step (Graph docs: event, location)."""

from typing import Any

from backend.sandbox.exchange.errors import invalid_property, unreadable
from backend.sandbox.exchange.model import Json

MAX_LOCATIONS = 50
_TYPES = (
    "default",
    "conferenceRoom",
    "homeAddress",
    "businessAddress",
    "geoCoordinates",
    "streetAddress",
    "hotel",
    "restaurant",
    "localBusiness",
    "postalAddress",
)
_UNIQUE_ID_TYPES = ("unknown", "locationStore", "directory", "private", "bing")
_STRINGS = ("displayName", "locationUri", "locationEmailAddress", "uniqueId")
_ADDRESS = ("street", "city", "state", "countryOrRegion", "postalCode")
_COORDINATES = ("latitude", "longitude", "altitude", "accuracy", "altitudeAccuracy")


def read_location(value: Any) -> Json:
    """Both members for one location that was sent; raises ExchangeError 400."""
    if value is None:
        return read_locations([])
    place = _read(value)
    is_empty = not place.get("displayName") and len(place) <= 3
    return {"location": _alone(place), "locations": [] if is_empty else [place]}


def read_locations(value: Any) -> Json:
    """Both members for a list of locations that was sent; raises ExchangeError 400."""
    if value is None:
        value = []
    if not isinstance(value, list):
        raise unreadable("Cannot convert the value of 'locations' to a collection.")
    if len(value) > MAX_LOCATIONS:
        raise invalid_property("Too many locations.")
    places = [_read(entry) for entry in value]
    if not places:
        nowhere = {"displayName": "", "locationType": "default", "uniqueIdType": "unknown"}
        return {"location": _alone(nowhere), "locations": []}
    if len(places) == 1:
        return {"location": _alone(places[0]), "locations": places}
    together = {
        "displayName": "; ".join(str(place["displayName"]) for place in places),
        "locationType": "default",
        "uniqueId": "; ".join(str(place["displayName"]) for place in places),
        "uniqueIdType": "private",
    }
    return {"location": _alone(together), "locations": places}


def _alone(place: Json) -> Json:
    """The single `location`, which always has address and coordinates, if only empty ones."""
    return {"address": {}, "coordinates": {}, **place}


def _read(value: Any) -> Json:
    if not isinstance(value, dict):
        raise unreadable("Cannot convert the value of 'location' to 'microsoft.graph.location'.")
    place: Json = {"displayName": ""}
    for name in _STRINGS:
        text = value.get(name)
        if text is not None and not isinstance(text, str):
            raise unreadable(f"Cannot convert the value of '{name}' to 'Edm.String'.")
        if text is not None:
            place[name] = text
    place["locationType"] = _choice(value, "locationType", _TYPES)
    unique = _choice(value, "uniqueIdType", _UNIQUE_ID_TYPES)
    if place["displayName"]:
        place.setdefault("uniqueId", place["displayName"])
        unique = "private" if unique == "unknown" else unique
    place["uniqueIdType"] = unique
    place |= _inner(value, "address", _ADDRESS, str)
    return place | _inner(value, "coordinates", _COORDINATES, float)


def _choice(value: Json, name: str, allowed: tuple[str, ...]) -> str:
    found = value.get(name)
    if found is None:
        return allowed[0]
    if not isinstance(found, str) or found not in allowed:
        raise unreadable(f"Cannot convert the value of '{name}' to the expected type.")
    return found


def _inner(value: Json, name: str, members: tuple[str, ...], kind: type) -> Json:
    found = value.get(name)
    if not found:
        return {}
    if not isinstance(found, dict):
        raise unreadable(f"Cannot convert the value of '{name}' to the expected type.")
    kept = {key: found[key] for key in members if found.get(key) is not None}
    allowed = (int, float) if kind is float else (kind,)
    if any(not isinstance(entry, allowed) or isinstance(entry, bool) for entry in kept.values()):
        raise unreadable(f"Cannot convert the members of '{name}' to the expected type.")
    return {name: kept}
