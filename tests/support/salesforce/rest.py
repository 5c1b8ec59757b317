"""REST resources of one organisation: rows, external ids, queries, collections, composite.

Each function follows the page of the REST API Developer Guide that it names. Bodies and statuses
only; HTTP, sessions and faults are the server's.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.salesforce.errors import RefusedError
from tests.support.salesforce.moments import read_moment
from tests.support.salesforce.org import Organisation, attributes

LONGEST_ADDRESS = 16_384
MOST_STEPS, MOST_COLLECTIONS, MOST_RECORDS = 25, 5, 200
OLDEST, NEWEST = 46, 66
"""Versions of the API; before 46 an upsert answers 204 (Upsert Using an External ID)."""

_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)((?:\.[A-Za-z0-9_]+|\[\d+\])+)\}")
_BAD_HEADERS = {"accept", "authorization", "content-type"}


@dataclass
class Call:
    """One request, also a step of a composite one."""

    method: str
    address: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Reply:
    status: int
    body: Any = None


class Rest:
    """Answers for the user whose session it is. ``batch_size``: rows of a page of a query."""

    def __init__(self, org: Organisation, *, batch_size: int = 2_000) -> None:
        self.org = org
        self.batch_size = batch_size
        self._cursors: dict[str, tuple[list[dict[str, Any]], int]] = {}
        self._numbers = itertools.count(1)

    def answer(self, call: Call) -> Reply:
        """Any status is an answer, refusals in the form of their page."""
        try:
            return self._answer(call)
        except RefusedError as refused:
            return Reply(refused.status, refused.body)

    def _answer(self, call: Call) -> Reply:
        if len(call.address) > LONGEST_ADDRESS:
            raise RefusedError(414, "URI_TOO_LONG", "URI exceeds the 16,384 byte limit")
        parts = urlsplit(call.address)
        match = re.fullmatch(r"/services/data/v(\d\d)\.0/(.*?)/?", parts.path)
        if match is None or not OLDEST <= int(match[1]) <= NEWEST:
            raise RefusedError(404, "NOT_FOUND", "The requested resource does not exist")
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        steps = [unquote(part) for part in match[2].split("/")]
        match call.method, steps:
            case "GET", ["query" | "queryAll" as resource]:
                return self._query(params.get("q", ""), deleted=resource == "queryAll")
            case "GET", ["query" | "queryAll", locator]:
                return self._more(locator)
            case "GET", ["limits"]:
                return Reply(200, {"DailyApiRequests": {"Max": 100_000, "Remaining": 99_000}})
            case "POST", ["composite"]:
                return self._composite(call.body)
            case "POST" | "PATCH" | "DELETE", ["composite", "sobjects"]:
                return self._collection(call, params)
            case "GET", ["sobjects", name, "describe"]:
                return Reply(200, self._describe(name))
            case "POST", ["sobjects", name]:
                made = self.org.insert(name, _object(call.body), by=self.org.user_id)
                return Reply(201, {"id": made, "success": True, "errors": []})
            case _, ["sobjects", name, record_id]:
                return self._row(call, name, record_id)
            case _, ["sobjects", name, key, value]:
                return self._by_external_id(call, name, key, value)
        raise RefusedError(404, "NOT_FOUND", "The requested resource does not exist")

    def _query(self, soql: str, *, deleted: bool) -> Reply:
        """Query, QueryAll: at most 2,000 rows a page, and a link to the next ones."""
        rows = self.org.rows(soql, deleted=deleted)
        return Reply(200, self._page(rows, 0, f"01g5g{next(self._numbers):010d}AAA"))

    def _more(self, locator: str) -> Reply:
        """Query More Results."""
        cursor, _, start = locator.rpartition("-")
        if cursor not in self._cursors or not start.isdecimal():
            raise RefusedError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return Reply(200, self._page(self._cursors[cursor][0], int(start), cursor))

    def _page(self, rows: list[dict[str, Any]], start: int, cursor: str) -> dict[str, Any]:
        end = start + self.batch_size
        page = {"totalSize": len(rows), "done": end >= len(rows), "records": rows[start:end]}
        if end < len(rows):
            self._cursors[cursor] = rows, end
            page["nextRecordsUrl"] = f"/services/data/v62.0/query/{cursor}-{end}"
        return page

    def _row(self, call: Call, name: str, record_id: str) -> Reply:
        """sObject Rows."""
        table = self.org.object(name).name
        if call.method == "GET":
            row = self.org.live(table, record_id)
            return Reply(200, {"attributes": attributes(table, row["Id"]), **row})
        if call.method == "PATCH":
            self._demand_unmodified(call, table, record_id)
            self.org.update(table, record_id, _object(call.body), by=self.org.user_id)
            return Reply(204)
        if call.method == "DELETE":
            self.org.delete(table, record_id, by=self.org.user_id)
            return Reply(204)
        raise RefusedError(405, "METHOD_NOT_ALLOWED", "HTTP Method not allowed")

    def _demand_unmodified(self, call: Call, table: str, record_id: str) -> None:
        """Conditional Request Headers: compared with the last modified date, whole seconds."""
        given = next((v for k, v in call.headers.items() if k.lower() == "if-unmodified-since"), "")
        if not given:
            return
        try:
            since = parsedate_to_datetime(given)
        except ValueError:
            raise RefusedError(400, "INVALID_HEADER", "invalid date") from None
        if read_moment(self.org.live(table, record_id)["LastModifiedDate"]) > since:
            raise RefusedError(412, "PRECONDITION_FAILED", "The precondition failed")

    def _by_external_id(self, call: Call, name: str, key: str, value: str) -> Reply:
        """Upsert Using an External ID: 201 made, 200 changed, 300 more than one has it."""
        table = self.org.object(name)
        field = table.field(key)
        if field is None or not field.external_id:
            said = "Provided external ID field does not exist or is not accessible: " + key
            raise RefusedError(404, "NOT_FOUND", said)
        found = self.org.find(table.name, field.name, value)
        if len(found) > 1:
            return Reply(300, [attributes(table.name, row["Id"])["url"] for row in found])
        if call.method != "PATCH":
            if not found:
                raise RefusedError(404, "NOT_FOUND", "The requested resource does not exist")
            return self._row(call, table.name, found[0]["Id"])
        data = _object(call.body)
        if field.name in data:
            said = f"The {field.name} field should not be specified in the sobject data."
            raise RefusedError(400, "INVALID_FIELD", said, [field.name])
        if found:
            self.org.update(table.name, found[0]["Id"], data, by=self.org.user_id)
            done = {"id": found[0]["Id"], "success": True, "errors": [], "created": False}
            return Reply(200, done)
        made = self.org.insert(table.name, {**data, field.name: value}, by=self.org.user_id)
        return Reply(201, {"id": made, "success": True, "errors": [], "created": True})

    def _describe(self, name: str) -> dict[str, Any]:
        """sObject Describe: what this user may do, and the fields he may see."""
        table = self.org.object(name)
        denied = {act for denied, act in self.org.denied if denied == table.name}
        return {
            "name": table.name,
            "keyPrefix": table.prefix,
            "createable": "create" not in denied,
            "updateable": "update" not in denied,
            "deletable": "delete" not in denied,
            "queryable": "query" not in denied,
            "fields": [each.described() for each in table.fields],
        }

    def _collection(self, call: Call, params: Mapping[str, str]) -> Reply:
        """sObject Collections: 200 whatever happens to each record, in their order."""
        if call.method == "DELETE":
            ids = [each for each in params.get("ids", "").split(",") if each]
            records: list[Any] = [{"id": each} for each in ids]
            whole = params.get("allOrNone") == "true"
        else:
            body = _object(call.body)
            records, whole = body.get("records", []), body.get("allOrNone", False)
        if not records or len(records) > MOST_RECORDS:
            raise RefusedError(400, "EXCEEDED_MAX_SIZE_REQUEST", "record limit reached")
        results: list[dict[str, Any]] = []
        try:
            with self.org.transaction():
                results = [self._one(call.method, record) for record in records]
                if whole and not all(each["success"] for each in results):
                    raise _RolledBackError
        except _RolledBackError:
            halted = _ROLLED_BACK.in_collection
            results = [halted if each["success"] else each for each in results]
        return Reply(200, results)

    def _one(self, method: str, record: Any) -> dict[str, Any]:
        try:
            given = dict(_object(record))
            record_id = given.pop("id", None)
            name = (given.pop("attributes", None) or {}).get("type")
            if method == "POST":
                record_id = self.org.insert(name, given, by=self.org.user_id)
            elif method == "PATCH":
                self.org.update(name, record_id, given, by=self.org.user_id)
            else:
                self.org.delete(self._table_of(record_id), record_id, by=self.org.user_id)
        except RefusedError as refused:
            return refused.in_collection
        return {"id": record_id, "success": True, "errors": []}

    def _table_of(self, record_id: str) -> str:
        for name, table in self.org.objects.items():
            if record_id.startswith(table.prefix):
                return name
        raise RefusedError(400, "MALFORMED_ID", "bad id " + record_id)

    def _composite(self, body: Any) -> Reply:
        """Composite: steps in their order, each may name what an earlier one answered."""
        given = _object(body)
        steps = given.get("compositeRequest", [])
        _check_steps(steps)
        answers: list[tuple[str, Reply]] = []
        try:
            with self.org.transaction():
                for step in steps:
                    reply = self._step(step, dict(answers))
                    answers.append((step["referenceId"], reply))
                    if given.get("allOrNone") and _has_failed(reply):
                        raise _RolledBackError
        except _RolledBackError:
            # The culprit tells its own error, all others that they were rolled back.
            culprit = len(answers) - 1
            halted = Reply(400, _ROLLED_BACK.body)
            answers = [(s["referenceId"], halted) for s in steps]
            answers[culprit] = steps[culprit]["referenceId"], reply
        said = [
            {"referenceId": name, "httpStatusCode": r.status, "httpHeaders": {}, "body": r.body}
            for name, r in answers
        ]
        return Reply(200, {"compositeResponse": said})

    def _step(self, step: Mapping[str, Any], known: Mapping[str, Reply]) -> Reply:
        try:
            address = _resolved(step["url"], known)
            body = json.loads(_resolved(json.dumps(step.get("body")), known))
        except RefusedError as refused:
            return Reply(refused.status, refused.body)
        headers = step.get("httpHeaders") or {}
        return self.answer(Call(step["method"], address, body, headers))


class _RolledBackError(Exception):
    """Nothing of the transaction stays."""


_ROLLED_BACK = RefusedError(
    400,
    "PROCESSING_HALTED",
    "The transaction was rolled back since another operation in the same transaction failed.",
)


def _check_steps(steps: Any) -> None:
    """Composite: 25 steps, five of them queries or collections; Composite Request Body."""
    if not isinstance(steps, list) or not 0 < len(steps) <= MOST_STEPS:
        raise RefusedError(400, "LIMIT_EXCEEDED", "Maximum number of subrequests exceeded")
    many = [s for s in steps if re.search(r"/(query|queryAll)\?|/composite/sobjects", s["url"])]
    if len(many) > MOST_COLLECTIONS:
        raise RefusedError(400, "LIMIT_EXCEEDED", "Too many queries and collections")
    names = [step["referenceId"] for step in steps]
    if len(set(names)) != len(names) or not all(re.fullmatch(r"\w+", name) for name in names):
        raise RefusedError(400, "INVALID_INPUT", "Bad reference id")
    if any(_BAD_HEADERS & {n.lower() for n in step.get("httpHeaders") or {}} for step in steps):
        raise RefusedError(400, "INVALID_INPUT", "Header not allowed")


def _has_failed(reply: Reply) -> bool:
    """Also a collection that was rolled back (allOrNone Parameters in Composite Requests)."""
    if reply.status >= 300:
        return True
    body = reply.body
    return isinstance(body, list) and any(each.get("success") is False for each in body)


def _resolved(text: str, known: Mapping[str, Reply]) -> str:
    def one(match: re.Match[str]) -> str:
        value: Any = known[match[1]].body if match[1] in known else None
        for name, index in re.findall(r"\.([A-Za-z0-9_]+)|\[(\d+)\]", match[2]):
            try:
                value = value[name] if name else value[int(index)]
            except (KeyError, IndexError, TypeError):
                said = f"Invalid reference specified. No value for {match[0]} found"
                raise RefusedError(400, "PROCESSING_HALTED", said) from None
        return str(value)

    return _REFERENCE.sub(one, text)


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise RefusedError(400, "JSON_PARSER_ERROR", "Unexpected character")
    return body
