"""Everything in the sample firm's calendars agrees with Graph's v1.0 metadata, too."""

import requests

from tests.support.graph_types import problems_of_event
from tests.support.sandbox import RunningSandbox


def test_all_events_of_the_sample_firm_agree_with_the_metadata() -> None:
    kinds: set[str] = set()
    with RunningSandbox(calendars=True) as sandbox, requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {sandbox.token(audience='graph', app=True)}"
        for person in sandbox.state()["people"]:
            if not person["mailbox"]:
                continue
            now = sandbox.state()["now"][:4]
            window = f"startDateTime={int(now) - 1}-01-01&endDateTime={int(now) + 2}-01-01"
            for what in ("events?", f"calendarView?{window}&"):
                url = f"{sandbox.url}/v1.0/users/{person['id']}/{what}$top=1000"
                answer = session.get(url, timeout=30)
                assert answer.status_code == 200, answer.text
                for event in answer.json()["value"]:
                    assert problems_of_event(event) == []
                    kinds.add(event["type"])

    assert kinds == {"singleInstance", "seriesMaster", "occurrence", "exception"}
