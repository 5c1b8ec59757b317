"""Signed-in callers of a running sandbox's Graph, for tests that need its limits and faults."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from tests.support.sandbox import RunningSandbox

EVENT = {
    "subject": "Review",
    "start": {"dateTime": "2030-01-07T10:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2030-01-07T11:00:00", "timeZone": "UTC"},
}


class Callers:
    """Ann and Ben are two people of the sample firm; `app` is the tracker's application."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        people = [each for each in sandbox.state()["people"] if each["mailbox"]]
        self.ann, self.ben, self.cleo = people[:3]
        self._session = requests.Session()
        self._session.trust_env = False
        self._tokens: dict[str, str] = {}

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def token(self, who: str) -> str:
        """A Graph token of `app` or of the person with this address."""
        if who not in self._tokens:
            more: dict[str, Any] = {"app": True} if who == "app" else {"user": who}
            self._tokens[who] = self.sandbox.token(audience="graph", **more)
        return self._tokens[who]

    def ask(
        self, method: str, path: str, who: str = "app", json: Any = None, **headers: str
    ) -> requests.Response:
        """One request; `headers` have underscores for dashes."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {self.token(who)}"
        url = f"{self.sandbox.url}/v1.0{path}"
        return self._session.request(method, url, json=json, headers=sent, timeout=20)

    def get(self, path: str, who: str = "app", **headers: str) -> Any:
        """The JSON of an answer that must be a success."""
        answer = self.ask("GET", path, who, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def code(self, method: str, path: str, who: str = "app", **more: Any) -> tuple[int, str]:
        """Status and error code of a refusal."""
        answer = self.ask(method, path, who, **more)
        return answer.status_code, answer.json()["error"]["code"] if answer.content else ""

    def together(self, number: int, path: str, who: str = "app") -> list[requests.Response]:
        """The answers to as many GETs at once, each on its own connection."""
        url = f"{self.sandbox.url}/v1.0{path}"
        headers = {"Authorization": f"Bearer {self.token(who)}"}

        def one(_number: int) -> requests.Response:
            with requests.Session() as session:
                session.trust_env = False
                return session.get(url, headers=headers, timeout=20)

        with ThreadPoolExecutor(number) as pool:
            return list(pool.map(one, range(number)))

    def batch(self, *items: dict[str, Any], who: str = "app") -> dict[str, dict[str, Any]]:
        """The answers of a batch by id; items without an id are numbered from 1."""
        sent = [
            {"id": str(number), "method": "GET", **item} for number, item in enumerate(items, 1)
        ]
        answer = self.ask("POST", "/$batch", who, json={"requests": sent})
        assert answer.status_code == 200, answer.text
        return {each["id"]: each for each in answer.json()["responses"]}
