"""Refusals of the mailbox store, with the status and code that Graph shows for them."""


class ExchangeError(Exception):
    """The store refuses an act; nothing has been changed.

    `status` and `code` are Graph's (Graph docs: error responses), `message` is for people.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def not_found() -> ExchangeError:
    """The id names nothing in this mailbox."""
    return ExchangeError(
        404, "ErrorItemNotFound", "The specified object was not found in the store."
    )


def malformed_id() -> ExchangeError:
    """The id is not one that Exchange makes."""
    return ExchangeError(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def wrong_mailbox(item_id: str, mailbox_address: str) -> ExchangeError:
    """The id belongs to another mailbox."""
    return ExchangeError(
        404,
        "ErrorInvalidMailboxItemId",
        f"Item '{item_id[:200]}' doesn't belong to the targeted mailbox '{mailbox_address}'.",
    )


def mailbox_not_enabled() -> ExchangeError:
    """There is no mailbox here that answers."""
    return ExchangeError(
        404,
        "MailboxNotEnabledForRESTAPI",
        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    )


def invalid_property(message: str) -> ExchangeError:
    """A value is of the right type and still makes no sense."""
    return ExchangeError(400, "ErrorPropertyValidationFailure", message)


def unreadable(message: str) -> ExchangeError:
    """A value is of the wrong type, or a property does not exist."""
    return ExchangeError(400, "RequestBodyRead", message)


def bad_request(message: str) -> ExchangeError:
    """The request as a whole makes no sense."""
    return ExchangeError(400, "ErrorInvalidRequest", message)
