"""Plain text from the HTML body of an event. Bodies are hostile input: bounded, and never an error.

Keeps words, paragraphs, lists, the cells of a table's row and where links lead, not layout: the
widths of tables and styles could blow a small body up to gigabytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import lxml.html  # type: ignore[import-untyped]
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml.etree import LxmlError  # type: ignore[import-untyped]

from backend.adapters.join_links import plain_address

LONGEST_HTML = 256 * 1024
"""Characters of HTML that are looked at; conversion takes about 0.2 ms for each KB."""
LONGEST_TEXT = 32_000
"""Characters of text that are kept."""

_CONFIG = ParserConfig(css=STRICT_CSS_PROFILE)
_BLOCKS = {"table": "div", "thead": "div", "tbody": "div", "tfoot": "div", "tr": "div"}
_CELLS = frozenset({"td", "th"})
_LAYOUT = frozenset({"table", "ul", "ol", "dl", "pre", "blockquote", "h1", "h2", "h3", "h4", "hr"})
"""A row that holds one of these is no row of words: its cells stay paragraphs."""
_LINES = frozenset({"p", "div", "br"})
_LONGEST_LINK = 2_000
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_TEAMS_CLASS = "me-email-text"
_RULER = re.compile(r"_{20,}")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufeff\ufffd]")
_TEAMS_LINK = re.compile(
    r"teams\.(?:microsoft|live)\.(?:com|us)/(?:l/meetup-join|meet)|aka\.ms/jointeamsmeeting",
    re.IGNORECASE,
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
        elements = list(root.iter())
        if any(element.tag == "tr" for element in elements):
            _put_rows_on_lines(elements)
        for element in elements:
            _make_harmless(element)
        return str(Inscriptis(root, _CONFIG).get_text())
    except (LxmlError, ValueError, TypeError, AssertionError, RecursionError):
        return ""


def _put_rows_on_lines(elements: Sequence[lxml.html.HtmlElement]) -> None:
    """``a | b`` for a row of several cells with words in them, whatever paragraphs they are in.

    ``elements`` are in the order of the document, so each of the two passes looks at each once.
    """
    with_layout: set[lxml.html.HtmlElement] = set()
    with_words: set[lxml.html.HtmlElement] = set()
    for element in reversed(elements):
        parent = element.getparent()
        if _has_words(element.text) or element in with_words:
            with_words.add(element)
            with_words.add(parent)
        if _has_words(element.tail):
            with_words.add(parent)
        if element.tag in _LAYOUT or element in with_layout:
            with_layout.add(parent)
    on_a_line: set[lxml.html.HtmlElement] = set()
    for element in elements:
        if element.tag == "tr" and element not in with_layout:
            cells = [cell for cell in element if cell.tag in _CELLS]
            on_a_line.update(cells)
            if sum(cell in with_words for cell in cells) > 1:
                for cell in cells[1:]:
                    cell.text = " | " + (cell.text or "")
        elif element.getparent() in on_a_line:
            on_a_line.add(element)
            if element.tag in _LINES:
                element.tag = "span"
                element.tail = " " + (element.tail or "")


def _has_words(text: str | None) -> bool:
    return bool(text) and not str(text).isspace()


def _make_harmless(element: lxml.html.HtmlElement) -> None:
    """Take styles (``margin-top: 999999em``) and table layout (cells padded to the widest) away."""
    style, href = element.get("style"), element.get("href")
    is_teams = element.tag == "div" and _TEAMS_CLASS in element.get("class", "").split()
    element.attrib.clear()
    tag = element.tag
    if (style and _HIDDEN.search(style)) or is_teams:
        element.tag = "script"
        element.text = None
        del element[:]
    elif tag == "a" and href:
        _tell_where_it_leads(element, href)
    elif tag in _BLOCKS:
        element.tag = _BLOCKS[tag]
    elif tag in _CELLS:
        element.tag = "span"
        element.tail = " " + (element.tail or "")


def _tell_where_it_leads(link: lxml.html.HtmlElement, href: str) -> None:
    """``text <https://…>``, unless the text says the address itself; addresses of the web only."""
    address = plain_address(href.strip())
    if len(address) > _LONGEST_LINK:
        return
    try:
        parts = urlsplit(address)
    except ValueError:
        return
    if parts.scheme == "mailto":
        address = parts.path
    elif parts.scheme not in ("https", "http") or not parts.netloc:
        return
    words = "".join(link.itertext()).strip()
    if not address or words.rstrip("/").casefold().endswith(address.rstrip("/").casefold()):
        return
    told = f" <{address}>" if words else f"<{address}>"
    if len(link):
        link[-1].tail = (link[-1].tail or "") + told
    else:
        link.text = (link.text or "") + told


def _tidy(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    lines = (line.rstrip() for line in _UNPRINTABLE.sub("", text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _without_teams_block(text: str) -> str:
    """``text`` without what stands between two rulers (or a ruler and the end) around a Teams link.

    A ruler of the author is none of Teams': what stands between his and the block stays.
    """
    edges = [match.span() for match in _RULER.finditer(text)]
    ends = [*edges[1:], (len(text), len(text))]
    for (start, _), (_, end) in zip(edges, ends, strict=False):
        if _TEAMS_LINK.search(text, start, end):
            return (text[:start].rstrip() + "\n\n" + text[end:].lstrip()).strip()
    return text
