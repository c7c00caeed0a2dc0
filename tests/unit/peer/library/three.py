"""Two honest devices of one library, and one that isn't."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crdt.asset import view_asset
from peer.library.library import Library
from peer.library.verifying import verify
from store.ids import RecordId
from tests.fleet.libraries import MovedClock, add_photo, admit, digest, exchange, make_library
from tests.unit.peer.library.mallory import Mallory


@dataclass(frozen=True, kw_only=True)
class Three:
    """Two honest devices, and one that isn't; all have the two photos, and rated nothing yet."""

    anna: Library
    bert: Library
    mallory: Mallory
    photo: RecordId
    other: RecordId

    def rating(self, library: Library, record: RecordId) -> int:
        content = library.records.content(record)
        assert content is not None
        return view_asset(content).rating

    def assert_agreement(self) -> None:
        """The honest ones have the same, and it is whole."""
        exchange(self.anna, self.bert)
        assert digest(self.anna) == digest(self.bert)
        for library in (self.anna, self.bert):
            assert verify(library, deep=True).problems == []


@contextmanager
def make_three(root: Path) -> Iterator[Three]:
    clock = MovedClock()
    anna = make_library(root / "anna", clock=clock)
    bert = admit(anna, root / "bert", name="bert", seed=2)
    third = admit(anna, root / "mallory", name="mallory", seed=3)
    photo, other = add_photo(anna, "sea"), add_photo(anna, "lake")
    exchange(anna, bert, third)
    mallory = Mallory(third)
    mallory.sees(anna)
    yield Three(anna=anna, bert=bert, mallory=mallory, photo=photo, other=other)
    for library in (anna, bert, third):
        library.close()


def voids(library: Library) -> dict[bytes, str]:
    """The reasons of void updates by record; bodies that are void as a whole under no record."""
    with library.database.read() as connection:
        return {bytes(record): reason for record, reason in connection.execute("SELECT record, reason FROM void").fetchall()}


def waiting(library: Library) -> list[str]:
    with library.database.read() as connection:
        return [reason for (reason,) in connection.execute("SELECT reason FROM waiting ORDER BY arrival").fetchall()]
