"""The office of a firm: its admin with his calls, and the worker, over a product that runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from backend.db.models import UserRow
from tests.support.product import Product

COLLEAGUES = ("anders.lindqvist@harwoodosei.example", "owen.pritchard@harwoodosei.example")


class Office:
    """The firm's admin, and the worker beside him."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.admin = product.pane(product.sandbox.person("admin")["address"])
        # A few calendars tell as much as forty.
        few = [product.sandbox.person()["address"], *COLLEAGUES]
        everybody_else = UserRow.address.not_in(few)
        with product.services.database.write.begin() as session:
            session.execute(update(UserRow).where(everybody_else).values(enabled_by_admin=False))

    def call(self, method: str, path: str, json: Any = None, **params: Any) -> Any:
        answer = self.admin.call(method, f"/api/admin{path}", json, **params)
        assert answer.status_code < 300, answer.text
        return answer.json

    def work(self, minutes: float = 0) -> None:
        """Everything that is due, and what comes of it."""
        work = self.product.services.work
        self.product.drain()
        self.product.advance(minutes=minutes)
        for _ in range(30):
            work.sweep()
            if self.product.drain() + work.drain_mailboxes() == 0:
                return
            self.product.advance(seconds=2)

    def compare(self) -> dict[str, int]:
        """Compare now; the findings by kind."""
        operation = self.call("POST", "/reconciliation")
        assert operation["state"] == "running"
        for _ in range(40):
            self.product.services.administration.operations.work()
            ended = self.call("GET", f"/operations/{operation['id']}")
            if ended["finished_at"] is not None:
                assert ended["state"] == "done", ended
                assert ended["items"] == [], ended
                break
            self.product.advance(seconds=10)
        return self.found()

    def found(self) -> dict[str, int]:
        kinds = self.call("GET", "/reconciliation")["kinds"]
        return {kind["kind"]: kind["count"] for kind in kinds if kind["count"]}

    def fix(self, kind: str, fix: str) -> Any:
        return self.call("POST", "/reconciliation/fix", {"kind": kind, "fix": fix})
