"""The pages of activities: search, one record, its edit with the warning of L4, a new one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from backend.crm import presentation
from backend.crm.activity_desk import ActivityDesk
from backend.crm.activity_forms import additions_from_form, content_from_form
from backend.crm.answers import caller
from backend.crm.catalogue import Catalogue
from backend.crm.grids import grid
from backend.crm.group_desk import GroupDesk
from backend.crm.page_choices import about_choices, audiences
from backend.crm.page_tools import CHOICES, page, revision_in_form, storable_id
from backend.crm.problems import CrmError, invalid
from backend.domain.crm import (
    EVERYONE,
    Activity,
    ActivityKind,
    Reference,
    ReferenceKind,
    SyncStatus,
    group_of,
)
from backend.domain.ports import Clock


def add_activity_pages(
    blueprint: Blueprint,
    activities: ActivityDesk,
    catalogue: Catalogue,
    groups: GroupDesk,
    clock: Clock,
) -> None:
    """Search, look and edit."""
    pages = _ActivityPages(activities, catalogue, groups, clock)
    for rule, view, method in (
        ("/activities", pages.activities, "GET"),
        ("/activities/<activity_id>", pages.activity, "GET"),
        ("/activities/<activity_id>", pages.save_additions, "POST"),
        ("/activities/<activity_id>/edit", pages.edit, "GET"),
        ("/activities/<activity_id>/edit", pages.save_edit, "POST"),
    ):
        blueprint.add_url_rule(rule, view.__name__, view, methods=[method])


class _ActivityPages:
    """One method per page."""

    def __init__(
        self, activities: ActivityDesk, catalogue: Catalogue, groups: GroupDesk, clock: Clock
    ) -> None:
        self._groups = groups
        self._activities = activities
        self._catalogue = catalogue
        self._clock = clock

    def activities(self) -> str:
        return page("activities", **grid(self._activities, self._clock))

    def activity(self, activity_id: str) -> str:
        return self._activity_page(self._activities.get(caller(), storable_id(activity_id)))

    def save_additions(self, activity_id: str) -> AnyResponse | tuple[str, int]:
        """Notes, opportunities, initiatives, visibility: never unlink a synced record (L4)."""
        activity = self._activities.get(caller(), storable_id(activity_id))
        try:
            changes = additions_from_form(request.form)
            self._activities.edit(caller(), activity_id, revision_in_form(), changes)
        except CrmError as refusal:
            return self._activity_page(activity, refusal), refusal.status
        return redirect(url_for("crm_pages.activity", activity_id=activity_id, saved=1), 303)

    def edit(self, activity_id: str) -> str:
        return self._edit_page(self._activities.get(caller(), storable_id(activity_id)))

    def save_edit(self, activity_id: str) -> AnyResponse | tuple[str, int]:
        """The Outlook-filled fields: for a synced record only with the warning confirmed (L4)."""
        activity = self._activities.get(caller(), storable_id(activity_id))
        try:
            if _needs_warning(activity) and "understood" not in request.form:
                raise invalid("understood", "Please confirm that you have read the warning.")
            if request.form.get("act") == "remove":
                self._activities.remove(caller(), activity_id, revision_in_form())
                return redirect(url_for("crm_pages.activities"), 303)
            changes = content_from_form(request.form, activity.draft)
            self._activities.edit(caller(), activity_id, revision_in_form(), changes)
        except CrmError as refusal:
            return self._edit_page(activity, refusal), refusal.status
        return redirect(url_for("crm_pages.activity", activity_id=activity_id, saved=1), 303)

    def _activity_page(self, activity: Activity, refusal: CrmError | None = None) -> str:
        names = {
            kind: self._catalogue.names(caller(), kind, ids)
            for kind, ids in (
                ("company", activity.company_ids),
                ("opportunity", activity.opportunity_ids),
                ("initiative", activity.initiative_ids),
            )
        }
        form = request.form if refusal is not None else None
        initiatives = self._catalogue.initiatives(caller(), limit=CHOICES).items
        opportunities = self._opportunity_choices(activity, names["opportunity"])
        all_initiatives = {row.id: row.name for row in initiatives} | names["initiative"]
        about = self._activities.names_of_regarding(caller(), [activity])
        chosen = next((f"{each.kind}:{each.id}" for each in about), "")
        visibility = form.get("visibility", EVERYONE) if form else activity.visibility
        return page(
            "activity",
            activity=activity,
            names=names,
            opportunities=opportunities,
            initiatives=all_initiatives,
            notes=form.get("notes", "") if form else activity.notes,
            chosen_opportunities=form.getlist("opportunity") if form else activity.opportunity_ids,
            chosen_initiatives=form.getlist("initiative") if form else activity.initiative_ids,
            about=about,
            about_choices=self._about_choices(
                activity, about, names["company"], opportunities, all_initiatives
            ),
            chosen_about=form.get("regarding", "") if form else chosen,
            visibility=visibility,
            audiences=audiences(self._groups, visibility),
            seen_by=self._seen_by(activity),
            may_set_visibility=activity.draft.owner_id in (None, caller().user_id),
            refusal=refusal,
            saved="saved" in request.args,
            now=self._clock(),
        )

    def _seen_by(self, activity: Activity) -> str:
        """Whom a record that is not everyone's is shown to; empty where it is."""
        if activity.visibility == EVERYONE:
            return ""
        if group_of(activity.visibility) is None:
            return "Only you see this"
        return f"Seen by {dict(audiences(self._groups, activity.visibility))[activity.visibility]}"

    def _about_choices(
        self,
        activity: Activity,
        about: Mapping[Reference, str],
        companies: Mapping[str, str],
        opportunities: Mapping[str, str],
        initiatives: Mapping[str, str],
    ) -> list[tuple[str, list[tuple[str, str]]]]:
        """Whatever the record is filed under or met by, and what it is about already."""
        people = {each.contact_id: each.name or each.address for each in activity.draft.contacts}
        names = {
            ReferenceKind.COMPANY: dict(companies),
            ReferenceKind.CONTACT: people,
            ReferenceKind.OPPORTUNITY: dict(opportunities),
            ReferenceKind.INITIATIVE: dict(initiatives),
        }
        for reference, name in about.items():
            names[reference.kind].setdefault(reference.id, name)
        return about_choices(names)

    def _opportunity_choices(self, activity: Activity, chosen: dict[str, str]) -> dict[str, str]:
        """The opportunities of the record's companies, and those already chosen."""
        choices = dict(chosen)
        for company_id in activity.company_ids:
            page = self._catalogue.opportunities(caller(), company_id=company_id, limit=CHOICES)
            choices |= {row.id: row.name for row in page.items}
        return choices

    def _edit_page(self, activity: Activity, refusal: CrmError | None = None) -> str:
        zone, zone_name = presentation.zone_of(activity.draft)
        draft = activity.draft
        last_day = draft.end_date - timedelta(days=1) if draft.end_date else None
        values = {
            "subject": draft.subject,
            "type": draft.type,
            "location": draft.location,
            "description": draft.description,
            "start": presentation.form_moment(draft.start, zone),
            "end": presentation.form_moment(draft.end, zone),
            "start_date": draft.start_date.isoformat() if draft.start_date else "",
            "last_date": last_day.isoformat() if last_day else "",
        }
        if refusal is not None:
            values |= {name: request.form.get(name, "") for name in values}
        return page(
            "activity_edit",
            activity=activity,
            values=values,
            zone_name=zone_name,
            needs_warning=_needs_warning(activity),
            refusal=refusal,
        )


def _needs_warning(activity: Activity) -> bool:
    """Whether a change would end a link to Outlook: one that has ended already needs no warning."""
    is_followed = activity.draft.sync_status is SyncStatus.SYNCED and activity.edited_by is None
    return activity.kind is ActivityKind.SYNCED and is_followed
