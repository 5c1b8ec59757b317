"""The JSON of groups, follows and alerts (T6, C1)."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.crm.alerts import News
from backend.crm.fields import Moment, Text
from backend.crm.groups import MOST_MEMBERS
from backend.crm.models import ID_LENGTH
from backend.crm.schemas import CrmPageQuerySchema


class CrmGroupSchema(Schema):
    id = fields.String()
    name = fields.String()


class CrmMemberSchema(Schema):
    """A member of the firm; ``id`` is his Entra object id."""

    id = fields.String()
    name = fields.String()
    address = fields.String()


class CrmWholeGroupSchema(CrmGroupSchema):
    members = fields.List(fields.Nested(CrmMemberSchema))


class CrmGroupPatchSchema(Schema):
    name = Text(100, shortest=1)
    member_ids = fields.List(
        Text(ID_LENGTH, shortest=1), validate=validate.Length(max=MOST_MEMBERS)
    )


class CrmGroupPostSchema(CrmGroupPatchSchema):
    name = Text(100, shortest=1, required=True)


class CrmGroupQuerySchema(CrmPageQuerySchema):
    """``member``: only this person's groups, as the service asks for them."""

    member = Text(ID_LENGTH, load_default=None)


class CrmFollowSchema(Schema):
    following = fields.Boolean()


class CrmAlertSchema(Schema):
    """The last news of one record; ``subject`` is empty where the record was removed."""

    activity_id = fields.String()
    contact_id = fields.String()
    contact_name = fields.String()
    news = fields.Enum(News, by_value=True)
    at = Moment()
    was_at = Moment(allow_none=True)
    read = fields.Boolean(attribute="is_read")
    subject = fields.String(attribute="meeting.subject")
    start = Moment(attribute="meeting.start")
    end = Moment(attribute="meeting.end")


class CrmAlertPageSchema(Schema):
    """``unread`` counts to 100."""

    items = fields.List(fields.Nested(CrmAlertSchema))
    next = fields.String(allow_none=True)
    unread = fields.Integer()


class CrmAlertQuerySchema(CrmPageQuerySchema):
    class Meta:
        exclude = ("q",)

    unread = fields.Boolean(load_default=False)


class CrmUntilSchema(Schema):
    """Only news up to this moment, so that none is marked that the caller has not seen."""

    until = Moment(load_default=None, allow_none=True)
