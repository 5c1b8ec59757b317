"""A person who works with records in the CRM through its HTTP API."""

from __future__ import annotations

from typing import Any

from tests.support.product import Product


class CrmUser:
    """Reads, edits and removes records as one signed-in person."""

    def __init__(self, product: Product, user: str) -> None:
        self._product = product
        self._user = user

    def get(self, activity_id: str) -> Any:
        return self._call("GET", activity_id)

    def edit(self, activity_id: str, **changes: Any) -> Any:
        """Change the record as it stands now."""
        tag = self.get(activity_id).headers["ETag"]
        answer = self._call("PATCH", activity_id, changes, {"If-Match": tag})
        assert answer.status_code == 200, answer.text
        return answer.json

    def remove(self, activity_id: str) -> None:
        """Delete the record as it stands now."""
        tag = self.get(activity_id).headers["ETag"]
        answer = self._call("DELETE", activity_id, None, {"If-Match": tag})
        assert answer.status_code == 204, answer.text

    def _call(self, method: str, activity_id: str, json: Any = None, headers: Any = None) -> Any:
        bearer = {"Authorization": f"Bearer {self._product.token(self._user)}"}
        return self._product.app.test_client().open(
            f"/crm/api/activities/{activity_id}",
            method=method,
            json=json,
            headers=bearer | (headers or {}),
        )
