"""Plain text from the HTML body of an event. Bodies are hostile input: bounded, and never an error.

Keeps words and paragraphs, not layout: tables and styles could blow a small body up to gigabytes.
"""

from __future__ import annotations

import re

import lxml.html  # type: ignore[import-untyped]
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml.etree import LxmlError  # type: ignore[import-untyped]

LONGEST_HTML = 256 * 1024
"""Characters of HTML that are looked at; conversion takes about 0.1 ms for each KB."""
LONGEST_TEXT = 32_000
"""Characters of text that are kept."""

_CONFIG = ParserConfig(css=STRICT_CSS_PROFILE)
_BLOCKS = {"table": "div", "thead": "div", "tbody": "div", "tfoot": "div", "tr": "div"}
_CELLS = frozenset({"td", "th"})
_RULER = re.compile(r"_{20,}")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufeff\ufffd]")
_TEAMS_MARKS = (
    "teams.microsoft.com",
    "teams.live.com",
    "aka.ms/jointeamsmeeting",
    "microsoft teams",
)


def body_text(content: str, content_type: str) -> str:
    """The text of an event's body, at most :data:`LONGEST_TEXT` characters; empty when unreadable.

    ``content_type`` is Graph's ``html`` or ``text``. The invitation block that Teams writes under
    the agenda is left out: what it says is in the event's own fields.
    """
    if content_type == "text":
        text = content[: 4 * LONGEST_TEXT]
    else:
        text = _from_html(content[:LONGEST_HTML])
    return _without_teams_block(_tidy(text))[:LONGEST_TEXT].rstrip()


def _from_html(html: str) -> str:
    # Bytes with a named encoding: lxml refuses text that declares an encoding of its own.
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = lxml.html.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
        for element in root.iter():
            _make_harmless(element)
        return str(Inscriptis(root, _CONFIG).get_text())
    except (LxmlError, ValueError, TypeError, AssertionError, RecursionError):
        return ""


def _make_harmless(element: lxml.html.HtmlElement) -> None:
    """Take styles (``margin-top: 999999em``) and table layout (cells padded to the widest) away."""
    element.attrib.clear()
    tag = element.tag
    if tag in _BLOCKS:
        element.tag = _BLOCKS[tag]
    elif tag in _CELLS:
        element.tag = "span"
        element.tail = " " + (element.tail or "")


def _tidy(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    lines = (line.rstrip() for line in _UNPRINTABLE.sub("", text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _without_teams_block(text: str) -> str:
    """``text`` without what Teams put between two rulers (or a ruler and the end)."""
    rulers = [match.span() for match in _RULER.finditer(text)]
    if not rulers:
        return text
    start = rulers[0][0]
    end = rulers[-1][1] if len(rulers) > 1 else len(text)
    block = text[start:end].casefold()
    if not any(mark in block for mark in _TEAMS_MARKS):
        return text
    return (text[:start].rstrip() + "\n\n" + text[end:].lstrip()).strip()
