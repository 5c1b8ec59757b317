"""The part of SOQL that a connector sends: one object, conditions, order, limit.

SOQL and SOSL Reference: SELECT syntax, Condition Expression, Comparison Operators, Quoted String
Escape Sequences, ORDER BY. What is not of this form is MALFORMED_QUERY, as there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

Row = Mapping[str, Any]
Reader = Callable[[Row, str], Any]
"""The value of a field of a row, through relationships where the name has dots."""

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:\\.|[^'\\])*')|(?P<word>[A-Za-z_][A-Za-z0-9_.]*)"
    r"|(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"
    r"|(?P<number>-?\d+)|(?P<sign>!=|<>|<=|>=|[=<>(),]))"
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_END = ("end", "")
LONGEST = 100_000
"""Characters of a statement (SOQL and SOSL Limits)."""


class MalformedQueryError(Exception):
    """400 MALFORMED_QUERY."""


@dataclass(frozen=True)
class Comparison:
    field: str
    operator: str
    value: Any


@dataclass(frozen=True)
class Junction:
    word: str
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Statement:
    fields: tuple[str, ...]
    object: str
    condition: Comparison | Junction | None = None
    order: tuple[tuple[str, bool], ...] = ()
    limit: int | None = None

    @property
    def names(self) -> set[str]:
        """Every field that is named anywhere."""
        return {*self.fields, *(field for field, _ in self.order), *self.compared}

    @property
    def compared(self) -> set[str]:
        """The fields of its conditions."""
        named: set[str] = set()
        waiting = [self.condition] if self.condition is not None else []
        while waiting:
            part = waiting.pop()
            if isinstance(part, Junction):
                waiting.extend(part.parts)
            elif part is not None:
                named.add(part.field)
        return named

    def rows(self, table: Sequence[Row], read: Reader) -> list[Row]:
        """The rows that fit, in their order."""
        found = [row for row in table if _fits(self.condition, row, read)]
        for field, descending in reversed(self.order):
            key = cmp_to_key(lambda a, b, f=field: _compare(read(a, f), read(b, f)))
            found.sort(key=key, reverse=descending)
        return found if self.limit is None else found[: self.limit]


def parse(text: str) -> Statement:
    """Raises: MalformedQueryError."""
    if len(text) > LONGEST:
        raise MalformedQueryError("SOQL statements cannot be longer than 100,000 characters.")
    return _Parser(text).statement()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def statement(self) -> Statement:
        self._keyword("SELECT")
        fields = [self._name()]
        while self._takes(","):
            fields.append(self._name())
        self._keyword("FROM")
        table = self._name()
        condition = self._condition() if self._takes("WHERE") else None
        order: list[tuple[str, bool]] = []
        if self._takes("ORDER"):
            self._keyword("BY")
            order.append(self._ordering())
            while self._takes(","):
                order.append(self._ordering())
        limit = self._limit() if self._takes("LIMIT") else None
        if self._next() != _END:
            raise MalformedQueryError(f"unexpected token: '{self._next()[1]}'")
        return Statement(tuple(fields), table, condition, tuple(order), limit)

    def _condition(self) -> Comparison | Junction:
        """AND and OR on one level need parentheses (Condition Expression)."""
        parts = [self._part()]
        words = set()
        while (word := self._next()[1].upper()) in ("AND", "OR"):
            self._at += 1
            words.add(word)
            parts.append(self._part())
        if len(words) > 1:
            raise MalformedQueryError("unexpected token: 'OR'")
        return parts[0] if len(parts) == 1 else Junction(words.pop(), tuple(parts))

    def _part(self) -> Comparison | Junction:
        if self._takes("("):
            inner = self._condition()
            self._keyword(")")
            return inner
        field = self._name()
        kind, operator = self._pop()
        operator = operator.upper()
        if operator == "IN":
            return Comparison(field, "IN", self._list())
        if operator not in ("=", "!=", "<>", "<", ">", "<=", ">=", "LIKE") or kind == "string":
            raise MalformedQueryError(f"unexpected token: '{operator}'")
        return Comparison(field, "!=" if operator == "<>" else operator, self._value(operator))

    def _list(self) -> list[Any]:
        self._keyword("(")
        values = [self._value("IN")]
        while self._takes(","):
            values.append(self._value("IN"))
        self._keyword(")")
        return values

    def _value(self, operator: str) -> Any:
        kind, text = self._pop()
        if kind == "string":
            return _like(text[1:-1]) if operator == "LIKE" else _unescaped(text[1:-1])
        if kind == "number":
            return int(text)
        if kind == "moment":
            return text.replace("Z", ".000+0000")
        words = {"true": True, "false": False, "null": None}
        if kind == "word" and text.lower() in words:
            return words[text.lower()]
        raise MalformedQueryError(f"unexpected token: '{text}'")

    def _ordering(self) -> tuple[str, bool]:
        field = self._name()
        descending = self._takes("DESC")
        if not descending:
            self._takes("ASC")
        return field, descending

    def _limit(self) -> int:
        kind, text = self._pop()
        if kind != "number":
            raise MalformedQueryError(f"unexpected token: '{text}'")
        return int(text)

    def _name(self) -> str:
        kind, text = self._pop()
        if kind != "word":
            raise MalformedQueryError(f"unexpected token: '{text}'")
        return text

    def _keyword(self, word: str) -> None:
        if not self._takes(word):
            raise MalformedQueryError(f"unexpected token: '{self._next()[1]}'")

    def _takes(self, word: str) -> bool:
        kind, text = self._next()
        if kind == "string" or text.upper() != word:
            return False
        self._at += 1
        return True

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _pop(self) -> tuple[str, str]:
        found = self._next()
        self._at += 1
        return found


def _tokens(text: str) -> Any:
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise MalformedQueryError(f"line 1:{at} no viable alternative")
        yield str(match.lastgroup), match.group(str(match.lastgroup))
        at = match.end()


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        letter = match.group(1)
        if letter not in "nrtbf\\'\"":
            raise MalformedQueryError("Illegal escape sequence")
        return _ESCAPES.get(letter, letter)

    return re.sub(r"\\(.)", one, text, flags=re.DOTALL)


def _like(text: str) -> re.Pattern[str]:
    """``%`` and ``_`` are wildcards unless escaped; letter case does not count."""
    pattern = ""
    parts = iter(re.findall(r"\\.|.", text, flags=re.DOTALL))
    for part in parts:
        if part == "%":
            pattern += ".*"
        elif part == "_":
            pattern += "."
        elif part[0] == "\\" and part[1:] in ("%", "_"):
            pattern += re.escape(part[1:])
        else:
            pattern += re.escape(_unescaped(part) if part[0] == "\\" else part)
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


def _fits(condition: Comparison | Junction | None, row: Row, read: Reader) -> bool:
    if condition is None:
        return True
    if isinstance(condition, Junction):
        fits = (_fits(part, row, read) for part in condition.parts)
        return all(fits) if condition.word == "AND" else any(fits)
    value = read(row, condition.field)
    if condition.operator == "IN":
        return any(_compare(value, each) == 0 for each in condition.value)
    if condition.operator == "LIKE":
        return isinstance(value, str) and condition.value.fullmatch(value) is not None
    order = _compare(value, condition.value)
    return {
        "=": order == 0,
        "!=": order != 0,
        "<": order < 0,
        ">": order > 0,
        "<=": order <= 0,
        ">=": order >= 0,
    }[condition.operator]


def _compare(left: Any, right: Any) -> int:
    """Text without regard to letter case; nothing comes first (ORDER BY)."""
    left, right = _comparable(left), _comparable(right)
    return (left > right) - (left < right)


def _comparable(value: Any) -> tuple[bool, Any]:
    if value is None:
        return False, ""
    return True, value.casefold() if isinstance(value, str) else value
