"""What Salesforce refuses (REST API Developer Guide: Status Codes and Error Responses)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class RefusedError(Exception):
    """A status and one entry of ``[{errorCode, message, fields}]``."""

    def __init__(self, status: int, code: str, message: str, fields: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.fields = list(fields)

    @property
    def body(self) -> list[dict[str, Any]]:
        entry: dict[str, Any] = {"message": str(self), "errorCode": self.code}
        return [entry | {"fields": self.fields}] if self.fields else [entry]

    @property
    def in_collection(self) -> dict[str, Any]:
        """As one result of a collection says it (sObject Collections)."""
        error = {"statusCode": self.code, "message": str(self), "fields": self.fields}
        return {"success": False, "errors": [error]}
