"""python-o365 works against the sandbox, unchanged but for the transport."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from tests.sandbox.clients.routed import o365_account
from tests.support.sandbox import RunningSandbox

UTC = ZoneInfo("UTC")


def test_a_category_is_put_on_an_event(sandbox: RunningSandbox) -> None:
    person = sandbox.person("support")
    made = sandbox.create_event(
        person["address"],
        subject="By hand",
        start={"dateTime": "2027-03-03T10:00:00", "timeZone": "UTC"},
        end={"dateTime": "2027-03-03T11:00:00", "timeZone": "UTC"},
    )
    calendar = o365_account(sandbox, person["address"]).schedule().get_default_calendar()

    event = next(iter(calendar.get_events(include_recurring=False)))
    event.categories = ["Red category"]
    is_saved = event.save()

    assert is_saved
    assert sandbox.get_event(person["address"], made["id"])["categories"] == ["Red category"]


def test_a_new_event_and_a_window_of_instances(sandbox: RunningSandbox) -> None:
    person = sandbox.person("support")
    calendar = o365_account(sandbox, person["address"]).schedule().get_default_calendar()
    event = calendar.new_event(subject="Weekly by O365")
    event.start = datetime(2027, 5, 3, 9, tzinfo=UTC)
    event.end = datetime(2027, 5, 3, 10, tzinfo=UTC)
    event.recurrence.set_weekly(
        1, days_of_week=["monday"], first_day_of_week="sunday", start=date(2027, 5, 3)
    )

    is_saved = event.save()
    begin, end = datetime(2027, 5, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
    found = list(
        calendar.get_events(start_recurring=begin, end_recurring=end, include_recurring=True)
    )

    assert is_saved
    assert [item.subject for item in found] == ["Weekly by O365"] * 5
