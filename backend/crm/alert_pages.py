"""The bell: alerts of followed contacts, and the buttons that follow one (C1)."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, redirect, request, url_for
from marshmallow import Schema, fields
from werkzeug.wrappers import Response as AnyResponse

from backend.crm.alert_desk import MOST_COUNTED, AlertDesk
from backend.crm.answers import caller
from backend.crm.fields import Moment
from backend.crm.page_tools import PAGE, checked, loaded, page, paging, storable_id
from backend.crm.schemas import CrmPageQuerySchema


class _QuerySchema(CrmPageQuerySchema):
    """``show=unread`` leaves out what was read."""

    show = fields.String(load_default="")


class _FormSchema(Schema):
    """The newest moment that the page has shown, so that nothing later is marked as read."""

    until = Moment(required=True)


_query = _QuerySchema()
_form = _FormSchema()


def add_alert_pages(blueprint: Blueprint, alerts: AlertDesk) -> None:
    """List, mark as read, follow, unfollow."""

    @blueprint.route("/alerts")
    def alerts_page() -> str:
        query = loaded(_query)
        unread_only = query["show"] == "unread"
        found = alerts.page(caller(), unread_only=unread_only, limit=PAGE, after=query["cursor"])
        return page(
            "alerts",
            alerts=found.items,
            unread_only=unread_only,
            most_counted=MOST_COUNTED,
            newest=max((alert.at for alert in found.items), default=None),
            **paging(found.next, query["cursor"]),
        )

    @blueprint.route("/alerts", methods=["POST"])
    def read_alerts() -> AnyResponse:
        """One record's alert (``activity``), or all."""
        until: datetime = checked(_form, {"until": request.form.get("until", "")})["until"]
        activity_id = request.form.get("activity")
        if activity_id:
            alerts.read(caller(), storable_id(activity_id), until)
        else:
            alerts.read_all(caller(), until)
        show = "unread" if request.form.get("show") == "unread" else None
        return redirect(url_for("crm_pages.alerts_page", show=show), 303)

    @blueprint.route("/contacts/<contact_id>/follow", methods=["POST"])
    def follow(contact_id: str) -> AnyResponse:
        """Follow the contact, or follow him no more (``act=unfollow``)."""
        if request.form.get("act") == "unfollow":
            alerts.unfollow(caller(), storable_id(contact_id))
        else:
            alerts.follow(caller(), storable_id(contact_id))
        return redirect(url_for("crm_pages.contact", contact_id=contact_id), 303)
