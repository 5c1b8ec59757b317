"""What the selects of an activity's forms offer."""

from __future__ import annotations

from collections.abc import Mapping

from backend.crm.answers import caller
from backend.crm.group_desk import GroupDesk
from backend.domain.crm import EVERYONE, ONLY_ME, ReferenceKind, group_of

KINDS = {
    ReferenceKind.COMPANY: "Companies",
    ReferenceKind.CONTACT: "Contacts",
    ReferenceKind.OPPORTUNITY: "Opportunities",
    ReferenceKind.INITIATIVE: "Initiatives",
}


def about_choices(
    names: Mapping[ReferenceKind, Mapping[str, str]],
) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a record can be about, as groups of options: their label, then values and words."""
    return [
        (KINDS[kind], [(f"{kind}:{each}", name) for each, name in names[kind].items()])
        for kind in KINDS
        if names.get(kind)
    ]


def audiences(groups: GroupDesk, current: str) -> list[tuple[str, str]]:
    """Who could see a record: everyone, the caller alone, or a group of his."""
    offered = [(EVERYONE, "Everyone"), (ONLY_ME, "Only me")]
    offered += [(group.audience, group.name) for group in groups.own(caller())]
    if group_of(current) is not None and current not in {value for value, _ in offered}:
        offered.append((current, "a group you are not in"))
    return offered
