"""The suite of ``store.log.LogStore``, second part: detached entries, stubs and settled checkpoints.

Inherit from the classes and give the fixtures ``make_store`` and ``make_relay_store``: a store that trusts settled checkpoints.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from store.bodies import Checkpoint, Release, Settled
from store.entries import Dep, Entry, EntryKind
from store.errors import MissingEntriesError, RefusedError
from store.heads import Heads, Tip
from store.ids import EntryHash
from store.log import DETACHED_ENTRIES, LogStore, Status
from store.seen import SeenReport
from store.settlement import ACTIVE_MS
from tests.conformance.log_store import EVERYTHING, LogStoreFixtures, MakeStore, busy_library, flip, names, statuses
from tests.fleet.authors import NOW, Author, FleetLibrary, Writer, dep_of, filler, filler_blob, heads_of

BLOB = filler_blob("checkpoint")


class LogStoreDetached(LogStoreFixtures):
    """Control entries that come before what they build on."""

    def test_it_counts_at_once_but_nothing_builds_on_it(self, store: LogStore, library: FleetLibrary) -> None:
        anna = library.join("anna")
        change = anna.change()
        bert = library.author("bert")
        certificate = library.certify(bert, by=anna)
        heads = heads_of(library.entries[:4])
        store.append([entry.raw for entry in library.entries[:4]], now=NOW)
        arrival = store.arrival()
        assert statuses(store.append([certificate.raw], now=NOW)) == {Status.STORED}
        assert store.roster().is_member(bert.device)
        assert (store.heads(), store.has(certificate.name), store.at(anna.log, certificate.seq)) == (heads, False, [])
        assert not store.is_ancestor(certificate.name, dep_of(certificate))
        [arrived] = store.after(arrival, limit_bytes=EVERYTHING)
        assert (arrived.entry, arrived.is_detached) == (certificate, True)
        assert store.get(certificate.name) == arrived
        assert (store.count(), store.figures().detached) == (5, 1)
        follower = anna.change()
        assert statuses(store.append([follower.raw], now=NOW)) == {Status.WAITING}
        assert statuses(store.append([change.raw, follower.raw], now=NOW)) == {Status.STORED}
        assert store.heads() == library.heads()

    def test_it_is_attached_and_arrives_again_when_what_it_builds_on_has_come(self, store: LogStore, library: FleetLibrary) -> None:
        anna = library.join("anna")
        change = anna.change()
        later = [library.certify(library.author(name), by=anna) for name in ("bert", "carla", "dora")]
        store.append([entry.raw for entry in library.entries[:4]], now=NOW)
        for entry in reversed(later):
            assert statuses(store.append([entry.raw], now=NOW)) == {Status.STORED}
        arrival = store.arrival()
        assert [store.lineage(entry.name) for entry in later] == [None] * len(later)
        assert store.received([later[0].name]) == {later[0].name: NOW}
        store.append([change.raw], now=NOW + 5)
        assert set(store.received([change.name, *(entry.name for entry in later)]).values()) == {NOW + 5}
        assert [each.arrival - arrival for each in map(store.lineage, [entry.name for entry in later]) if each] == [2, 3, 4]
        assert names(store.after(arrival, limit_bytes=EVERYTHING)) == [change.name, *(entry.name for entry in later)]
        assert not any(each.is_detached for each in store.after(0, limit_bytes=EVERYTHING))
        assert (store.heads(), store.count(), store.figures().detached) == (library.heads(), len(library.entries), 0)

    def test_given_again_it_is_known(self, store: LogStore, library: FleetLibrary) -> None:
        anna = library.join("anna")
        change, certificate = anna.change(), library.certify(library.author("bert"), by=anna)
        store.append([entry.raw for entry in library.entries[:4]], now=NOW)
        assert statuses(store.append([certificate.raw], now=NOW)) == {Status.STORED}
        assert statuses(store.append([certificate.raw, certificate.raw], now=NOW)) == {Status.KNOWN}
        assert statuses(store.append([flip(certificate.raw, bit=8 * 300)], now=NOW)) == {Status.REFUSED}
        store.append([change.raw], now=NOW)
        assert statuses(store.append([certificate.raw], now=NOW)) == {Status.KNOWN}
        assert store.count() == len(library.entries)

    def test_one_that_isn_t_where_it_said_goes_as_if_it_had_come_last(self, make_store: MakeStore, library: FleetLibrary) -> None:
        anna = library.join("anna")
        change = anna.change()
        beginning = library.raws()
        assert anna.writer is not None
        liar = Author(library, "anna", anna.keys)
        liar.writer = Writer(library.id, anna.log, anna.keys, anna.writer.seq + 5, change.name)
        eve = library.author("eve")
        lie = library.certify(eve, by=liar)
        late, early = make_store(library.id), make_store(library.id)
        late.append(beginning[:-1], now=NOW)
        assert statuses(late.append([lie.raw], now=NOW)) == {Status.STORED}
        assert late.roster().is_member(eve.device)
        late.append([change.raw], now=NOW)
        early.append(beginning, now=NOW)
        assert statuses(early.append([lie.raw], now=NOW)) == {Status.REFUSED}
        for store in (late, early):
            assert not store.roster().is_member(eve.device)
            assert (store.count(), store.heads(), store.figures().detached) == (5, heads_of(library.entries[:5]), 0)
        assert late.roster() == early.roster()

    def test_whole_libraries_backwards(self, store: LogStore, library: FleetLibrary) -> None:
        busy_library(library)
        waiting = library.raws()[::-1]
        while waiting:
            outcomes = [store.append([raw], now=NOW)[0] for raw in waiting]
            assert Status.REFUSED not in {outcome.status for outcome in outcomes}
            rest = [raw for raw, outcome in zip(waiting, outcomes, strict=True) if outcome.status is Status.WAITING]
            assert len(rest) < len(waiting)
            waiting = rest
        assert (store.heads(), store.count(), store.figures().detached) == (library.heads(), len(library.entries), 0)

    def test_what_is_missing_comes_whoever_makes_thousands(self, store: LogStore, library: FleetLibrary) -> None:
        anna, bert = library.join("anna"), library.join("bert")
        store.append(library.raws(), now=NOW)
        bert.change()  # never sent
        count = 300
        flood = [bert.control(EntryKind.RELEASE, Release(blobs=(filler_blob(str(number)),))) for number in range(count)]
        assert statuses(store.append([entry.raw for entry in flood], now=NOW)) == {Status.STORED}
        change = anna.change()
        store.append([change.raw], now=NOW)
        theirs = heads_of(entry for entry in library.entries if entry.seq == 0 or entry.log == library.id.master_log())
        missing = store.missing(theirs, limit_bytes=EVERYTHING)
        assert names(missing) == [*(entry.name for entry in flood[-DETACHED_ENTRIES:]), change.name]
        assert names(store.missing(theirs, limit_bytes=EVERYTHING, after=missing[-2].arrival)) == [change.name]
        assert names(store.missing(library.heads(), limit_bytes=EVERYTHING)) == [], "who is further in that log has them"
        assert len(store.control(0, limit_bytes=EVERYTHING)) == store.count() - 1

    def test_control_entries_alone(self, store: LogStore, library: FleetLibrary) -> None:
        busy_library(library)
        store.append(library.raws(), now=NOW)
        expected = [entry.name for entry in library.entries if entry.kind is not EntryKind.CHANGE]
        assert names(store.control(0, limit_bytes=EVERYTHING)) == expected
        found, after = [], 0
        while page := store.control(after, limit_bytes=1500):
            found += names(page)
            after = page[-1].arrival
        assert found == expected


class LogStoreStubs(LogStoreFixtures):
    """Entries whose bytes are gone."""

    @pytest.fixture
    def pruned(self, store: LogStore, library: FleetLibrary) -> LogStore:
        """With everything of a busy library, pruned as far as it goes."""
        busy_library(library)
        store.append(library.raws(), now=NOW)
        store.prune(library.heads())
        return store

    def test_changes_go_and_control_entries_stay(self, store: LogStore, library: FleetLibrary) -> None:
        busy_library(library)
        store.append(library.raws(), now=NOW)
        roster = store.roster()
        changes = [entry for entry in library.entries if entry.kind is EntryKind.CHANGE]
        control = [entry.name for entry in library.entries if entry.kind is not EntryKind.CHANGE]
        assert store.can_prune(library.heads())
        pruned = store.prune(library.heads())
        assert (pruned.entries, pruned.bytes) == (len(changes), sum(len(entry.raw) for entry in changes))
        assert not pruned.more
        assert not store.can_prune(library.heads())
        assert store.prune(library.heads()).entries == 0
        figures = store.figures()
        assert (figures.entries, figures.stubs, figures.pruned_bytes) == (len(library.entries), len(changes), pruned.bytes)
        assert (store.heads(), store.count(), store.roster()) == (library.heads(), len(library.entries), roster)
        for answer in (store.after(0, limit_bytes=EVERYTHING), store.missing(Heads(), limit_bytes=EVERYTHING)):
            assert names(answer) == control
        for entry in changes:
            assert store.has(entry.name)
            assert store.get(entry.name) is None
            assert entry not in store.at(entry.log, entry.seq)
        for number, entry in enumerate(library.entries, start=1):
            lineage = store.lineage(entry.name)
            assert lineage is not None
            assert (lineage.arrival, lineage.needs) == (number, entry.needs)

    def test_a_stub_is_known_and_others_build_on_it(self, pruned: LogStore, library: FleetLibrary) -> None:
        changes = [entry for entry in library.entries if entry.kind is EntryKind.CHANGE]
        assert statuses(pruned.append([entry.raw for entry in changes], now=NOW)) == {Status.KNOWN}
        assert statuses(pruned.append([flip(changes[0].raw, bit=8 * 300)], now=NOW)) == {Status.REFUSED}
        dora = library.join("dora")
        dora.sees(changes[0])
        dora.change()
        assert statuses(pruned.append(library.raws()[-4:], now=NOW)) == {Status.STORED}
        misplaced = Dep(changes[0].log, changes[0].seq + 1, changes[0].name)
        [outcome] = pruned.append([dora.fork().change(deps=[misplaced]).raw], now=NOW)
        assert outcome.code == "bad-chain"
        assert pruned.put_seen(dora.report(heads_of(library.entries[:-1])).raw)

    def test_only_what_is_covered_goes(self, store: LogStore, library: FleetLibrary) -> None:
        anna = library.join("anna")
        first = anna.change()
        clone = anna.fork()
        left, right = anna.change(), clone.change()
        clone.change()
        store.append(library.raws(), now=NOW)
        unknown = Tip(10**6, EntryHash(filler("nobody's", 32)))
        assert store.prune(Heads({anna.log: [unknown]})).entries == 0
        assert store.prune(Heads({anna.log: [Tip(left.seq, left.name), unknown]})).entries == 2
        assert [store.get(entry.name) is None for entry in (first, left, right)] == [True, True, False]
        assert store.is_ancestor(first.name, dep_of(right))
        assert not store.is_ancestor(left.name, dep_of(right))

    def test_in_portions(self, store: LogStore, library: FleetLibrary) -> None:
        anna, bert = library.join("anna"), library.join("bert")
        for _ in range(5):
            anna.change()
            bert.change()
        store.append(library.raws(), now=NOW)
        found = []
        while store.can_prune(library.heads()):
            found.append(store.prune(library.heads(), limit=3))
        assert [portion.entries for portion in found] == [3, 3, 3, 1]
        assert [portion.more for portion in found] == [True, True, True, False]

    def test_checkpoints_go_when_a_later_one_covers_them(self, store: LogStore, library: FleetLibrary) -> None:
        anna = library.join("anna")
        first, settled = write_settled(anna, [anna])
        again, settled_again = write_settled(anna, [anna])
        store.append(library.raws(), now=NOW)
        assert [each.checkpoint for each in store.settled()] == [again.name, first.name]
        assert store.prune(store.settled()[0].covered).entries == 2
        assert [each.checkpoint for each in store.settled()] == [again.name]
        assert [store.get(entry.name) is None for entry in (first, settled, again, settled_again)] == [True, True, False, False]

    def test_a_skeleton_makes_a_store_that_judges_alike(self, make_store: MakeStore, store: LogStore, library: FleetLibrary) -> None:
        busy_library(library)
        store.append(library.raws(), now=NOW)
        store.prune(heads_of(library.entries[:14]))
        skeleton = list(store.skeleton(library.heads()))
        assert [item.name for item in skeleton] == [entry.name for entry in library.entries]
        for item, entry in zip(skeleton, library.entries, strict=True):
            assert (item.kind, item.log, item.seq, item.previous, item.deps) == (
                entry.kind,
                entry.log,
                entry.seq,
                entry.previous,
                entry.deps,
            )
        other = make_store(library.id)
        other.append([each.entry.raw for each in store.control(0, limit_bytes=EVERYTHING)], now=NOW)
        arrivals = [arrival for start in range(0, len(skeleton), 4) for arrival in other.adopt(skeleton[start : start + 4], now=NOW)]
        assert sorted({*arrivals}) == sorted(arrivals)
        assert (other.heads(), other.roster(), other.count()) == (store.heads(), store.roster(), store.count())
        assert other.figures().detached == 0
        assert other.adopt(skeleton, now=NOW) == arrivals
        for one in library.entries:
            for two in library.entries:
                assert other.is_ancestor(one.name, dep_of(two)) == store.is_ancestor(one.name, dep_of(two))
        library.join("dora").sees(*library.entries)
        assert statuses(other.append(library.raws(), now=NOW)) == {Status.KNOWN, Status.STORED}
        assert other.heads() == library.heads()

    def test_adopting_leaves_what_is_stored(self, make_store: MakeStore, store: LogStore, library: FleetLibrary) -> None:
        anna = library.join("anna")
        changes = [anna.change() for _ in range(4)]
        store.append(library.raws(), now=NOW)
        other = make_store(library.id)
        other.append(library.raws()[:-2], now=NOW)
        other.adopt(list(store.skeleton(library.heads())), now=NOW)
        assert [other.get(entry.name) is None for entry in changes] == [False, False, True, True]
        assert (other.heads(), other.figures().stubs) == (library.heads(), 2)

    def test_a_skeleton_needs_the_control_entries(self, make_store: MakeStore, store: LogStore, library: FleetLibrary) -> None:
        anna = library.join("anna")
        anna.change()
        store.append(library.raws(), now=NOW)
        other = make_store(library.id)
        other.append([library.genesis.raw], now=NOW)
        with pytest.raises(MissingEntriesError) as caught:
            other.adopt(list(store.skeleton(library.heads())), now=NOW)
        assert set(caught.value.names) == {entry.name for entry in library.entries[1:4]}
        assert (other.count(), other.arrival()) == (1, 1)
        with pytest.raises(MissingEntriesError):
            other.skeleton(library.heads())

    def test_a_skeleton_that_contradicts_what_is_stored(self, make_store: MakeStore, store: LogStore, library: FleetLibrary) -> None:
        anna, bert = library.join("anna"), library.join("bert")
        bert.sees(anna.change())
        change = bert.change()
        store.append(library.raws(), now=NOW)
        skeleton = list(store.skeleton(library.heads()))
        good = skeleton[-1]
        assert good.name == change.name
        nobody = EntryHash(filler("nobody's", 32))
        misplaced = (good.deps[0]._replace(seq=good.deps[0].seq + 1),)
        for bad in (
            replace(good, previous=nobody),
            replace(good, seq=good.seq + 1),
            replace(good, seq=0, previous=EntryHash(bytes(32))),
            replace(good, log=anna.log),
            replace(good, author=anna.device),
            replace(good, deps=misplaced),
            replace(good, deps=(good.deps[0]._replace(name=nobody),)),
        ):
            other = make_store(library.id)
            other.append([each.entry.raw for each in store.control(0, limit_bytes=EVERYTHING)], now=NOW)
            before = other.heads(), other.count(), other.arrival(), other.figures()
            with pytest.raises(RefusedError) as caught:
                other.adopt([*skeleton[:-1], bad], now=NOW)
            assert caught.value.code == "bad-chain"
            assert (other.heads(), other.count(), other.arrival(), other.figures()) == before


class LogStoreSettled(LogStoreFixtures):
    """Which checkpoints are settled, and what a store that goes by them takes in."""

    @pytest.fixture
    def anna(self, library: FleetLibrary) -> Author:
        return library.join("anna")

    @pytest.fixture
    def bert(self, library: FleetLibrary, anna: Author) -> Author:
        return library.join("bert")

    def test_settled_by_all_that_are_active(self, store: LogStore, library: FleetLibrary, anna: Author, bert: Author) -> None:
        covered = library.heads()
        checkpoint, settled = write_settled(anna, [anna, bert])
        store.append(library.raws(), now=NOW)
        [found] = store.settled()
        assert (found.checkpoint, found.settled, found.covered, found.blobs) == (checkpoint.name, settled.name, covered, (BLOB,))
        assert (found.records, set(found.acknowledged_by)) == (1, {anna.device, bert.device})

    def test_in_any_order(self, make_store: MakeStore, library: FleetLibrary, anna: Author, bert: Author) -> None:
        bert.change()
        write_settled(anna, [anna, bert])
        for seed in range(5):
            store, raws = make_store(library.id), library.raws()
            random.Random(seed).shuffle(raws)
            for _ in range(len(raws)):
                for raw in raws:
                    store.append([raw], now=NOW)
            assert len(store.settled()) == 1

    def test_who_is_active_and_silent_holds_it_back(self, store: LogStore, library: FleetLibrary, anna: Author, bert: Author) -> None:
        store.append(library.raws(), now=NOW)
        report = bert.report(library.heads())
        assert store.put_seen(report.raw, now=NOW)
        checkpoint, _ = write_settled(anna, [anna])
        store.append(library.raws(), now=NOW)
        assert store.settled() == ()
        assert store.put_seen(bert.report(report.heads, checkpoint=checkpoint.name).raw, now=NOW)
        assert len(store.settled()) == 1

    def test_who_was_silent_for_90_days_doesn_t(self, store: LogStore, library: FleetLibrary, anna: Author, bert: Author) -> None:
        store.append(library.raws(), now=NOW)
        assert store.put_seen(bert.report(library.heads(), time=NOW - ACTIVE_MS - 1).raw, now=NOW)
        write_settled(anna, [anna])
        store.append(library.raws(), now=NOW)
        assert len(store.settled()) == 1
        assert store.put_seen(bert.report(heads_of(library.entries[:4]), time=NOW + 1).raw, now=NOW)
        assert len(store.settled()) == 1, "it came back; what was settled stays so"

    def test_a_date_in_the_future_makes_nobody_inactive(self, store: LogStore, library: FleetLibrary, anna: Author, bert: Author) -> None:
        store.append(library.raws(), now=NOW)
        assert store.put_seen(bert.report(library.heads()).raw, now=NOW)
        write_settled(anna, [anna], time=NOW + 10 * ACTIVE_MS)
        store.append(library.raws(), now=NOW)
        assert store.settled() == ()

    def test_forged_words(self, store: LogStore, library: FleetLibrary, anna: Author, bert: Author) -> None:
        store.append(library.raws(), now=NOW)
        assert store.put_seen(bert.report(library.heads()).raw, now=NOW)
        checkpoint = write_checkpoint(anna)
        mine = anna.report(Heads(), checkpoint=checkpoint.name)
        genuine = bert.report(Heads(), checkpoint=checkpoint.name)
        forged = replace(genuine, signature=bytes(64))
        stranger = library.author("eve").report(Heads(), checkpoint=checkpoint.name)
        about_another = bert.report(Heads(), checkpoint=EntryHash(filler("another", 32)))
        for reports in ([], [mine], [mine, forged], [mine, genuine, stranger], [mine, about_another]):
            write_words(anna, checkpoint, reports)
        store.append(library.raws(), now=NOW)
        assert store.settled() == ()
        write_words(anna, checkpoint, [mine, genuine])
        store.append(library.raws(), now=NOW)
        assert len(store.settled()) == 1

    def test_a_flood_by_one_member_hides_nobody_s_words(self, store: LogStore, library: FleetLibrary, anna: Author, bert: Author) -> None:
        store.append(library.raws(), now=NOW)
        first = bert.report(library.heads())
        assert store.put_seen(first.raw, now=NOW)
        checkpoint, _ = write_settled(anna, [anna])
        for _ in range(40):
            write_words(bert, checkpoint, [])
        store.append(library.raws(), now=NOW)
        assert store.put_seen(bert.report(first.heads, checkpoint=checkpoint.name).raw, now=NOW)
        assert len(store.settled()) == 1

    def test_what_lies_below_needn_t_be_there(self, make_relay_store: MakeStore, library: FleetLibrary, anna: Author, bert: Author) -> None:
        below = [anna.change(), bert.change(), anna.change()]
        write_settled(anna, [anna, bert])
        bert.sees(*below)
        above = [bert.change(), anna.change()]
        control = [entry.raw for entry in library.entries if entry.kind is not EntryKind.CHANGE]
        relay = make_relay_store(library.id)
        assert statuses(relay.append(control, now=NOW)) == {Status.STORED}
        assert len(relay.settled()) == 1
        assert statuses(relay.append([entry.raw for entry in above], now=NOW)) == {Status.STORED}
        assert set(relay.heads().tips()) >= set(library.heads().tips())
        assert relay.figures().detached == 0
        assert relay.put_seen(bert.report(library.heads()).raw, now=NOW)
        assert not relay.has(below[0].name)
        # It comes after all: then it is stored, and nothing looks like a branch any more.
        assert statuses(relay.append([below[2].raw], now=NOW)) == {Status.STORED}
        assert statuses(relay.append([entry.raw for entry in below], now=NOW)) == {Status.STORED, Status.KNOWN}
        assert relay.heads() == library.heads()
        assert relay.is_ancestor(below[0].name, dep_of(above[1]))
        assert names(relay.missing(library.heads(), limit_bytes=EVERYTHING)) == []
        everything = {entry.name for entry in library.entries}
        assert set(names(relay.missing(Heads(), limit_bytes=EVERYTHING))) == everything
        assert relay.prune(relay.settled()[0].covered).entries == 3

    def test_a_report_over_what_lies_below(self, make_relay_store: MakeStore, library: FleetLibrary, anna: Author, bert: Author) -> None:
        anna.change()
        anna.open_log()
        ended = heads_of(library.entries[:-1])
        write_settled(bert, [anna, bert])
        relay = make_relay_store(library.id)
        relay.append([entry.raw for entry in library.entries if entry.kind is not EntryKind.CHANGE], now=NOW)
        assert relay.put_seen(anna.report(ended).raw, now=NOW), "the end of a log that was pruned will never come here"

    def test_others_wait(self, store: LogStore, library: FleetLibrary, anna: Author, bert: Author) -> None:
        anna.change()
        write_settled(anna, [anna, bert])
        above = anna.change()
        store.append([entry.raw for entry in library.entries if entry.kind is not EntryKind.CHANGE], now=NOW)
        assert len(store.settled()) == 1
        assert statuses(store.append([above.raw], now=NOW)) == {Status.WAITING}


def write_checkpoint(author: Author, covered: Heads | None = None) -> Entry:
    """A checkpoint over everything that was written before."""
    heads = author.library.heads() if covered is None else covered
    return author.control(EntryKind.CHECKPOINT, Checkpoint(heads=heads, records=1, blobs=(BLOB,)))


def write_words(author: Author, checkpoint: Entry, reports: list[SeenReport]) -> Entry:
    """A `settled` entry that embeds these reports, whatever they say."""
    in_order = tuple(sorted(reports, key=lambda report: report.device))
    return author.control(EntryKind.SETTLED, Settled(checkpoint=checkpoint.name, reports=in_order))


def write_settled(author: Author, acknowledging: list[Author], *, time: int = NOW) -> tuple[Entry, Entry]:
    """A checkpoint over everything so far, and the entry that settles it with the words of these devices."""
    covered = author.library.heads()
    checkpoint = write_checkpoint(author, covered)
    reports = [each.report(covered, checkpoint=checkpoint.name, time=time) for each in acknowledging]
    return checkpoint, write_words(author, checkpoint, reports)
