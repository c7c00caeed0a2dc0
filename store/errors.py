"""What can go wrong in the stores, split by whose fault it is.

StoreError
├── RefusedError            the bytes are wrong; `code` is the name that goes over the wire
├── NoSpaceError            the disk or the quota is full; nothing was changed
├── MissingEntriesError     entries that are needed for this aren't stored; `names` says which
├── DamagedError            what was stored is not what was stored then
└── NewerFormatError        written by a newer version of the program
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from store.encoding import MalformedError, TooDeepError, TooLongError, UnknownVersionError
from store.ids import EntryHash

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


class MissingEntriesError(StoreError):
    """Entries that are needed aren't stored. Nothing was changed."""

    def __init__(self, names: tuple[EntryHash, ...]) -> None:
        super().__init__(f"{len(names)} entries that are needed aren't stored, {names[0].short()} among them")
        self.names = names


class DamagedError(StoreError):
    """Stored bytes don't match their name, or the database is no longer readable."""


class NewerFormatError(StoreError):
    """The files were written by a newer version of this program."""


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """A ``MalformedError`` inside the block leaves it as the ``RefusedError`` of its name; ``what`` says what was being read."""
    try:
        yield
    except TooDeepError as error:
        raise RefusedError("too-deep", f"{what}: {error}") from error
    except TooLongError as error:
        raise RefusedError("too-large", f"{what}: {error}") from error
    except UnknownVersionError as error:
        raise RefusedError("unknown-version", f"{what}: {error}") from error
    except MalformedError as error:
        raise RefusedError("malformed", f"{what}: {error}") from error
