"""Bodies of events: HTML and text forms, and the preview."""

import html
import re
from functools import lru_cache
from html.parser import HTMLParser

from backend.sandbox.exchange.model import Json

PREVIEW_LENGTH = 255
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol"})
_SILENT = frozenset({"script", "style", "head", "title"})
_SPACES = re.compile(r"[ \t\xa0]+")
_BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")
EMPTY_BODY: Json = {"contentType": "html", "content": ""}


class _TextOf(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def html_body(content_type: str, content: str) -> Json:
    """The body as Exchange keeps it: always HTML, text wrapped and escaped."""
    if content_type == "html":
        if not content or "<html" in content[:200].lower():
            return {"contentType": "html", "content": content}
        inner = content
    else:
        lines = html.escape(content, quote=False).replace("\r\n", "\n").split("\n")
        inner = '<div class="PlainText">' + "<br>\n".join(lines) + "</div>"
    head = '<head>\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\n</head>'
    return {
        "contentType": "html",
        "content": f"<html>\n{head}\n<body>\n{inner}\n</body>\n</html>\n",
    }


def text_of(content: str) -> str:
    """HTML as plain text; never fails, whatever the HTML is."""
    if "<" not in content and "&" not in content:
        return content.strip()
    reader = _TextOf()
    reader.feed(content)
    reader.close()
    lines = _SPACES.sub(" ", "".join(reader.parts)).split("\n")
    return _BLANK_LINES.sub("\n\n", "\n".join(line.strip() for line in lines)).strip()


@lru_cache(maxsize=256)
def preview(content: str) -> str:
    """The first characters of the text, as `bodyPreview` shows them."""
    return text_of(content)[:PREVIEW_LENGTH]
