"""Groups (T6): everybody sees his own, admins make and change them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from backend.crm.answers import caller
from backend.crm.group_desk import GroupDesk, WholeGroup
from backend.crm.group_schemas import CrmGroupPostSchema
from backend.crm.page_tools import PAGE, checked, loaded, page, paging, storable_id
from backend.crm.problems import CrmError, forbidden, invalid
from backend.crm.schemas import LONGEST_QUERY, CrmPageQuerySchema
from backend.crm.text import is_storable
from backend.domain.crm import Member

_FOUND = 20
_page_query = CrmPageQuerySchema()
_group = CrmGroupPostSchema()


def add_group_pages(blueprint: Blueprint, groups: GroupDesk) -> None:
    """List, look, make, change, remove."""
    pages = _GroupPages(groups)
    for rule, view, method in (
        ("/groups", pages.groups, "GET"),
        ("/groups/new", pages.new_group, "GET"),
        ("/groups/new", pages.add_group, "POST"),
        ("/groups/<group_id>", pages.group, "GET"),
        ("/groups/<group_id>/edit", pages.edit_group, "GET"),
        ("/groups/<group_id>/edit", pages.save_group, "POST"),
    ):
        blueprint.add_url_rule(rule, view.__name__, view, methods=[method])


class _GroupPages:
    """One method per page and act."""

    def __init__(self, groups: GroupDesk) -> None:
        self._groups = groups

    def groups(self) -> str:
        query = loaded(_page_query)
        found = self._groups.page(caller(), query=query["q"], limit=PAGE, after=query["cursor"])
        return page(
            "groups",
            groups=found.items,
            query=query,
            **paging(found.next, query["cursor"]),
        )

    def group(self, group_id: str) -> str:
        group = self._groups.get(caller(), storable_id(group_id))
        return page("group", group=group, saved="saved" in request.args)

    def new_group(self) -> str:
        _demand_admin()
        return self._form(None)

    def add_group(self) -> AnyResponse | tuple[str, int]:
        return self._save(None)

    def edit_group(self, group_id: str) -> str:
        _demand_admin()
        return self._form(self._groups.get(caller(), storable_id(group_id)))

    def save_group(self, group_id: str) -> AnyResponse | tuple[str, int]:
        _demand_admin()
        group = self._groups.get(caller(), storable_id(group_id))
        if request.form.get("act") != "remove":
            return self._save(group)
        if "sure" not in request.form:
            refusal = invalid("sure", "Please say that you are sure; it cannot be taken back.")
            return self._form(group, refusal, request.form), refusal.status
        self._groups.remove(caller(), group.id)
        return redirect(url_for("crm_pages.groups"), 303)

    def _save(self, group: WholeGroup | None) -> AnyResponse | tuple[str, int]:
        """Saved, or the form again: searched for people, or with what does not fit."""
        _demand_admin()
        if request.form.get("act") == "search":
            return self._form(group, given=request.form), 200
        try:
            given = checked(
                _group,
                {
                    "name": request.form.get("name", "").strip(),
                    "member_ids": request.form.getlist("member"),
                },
            )
            saved = self._groups.save(caller(), group.id if group else None, given)
        except CrmError as refusal:
            return self._form(group, refusal, request.form), refusal.status
        return redirect(url_for("crm_pages.group", group_id=saved.id, saved=1), 303)

    def _form(
        self, group: WholeGroup | None, refusal: CrmError | None = None, given: Any = None
    ) -> str:
        search = "" if given is None else given.get("member_search", "")[:LONGEST_QUERY]
        chosen = self._chosen(group, given)
        taken = {member.id for member in chosen}
        found = (
            self._groups.colleagues(caller(), search, _FOUND)
            if search.strip() and is_storable(search)
            else ()
        )
        name = group.name if group else ""
        return page(
            "group_form",
            group=group,
            refusal=refusal,
            name=name if given is None else given.get("name", ""),
            chosen=chosen,
            found=[member for member in found if member.id not in taken],
            search=search,
        )

    def _chosen(self, group: WholeGroup | None, given: Any) -> list[Member]:
        """Whom the form has ticked; a made-up id is left out."""
        there = {member.id: member for member in (group.members if group else ())}
        if given is None:
            return list(there.values())
        ids = [each for each in given.getlist("member") if is_storable(each)]
        known = {member.id: member for member in self._groups.named(caller(), ids)}
        found = (known.get(each) or there.get(each) for each in dict.fromkeys(ids))
        return [member for member in found if member is not None]


def _demand_admin() -> None:
    if not caller().is_admin:
        raise forbidden("Only an administrator makes and changes groups.")
