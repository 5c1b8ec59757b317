"""People who were erased: recognised by a hash of their addresses, and left out of records (X6).

A firm keeps no list of whom it has erased, only what it needs to keep them erased: who has the
database and an address can tell whether it is among them, nobody can read the addresses out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from backend.domain.event import normalised_address

ERASED = "[erased]"
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")


def hash_of(firm_id: str, name: str) -> str:
    """How an address, or an object id, is remembered; another hash in every firm."""
    return sha256(f"{firm_id}\n{normalised_address(name)}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ErasedPeople:
    """Everybody whom a firm has erased."""

    firm_id: str = ""
    hashes: frozenset[str] = frozenset()

    def holds(self, name: str | None) -> bool:
        """Whether this address or object id is an erased person's."""
        return bool(self.hashes and name) and hash_of(self.firm_id, name or "") in self.hashes

    def taken_out_of(self, text: str) -> str:
        """Running text with erased people's addresses made unreadable."""
        if not self.hashes or "@" not in text:
            return text
        return _ADDRESS.sub(self._shown(), text)

    def _shown(self) -> Callable[[re.Match[str]], str]:
        return lambda found: ERASED if self.holds(found[0].strip(".'")) else found[0]
