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
        ("<ol><li>a</li><li>b<ul><li>c</li></ul></li></ol>", " 1. a\n 2. b\n      + c"),
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


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr>", "a | b\nc | d"),
        ("<tr><th>Item</th><th>Fee</th></tr><tr><td>Call</td><td></td></tr>", "Item | Fee\nCall"),
        # As Outlook writes cells: each with paragraphs of its own.
        ("<tr><td><p class=MsoNormal>a</p><p>b<br>c</p></td><td><p>d</p></td></tr>", "a b c | d"),
        ("<tr><td>only</td></tr><tr><td>one</td></tr>", "only\none"),
        ("<tr><td> </td><td>spaced out</td><td>&nbsp;</td></tr>", "spaced out"),
        # What lays out a page stays paragraphs.
        ("<tr><td><ul><li>a</li></ul></td><td>b</td></tr>", "  * a\nb"),
        ("<tr><td><table><tr><td>a</td><td>b</td></tr></table></td><td>c</td></tr>", "a | b\nc"),
    ],
)
def test_a_row_of_words_is_one_line(html: str, text: str) -> None:
    told = body_text(f"<table>{html}</table>", "html")

    assert [line.strip() for line in told.split("\n")] == [t.strip() for t in text.split("\n")]


SAFE = "https://eur03.safelinks.protection.outlook.com/?url=https%3A%2F%2Fx.example%2Fa&amp;data=05"


@pytest.mark.parametrize(
    ("link", "text"),
    [
        (
            '<a href="https://x.example/a?b=1&amp;c">the file</a>',
            "the file <https://x.example/a?b=1&c>",
        ),
        ('<a href="https://x.example/">https://x.example</a>', "https://x.example"),
        ('<a href="https://x.example/"><b>bold</b></a>', "bold <https://x.example/>"),
        ('<a href="https://x.example/"><img src="x"></a>', "<https://x.example/>"),
        ('<a href="mailto:ben@x.example">Ben</a>', "Ben <ben@x.example>"),
        ('<a href="mailto:ben@x.example">ben@x.example</a>', "ben@x.example"),
        (f'<a href="{SAFE}">the file</a>', "the file <https://x.example/a>"),
        ('<a href="javascript:alert(1)">the file</a>', "the file"),
        ('<a href="data:text/html,x">the file</a>', "the file"),
        ('<a href="file:///etc/passwd">the file</a>', "the file"),
        ('<a href="https://[broken">the file</a>', "the file"),
        ('<a href="#top">the file</a>', "the file"),
        (f'<a href="https://x.example/{"a" * 3_000}">the file</a>', "the file"),
    ],
)
def test_a_link_says_where_it_leads(link: str, text: str) -> None:
    assert body_text(f"<p>See {link} first</p>", "html") == f"See {text} first"


def test_what_the_author_hid_stays_hidden() -> None:
    html = '<p>a</p><div style="DISPLAY: none">b<p>c</p></div>d<span style="mso-hide:all">e</span>'

    assert body_text(html, "html").split() == ["a", "d"]


def test_text_is_text_already() -> None:
    assert body_text("a < b\r\n\r\n\r\n\r\n<b>c</b>\x00", "text") == "a < b\n\n<b>c</b>"


def test_the_block_that_teams_adds_is_left_out() -> None:
    html = f"<div>Agenda</div>{TEAMS_BLOCK}"

    assert body_text(html, "html") == "Agenda"
    assert body_text(html + "<div>PS: bring the file</div>", "html") == (
        "Agenda\n\nPS: bring the file"
    )
    assert body_text(TEAMS_BLOCK, "html") == ""


def test_the_block_of_todays_teams_is_known_by_its_class() -> None:
    block = '<div class="x me-email-text"><p>Microsoft Teams</p><a href="https://x">Join</a></div>'

    assert body_text(f"<p>Agenda</p>{block}<p>PS</p>", "html") == "Agenda\n\nPS"
    assert body_text('<span class="me-email-text">mine</span>', "html") == "mine"


def test_a_ruler_of_the_author_stays() -> None:
    html = f"<div>Agenda</div><div>{RULER}</div><div>Notes</div>"

    assert body_text(html, "html") == f"Agenda\n{RULER}\nNotes"
    assert body_text(html + TEAMS_BLOCK, "html") == f"Agenda\n{RULER}\nNotes"


@pytest.mark.parametrize(
    "link",
    [
        "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x",
        "https://teams.microsoft.com/meet/2345?p=x",
        "https://teams.live.com/meet/9345",
        "https://gov.teams.microsoft.us/l/meetup-join/19%3a",
        "https://aka.ms/JoinTeamsMeeting?omkt=de-CH",
    ],
)
def test_the_block_of_teams_is_known_by_its_link_in_every_language(link: str) -> None:
    text = f"Traktanden\n{RULER}\nMicrosoft Teams-Besprechung\nBeitreten <{link}>\n{RULER}\n"

    assert body_text(text, "text") == "Traktanden"


def test_an_author_who_only_speaks_of_teams_keeps_his_words() -> None:
    text = f"Agenda\n{RULER}\nWe meet in Microsoft Teams."

    assert body_text(text, "text") == text


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
        '<a href="https://x.example">x' * 100_000,
        '<a href="https://x.example"><b>x' * 100_000,
        "<table><tr><td>a</td><td>" * 50_000,
        "<tr><td>a<td>b" * 50_000,
        '<div style="display:none">' * 50_000,
        "_" * 5_000_000,
        "\n" * 5_000_000,
        "<!DOCTYPE html [" + '<!ENTITY a "aaaaaaaaaa">' * 50_000 + "]><p>&a;</p>",
    ],
    ids=lambda html: repr(html[:24]),
)
def test_a_hostile_body_is_cheap(html: str) -> None:
    started = time.thread_time()

    text = body_text(html, "html")

    assert len(text) <= LONGEST_TEXT
    assert time.thread_time() - started < 2


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
