"""The judgement of entries: what is stored, what is kept detached, what waits, and for what."""

from __future__ import annotations

import pytest

from store.admission import Admitted, Stored, Waiting, admit, admit_report
from store.authority import Authority
from store.bodies import Checkpoint, Claim, ControlBody, Packages, Release, Settled
from store.branches import Position
from store.entries import Entry, EntryKind
from store.errors import RefusedError
from store.heads import Heads
from store.ids import MASTER, EntryHash, LibraryId, LogId
from tests.fleet.authors import Author, FleetLibrary, dep_of, make_library
from tests.fleet.descent import attached
from tests.unit.store.descent import roster_of


class Shelf:
    """``StoredEntries`` of some entries of a library, on which numbers of a log up to ``floor`` count as covered by a settled checkpoint."""

    def __init__(self, library: FleetLibrary, entries: list[Entry], floor: dict[LogId, int] | None = None) -> None:
        self.library: LibraryId = library.id
        self._there = attached(entries)
        self._roster = roster_of(library, entries)
        self._floor = floor or {}

    def find(self, name: EntryHash) -> Stored | None:
        entry = self._there.get(name)
        if entry is None:
            return None
        is_tip = all(other.previous != name for other in self._there.values())
        return Stored(log=entry.log, author=self._roster.logs[entry.log], position=Position(0, entry.seq), is_tip=is_tip)

    def lies_below(self, log: LogId, seq: int) -> bool:
        return seq <= self._floor.get(log, -1)

    def authority(self) -> Authority:
        return Authority(self._roster)


@pytest.fixture
def library() -> FleetLibrary:
    return make_library("admission")


@pytest.fixture
def anna(library: FleetLibrary) -> Author:
    return library.join("anna")


@pytest.fixture
def eve(library: FleetLibrary, anna: Author) -> Author:
    return library.join("eve", by=anna)


def control(kind: EntryKind, library: FleetLibrary, author: Author) -> Entry:
    """An entry of this kind in the log of ``author``."""
    bodies: dict[EntryKind, ControlBody] = {
        EntryKind.PACKAGES: Packages(epoch=library.epoch, packages=()),
        EntryKind.CHECKPOINT: Checkpoint(heads=Heads(), records=0, blobs=()),
        EntryKind.SETTLED: Settled(checkpoint=library.genesis.name, reports=()),
        EntryKind.RELEASE: Release(blobs=()),
        EntryKind.CLAIM: Claim(blobs=(), releases=()),
    }
    if kind is EntryKind.CERTIFICATE:
        return library.certify(library.author("new"), by=author)
    if kind is EntryKind.REMOVE:
        return library.remove(library.author("new"), by=author)
    return author.change() if kind is EntryKind.CHANGE else author.control(kind, bodies[kind])


IN_A_LOG = sorted(set(EntryKind) - {EntryKind.GENESIS, EntryKind.OPEN})


@pytest.mark.parametrize("kind", IN_A_LOG)
def test_without_its_predecessor_a_control_entry_is_kept_detached_and_a_change_waits(
    kind: EntryKind, library: FleetLibrary, anna: Author
) -> None:
    before = list(library.entries)
    hidden = anna.change()
    entry = control(kind, library, anna)
    verdict = admit(entry, Shelf(library, before))
    if kind is EntryKind.CHANGE:
        assert verdict == Waiting(missing=(hidden.name,))
    else:
        assert verdict == Admitted(author=anna.device, previous=None, is_detached=True)


def test_without_a_dep_it_is_detached_too_and_known_where_it_joins_on(library: FleetLibrary, anna: Author, eve: Author) -> None:
    before = list(library.entries)
    eve.sees(anna.change())
    entry = library.certify(library.author("new"), by=eve)
    verdict = admit(entry, Shelf(library, before))
    assert isinstance(verdict, Admitted)
    assert (verdict.author, verdict.is_detached, verdict.previous is not None) == (eve.device, True, True)


def test_nothing_is_kept_before_its_author_is_known(library: FleetLibrary, anna: Author, eve: Author) -> None:
    opened = next(entry for entry in library.entries if entry.log == eve.log)
    certified, _ = (entry for entry in library.entries if entry.log == anna.log and entry.seq > 0)
    removal = library.remove(anna, by=eve)
    of_master = [entry for entry in library.entries if entry.log == library.id.master_log()]
    of_anna = [entry for entry in library.entries if entry.log == anna.log]
    for present in ([library.genesis], [*of_master, opened], [*of_master, *of_anna]):
        assert admit(removal, Shelf(library, present)) == Waiting(missing=(opened.name,))
    without_certificate = [entry for entry in library.entries if entry not in (certified, opened, removal)]
    assert isinstance(admit(opened, Shelf(library, without_certificate)), Waiting)
    assert isinstance(admit(opened, Shelf(library, [*of_master, of_anna[0], certified])), Admitted), "all that the author is known by"


def test_what_waits_or_is_detached_is_verified(library: FleetLibrary, anna: Author, eve: Author) -> None:
    before = list(library.entries)
    anna.change()
    forger = anna.fork()
    forger.end().keys = eve.keys
    for forged in (library.remove(anna, by=forger), forger.change()):
        with pytest.raises(RefusedError) as caught:
            admit(forged, Shelf(library, before))
        assert caught.value.code == "bad-signature"


def test_a_detached_certificate_has_to_be_its_authors(library: FleetLibrary, anna: Author, eve: Author) -> None:
    before = list(library.entries)
    anna.change()
    borrowed = library.certify(library.author("new"), by=eve)
    entry = anna.end().write(EntryKind.CERTIFICATE, borrowed.body)
    with pytest.raises(RefusedError) as caught:
        admit(entry, Shelf(library, before))
    assert caught.value.code == "not-allowed-author"


def test_what_lies_below_a_settled_checkpoint_is_not_waited_for(library: FleetLibrary, anna: Author, eve: Author) -> None:
    before = list(library.entries)
    pruned, seen = anna.change(), eve.change()
    anna.sees(seen)
    entry = anna.change()
    floor = {anna.log: pruned.seq, eve.log: seen.seq}
    assert admit(entry, Shelf(library, before, floor)) == Admitted(author=anna.device, previous=None, is_detached=False)
    assert admit(entry, Shelf(library, before, {**floor, eve.log: seen.seq - 1})) == Waiting(missing=(seen.name,))
    assert admit(entry, Shelf(library, before, {**floor, anna.log: pruned.seq - 1})) == Waiting(missing=(pruned.name,))
    unknown_author = [each for each in before if each.log != anna.log]
    assert isinstance(admit(entry, Shelf(library, unknown_author, floor)), Waiting)


def test_what_a_removed_device_writes_is_stored(library: FleetLibrary, anna: Author, eve: Author) -> None:
    library.remove(eve, by=anna)
    entries = [eve.change(), library.certify(library.author("new"), by=eve), library.remove(anna, by=eve)]
    for index, entry in enumerate(entries):
        verdict = admit(entry, Shelf(library, library.entries[: index - len(entries)]))
        assert isinstance(verdict, Admitted)
        assert (verdict.author, verdict.is_detached) == (eve.device, False)
    verdict = admit(entries[-1], Shelf(library, library.entries[: -len(entries)]))
    assert isinstance(verdict, Admitted)
    assert verdict.is_detached


def test_the_master_s_entries_are_kept_detached_too(library: FleetLibrary, anna: Author) -> None:
    before = [library.genesis]
    removal = library.remove(anna)
    assert admit(removal, Shelf(library, before)) == Admitted(author=MASTER, previous=None, is_detached=True)
    assert isinstance(admit(removal, Shelf(library, [])), Waiting)


def test_a_place_that_is_known_to_be_another_is_refused_detached_or_not(library: FleetLibrary, anna: Author, eve: Author) -> None:
    before = list(library.entries)
    hidden = eve.change()
    misplaced = dep_of(library.genesis)._replace(seq=7)
    entry = anna.end().write(EntryKind.PACKAGES, Packages(epoch=library.epoch, packages=()).encode(), deps=[dep_of(hidden), misplaced])
    with pytest.raises(RefusedError) as caught:
        admit(entry, Shelf(library, before))
    assert caught.value.code == "bad-chain"


def test_reports_of_members_alone_are_kept(library: FleetLibrary, anna: Author, eve: Author) -> None:
    by_anna, by_eve, by_stranger = anna.report(), eve.report(), library.author("stranger").report()
    before = list(library.entries)
    shelf, roster = Shelf(library, before), roster_of(library)
    assert admit_report(by_eve.raw, shelf, [], roster) == by_eve
    library.remove(eve, by=anna)
    shelf, roster = Shelf(library, library.entries), roster_of(library)
    assert admit_report(by_anna.raw, shelf, [], roster) == by_anna
    assert admit_report(by_eve.raw, shelf, [], roster) is None
    with pytest.raises(RefusedError) as caught:
        admit_report(by_stranger.raw, shelf, [], roster)
    assert caught.value.code == "not-allowed-author"
    forged = by_eve.raw[:-1] + bytes([by_eve.raw[-1] ^ 1])
    with pytest.raises(RefusedError) as caught:
        admit_report(forged, shelf, [], roster)
    assert caught.value.code == "bad-signature"
