"""Some devices of one library, and its phrase: for what happens when some of them are removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from crdt.asset import view_asset
from peer.keys.master import MasterKeys
from peer.layout import LibraryFolder
from peer.library.creating import create_library
from peer.library.health import library_status
from peer.library.library import Library
from peer.library.membership import keep_up
from peer.library.removing import remove_devices
from peer.library.verifying import verify
from store.entries import Entry
from store.ids import RecordId
from tests.fleet.libraries import MovedClock, add_photo, admit, digest, exchange

NAMES = ("anna", "bert", "carl", "dora", "emil")


@dataclass(frozen=True, kw_only=True)
class Household:
    """All have the photo."""

    devices: Mapping[str, Library]
    master: MasterKeys
    photo: RecordId
    root: Path

    def __getitem__(self, name: str) -> Library:
        return self.devices[name]

    def of(self, names: str) -> list[Library]:
        """By their first letters."""
        return [library for name, library in self.devices.items() if name[0] in names]

    def remove(self, by: str, *names: str, phrase: bool = False) -> None:
        devices = [self[name].device for name in names]
        remove_devices(self[by], devices, master=self.master if phrase else None)

    def rating(self, name: str) -> int:
        return rating_of(self[name], self.photo)


@contextmanager
def make_household(root: Path, count: int = 3) -> Iterator[Household]:
    clock = MovedClock()
    anna, phrase = create_library(LibraryFolder(root / "anna"), "anna", clock=clock, randomness=Random(1).randbytes)
    devices = {"anna": anna}
    for number, name in enumerate(NAMES[1:count], start=2):
        devices[name] = admit(anna, root / name, name=name, seed=number)
    photo = add_photo(anna, "sea")
    exchange(*devices.values())
    yield Household(devices=devices, master=MasterKeys.from_phrase(phrase), photo=photo, root=root)
    for library in devices.values():
        library.close()


def rating_of(library: Library, photo: RecordId) -> int:
    content = library.records.content(photo)
    assert content is not None
    return view_asset(content).rating


def settle(libraries: Sequence[Library]) -> None:
    """They exchange, and do what is asked of members, until nothing is left to do."""
    before: list[int] = []
    while before != (before := [library.log.count() for library in libraries]):
        exchange(*libraries)
        for library in libraries:
            keep_up(library)


def assert_alike(libraries: Sequence[Library]) -> None:
    """They show the same library, nothing that counts waits, and what they store is whole."""
    assert len({digest(library) for library in libraries}) == 1
    assert len({library.applied_heads() for library in libraries}) == 1
    for library in libraries:
        state = library_status(library, None)
        assert (state.pending_count, state.pending, state.disagreeing) == (0, (), ())
        assert verify(library, deep=True).problems == []


def entries(library: Library) -> list[Entry]:
    """All that it stores, by arrival."""
    return [arrived.entry for arrived in library.log.after(0, limit_bytes=2**40)]
