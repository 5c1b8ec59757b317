"""The $filter language, as much of it as calendars and directories are asked with.

and, or, not, comparisons, startswith, endswith, contains, `in`, and any() over a collection.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from backend.sandbox.exchange.model import Json
from backend.sandbox.graph.errors import GraphError, bad_query

Test = Callable[[Any], bool]
Value = Callable[[Any], Any]
MAX_LENGTH = 4_096
MAX_DEPTH = 20
_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<date>\d{4}-\d\d-\d\d(?:T[0-9:.]+(?:Z|[+-]\d\d:\d\d)?)?)"
    r"|(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_@][\w.@]*)|(?P<mark>[()/:,]))"
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: bool(a == b),
    "ne": lambda a, b: bool(a != b),
    "gt": lambda a, b: a is not None and b is not None and bool(a > b),
    "ge": lambda a, b: a is not None and b is not None and bool(a >= b),
    "lt": lambda a, b: a is not None and b is not None and bool(a < b),
    "le": lambda a, b: a is not None and b is not None and bool(a <= b),
}
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": lambda text, part: part in text,
}


@lru_cache(maxsize=2048)
def compiled(expression: str) -> Callable[[Json], bool]:
    """A test for JSON objects; raises GraphError 400 `ErrorInvalidUrlQuery`."""
    if len(expression) > MAX_LENGTH:
        raise bad_query("The $filter expression is too long.")
    reader = _Reader(_tokens(expression), expression)
    test = reader.either(0)
    reader.expect_end()
    return lambda row: test({"$it": row})


def _tokens(expression: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    stripped = expression.rstrip()
    while at < len(stripped):
        match = _TOKEN.match(stripped, at)
        if match is None:
            raise _invalid(expression)
        found.append((str(match.lastgroup), match.group(match.lastgroup or 0)))
        at = match.end()
    return found


def _invalid(expression: str) -> GraphError:
    return bad_query(f"Invalid filter clause: '{expression[:200]}'.")


class _Reader:
    """Recursive descent; every rule answers a function of the variables in scope."""

    def __init__(self, tokens: list[tuple[str, str]], expression: str) -> None:
        self._tokens = tokens
        self._expression = expression
        self._at = 0
        self._names: list[str] = []

    def either(self, depth: int) -> Test:
        """One or several tests joined by `or`."""
        if depth > MAX_DEPTH:
            raise self._wrong()
        tests = [self._both(depth)]
        while self._take_word("or"):
            tests.append(self._both(depth))
        return tests[0] if len(tests) == 1 else lambda scope: any(t(scope) for t in tests)

    def expect_end(self) -> None:
        """Refuse anything after the expression."""
        if self._at != len(self._tokens):
            raise self._wrong()

    def _both(self, depth: int) -> Test:
        tests = [self._single(depth)]
        while self._take_word("and"):
            tests.append(self._single(depth))
        return tests[0] if len(tests) == 1 else lambda scope: all(t(scope) for t in tests)

    def _single(self, depth: int) -> Test:
        if self._take_word("not"):
            inner = self._single(depth + 1) if depth <= MAX_DEPTH else self.either(depth + 1)
            return lambda scope: not inner(scope)
        if self._take_mark("("):
            inner = self.either(depth + 1)
            self._need_mark(")")
            return inner
        kind, text = self._peek()
        if kind == "word" and text.lower() in _FUNCTIONS:
            return self._function(text.lower())
        return self._comparison(depth)

    def _function(self, name: str) -> Test:
        self._at += 1
        self._need_mark("(")
        subject = self._value()
        self._need_mark(",")
        part = self._value()
        self._need_mark(")")
        if self._take_word("eq") and not self._take_word("true"):
            raise self._wrong()
        function = _FUNCTIONS[name]
        return lambda scope: function(_folded(subject(scope)), _folded(part(scope)))

    def _comparison(self, depth: int) -> Test:
        path = self._path_names()
        if path is None:
            raise self._wrong()
        if path[-1].lower() == "any" and self._take_mark("("):
            return self._any(path[:-1], depth)
        value = self._path(path)
        kind, text = self._peek()
        operator = text.lower() if kind == "word" else ""
        if operator == "in":
            self._at += 1
            return self._one_of(value)
        if operator not in _COMPARISONS:
            # A boolean property alone is a test.
            return lambda scope: value(scope) is True
        self._at += 1
        kind, _ = self._peek()
        literal = self._value()
        compare = _COMPARISONS[operator]
        as_date = kind == "date"
        return lambda scope: _compare(compare, value(scope), literal(scope), as_date)

    def _one_of(self, value: Value) -> Test:
        self._need_mark("(")
        choices = [self._value()]
        while self._take_mark(","):
            choices.append(self._value())
        self._need_mark(")")
        return lambda scope: any(
            _compare(_COMPARISONS["eq"], value(scope), choice(scope), False) for choice in choices
        )

    def _any(self, path: list[str], depth: int) -> Test:
        kind, variable = self._peek()
        if kind != "word" or not path:
            raise self._wrong()
        self._at += 1
        self._need_mark(":")
        collection = self._path(path)
        self._names.append(variable)
        inner = self.either(depth + 1)
        self._names.pop()
        self._need_mark(")")

        def test(scope: Any) -> bool:
            rows = collection(scope)
            return isinstance(rows, list) and any(inner({**scope, variable: row}) for row in rows)

        return test

    def _value(self) -> Value:
        kind, text = self._peek()
        if kind == "string":
            constant: Any = text[1:-1].replace("''", "'")
        elif kind == "number":
            constant = float(text)
        elif kind in ("date", "guid"):
            constant = text
        elif kind == "word" and text.lower() in ("true", "false", "null"):
            constant = {"true": True, "false": False, "null": None}[text.lower()]
        else:
            path = self._path_names()
            if path is None:
                raise self._wrong()
            return self._path(path)
        self._at += 1
        return lambda _scope: constant

    def _path_names(self) -> list[str] | None:
        names: list[str] = []
        while self._peek()[0] == "word":
            names.append(self._peek()[1])
            self._at += 1
            if not self._take_mark("/"):
                return names
        return None

    def _path(self, names: list[str]) -> Value:
        root = names[0] if names[0] in self._names else "$it"
        rest = names[1:] if root != "$it" else names

        def value(scope: Any) -> Any:
            found = scope[root]
            for name in rest:
                found = found.get(name) if isinstance(found, dict) else None
            return found

        return value

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take_word(self, word: str) -> bool:
        kind, text = self._peek()
        if kind == "word" and text.lower() == word:
            self._at += 1
            return True
        return False

    def _take_mark(self, mark: str) -> bool:
        if self._peek() == ("mark", mark):
            self._at += 1
            return True
        return False

    def _need_mark(self, mark: str) -> None:
        if not self._take_mark(mark):
            raise self._wrong()

    def _wrong(self) -> GraphError:
        return _invalid(self._expression)


def _folded(value: Any) -> str:
    return value.casefold() if isinstance(value, str) else ""


def _compare(compare: Callable[[Any, Any], bool], value: Any, literal: Any, as_date: bool) -> bool:
    if as_date and isinstance(value, str):
        return compare(_instant(value), _instant(literal))
    if isinstance(value, str) and isinstance(literal, str):
        return compare(value.casefold(), literal.casefold())
    if isinstance(value, bool) != isinstance(literal, bool) and None not in (value, literal):
        return False
    try:
        return compare(value, literal)
    except TypeError:
        return False


def _instant(text: str) -> str:
    """A time in a form that compares as text: seven digits, no Z."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    offset = moment.utcoffset()
    naive = moment.replace(tzinfo=None)
    if offset:
        try:
            naive -= offset
        except OverflowError:
            return text
    return naive.isoformat(timespec="microseconds")
