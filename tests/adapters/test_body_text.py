"""Bodies become plain text; hostile ones cost neither time nor memory nor an error."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.adapters.body_text import LONGEST_TEXT, body_text

RULER = "_" * 80
TEAMS_BLOCK = (
    f"<div>{RULER}</div><div>Microsoft Teams meeting</div>"
    '<div><a href="https://teams.microsoft.com/l/meetup-join/x">Join the meeting now</a></div>'
    f"<div>Meeting ID: 123</div><div>{RULER}</div>"
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<html><body><p>Agenda</p></body></html>", "Agenda"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("one<br>two", "one\ntwo"),
        ("<ul><li>a</li><li>b</li></ul>", "  * a\n  * b"),
        ("a&nbsp;&amp;&lt;b&gt;", "a &<b>"),
        ("<div>Agenda:</div><div>1. a</div>", "Agenda:\n1. a"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a b\nc d"),
        ("<script>alert(1)</script><style>p{}</style><p>x</p>", "x"),
        ("<head><title>T</title></head><p>x</p>", "x"),
        ("<!-- hidden --><p>x</p>", "x"),
        ('<?xml version="1.0" encoding="utf-16"?><p>x</p>', "x"),
        ("<p>🗓 שלום</p>", "🗓 שלום"),
        ("", ""),
        ("<!---->", ""),
        ("   ", ""),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    assert body_text(html, "html") == text


def test_text_is_text_already() -> None:
    assert body_text("a < b\r\n\r\n\r\n\r\n<b>c</b>\x00", "text") == "a < b\n\n<b>c</b>"


def test_the_block_that_teams_adds_is_left_out() -> None:
    html = f"<div>Agenda</div>{TEAMS_BLOCK}"

    assert body_text(html, "html") == "Agenda"
    assert body_text(html + "<div>PS: bring the file</div>", "html") == (
        "Agenda\n\nPS: bring the file"
    )
    assert body_text(TEAMS_BLOCK, "html") == ""


def test_a_ruler_of_the_author_stays() -> None:
    html = f"<div>Agenda</div><div>{RULER}</div><div>Notes</div>"

    assert body_text(html, "html") == f"Agenda\n{RULER}\nNotes"


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 500_000 + "deep",
        "<span>" * 100_000 + "deep",
        "<table><tr><td>" * 50_000 + "deep",
        "<p>hello <b>world</b></p>" * 200_000,
        '<p style="margin-top: 999999999em">x</p>',
        '<pre style="padding-left:99999999em">x</pre>',
        "<table><tr><td>" + "x" * 100_000 + "</td></tr>" + "<tr><td>" * 15_000,
        '<table><tr><td colspan="100000000">x</td></tr></table>',
        "<" * 5_000_000,
        "&" * 5_000_000,
        "<p " + "a=b " * 500_000 + ">x</p>",
        "\x00" * 1_000_000,
        "<![CDATA[" * 100_000,
        "_" * 5_000_000,
        "\n" * 5_000_000,
        "<!DOCTYPE html [" + '<!ENTITY a "aaaaaaaaaa">' * 50_000 + "]><p>&a;</p>",
    ],
    ids=lambda html: repr(html[:24]),
)
def test_a_hostile_body_is_cheap(html: str) -> None:
    started = time.perf_counter()

    text = body_text(html, "html")

    assert len(text) <= LONGEST_TEXT
    assert time.perf_counter() - started < 2


def test_a_style_cannot_ask_for_a_hundred_megabytes_of_empty_lines() -> None:
    html = '<div style="margin-top: 99999999em">a</div>' * 2
    tracemalloc.start()

    try:
        text = body_text(html, "html")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert text == "a\na"
    assert peak < 5_000_000


@given(st.text(), st.sampled_from(["html", "text", ""]))
def test_no_body_raises(content: str, content_type: str) -> None:
    text = body_text(content, content_type)

    text.encode()
    assert "\x00" not in text


@given(st.lists(st.sampled_from([*"</!->&;'=\" x", "p", "td", "table", "br", "li", "style"])))
def test_no_broken_markup_raises(parts: list[str]) -> None:
    body_text("".join(parts), "html")
