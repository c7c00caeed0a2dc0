"""Whatever is edited, removed, copied and learned late: all who are members in the end show the same library, and so does every order of arrival."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.library.library import PEER_SCHEMA, Library
from peer.library.membership import keep_up
from peer.library.removing import remove_devices
from peer.library.standing import NotMemberHereError
from store.database import Database
from store.entries import EntryKind
from store.sqlite_log import LOG_SCHEMA
from tests.fleet.libraries import IN_MEMORY, edit, give
from tests.unit.peer.library.household import Household, assert_alike, entries, make_household, settle
from tests.unit.peer.library.test_arrival_orders import offer, offered, replica, shown

DEVICES = 4
MOST_COPIES = 2


class History:
    """Devices, and copies of devices that go on writing in the same log until they notice."""

    def __init__(self, house: Household) -> None:
        self.house = house
        self.actors = [copied(library) for library in house.devices.values()]

    def edit(self, who: int, value: int) -> None:
        edit(self.actor(who), self.house.photo, **({"rating": value % 6} if value % 2 else {"caption": str(value)}))

    def meet(self, one: int, two: int) -> None:
        """Both get what the other has, if both let the other in."""
        first, second = self.actor(one), self.actor(two)
        if first.roster().is_member(second.device) and second.roster().is_member(first.device):
            give(first, second)
            give(second, first)

    def leak(self, one: int, two: int) -> None:
        """What one has reaches the other, whatever either knows: through somebody who didn't know yet, or a relay that doesn't care."""
        give(self.actor(one), self.actor(two))

    def remove(self, who: int, whom: int) -> None:
        devices = {self.actor(whom).device}
        if devices <= self.actor(who).roster().devices.keys():
            remove_devices(self.actor(who), devices, master=self.house.master if (who + whom) % 5 == 0 else None)

    def keep_up(self, who: int, _: int) -> None:
        keep_up(self.actor(who))

    def begin_log(self, who: int, _: int) -> None:
        if self.actor(who).roster().is_member(self.actor(who).device):
            self.actor(who).begin_log()

    def copy(self, who: int, _: int) -> None:
        if len(self.actors) < DEVICES + MOST_COPIES:
            self.actors.append(copied(self.actor(who)))

    def actor(self, number: int) -> Library:
        return self.actors[number % len(self.actors)]


def copied(library: Library) -> Library:
    """The same device as it is now, in memory: both write on in one log."""
    database = Database(":memory:", [LOG_SCHEMA, PEER_SCHEMA])
    library.database._connection.backup(database._connection)
    return Library(library.folder, database, library.keys, library.id, library.clock, library.randomness)


STEPS: Sequence[Callable[[History, int, int], None]] = (
    *(History.edit,) * 4,
    *(History.meet,) * 4,
    *(History.leak,) * 2,
    *(History.remove,) * 2,
    History.keep_up,
    History.begin_log,
    History.copy,
)
HISTORIES = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 19), st.integers(0, 19)), min_size=3, max_size=22)


@pytest.fixture(scope="module")
def house() -> Iterator[Household]:
    """Each example begins with copies of these devices."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder, make_household(Path(folder), DEVICES) as made:
        yield made


@settings(max_examples=8)
@given(HISTORIES, st.integers(0, 2**32))
def test_all_who_are_left_show_the_same(
    house: Household, steps: list[tuple[Callable[[History, int, int], None], int, int]], seed: int
) -> None:
    history = History(house)
    for step, one, two in steps:
        try:
            step(history, one, two)
        except NotMemberHereError:
            continue  # it knows that it was removed
    give_all(history.actors)
    members = [library for library in history.actors if library.roster().is_member(library.device)]
    settle(members)
    if members:
        assert_alike(members)
        copies = late_copies(members[0], Random(seed))
        if len(history.actors) == DEVICES:
            assert shown(copies[0]) == shown(members[0])  # no log has branches, so numbers say the same as names
        for copy in copies:
            copy.begin_log()
        settle([*members, *copies])
        assert_alike([*members, *copies])
        history.actors += copies
    for library in history.actors:
        library.close()


def give_all(libraries: Sequence[Library]) -> None:
    """What anybody wrote reaches everybody."""
    for _ in range(2):
        for source in libraries:
            for target in libraries:
                if source is not target:
                    give(source, target)


def late_copies(library: Library, chance: Random) -> list[Library]:
    """The same device with nothing but its keys, who got all entries in some order: the first the control entries ahead of what they build
    on; the others have to take up what they applied of removed devices before they heard of the removals."""
    raws = entries(library)
    first = replica(library)
    first.receive([entry.raw for entry in raws if entry.kind is not EntryKind.CHANGE])
    offer(first, [entry for entry in raws if entry.kind is EntryKind.CHANGE], chance, batch=3)
    copies = [first, *(offered(library, raws, chance, batch=batch) for batch in (1, 7))]
    assert {copy.roster() == library.roster() for copy in copies} == {True}
    return copies
