"""A CSV file of contacts as rows of text; pure, and everything in the file is hostile until read.

A cell that begins like a formula (``=``, ``+``, ``@``) is text like any other: nothing here or on
our pages evaluates it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LARGEST_FILE = 1024 * 1024
"""Bytes. The confirmation sends the file once more, inside of a form."""
MOST_ROWS = 5_000
_MOST_COLUMNS = 100
_DELIMITERS = (",", ";", "\t", "|")

_COLUMNS: Mapping[str, str] = {
    "name": "name",
    "full name": "name",
    "contact": "name",
    "display name": "name",
    "emails": "emails",
    "email": "emails",
    "e-mail": "emails",
    "e-mails": "emails",
    "e-mail address": "emails",
    "email address": "emails",
    "types": "types",
    "type": "types",
    "contact type": "types",
    "contact types": "types",
    "company": "company",
    "organisation": "company",
    "organization": "company",
}


class UnreadableFileError(Exception):
    """The file as a whole cannot be read; the message tells a person why."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One contact as the file says it; ``line`` counts from 1, as editors do."""

    line: int
    name: str
    emails: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    company: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file, and how it was read."""

    rows: Sequence[SheetRow]
    encoding: str
    delimiter: str
    ignored: Sequence[str]
    """Columns that are none of ours."""


def read_sheet(data: bytes) -> Sheet:
    """The file's rows; blank ones are left out.

    Raises: UnreadableFileError.
    """
    if len(data) > LARGEST_FILE:
        raise UnreadableFileError("The file is larger than 1 MB. Please split it.")
    text, encoding = _decoded(data)
    text, delimiter = _delimiter(text)
    # A file's "sep=" line and blank lines before the header count, too.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next((row for row in reader if any(cell.strip() for cell in row)), None)
        if header is None:
            raise UnreadableFileError("The file is empty.")
        columns = _columns(header)
        rows: list[SheetRow] = []
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(rows) == MOST_ROWS:
                    raise UnreadableFileError(
                        f"The file has more than {MOST_ROWS:,} contacts. Please split it."
                    )
                rows.append(_row(line, cells, columns, len(header)))
            line = reader.line_num + 1
    except csv.Error:
        raise UnreadableFileError(
            f"Line {reader.line_num} is not CSV: a quotation mark is not closed,"
            " stands inside of a cell, or the cell is too long."
        ) from None
    if not rows:
        raise UnreadableFileError("The file has a header, but no contact.")
    ignored = [
        cell.strip() for i, cell in enumerate(header) if cell.strip() and i not in columns.values()
    ]
    return Sheet(rows, encoding, delimiter, ignored)


def _decoded(data: bytes) -> tuple[str, str]:
    """The text and the name of its encoding; bytes that are no UTF-8 are Western European."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), "UTF-16"
        except UnicodeDecodeError:
            raise UnreadableFileError("The file says it is UTF-16, but it is not.") from None
    for encoding, name in (("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252")):
        try:
            return data.decode(encoding), name
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "Latin-1"


def _delimiter(text: str) -> tuple[str, str]:
    """The text after a spreadsheet's ``sep=`` line, and what separates the header's cells."""
    lines = text.lstrip().splitlines()
    first = lines[0] if lines else ""
    if first.casefold().startswith("sep=") and len(first) == 5 and first[4] in _DELIMITERS:
        # An empty line takes its place, so that lines keep their numbers.
        return text.lstrip()[5:], first[4]
    return text, max(_DELIMITERS, key=lambda each: (_known_cells(first, each), first.count(each)))


def _known_cells(line: str, delimiter: str) -> int:
    return sum(_key(cell.strip().strip('"')) in _COLUMNS for cell in line.split(delimiter))


def _columns(header: Sequence[str]) -> dict[str, int]:
    """Where each of our columns is."""
    if len(header) > _MOST_COLUMNS:
        raise UnreadableFileError(f"The file has more than {_MOST_COLUMNS} columns.")
    found: dict[str, int] = {}
    for index, cell in enumerate(header):
        column = _COLUMNS.get(_key(cell))
        if column is not None and column in found:
            raise UnreadableFileError(f"The file has two columns of the kind “{column}”.")
        if column is not None:
            found[column] = index
    if "name" not in found:
        raise UnreadableFileError(
            "There is no column “name”. The first line must name the columns:"
            " name, emails, types, company."
        )
    return found


def _key(cell: str) -> str:
    return " ".join(cell.replace("_", " ").split()).casefold()


def _row(line: int, cells: Sequence[str], columns: Mapping[str, int], width: int) -> SheetRow:
    def cell(column: str) -> str:
        index = columns.get(column)
        return cells[index].strip() if index is not None and index < len(cells) else ""

    too_many = any(each.strip() for each in cells[width:])
    return SheetRow(
        line=line,
        name=" ".join(cell("name").split()),
        emails=_several(cell("emails"), r"[;,|\s]+"),
        types=_several(cell("types"), r"[;,|\r\n]+"),
        company=" ".join(cell("company").split()),
        problem="This line has more cells than the first one." if too_many else "",
    )


def _several(cell: str, separators: str) -> tuple[str, ...]:
    parts = (part.strip() for part in re.split(separators, cell))
    return tuple(dict.fromkeys(part for part in parts if part))
