"""Makes and takes apart item ids: rest ids, immutable ids, entry ids, change keys, iCalUIds.

The shapes are those observed in Exchange Online (graph.md 6.5): an id names its mailbox, and the
id of an instance is its master's id plus a date. Only the sandbox may know; products must not.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

ENTRY_LENGTH = 70
IMMUTABLE_LENGTH = 46
MAX_ID_LENGTH = 1024
_REST_HEAD = b"\x00\x03\x24\x00"
_IMMUTABLE_HEAD = b"\x00\x09"
_INSTANCE_MARK = b"\x51\x00\x08"
_TICKS_AT_EPOCH = 621_355_968_000_000_000
_GLOBAL_ID_HEAD = "040000008200E00074C5B7101A82E008"
_GUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EVENT_VERSION_HEAD = bytes.fromhex("0F00000016000000")
_ITEM_PROVIDER = bytes.fromhex("1d840311aa6611cd9bc800aa002f845a")


@dataclass(frozen=True, slots=True)
class ParsedId:
    """What an id says: its mailbox (GUID or tag), the item's bytes, the instance's date if any."""

    immutable: bool
    mailbox: bytes
    entry: bytes
    day: date | None


@dataclass(slots=True)
class IdMint:
    """Makes the ids of one mailbox, always the same ones for the same mailbox and order."""

    person_id: str
    seed: int
    next_item: int = 1
    guid: str = field(init=False)
    tag: bytes = field(init=False)
    _store: bytes = field(init=False)
    _folder: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.guid = str(UUID(bytes=self._digest("mailbox")[:16], version=4))
        # Every id shall carry `-` and `_`, because clients must cope with both. The offsets are
        # those of the three constants in an id, counted modulo base64's three bytes.
        self.tag = self._constant("tag", offset=0)
        self._store = self._constant("store", offset=2)
        self._folder = self._constant("folder", offset=0)

    def new_entry(self) -> bytes:
        """The 70 bytes that name a new item in its folder; a moved item gets new ones."""
        number = self.next_item
        self.next_item += 1
        return (
            b"\x00\x00\x00\x00"
            + self._store
            + b"\x07\x00"
            + self._folder
            + b"\x00\x00\x00\x00\x01\x0d\x00\x00"
            + self._folder[::-1]
            + (0x1CD00000 + number).to_bytes(6, "big")
            + b"\x00\x00"
        )

    def new_immutable_entry(self) -> bytes:
        """The 46 bytes that name an item for as long as it stays in the mailbox."""
        number = self.next_item
        return (
            b"\x00\x00\x00\x00"
            + _ITEM_PROVIDER
            + b"\x0d\x00"
            + self.tag
            + (0x4A0000 + number).to_bytes(6, "big")
            + b"\x00\x00"
        )

    def folder_id(self, number: int) -> str:
        """The id of a calendar; calendars have no other form."""
        entry = self.new_folder_entry(number)
        return to_text(_REST_HEAD + self.guid.encode() + b"\x00\x2e\x00" + entry)

    def new_folder_entry(self, number: int) -> bytes:
        """The 46 bytes that name a folder."""
        return (
            b"\x00\x00\x00\x00"
            + self._store
            + b"\x01\x00"
            + self._folder
            + (0x0100 + number).to_bytes(6, "big")
            + b"\x00\x00"
        )

    def rest_id(self, entry: bytes, day: date | None = None) -> str:
        """The default id of an item, or of one instance of a series."""
        head = _REST_HEAD + self.guid.encode()
        if day is None:
            return to_text(head + b"\x00\x46\x00" + entry)
        return to_text(
            head + b"\x01" + _INSTANCE_MARK + _ticks(day) + b"\x00\x46\x00" + entry + b"\x10"
        )

    def immutable_id(self, entry: bytes, day: date | None = None) -> str:
        """The immutable id of an item, or of one instance of a series."""
        if day is None:
            return to_text(_IMMUTABLE_HEAD + b"\x00\x2e\x00" + entry)
        return to_text(
            _IMMUTABLE_HEAD
            + b"\x01"
            + _INSTANCE_MARK
            + _ticks(day)
            + b"\x00\x2e\x00"
            + entry
            + b"\x10"
        )

    def change_key(self, sequence: int) -> str:
        """A version of an item: 22 bytes in base64, different for every change in the sandbox."""
        return base64.b64encode(self._folder + sequence.to_bytes(6, "big")).decode()

    def _digest(self, what: str) -> bytes:
        return hashlib.sha256(f"{self.seed}/{self.person_id}/{what}".encode()).digest()

    def _constant(self, what: str, offset: int) -> bytes:
        number = 0
        while True:
            found = self._digest(f"{what}{number}")[:16]
            text = base64.b64encode(bytes(offset) + found)
            if b"+" in text and b"/" in text:
                return found
            number += 1


def long_etag(change_key: str) -> str:
    """The etag as delta and notifications show it: the version behind eight more bytes (1.5)."""
    version = _EVENT_VERSION_HEAD + base64.b64decode(change_key)
    return f'W/"{base64.b64encode(version).decode()}"'


def new_ical_uid(digest_of: str, created: datetime) -> str:
    """The global object id of a new meeting (graph.md 6.4), as 112 hexadecimal characters."""
    digest = hashlib.sha256(digest_of.encode()).hexdigest().upper()[:32]
    filetime = int((created - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds() * 10_000_000)
    stamp = filetime.to_bytes(8, "little").hex().upper()
    return f"{_GLOBAL_ID_HEAD}00000000{stamp}0000000000000000" + f"10000000{digest}"


def instance_ical_uid(series_uid: str, day: date) -> str:
    """The iCalUId of one instance: the series' value with the instance's date in it."""
    if not series_uid.upper().startswith(_GLOBAL_ID_HEAD):
        return series_uid
    return f"{series_uid[:32]}{day.year:04X}{day.month:02X}{day.day:02X}{series_uid[40:]}"


def instance_day(uid: str) -> date | None:
    """The date in the iCalUId of an instance; None for single events, series and foreign values."""
    if len(uid) < 40 or not uid.upper().startswith(_GLOBAL_ID_HEAD) or uid[32:40] == "00000000":
        return None
    try:
        return date(int(uid[32:36], 16), int(uid[36:38], 16), int(uid[38:40], 16))
    except ValueError:
        return None


def series_ical_uid(uid: str) -> str:
    """The iCalUId of the series an instance belongs to; any other value comes back as it is."""
    if len(uid) < 40 or not uid.upper().startswith(_GLOBAL_ID_HEAD):
        return uid
    return f"{uid[:32]}00000000{uid[40:]}"


def parse(item_id: str) -> ParsedId | None:
    """What a rest id or immutable id says; None for anything Exchange would not have made."""
    raw = _from_text(item_id)
    if raw is None:
        return None
    if raw.startswith(_REST_HEAD):
        return _parse_rest(raw)
    if raw.startswith(_IMMUTABLE_HEAD):
        return _parse_immutable(raw)
    return None


def to_text(raw: bytes) -> str:
    """Base64 as Graph writes it in ids: `-` for `/` and `_` for `+`."""
    return base64.b64encode(raw, altchars=b"_-").decode()


def _from_text(item_id: str) -> bytes | None:
    if len(item_id) > MAX_ID_LENGTH or "/" in item_id or "+" in item_id:
        return None
    try:
        return base64.b64decode(item_id.encode("ascii"), altchars=b"_-", validate=True)
    except (binascii.Error, ValueError):
        return None


def _parse_rest(raw: bytes) -> ParsedId | None:
    guid, rest = raw[4:40], raw[40:]
    if not _GUID.fullmatch(guid):
        return None
    if len(rest) == 3 + ENTRY_LENGTH and rest.startswith(b"\x00\x46\x00"):
        return ParsedId(False, guid, rest[3:], None)
    if len(rest) == 16 + ENTRY_LENGTH and rest[:4] == b"\x01" + _INSTANCE_MARK:
        return _with_day(False, guid, rest[15:-1], rest[4:12])
    return None


def _parse_immutable(raw: bytes) -> ParsedId | None:
    rest = raw[2:]
    if len(rest) == 3 + IMMUTABLE_LENGTH and rest.startswith(b"\x00\x2e\x00"):
        entry = rest[3:]
        return ParsedId(True, entry[22:38], entry, None)
    if len(rest) == 16 + IMMUTABLE_LENGTH and rest[:4] == b"\x01" + _INSTANCE_MARK:
        entry = rest[15:-1]
        return _with_day(True, entry[22:38], entry, rest[4:12])
    return None


def _with_day(immutable: bool, mailbox: bytes, entry: bytes, ticks: bytes) -> ParsedId | None:
    try:
        day = _day(ticks)
    except (OverflowError, ValueError):
        return None
    return ParsedId(immutable, mailbox, entry, day)


def _ticks(day: date) -> bytes:
    days = day.toordinal() - date(1970, 1, 1).toordinal()
    return (_TICKS_AT_EPOCH + days * 864_000_000_000).to_bytes(8, "big")


def _day(ticks: bytes) -> date:
    since_epoch = int.from_bytes(ticks, "big") - _TICKS_AT_EPOCH
    return date(1970, 1, 1) + timedelta(days=since_epoch // 864_000_000_000)
