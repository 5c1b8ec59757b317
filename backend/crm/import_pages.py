"""The import of contacts: choose a file, look at what it would do, confirm, see what it did."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from uuid import UUID, uuid4

from flask import Blueprint, request

from backend.crm.answers import caller
from backend.crm.contact_csv import MOST_ROWS, Sheet, UnreadableFileError, read_sheet
from backend.crm.contact_import import ContactImport, JudgedRow, Judgement
from backend.crm.page_tools import page
from backend.crm.problems import CrmError

_MOST_SHOWN = 200
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def add_import_pages(blueprint: Blueprint, contact_import: ContactImport) -> None:
    """One address: the form, then with a file its preview, then with a confirmation the result."""

    @blueprint.route("/contacts/import")
    def import_contacts() -> str:
        return page("contacts_import", refusal=None, most_rows=MOST_ROWS)

    @blueprint.route("/contacts/import", methods=["POST"])
    def preview_or_import() -> str | tuple[str, int]:
        try:
            if request.form.get("act") == "import":
                return _imported(contact_import)
            return _previewed(contact_import)
        except UnreadableFileError as error:
            refusal = CrmError(422, "unreadable_file", str(error))
            return page("contacts_import", refusal=refusal, most_rows=MOST_ROWS), 422


def _previewed(contact_import: ContactImport) -> str:
    upload = request.files.get("file")
    data = upload.read() if upload is not None else b""
    if not data:
        raise UnreadableFileError("Please choose a file; this one is empty or none was chosen.")
    sheet = read_sheet(data)
    judged = contact_import.preview(caller(), sheet.rows)
    return _shown("contacts_import_preview", sheet, judged, str(uuid4()), data)


def _imported(contact_import: ContactImport) -> str:
    try:
        import_id = UUID(request.form.get("import_id", ""))
        data = base64.b64decode(request.form.get("data", ""), validate=True)
    except (ValueError, binascii.Error):
        raise UnreadableFileError("Something got lost on the way. Please begin again.") from None
    sheet = read_sheet(data)
    results, is_whole = contact_import.run(caller(), sheet.rows, import_id)
    return _shown("contacts_imported", sheet, results, str(import_id), data, is_whole=is_whole)


def _shown(
    template: str,
    sheet: Sheet,
    judged: list[JudgedRow],
    import_id: str,
    data: bytes,
    *,
    is_whole: bool = True,
) -> str:
    """Rows that need a look come first; a long list is cut."""
    order = (Judgement.WRONG, Judgement.DUPLICATE, Judgement.NEW, Judgement.DONE)
    rows = sorted(judged, key=lambda each: order.index(each.judgement))
    counts = Counter(each.judgement.value for each in judged)
    new_companies = {each.row.company.casefold() for each in judged if each.makes_company}
    return page(
        template,
        rows=rows[:_MOST_SHOWN],
        hidden_rows=max(0, len(rows) - _MOST_SHOWN),
        counts=counts,
        new_companies=len(new_companies),
        encoding=sheet.encoding,
        delimiter=_DELIMITERS[sheet.delimiter],
        ignored=sheet.ignored[:20],
        import_id=import_id,
        data=base64.b64encode(data).decode(),
        is_whole=is_whole,
        remaining=len(sheet.rows) - len(judged),
    )
