"""Entries and seen reports on their way between nodes (PROTOCOL.md section 7). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from relay.messages.fields import fields, fields_and_mark, flag, reports_of, text
from relay.messages.limits import (
    MAX_ERROR_NAME_CHARACTERS,
    MAX_HEADS_BODY,
    MAX_PULL_BODY,
    MAX_PULL_BYTES,
    MAX_PULL_ITEM,
    MAX_PUSH_ANSWER,
    MAX_PUSH_ENTRIES,
    MAX_SEEN_BODY,
    SMALL_BODY,
)
from store.encoding import MalformedError, encode
from store.heads import Heads
from store.ids import StoreId
from store.log import Status
from store.shapes import array, identifier, number, several


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadsAnswer:
    """What a node stores of a library: heads, its newest arrival number, and the seen reports."""

    heads: Heads
    arrival: int
    seen: tuple[bytes, ...]

    def encode(self) -> bytes:
        return encode({"heads": self.heads.to_wire(), "arrival": self.arrival, "seen": list(self.seen)})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        heads, arrival, seen = fields(data, MAX_HEADS_BODY, "heads", "arrival", "seen")
        return cls(heads=Heads.from_wire(heads), arrival=number(arrival), seen=reports_of(seen))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A place in a node's order of arrival; worth something only for that store."""

    store: StoreId
    arrival: int

    def to_wire(self) -> list[Any]:
        return [self.store, self.arrival]

    @classmethod
    def from_wire(cls, value: Any) -> Self:
        store, arrival = array(value, 2)
        return cls(store=identifier(StoreId, store), arrival=number(arrival))


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """Asks for what arrived after ``cursor`` or, where that is of another store or missing, for what ``heads`` lack.

    The answer ends after about ``limit`` bytes of entries. ``seen``: the reports are wanted too. ``control``: only control entries, in the order of
    arrival from the cursor or from the beginning, whatever the heads; where such a pull ended, another such may go on, and no other.
    """

    cursor: Cursor | None = None
    heads: Heads | None = None
    limit: int = MAX_PULL_BYTES
    seen: bool = True
    control: bool = False

    def encode(self) -> bytes:
        cursor = None if self.cursor is None else self.cursor.to_wire()
        heads = None if self.heads is None else self.heads.to_wire()
        mark = {"control": True} if self.control else {}
        return encode({"cursor": cursor, "heads": heads, "limit": self.limit, "seen": self.seen, **mark})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        (cursor, heads, limit, seen), control = fields_and_mark(data, MAX_PULL_BODY, "cursor", "heads", "limit", "seen", mark="control")
        return cls(
            cursor=None if cursor is None else Cursor.from_wire(cursor),
            heads=None if heads is None else Heads.from_wire(heads),
            limit=number(limit),
            seen=flag(seen),
            control=control,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PullEnd:
    """Ends a pull: where to go on, whether there is more, and the seen reports if they were asked for."""

    cursor: Cursor
    more: bool
    seen: tuple[bytes, ...]

    def encode(self) -> bytes:
        return encode({"cursor": self.cursor.to_wire(), "more": self.more, "seen": list(self.seen)})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        cursor, more, seen = fields(data, MAX_PULL_ITEM, "cursor", "more", "seen")
        return cls(cursor=Cursor.from_wire(cursor), more=flag(more), seen=reports_of(seen))


@dataclass(frozen=True, slots=True, kw_only=True)
class PushOutcome:
    """What became of one pushed entry; ``error`` is the name of the refusal, else empty."""

    status: Status
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushResult:
    """One outcome for each entry in the order they were sent.

    Everything that arrived at the node between the numbers ``before`` and ``after`` came with this push: a client whose
    cursor was ``before`` may go on from ``after``. When something else came in between, they are equal.
    """

    outcomes: tuple[PushOutcome, ...]
    before: int
    after: int

    def encode(self) -> bytes:
        results = [[int(outcome.status), outcome.error] for outcome in self.outcomes]
        return encode({"results": results, "before": self.before, "after": self.after})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        results, before, after = fields(data, MAX_PUSH_ANSWER, "results", "before", "after")
        return cls(outcomes=several(results, _parse_outcome, at_most=MAX_PUSH_ENTRIES), before=number(before), after=number(after))


def _parse_outcome(value: Any) -> PushOutcome:
    status, error = array(value, 2)
    try:
        return PushOutcome(status=Status(number(status)), error=text(error, at_most=MAX_ERROR_NAME_CHARACTERS))
    except ValueError as error_of_status:
        raise MalformedError("no such outcome of a push") from error_of_status


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenReports:
    """Reports on their way to a node."""

    reports: tuple[bytes, ...]

    def encode(self) -> bytes:
        return encode({"reports": list(self.reports)})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        (reports,) = fields(data, MAX_SEEN_BODY, "reports")
        return cls(reports=reports_of(reports))


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAccepted:
    """How many of the reports were new to the node."""

    accepted: int

    def encode(self) -> bytes:
        return encode({"accepted": self.accepted})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        (accepted,) = fields(data, SMALL_BODY, "accepted")
        return cls(accepted=number(accepted))
