"""The driver's two telephones: to the sandbox's control plane, and to the product's pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests

TIMEOUT = 30


class RefusedError(Exception):
    """Outlook or the product said no, in the way they say it to a person."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


class Outlook:
    """Acts of people, over the control plane."""

    def __init__(self, sandbox: str) -> None:
        self._base = f"{sandbox}/_sandbox"
        self._session = requests.Session()
        self._session.trust_env = False

    def call(self, method: str, path: str, form: Any = None, **params: Any) -> Any:
        """The JSON of the answer. Raises: RefusedError for what Outlook would not let you do."""
        answer = self._session.request(
            method, f"{self._base}{path}", json=form, params=params or None, timeout=TIMEOUT
        )
        if answer.status_code >= 400:
            raise RefusedError(answer.status_code, answer.text[:200])
        return answer.json() if answer.content else None

    def event(self, owner: str, event_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/mailboxes/{owner}/events/{event_id}")
        return found

    def create(self, owner: str, **event: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.call("POST", f"/mailboxes/{owner}/events", event)
        return made

    def change(self, owner: str, event_id: str, **patch: Any) -> dict[str, Any]:
        path = f"/mailboxes/{owner}/events/{event_id}"
        changed: dict[str, Any] = self.call("PATCH", path, patch)
        return changed

    def act(self, owner: str, event_id: str, verb: str, **form: Any) -> Any:
        return self.call("POST", f"/mailboxes/{owner}/events/{event_id}/{verb}", form)

    def delete(self, owner: str, event_id: str) -> None:
        self.call("DELETE", f"/mailboxes/{owner}/events/{event_id}")

    def faults(self, *orders: dict[str, Any]) -> None:
        self.call("POST", "/faults", list(orders))

    def clear_faults(self) -> None:
        self.call("DELETE", "/faults")

    def advance(self, seconds: float) -> None:
        self.call("POST", "/clock", {"advance": seconds})

    def requests_since(self, seq: int) -> Iterator[dict[str, Any]]:
        yield from self.call("GET", "/requests", since=seq)["items"]

    def last_request(self) -> int:
        return int(self.call("GET", "/requests", since=2**62)["next"])

    def token(self, user: str, lifetime: int) -> str:
        form = {"user": user, "audience": "api", "lifetime": lifetime}
        return str(self.call("POST", "/tokens", form)["access_token"])


class Pages:
    """What people do in the pane and in the CRM's pages, with their own tokens."""

    def __init__(self, web: str, outlook: Outlook) -> None:
        self._web = web
        self._outlook = outlook
        self._session = requests.Session()
        self._session.trust_env = False
        self._tokens: dict[str, str] = {}

    def forget_tokens(self) -> None:
        """After the clock has moved."""
        self._tokens.clear()

    def call(
        self, user: str, method: str, path: str, json: Any = None, **headers: str
    ) -> requests.Response:
        """The answer, whatever it is. Raises: requests.RequestException when there is none."""
        if user not in self._tokens:
            self._tokens[user] = self._outlook.token(user, 6 * 3600)
        return self._session.request(
            method,
            f"{self._web}{path}",
            json=json,
            headers={"Authorization": f"Bearer {self._tokens[user]}"} | headers,
            timeout=TIMEOUT,
        )
