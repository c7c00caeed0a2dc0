"""What can go wrong in the stores, split by whose fault it is.

    StoreError
    ├── RefusedError            the bytes are wrong; `code` is the name that goes over the wire
    ├── NoSpaceError            the disk or the quota is full; nothing was changed
    ├── DamagedError            what was stored is not what was stored then
    └── NewerFormatError        written by a newer version of the program
"""

from __future__ import annotations

from typing import Literal

RefusalCode = Literal[
    "malformed",
    "bad-signature",
    "bad-hash",
    "bad-chain",
    "other-library",
    "unknown-version",
    "not-allowed-author",
    "too-deep",
    "too-large",
]


class StoreError(Exception):
    """Base of everything that a store raises on purpose."""


class RefusedError(StoreError):
    """An entry, report or blob that is refused by name; nothing else suffers."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(message)
        self.code: RefusalCode = code


class NoSpaceError(StoreError):
    """No room on the disk; the transaction was rolled back."""


class DamagedError(StoreError):
    """Stored bytes don't match their name, or the database is no longer readable."""


class NewerFormatError(StoreError):
    """The files were written by a newer version of this program."""
