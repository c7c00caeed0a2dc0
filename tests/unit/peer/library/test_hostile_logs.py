"""A member that means harm makes logs of a shape that no honest device makes: it opens another's log, and forks its own without end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

import peer.library.applying
import peer.library.authoring
import store.sqlite_rows
from crdt.record import Content
from peer.keys.change_body import ChangeBody
from peer.keys.sealing import seal, seal_body
from peer.library.projection import RecordProjection
from store.bodies import Open, Packages
from store.entries import Dep, Entry, EntryKind, make_prefix, seal_entry
from store.ids import NO_ENTRY, EpochId, LibraryId, RecordId, RecordKind
from store.log import Status
from store.pins import IsAncestor, LiesBelow
from store.roster import Roster, compute_roster
from tests.fleet.authors import filler
from tests.fleet.libraries import edit, exchange
from tests.unit.peer.library.three import Three, make_three, voids, waiting

FORKS = 1500


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Three]:
    with make_three(tmp_path) as made:
        yield made


def test_opening_the_log_of_another_takes_nothing_from_it(three: Three) -> None:
    edit(three.bert, three.photo, caption="by bert")
    exchange(three.anna, three.bert)
    taken = three.anna.author()._log
    mallory = three.mallory
    mallory.log, mallory.seq, mallory.previous = taken, 0, NO_ENTRY
    entries = [mallory.write(Open(device=mallory.library.device, number=0).encode(), kind=EntryKind.OPEN)]
    entries += [mallory.set(three.other, "v/rating", number % 6) for number in range(20)]
    for library in (three.anna, three.bert):
        assert {outcome.status for outcome in library.receive([entry.raw for entry in entries])} == {Status.STORED}

    edit(three.anna, three.photo, caption="by anna")  # deletes what bert wrote, so it has to be named still
    edit(three.anna, three.other, rating=3)
    three.assert_agreement()
    assert three.rating(three.bert, three.other) == 3
    assert voids(three.bert) == {}
    assert waiting(three.bert) == []


def test_what_a_copy_of_this_device_wrote_and_waits_here_keeps_it_from_nothing(three: Three) -> None:
    anna, log = three.anna, three.anna.author()._log
    tip, epoch = anna.log.heads()[log][-1], anna.write_epoch()
    prefix = make_prefix(kind=EntryKind.CHANGE, library=anna.id, log=log, seq=tip.seq + 1, previous=tip.name, deps=(), epoch=epoch.id)
    of_a_later_version = seal_entry(prefix, seal(epoch.log_key, "body", prefix, b"\x07 in a codec to come"), anna.keys.sign)
    assert [outcome.status for outcome in anna.receive([of_a_later_version.raw])] == [Status.STORED]
    assert len(waiting(anna)) == 1

    edit(anna, three.photo, rating=4)
    exchange(anna, three.bert)
    assert three.rating(three.bert, three.photo) == 4


def test_more_branches_than_an_entry_can_name_keep_nobody_from_writing(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer.library.authoring, "MAX_DEPS", 3)
    edit(three.bert, three.photo, caption="by bert")
    exchange(three.anna, three.bert)
    fork(three, 10)
    edit(three.anna, three.photo, caption="by anna")
    edit(three.anna, three.other, rating=2)
    three.assert_agreement()
    assert voids(three.bert) == {}
    written = three.anna.log.heads()[three.anna.author()._log][-1]
    first = three.anna.log.get(written.name)
    assert first is not None
    assert len(first.entry.deps) <= 3


def test_a_log_with_very_many_branches_stops_nobody(three: Three) -> None:
    """Asking which of them lie in an entry's past takes time in proportion to them, not to their square or cube."""
    names = fork(three, FORKS)
    mallory = three.mallory
    mallory._deps = tuple(Dep(mallory.log, mallory.seq, name.name) for name in names[1:])
    mallory.seq, mallory.previous = mallory.seq + 1, names[0].name
    joined = mallory.set(three.photo, "v/rating", 5)
    for library in (three.anna, three.bert):
        library.receive([joined.raw])
    edit(three.anna, three.photo, rating=4)
    three.assert_agreement()


def test_entries_that_are_small_only_while_compressed_are_not_held_in_memory_together(
    three: Three, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer.library.applying, "PROJECT_BYTES", 100_000)
    held: list[int] = []
    project = RecordProjection.update

    def measured(self: RecordProjection, contents: Mapping[RecordId, Content], purged: set[RecordId]) -> None:
        held.append(len(contents))
        project(self, contents, purged)

    monkeypatch.setattr(RecordProjection, "update", measured)
    albums = [RecordId.make(RecordKind.ALBUM, bytes([number]) * 16) for number in range(40)]
    entries = [three.mallory.set(album, "v/title", "a" * 50_000) for album in albums]
    assert sum(len(entry.raw) for entry in entries) < 40_000
    three.anna.receive([entry.raw for entry in entries])
    assert sum(held) == len(albums)
    assert max(held) < 4


def test_very_many_control_entries_at_once_have_the_roster_computed_once(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[LibraryId] = []

    def counted(library: LibraryId, entries: Iterable[Entry], is_ancestor: IsAncestor, *, lies_below: LiesBelow) -> Roster:
        computed.append(library)
        return compute_roster(library, entries, is_ancestor, lies_below=lies_below)

    monkeypatch.setattr(store.sqlite_rows, "compute_roster", counted)
    mallory, entries = three.mallory, []
    for number in range(100):
        entries.append(mallory.write(Packages(epoch=EpochId(filler(f"epoch {number}", 16)), packages=()).encode(), kind=EntryKind.PACKAGES))
    three.anna.log.append([entry.raw for entry in entries], now=0)
    assert len(computed) <= 2


def fork(three: Three, count: int) -> list[Entry]:
    """So many branches of the hostile log, each of one entry, received by both."""
    mallory = three.mallory
    epoch = mallory.library.write_epoch()
    entries = []
    for number in range(count):
        hand = mallory.hand()
        plain = ChangeBody(stamp=bytes(hand.stamp), random=filler(f"fork {number}", 16)).encode()
        prefix = mallory.prefix()
        entries.append(seal_entry(prefix, seal_body(epoch, prefix, plain), mallory.library.keys.sign))
    for library in (three.anna, three.bert):
        assert {outcome.status for outcome in library.receive([entry.raw for entry in entries])} == {Status.STORED}
    return entries
