"""The records of an organisation and what Salesforce does and refuses when they are written.

Pages named in comments are of the Object Reference, the REST API Developer Guide and Salesforce
Help, unless said otherwise. Touched on one event loop only.
"""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from tests.support.salesforce.activities import ActivityRules
from tests.support.salesforce.errors import RefusedError
from tests.support.salesforce.moments import written
from tests.support.salesforce.schema import OBJECTS, Field, Object
from tests.support.salesforce.soql import MalformedQueryError, Statement, parse

Row = dict[str, Any]
_NUMBERS = itertools.count(1)
"""Of all organisations together: Salesforce never gives an id twice."""
_LETTERS = string.ascii_uppercase + "012345"
_WRITTEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:?\d\d)")


class Organisation:
    """Tables, users and switches. ``shared_activities``: events with several contacts."""

    def __init__(self, clock: Callable[[], datetime], *, shared_activities: bool = True) -> None:
        self.clock = clock
        self.objects = dict(OBJECTS)
        self.shared_activities = shared_activities
        if not shared_activities:
            # EventRelation: these fields exist with Shared Activities only.
            relation = self.objects["EventRelation"]
            self.objects["EventRelation"] = relation.without("IsParent", "IsInvitee", "IsWhat")
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in self.objects}
        self.locked: set[str] = set()
        self.denied: set[tuple[str, str]] = set()
        """(object, ``create``/``update``/``delete``/``query``) that our user may not do."""
        self.hidden: set[str] = set()
        """Ids of records that sharing keeps from our user (Salesforce Help: Sharing Settings)."""
        self.duplicate_rules: set[str] = set()
        """Objects whose duplicate rule blocks a second record with the same e-mail address."""
        self.automation: Callable[[Row], None] = lambda _event: None
        """A record-triggered flow on Event, run before the save, in the name of who saves."""
        self._rules = ActivityRules(self)
        self.user_id = self.insert("User", {"Name": "Calendar Sync", "Email": "sync@firm.example"})

    def object(self, name: str) -> Object:
        wanted = name.casefold()
        for each in self.objects.values():
            if each.name.casefold() == wanted:
                return each
        raise RefusedError(404, "NOT_FOUND", "The requested resource does not exist")

    def insert(self, name: str, data: Mapping[str, Any], *, by: str | None = None) -> str:
        """A new record; its id."""
        table = self.object(name)
        self._allow(table, "create", by)
        row: Row = {field.name: field.default for field in table.fields}
        row["Id"] = self._new_id(table)
        now = written(self.clock())
        row |= {"CreatedDate": now, "CreatedById": by, "IsDeleted": False}
        if "OwnerId" in row:
            row["OwnerId"] = by
        self._fill(table, row, data, creating=True)
        self._save(table, row, None, by)
        return str(row["Id"])

    def update(
        self, name: str, record_id: str, data: Mapping[str, Any], *, by: str | None = None
    ) -> None:
        table = self.object(name)
        before = self.live(table.name, record_id)
        self._allow(table, "update", by)
        self._unlocked(before)
        row = dict(before)
        self._fill(table, row, data, creating=False)
        self._save(table, row, before, by)

    def delete(self, name: str, record_id: str, *, by: str | None = None) -> None:
        """Into the recycle bin; REST has no way out of it (no undelete in sObject resources)."""
        table = self.object(name)
        row = self.live(table.name, record_id)
        self._allow(table, "delete", by)
        self._unlocked(row)
        gone = dict(row) | {"IsDeleted": True, "SystemModstamp": written(self.clock())}
        self.tables[table.name][row["Id"]] = gone
        self._rules.after_delete(table.name, gone, by)

    def live(self, name: str, record_id: str) -> Row:
        """Raises: RefusedError for what is not there (NOT_FOUND) or not any more."""
        row = self.tables[name].get(full_id(record_id))
        if row is None or row["Id"] in self.hidden:
            raise RefusedError(
                404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible"
            )
        if row["IsDeleted"]:
            raise RefusedError(404, "ENTITY_IS_DELETED", "entity is deleted")
        return row

    def find(self, name: str, field: str, value: str) -> list[Row]:
        """Live records by external id. Text external ids are compared without letter case."""
        return [
            row
            for row in self.tables[name].values()
            if not row["IsDeleted"] and str(row[field] or "").casefold() == value.casefold()
        ]

    def rows(self, soql: str, *, deleted: bool) -> list[Row]:
        """The rows of a query, with the fields that were asked for."""
        try:
            statement = parse(soql)
        except MalformedQueryError as error:
            raise RefusedError(400, "MALFORMED_QUERY", str(error)) from error
        if statement.object.casefold() not in {name.casefold() for name in self.objects}:
            said = f"sObject type '{statement.object}' is not supported."
            raise RefusedError(400, "INVALID_TYPE", said)
        table = self.object(statement.object)
        if (table.name, "query") in self.denied:
            said = f"sObject type '{table.name}' is not supported."
            raise RefusedError(400, "INVALID_TYPE", said)
        self._demand_readable(table, statement)
        there = [
            row
            for row in self.tables[table.name].values()
            if (deleted or not row["IsDeleted"]) and row["Id"] not in self.hidden
        ]

        def read(row: Mapping[str, Any], name: str) -> Any:
            return self._read(table, row, name)

        return [self._projected(table, row, statement) for row in statement.rows(there, read)]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Rows are replaced, never changed, so that shallow copies do."""
        before = {name: dict(rows) for name, rows in self.tables.items()}
        try:
            yield
        except BaseException:
            self.tables = before
            raise

    def _save(self, table: Object, row: Row, before: Row | None, by: str | None) -> None:
        if table.name == "Event":
            self.automation(row)
        for field in table.fields:
            if field.required and row[field.name] in (None, ""):
                said = f"Required fields are missing: [{field.name}]"
                raise RefusedError(400, "REQUIRED_FIELD_MISSING", said, [field.name])
            self._demand_unique(table, field, row)
        self._demand_no_duplicate(table, row)
        self._rules.before_save(table.name, row, before)
        if "Name" in row and "LastName" in row:
            row["Name"] = " ".join(part for part in (row["FirstName"], row["LastName"]) if part)
        now = written(self.clock())
        row |= {"LastModifiedDate": now, "LastModifiedById": by, "SystemModstamp": now}
        self.tables[table.name][row["Id"]] = row
        self._rules.after_save(table.name, row, before, by)

    def _fill(self, table: Object, row: Row, data: Mapping[str, Any], *, creating: bool) -> None:
        for name, value in data.items():
            if name == "attributes":
                continue
            field = table.field(name)
            if field is None:
                said = f"No such column '{name}' on sobject of type {table.name}"
                raise RefusedError(400, "INVALID_FIELD", said)
            if not (field.createable if creating else field.updateable):
                said = f"Unable to create/update fields: {field.name}. Please check its security"
                raise RefusedError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", said, [field.name])
            row[field.name] = self._checked(table, field, value)

    def _checked(self, table: Object, field: Field, value: Any) -> Any:
        if value is None:
            return False if field.type == "boolean" else None
        kinds = {"boolean": bool, "int": int}
        if not isinstance(value, kinds.get(field.type, str)):
            said = f"Cannot deserialize instance of {field.type} from VALUE_STRING value"
            raise RefusedError(400, "JSON_PARSER_ERROR", said)
        if not isinstance(value, str):
            return value
        if field.type == "datetime":
            return _as_written(value)
        if field.type == "reference":
            return self._referred(field, value)
        # Salesforce trims text on save, and keeps line ends of text areas as CR LF.
        text = value.strip()
        if field.type == "textarea":
            text = text.replace("\r\n", "\n").replace("\n", "\r\n")
        if field.length and len(text) > field.length:
            said = f"{field.name}: data value too large: {text[:20]} (max length={field.length})"
            raise RefusedError(400, "STRING_TOO_LONG", said, [field.name])
        if field.restricted and text not in field.values:
            said = f"{field.name}: bad value for restricted picklist field: {text}"
            code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
            raise RefusedError(400, code, said, [field.name])
        return text or None

    def _referred(self, field: Field, value: str) -> str:
        record_id = full_id(value)
        for name in field.refers_to:
            row = self.tables[name].get(record_id)
            if row is not None and row["IsDeleted"]:
                raise RefusedError(400, "ENTITY_IS_DELETED", "entity is deleted", [field.name])
            if record_id in self.hidden:
                said = "insufficient access rights on cross-reference id"
                raise RefusedError(400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", said)
            if row is not None:
                return record_id
        said = f"{field.name}: id value of incorrect type: {value}"
        raise RefusedError(400, "MALFORMED_ID", said, [field.name])

    def _demand_unique(self, table: Object, field: Field, row: Row) -> None:
        """Custom Fields, "Unique": records in the recycle bin do not count."""
        if not field.unique or row[field.name] is None:
            return
        same = [
            r for r in self.find(table.name, field.name, row[field.name]) if r["Id"] != row["Id"]
        ]
        if same:
            other = same[0]["Id"]
            said = (
                f"duplicate value found: {field.name} duplicates value on record with id: {other}"
            )
            raise RefusedError(400, "DUPLICATE_VALUE", said)

    def _demand_no_duplicate(self, table: Object, row: Row) -> None:
        """Duplicate Rules: a rule that blocks answers DUPLICATES_DETECTED."""
        if table.name not in self.duplicate_rules or not row.get("Email"):
            return
        if any(r["Id"] != row["Id"] for r in self.find(table.name, "Email", row["Email"])):
            raise RefusedError(400, "DUPLICATES_DETECTED", "Use one of these records?")

    def _unlocked(self, row: Row) -> None:
        """Record locks: whoever waits more than ten seconds is refused."""
        if row["Id"] in self.locked:
            said = f"unable to obtain exclusive access to this record or 1 records: {row['Id']}"
            raise RefusedError(400, "UNABLE_TO_LOCK_ROW", said)

    def _allow(self, table: Object, act: str, by: str | None) -> None:
        if by is not None and (table.name, act) in self.denied:
            said = "insufficient access rights on object id"
            raise RefusedError(403, "INSUFFICIENT_ACCESS_OR_READONLY", said)

    def _demand_readable(self, table: Object, statement: Statement) -> None:
        for name in statement.names:
            column, at = name, table
            while "." in column:
                relation, _, column = column.partition(".")
                at = self._related(at, relation, name, table)
            field = at.field(column)
            if field is None:
                said = f"No such column '{column}' on entity '{at.name}'."
                raise RefusedError(400, "INVALID_FIELD", said)
            if name in statement.compared and not field.described()["filterable"]:
                said = f"field '{column}' can not be filtered in a query call"
                raise RefusedError(400, "INVALID_FIELD", said)

    def _related(self, at: Object, relation: str, name: str, table: Object) -> Object:
        """``Account.Name``: the relationship of AccountId is called Account."""
        field = at.field(f"{relation}Id")
        if field is None or not field.refers_to:
            said = f"Didn't understand relationship '{relation}' in '{name}' of {table.name}."
            raise RefusedError(400, "INVALID_FIELD", said)
        return self.objects[field.refers_to[0]]

    def _read(self, table: Object, row: Mapping[str, Any], name: str) -> Any:
        relation, _, rest = name.partition(".")
        if not rest:
            field = table.field(name)
            return row[field.name] if field is not None else None
        parent = self._related(table, relation, name, table)
        found = self.tables[parent.name].get(row[f"{relation}Id"] or "")
        return None if found is None else self._read(parent, found, rest)

    def _projected(self, table: Object, row: Mapping[str, Any], statement: Statement) -> Row:
        shown: Row = {"attributes": attributes(table.name, row["Id"])}
        for name in statement.fields:
            relation, _, rest = name.partition(".")
            if not rest:
                shown[name] = self._read(table, row, name)
                continue
            parent = self._related(table, relation, name, table)
            parent_id = row[f"{relation}Id"]
            if parent_id is None:
                shown[relation] = None
                continue
            inner = shown.setdefault(relation, {"attributes": attributes(parent.name, parent_id)})
            inner[rest] = self._read(table, row, name)
        return shown

    def _new_id(self, table: Object) -> str:
        return full_id(f"{table.prefix}5g{next(_NUMBERS):010d}")


def attributes(name: str, record_id: str) -> Row:
    return {"type": name, "url": f"/services/data/v62.0/sobjects/{name}/{record_id}"}


def full_id(record_id: str) -> str:
    """Eighteen characters: the last three tell the letter case of the others (ID Field Type)."""
    if len(record_id) != 15:
        return record_id
    bits = ["".join("1" if c.isupper() else "0" for c in record_id[i : i + 5]) for i in (0, 5, 10)]
    return record_id + "".join(_LETTERS[int(each[::-1], 2)] for each in bits)


def _as_written(text: str) -> str:
    if not _WRITTEN.fullmatch(text):
        said = f"Cannot deserialize instance of datetime from VALUE_STRING value {text}"
        raise RefusedError(400, "JSON_PARSER_ERROR", said)
    moment = datetime.fromisoformat(text)
    return written(moment - timedelta(microseconds=moment.microsecond))
