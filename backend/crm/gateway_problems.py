"""What the gateway refuses, as the HTTP contract tells it to another instance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from backend.crm.problems import CrmError, changed_meanwhile, not_found
from backend.domain.errors import RemoteConflictError, RemoteNotFoundError, RemoteRejectedError


@contextmanager
def told_as_problems() -> Iterator[None]:
    """404 for no record, 412 ``changed_meanwhile``, 409 ``removed``, 422 for what cannot be."""
    try:
        yield
    except RemoteConflictError as error:
        if error.remote_code == "removed":
            raise CrmError(409, "removed", "This activity was made and removed again.") from error
        raise changed_meanwhile() from error
    except RemoteNotFoundError as error:
        raise not_found("activity") from error
    except RemoteRejectedError as error:
        raise CrmError(422, error.remote_code or "validation", error.message) from error
