"""The remarkable events of the law firm: one of every kind that makes calendars difficult.

All near the present day, so that a demo has each of them at hand.
"""

from datetime import date, datetime, time, timedelta

from backend.sandbox.directory import Tenant
from backend.sandbox.sample.cast import Cast
from backend.sandbox.sample.planning import (
    LONDON,
    NEW_YORK,
    Json,
    Planned,
    attendee,
    colleague,
    contact,
    html,
    moment,
    room,
    timed,
    whole_days,
)

MANY = 200


def plans(tenant: Tenant, contacts: list[Json], now: datetime) -> list[Planned]:
    """Every special event of the law firm."""
    cast = Cast.of_firm(tenant, contacts, now)
    makers = (_days_off, _travelling, _secrets, _series, _called_off, _from_outside, _crowds, _odd)
    return [plan for make in makers for plan in make(cast)]


def _days_off(cast: Cast) -> list[Planned]:
    """All-day and multi-day entries, with and without others."""
    away = {"showAs": "oof", "isReminderOn": False}
    fair = [contact(cast.contacts[3]), contact(cast.contacts[40])]
    return [
        Planned(
            cast.ago(20),
            cast.who("claire.beaumont"),
            {"subject": "Annual leave", **whole_days(cast.day(9), 5), **away},
        ),
        Planned(
            cast.ago(25),
            cast.who("ruth.ndlovu"),
            {
                "subject": "Shipping law conference, Bergen",
                **whole_days(cast.day(4), 3),
                "location": {"displayName": "Bergen"},
                "attendees": [*fair, colleague(cast.who("ingrid.solberg"))],
            },
            [(cast.who("ingrid.solberg"), "accepted")],
        ),
        Planned(
            cast.ago(10),
            cast.who("anders.lindqvist"),
            {
                "subject": "Closing day Halden Shipping",
                **whole_days(cast.day(2), 1),
                "attendees": [contact(entry) for entry in cast.people_of("Halden")[:2]],
            },
        ),
        Planned(
            cast.ago(12),
            cast.who("efua.osei"),
            {
                "subject": "Arbitration hearing, first and second day",
                "start": moment(datetime.combine(cast.day(6), time(9, 30)), LONDON),
                "end": moment(datetime.combine(cast.day(6) + timedelta(days=1), time(17)), LONDON),
                "attendees": [contact(cast.contacts[12]), colleague(cast.who("zoe.martens"))],
            },
        ),
    ]


def _travelling(cast: Cast) -> list[Planned]:
    """Start and end in different zones, and zones that are not the owner's."""
    flight = datetime.combine(cast.day(5), time(10, 40))
    call = timed(cast.day(3), 9, 60, "Tokyo Standard Time")
    return [
        Planned(
            cast.ago(15),
            cast.who("daniel.abrams"),
            {
                "subject": "Flight to New York with the Tessellate team",
                "start": moment(flight, LONDON),
                "end": moment(datetime.combine(cast.day(5), time(13, 55)), NEW_YORK),
                "attendees": [contact(entry) for entry in cast.people_of("Tessellate")[:2]],
            },
        ),
        Planned(
            cast.ago(8),
            cast.who("samuel.okonkwo"),
            {
                "subject": "Call with Nakagawa Law Office (Tokyo morning)",
                **call,
                "isOnlineMeeting": True,
                "attendees": [contact(entry) for entry in cast.people_of("Nakagawa")[:2]],
            },
        ),
        Planned(
            cast.ago(7),
            cast.who("amelia.frost"),
            {
                "subject": "Signing call across the clock change",
                **timed(cast.day(30), 15, 60, NEW_YORK),
                "attendees": [contact(cast.contacts[20])],
            },
        ),
    ]


def _secrets(cast: Cast) -> list[Planned]:
    """Private and confidential items, and meetings with contacts that are private in the CRM."""
    client = contact(cast.contacts[5])
    found = [
        Planned(
            cast.ago(6),
            cast.who("margaret.harwood"),
            {"subject": "Dr. Feld", "sensitivity": "private", **timed(cast.day(1), 8, 45)},
        ),
        Planned(
            cast.ago(6),
            cast.who("margaret.harwood"),
            {
                "subject": "Project Larch: first talk",
                "sensitivity": "confidential",
                **timed(cast.day(1), 16, 60),
                "attendees": [client, colleague(cast.who("anders.lindqvist"))],
            },
        ),
        Planned(
            cast.ago(5),
            cast.who("yusuf.demir"),
            {
                "subject": "Private matter of the managing director",
                "sensitivity": "private",
                **timed(cast.day(2), 12, 60),
                "attendees": [client],
            },
        ),
    ]
    hosts = ("anders.lindqvist", "priya.raman", "hannah.vogel")
    for number, entry in enumerate(cast.private[:3]):
        host = cast.who(hosts[number])
        found.append(
            Planned(
                cast.ago(4),
                host,
                {
                    "subject": f"Dinner with {entry['name'].split()[0]}",
                    **timed(cast.day(2 + number), 19, 120),
                    "attendees": [contact(entry)],
                },
            )
        )
    return found


def _series(cast: Cast) -> list[Planned]:
    """Recurring meetings, with moved and cancelled occurrences, with and without an end."""
    team = [
        colleague(cast.who(login)) for login in ("amelia.frost", "sofia.marchetti", "daniel.abrams")
    ]
    monday = _weekday(cast.now.date() - timedelta(days=56), 0)
    wednesday = _weekday(cast.now.date() - timedelta(days=49), 2)
    upcoming = _weekday(cast.now.date() + timedelta(days=1), 0)
    weekly_client = cast.people_of("Verity")[:2]
    return [
        Planned(
            cast.ago(60),
            cast.who("anders.lindqvist"),
            {
                "subject": "Corporate team meeting",
                **timed(monday, 9, 60),
                "attendees": team,
                "recurrence": _weekly(monday, "monday"),
            },
            [(cast.who("amelia.frost"), "accepted")],
            moved=[upcoming],
            dropped=[upcoming + timedelta(days=7), upcoming - timedelta(days=14)],
        ),
        Planned(
            cast.ago(55),
            cast.who("priya.raman"),
            {
                "subject": "Verity Insurance: weekly call",
                **timed(wednesday, 11, 30),
                "isOnlineMeeting": True,
                "attendees": [contact(entry) for entry in weekly_client],
                "recurrence": _weekly(wednesday, "wednesday", times=16),
            },
            moved=[_weekday(cast.now.date() + timedelta(days=1), 2)],
        ),
        Planned(
            cast.ago(50),
            cast.who("margaret.harwood"),
            {
                "subject": "Partners' lunch",
                **timed(_weekday(cast.now.date() - timedelta(days=45), 3), 12.5, 90),
                "attendees": [attendee("All Partners", f"partners@{cast.tenant.default_domain}")],
                "recurrence": {
                    "pattern": {
                        "type": "relativeMonthly",
                        "interval": 1,
                        "daysOfWeek": ["thursday"],
                        "index": "first",
                    },
                    "range": {
                        "type": "noEnd",
                        "startDate": (cast.now.date() - timedelta(days=45)).isoformat(),
                        "recurrenceTimeZone": LONDON,
                    },
                },
            },
        ),
    ]


def _called_off(cast: Cast) -> list[Planned]:
    """Meetings that were cancelled after people had accepted."""
    return [
        Planned(
            cast.ago(9),
            cast.who("tomas.echeverria"),
            {
                "subject": "Site visit Orchard Lane",
                **timed(cast.day(distance), 10, 180),
                "attendees": [
                    *(contact(entry) for entry in cast.people_of("Orchard")[:2]),
                    colleague(cast.who("patrick.odowd")),
                    colleague(cast.who("aisha.bello")),
                ],
            },
            [(cast.who("patrick.odowd"), "accepted")],
            cancelled=True,
        )
        for distance in (3, -3)
    ]


def _from_outside(cast: Cast) -> list[Planned]:
    """Invitations from clients: nobody in the firm organizes these."""
    logins = ("margaret.harwood", "daniel.abrams", "efua.osei", "priya.raman", "rohan.mehta")
    found = []
    for number, login in enumerate(logins):
        guest = cast.who(login)
        host = cast.contacts[number * 7]
        found.append(
            Planned(
                cast.ago(5 + number),
                (host["name"], host["emails"][0]),
                {
                    "subject": f"Board preparation, hosted by {host['name']}",
                    **timed(cast.day(1 + number % 3), 14, 60),
                    **html("<p>Please join us ten minutes early.</p>"),
                    "attendees": [colleague(guest), colleague(cast.who("sofia.marchetti"))],
                },
                [(guest, "tentativelyAccepted")],
            )
        )
    return found


def _crowds(cast: Cast) -> list[Planned]:
    """Hundreds of attendees, hidden attendees, distribution lists."""
    everybody = [contact(entry) for entry in cast.one_per_address()[:MANY]]
    domain = cast.tenant.default_domain
    boardroom = cast.who("boardroom")
    return [
        Planned(
            cast.ago(30),
            cast.who("ruth.ndlovu"),
            {
                "subject": "Client seminar: new rules on corporate reporting",
                **timed(cast.day(7), 17, 150),
                "location": {"displayName": "Guildhall"},
                "attendees": everybody,
            },
        ),
        Planned(
            cast.ago(6),
            cast.who("charlotte.irving"),
            {
                "subject": "Press breakfast",
                **timed(cast.day(2), 8.5, 90),
                "hideAttendees": True,
                "attendees": [contact(entry) for entry in cast.people_of("Courier")[:3]]
                + [contact(entry) for entry in cast.people_of("Ivory")[:3]],
            },
        ),
        Planned(
            cast.ago(3),
            cast.who("efua.osei"),
            {
                "subject": "Litigation team: preparation with counsel",
                **timed(cast.day(1), 11, 60),
                **room(boardroom),
                "attendees": [
                    attendee("Litigation Team", f"litigation@{domain}"),
                    *(contact(entry) for entry in cast.people_of("Rusk")[:1]),
                    attendee(boardroom.name, boardroom.address, "resource"),
                ],
            },
        ),
    ]


def _odd(cast: Cast) -> list[Planned]:
    """Strange spelling, unknown people, drafts, focus time, hostile text."""
    client = cast.contacts[8]
    return [
        Planned(
            cast.ago(2),
            cast.who("daniel.abrams"),
            {
                "subject": "Review call with outside counsel",
                **timed(cast.day(1), 15, 60),
                "attendees": [
                    attendee(client["name"].upper(), client["emails"][0].upper()),
                    attendee("Unknown Guest", "someone@nowhere-known.example", "optional"),
                    attendee("Amelia Frost", "amelia.frost@hlo-legal.example"),
                ],
            },
        ),
        Planned(
            cast.ago(1),
            cast.who("margaret.harwood"),
            {
                "subject": "Offer to Osprey Renewables (draft)",
                **timed(cast.day(3), 10, 60),
                "attendees": [contact(entry) for entry in cast.people_of("Osprey")[:2]],
            },
            draft=True,
        ),
        Planned(
            cast.ago(2),
            cast.who("elena.petrova"),
            {"subject": "Writing time, please do not disturb", **timed(cast.day(1), 9, 180)},
        ),
        Planned(
            cast.ago(3),
            cast.who("noor.haddad"),
            {
                "subject": 'مراجعة العقد 📑 <b>Contract review</b> & "terms"',
                **timed(cast.day(1), 13, 45),
                **html("<p onclick='x'>Points &lt;1&gt; &amp; &lt;2&gt;</p><script>0</script>"),
                "attendees": [contact(cast.contacts[15])],
                "categories": ["Blue category", "Matter 4711"],
            },
        ),
        Planned(
            cast.ago(58),
            cast.who("margaret.harwood"),
            {
                "subject": "First meeting with Saltmarsh Capital",
                **timed(cast.day(-50), 10, 60),
                "attendees": [contact(entry) for entry in cast.people_of("Saltmarsh")[:2]],
            },
        ),
    ]


def _weekday(day: date, weekday: int) -> date:
    """The first day of that weekday from `day` on."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def _weekly(first: date, weekday: str, times: int | None = None) -> Json:
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": [weekday], "firstDayOfWeek": "monday"}
    limits: Json = {"type": "noEnd"}
    if times is not None:
        limits = {"type": "numbered", "numberOfOccurrences": times}
    start = {"startDate": first.isoformat(), "recurrenceTimeZone": LONDON}
    return {"pattern": pattern, "range": {**limits, **start}}
