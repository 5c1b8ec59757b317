"""Our links to records lead on to the CRM that keeps them, where that has pages of its own."""

from __future__ import annotations

import re

from flask import Blueprint, abort, redirect
from werkzeug.wrappers import Response

_RECORD_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


def crm_elsewhere(address: str) -> Blueprint:
    """``address``: of a Salesforce organisation, which shows a record at its id and asks who looks.

    Open to everybody: nothing here depends on who asks, and nothing is read.
    """
    pages = Blueprint("crm_elsewhere", __name__)

    @pages.get("/crm/")
    def front() -> Response:
        return redirect(f"{address}/", 302)

    @pages.get("/crm/<any(activities, contacts, companies, opportunities):_kind>/<record_id>")
    def record(_kind: str, record_id: str) -> Response:
        if _RECORD_ID.fullmatch(record_id) is None:
            abort(404)
        return redirect(f"{address}/{record_id}", 302)

    return pages
