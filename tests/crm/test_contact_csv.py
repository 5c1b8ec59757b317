"""Files of contacts as spreadsheets save them, and as nobody should send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.crm.contact_csv import (
    LARGEST_FILE,
    MOST_ROWS,
    SheetRow,
    UnreadableFileError,
    read_sheet,
)

HEADER = "name,emails,types,company\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("name\nZoë Müller".encode(), "UTF-8"),
        ("name\nZoë Müller".encode("utf-8-sig"), "UTF-8"),
        ("name\nZoë Müller".encode("latin-1"), "Windows-1252"),
        ("name\nZoë Müller".encode("utf-16"), "UTF-16"),
        ("name\nZoë Müller\x81".encode("latin-1"), "Latin-1"),
    ],
)
def test_the_encoding_is_found_out(data: bytes, encoding: str) -> None:
    sheet = read_sheet(data)

    assert sheet.rows[0].name.startswith("Zoë Müller")
    assert sheet.encoding == encoding


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_the_delimiter_is_found_out(delimiter: str, newline: str) -> None:
    header = delimiter.join(['"E-Mail Address"', "Full Name", "Phone, home", "Company"])
    cells = delimiter.join(["a@x.example", '"Ann; Lee, Dr."', "1", "Acme"])

    sheet = read_sheet(f"{header}{newline}{cells}{newline}".encode())

    assert sheet.delimiter == delimiter
    if delimiter != ",":
        (row,) = sheet.rows
        assert row == SheetRow(2, "Ann; Lee, Dr.", ("a@x.example",), (), "Acme")
        assert sheet.ignored == ["Phone, home"]


def test_several_addresses_and_types_stand_in_one_cell() -> None:
    data = (
        HEADER + 'Ann,"a@x.example; b@x.example, a@x.example\nc@x.example","Client; Our Personnel",'
    )

    (row,) = read_sheet(data.encode()).rows

    assert row.emails == ("a@x.example", "b@x.example", "c@x.example")
    assert row.types == ("Client", "Our Personnel")


def test_lines_are_counted_as_editors_do() -> None:
    data = 'sep=;\n\nname;company\n\nAnn;"two\nlines"\n;;\nBob;x\nEve;x;too many\n'

    rows = read_sheet(data.encode()).rows

    assert [(row.line, row.name) for row in rows] == [(5, "Ann"), (8, "Bob"), (9, "Eve")]
    assert rows[2].problem == "This line has more cells than the first one."


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3"])
def test_a_formula_is_text(cell: str) -> None:
    assert read_sheet(f'name\n"{cell}"\n'.encode()).rows[0].name == cell


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n\n", "empty"),
        (b"name\n\n", "no contact"),
        (b"mail\na@x.example", "no column"),
        (b"name,full name\na,b", "two columns"),
        (b'name\n"never closed', "not CSV"),
        (b'name\n"a"b', "not CSV"),
        (b"name\n" + b"x" * 200_000, "too long"),
        (b"name\n" + b"x\n" * (MOST_ROWS + 1), "more than 5,000"),
        (b"name" + b"," * 200 + b"\nx", "100 columns"),
        (b"x" * (LARGEST_FILE + 1), "1 MB"),
        (b"\xff\xfe\x00", "UTF-16"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        read_sheet(data)


@given(
    st.binary(max_size=300) | st.text(max_size=200).map(lambda text: ("name,\n" + text).encode())
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        sheet = read_sheet(data)
    except UnreadableFileError:
        return
    assert sheet.rows
