"""The suite of ``store.log.LogStore``: inherit from the classes and give the fixture ``make_store``."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

import pytest

from store.bodies import Certification, Genesis, Open, Packages, Release
from store.certificates import assemble_certificate, certificate_to_sign
from store.encoding import encode
from store.entries import MAX_ENTRY_BYTES, Dep, Entry, EntryKind
from store.errors import RefusalCode, RefusedError
from store.heads import Heads, Tip
from store.ids import MASTER, DeviceId, EntryHash, LibraryId, LogId
from store.log import Arrived, LogStore, Outcome, Status
from tests.fleet.authors import NOW, Author, FleetLibrary, Keys, Writer, dep_of, filler, filler_blob, heads_of, make_library

MakeStore: TypeAlias = Callable[[LibraryId], LogStore]
EVERYTHING = 2**40


class LogStoreFixtures:
    """What each suite starts from."""

    @pytest.fixture
    def make_store(self) -> MakeStore:
        """A store without entries; overridden by each implementation."""
        raise NotImplementedError

    @pytest.fixture
    def make_relay_store(self) -> MakeStore:
        """One that trusts settled checkpoints; overridden likewise."""
        raise NotImplementedError

    @pytest.fixture
    def library(self) -> FleetLibrary:
        return make_library("conformance")

    @pytest.fixture
    def store(self, make_store: MakeStore, library: FleetLibrary) -> LogStore:
        return make_store(library.id)


class LogStoreConformance(LogStoreFixtures):
    """What a store keeps and gives back."""

    def test_an_empty_store_answers_everything(self, store: LogStore, library: FleetLibrary) -> None:
        assert (store.library, store.arrival(), store.count(), store.heads()) == (library.id, 0, 0, Heads())
        assert store.after(0, limit_bytes=EVERYTHING) == []
        assert store.missing(Heads(), limit_bytes=EVERYTHING) == []
        assert store.get(library.genesis.name) is None
        assert not store.has(library.genesis.name)
        assert store.at(library.id.master_log(), 0) == []
        assert store.seen() == []
        assert store.roster().master is None
        assert store.append([], now=NOW) == []

    def test_stored_entries_come_back_in_order_of_arrival(self, store: LogStore, library: FleetLibrary) -> None:
        busy_library(library)
        outcomes = store.append(library.raws(), now=NOW)
        assert outcomes == [Outcome(status=Status.STORED, name=entry.name) for entry in library.entries]
        assert store.after(0, limit_bytes=EVERYTHING) == [
            Arrived(arrival=number, entry=entry) for number, entry in enumerate(library.entries, start=1)
        ]
        assert store.arrival() == store.count() == len(library.entries)
        assert store.heads() == library.heads()
        for number, entry in enumerate(library.entries, start=1):
            assert store.get(entry.name) == Arrived(arrival=number, entry=entry)
            assert store.has(entry.name)
            assert entry in store.at(entry.log, entry.seq)
        assert store.at(library.entries[0].log, 10**6) == []

    def test_when_each_entry_came(self, store: LogStore, library: FleetLibrary) -> None:
        first = library.raws()
        store.append(first, now=NOW)
        later = library.join("late").change()
        store.append(library.raws(), now=NOW + 5)
        absent = EntryHash(bytes(32))
        assert store.received([later.name, absent, library.genesis.name]) == {later.name: NOW + 5, library.genesis.name: NOW}
        store.append(library.raws(), now=NOW + 9)
        assert store.received([later.name]) == {later.name: NOW + 5}
        assert store.received([]) == {}

    def test_a_batch_may_come_in_any_order(self, make_store: MakeStore, library: FleetLibrary) -> None:
        busy_library(library)
        for seed in range(5):
            store = make_store(library.id)
            raws = library.raws()
            random.Random(seed).shuffle(raws)
            # An open that arrives before the certificate that it depends on is judged after it all the same.
            assert statuses(store.append(raws, now=NOW)) == {Status.STORED}
            assert store.heads() == library.heads()
            assert_causal_order(store)

    def test_what_an_entry_builds_on(self, store: LogStore, library: FleetLibrary) -> None:
        busy_library(library)
        store.append(library.raws(), now=NOW)
        for number, entry in enumerate(library.entries, start=1):
            lineage = store.lineage(entry.name)
            assert lineage is not None
            assert (lineage.arrival, lineage.needs) == (number, entry.needs)
        assert {each.author for each in map(store.lineage, [library.genesis.name]) if each} == {MASTER}
        assert store.lineage(EntryHash(bytes(32))) is None

    def test_entries_given_again_are_known_and_change_nothing(self, store: LogStore, library: FleetLibrary) -> None:
        busy_library(library)
        raws = library.raws()
        outcomes = store.append(raws + raws[::-1], now=NOW)
        assert statuses(outcomes[: len(raws)]) == {Status.STORED}
        assert statuses(outcomes[len(raws) :]) == {Status.KNOWN}
        assert statuses(store.append(raws, now=NOW)) == {Status.KNOWN}
        assert store.count() == len(raws)

    def test_what_waits_is_not_kept_and_can_come_again(self, store: LogStore, library: FleetLibrary) -> None:
        anna = library.join("anna")
        first, second = anna.change(), anna.change()
        store.append(library.raws()[:-2], now=NOW)
        [outcome] = store.append([second.raw], now=NOW)
        assert (outcome.status, outcome.name) == (Status.WAITING, second.name)
        assert first.name.short() in outcome.detail
        assert not store.has(second.name)
        assert statuses(store.append([first.raw, second.raw], now=NOW)) == {Status.STORED}

    def test_an_entry_waits_for_its_deps(self, store: LogStore, library: FleetLibrary) -> None:
        anna, bert = library.join("anna"), library.join("bert")
        seen = anna.change()
        bert.sees(seen)
        entry = bert.change()
        store.append(library.raws()[:-2], now=NOW)
        assert statuses(store.append([entry.raw], now=NOW)) == {Status.WAITING}
        assert statuses(store.append([entry.raw, seen.raw], now=NOW)) == {Status.STORED}

    def test_the_roster_depends_on_the_set_alone(self, make_store: MakeStore, library: FleetLibrary) -> None:
        busy_library(library)
        rosters = []
        for seed in range(3):
            store, raws = make_store(library.id), library.raws()
            random.Random(seed).shuffle(raws)
            while store.count() < len(raws):
                before = store.count()
                for raw in raws:
                    store.append([raw], now=NOW)
                assert store.count() > before
            rosters.append(store.roster())
        assert rosters[0] == rosters[1] == rosters[2]
        assert len(rosters[0].devices) == 3

    def test_pages_stop_at_the_limit_but_have_one_entry(self, store: LogStore, library: FleetLibrary) -> None:
        busy_library(library)
        store.append(library.raws(), now=NOW)
        entries, lengths = library.entries, [len(entry.raw) for entry in library.entries]
        for limit, count in ((0, 1), (sum(lengths[:4]) - 1, 3), (sum(lengths[:4]), 4)):
            expected = [entry.name for entry in entries[:count]]
            assert names(store.after(0, limit_bytes=limit)) == expected
            assert names(store.missing(Heads(), limit_bytes=limit)) == expected

    def test_pages_follow_on_from_each_other(self, store: LogStore, library: FleetLibrary) -> None:
        busy_library(library)
        store.append(library.raws(), now=NOW)
        theirs = heads_of(library.entries[:7])
        after = missing = 0
        everything, lacking = [], []
        while page := store.after(after, limit_bytes=1500):
            everything += page
            after = page[-1].arrival
        while page := store.missing(theirs, limit_bytes=1500, after=missing):
            lacking += page
            missing = page[-1].arrival
        assert names(everything) == [entry.name for entry in library.entries]
        assert names(lacking) == [entry.name for entry in library.entries[7:]]

    def test_libraries_are_kept_apart(self, make_store: MakeStore) -> None:
        libraries = [make_library(seed) for seed in ("one", "two")]
        stores = [make_store(library.id) for library in libraries]
        for library, store in zip(libraries, stores, strict=True):
            busy_library(library)
            assert statuses(store.append(library.raws(), now=NOW)) == {Status.STORED}
        for library, store in zip(libraries, stores, strict=True):
            assert (store.count(), store.heads()) == (len(library.entries), library.heads())
        assert not stores[0].has(libraries[1].genesis.name)
        assert stores[0].at(libraries[1].genesis.log, 0) == []


class LogStoreBranches(LogStoreFixtures):
    """Several histories under one log id: all of them are kept and served."""

    def test_both_branches_are_kept_and_served(self, store: LogStore, library: FleetLibrary) -> None:
        anna = library.join("anna")
        anna.change()
        clone = anna.fork()
        ours, theirs = anna.change(), clone.change()
        end = clone.change()
        assert statuses(store.append(library.raws(), now=NOW)) == {Status.STORED}
        assert store.heads()[anna.log] == (Tip(ours.seq, ours.name), Tip(end.seq, end.name))
        assert {entry.name for entry in store.at(anna.log, ours.seq)} == {ours.name, theirs.name}
        assert names(store.missing(Heads(), limit_bytes=EVERYTHING)) == [entry.name for entry in library.entries]

    def test_only_what_is_missing_is_served_when_the_tips_are_known(self, store: LogStore, library: FleetLibrary) -> None:
        anna = library.join("anna")
        common = anna.change()
        clone = anna.fork()
        left, right = [anna.change() for _ in range(3)], [clone.change() for _ in range(3)]
        twig = clone.fork()
        right_end, twig_end = clone.change(), twig.change()
        store.append(library.raws(), now=NOW)

        def lacking(*tips: Entry) -> set[EntryHash]:
            theirs = Heads({**library.heads(), anna.log: [Tip(tip.seq, tip.name) for tip in tips]})
            return set(names(store.missing(theirs, limit_bytes=EVERYTHING)))

        everything = {entry.name for entry in [*left, *right, right_end, twig_end]}
        assert lacking(common) == everything
        assert lacking(left[0]) == everything - {left[0].name}
        assert lacking(right[1], left[2]) == {right[2].name, right_end.name, twig_end.name}
        assert lacking(twig_end) == {right_end.name, *(entry.name for entry in left)}
        assert lacking(left[2], right_end, twig_end) == set()

    def test_ancestors_within_a_log(self, store: LogStore, library: FleetLibrary) -> None:
        anna = library.join("anna")
        common = anna.change()
        clone = anna.fork()
        left, right = anna.change(), clone.change()
        below_left, below_right = anna.change(), clone.change()
        store.append(library.raws(), now=NOW)
        assert store.is_ancestor(left.name, dep_of(below_left))
        assert store.is_ancestor(right.name, dep_of(below_right))
        assert store.is_ancestor(common.name, dep_of(below_left))
        assert store.is_ancestor(common.name, dep_of(below_right))
        assert store.is_ancestor(common.name, dep_of(common))
        assert not store.is_ancestor(left.name, dep_of(below_right))
        assert not store.is_ancestor(right.name, dep_of(below_left))
        assert not store.is_ancestor(below_left.name, dep_of(left))
        assert not store.is_ancestor(library.genesis.name, dep_of(left)), "another log"
        assert not store.is_ancestor(left.name, Dep(anna.log, 99, below_left.name)), "not where it is said to be"
        assert not store.is_ancestor(EntryHash(bytes(range(32))), dep_of(left))

    def test_two_members_that_open_one_log_id_don_t_block_each_other(self, make_store: MakeStore, library: FleetLibrary) -> None:
        anna, bert = library.author("anna"), library.author("bert")
        library.certify(anna)
        library.certify(bert)
        shared = LogId(filler("shared", 16))
        anna.open_log(log=shared)
        bert.open_log(log=shared, deps=())
        anna.change()
        bert.change()
        library.packages([anna.device], by=anna)
        library.packages([bert.device], by=bert)
        stores = [make_store(library.id), make_store(library.id)]
        assert statuses(stores[0].append(library.raws(), now=NOW)) == {Status.STORED}
        opens_last = sorted(library.entries, key=lambda entry: (entry.log == shared, entry.name))
        assert statuses(stores[1].append([entry.raw for entry in opens_last], now=NOW)) == {Status.STORED}
        assert stores[0].heads() == stores[1].heads() == library.heads()
        assert stores[0].roster() == stores[1].roster()
        assert set(stores[0].roster().authors[shared]) == {anna.device, bert.device}
        assert stores[0].roster().epochs[library.epoch].authors == {anna.device, bert.device}


class LogStoreHostility(LogStoreFixtures):
    """Bytes from strangers: refused by name, and nothing else suffers."""

    @pytest.fixture
    def anna(self, library: FleetLibrary) -> Author:
        return library.join("anna")

    @pytest.fixture
    def bert(self, library: FleetLibrary, anna: Author) -> Author:
        return library.join("bert")

    @pytest.fixture
    def refused(self, store: LogStore, library: FleetLibrary, anna: Author, bert: Author) -> Callable[[bytes], RefusalCode | None]:
        """Offers bytes between two good entries; gives the name by which they are refused."""
        store.append(library.raws(), now=NOW)

        def offer(raw: bytes) -> RefusalCode | None:
            before, roster = store.count(), store.roster()
            good = [bert.change(), bert.change()]
            outcomes = store.append([good[0].raw, raw, good[1].raw], now=NOW)
            assert [outcomes[0].status, outcomes[2].status] == [Status.STORED, Status.STORED]
            assert (outcomes[1].status, store.count()) == (Status.REFUSED, before + 2), outcomes[1]
            assert store.roster() == roster
            return outcomes[1].code

        return offer

    def test_truncated(self, refused: Callable[[bytes], RefusalCode], anna: Author) -> None:
        raw = anna.change(b"a body").raw
        assert {refused(raw[:length]) for length in range(len(raw))} == {"malformed"}
        assert refused(raw + b"\0") == "malformed"

    def test_one_flipped_bit_anywhere(self, store: LogStore, refused: Callable[[bytes], RefusalCode], anna: Author, bert: Author) -> None:
        anna.sees(bert.change())
        raw = anna.end().make(EntryKind.CHANGE, b"a body", epoch=anna.library.epoch).raw
        store.append(anna.library.raws(), now=NOW)
        found = {refused(flip(raw, bit=8 * place + place % 8)) for place in range(len(raw))}
        assert found >= {"malformed", "bad-hash", "bad-signature", "bad-chain", "other-library"}
        assert statuses(store.append([raw], now=NOW)) == {Status.STORED}

    def test_one_flipped_bit_in_an_entry_that_is_known(self, store: LogStore, library: FleetLibrary, anna: Author) -> None:
        raw = anna.change(b"a body").raw
        store.append(library.raws(), now=NOW)
        for place in range(len(raw)):
            [outcome] = store.append([flip(raw, bit=8 * place)], now=NOW)
            assert outcome.status is Status.REFUSED
        assert statuses(store.append([raw], now=NOW)) == {Status.KNOWN}

    def test_replayed(self, store: LogStore, library: FleetLibrary, anna: Author) -> None:
        entry = anna.change()
        store.append(library.raws(), now=NOW)
        for _ in range(3):
            assert statuses(store.append([entry.raw], now=NOW)) == {Status.KNOWN}
        assert store.count() == len(library.entries)

    def test_of_another_library(self, refused: Callable[[bytes], RefusalCode]) -> None:
        other = make_library("other")
        assert refused(other.genesis.raw) == "other-library"
        assert refused(other.join("anna").change().raw) == "other-library"

    def test_signed_by_another_member(self, refused: Callable[[bytes], RefusalCode], anna: Author, bert: Author) -> None:
        assert anna.writer is not None
        anna.writer.keys = bert.keys
        assert refused(anna.change().raw) == "bad-signature"

    def test_another_body_than_the_header_names(self, refused: Callable[[bytes], RefusalCode], anna: Author) -> None:
        entry = anna.change(b"a body")
        assert refused(encode([entry.header, entry.signature, b"another"])) == "bad-hash"
        assert refused(encode([entry.header, entry.signature, b"b body"])) == "bad-hash"

    def test_a_gap_in_the_chain(self, refused: Callable[[bytes], RefusalCode], anna: Author) -> None:
        assert anna.writer is not None
        anna.writer.seq += 1
        assert refused(anna.change().raw) == "bad-chain"

    def test_a_predecessor_in_another_log(self, refused: Callable[[bytes], RefusalCode], anna: Author, bert: Author) -> None:
        epoch = anna.library.epoch
        same_log = Writer(anna.library.id, anna.log, anna.keys, 1, anna.library.genesis.name)
        assert refused(same_log.write(EntryKind.CHANGE, b"a body", epoch=epoch).raw) == "bad-chain"
        new_log = Writer(anna.library.id, LogId(filler("no such log", 16)), anna.keys, 1, anna.end().previous)
        assert refused(new_log.write(EntryKind.CHANGE, b"a body", epoch=epoch).raw) == "bad-chain"

    def test_a_dep_where_it_isn_t(self, refused: Callable[[bytes], RefusalCode], library: FleetLibrary, anna: Author) -> None:
        log, seq, name = dep_of(library.genesis)
        for dep in (Dep(log, seq + 1, name), Dep(anna.log, seq, name)):
            assert refused(anna.fork().change(deps=[dep]).raw) == "bad-chain"

    def test_two_megabytes_long(self, refused: Callable[[bytes], RefusalCode], anna: Author) -> None:
        entry = anna.change(b"a body")
        assert refused(encode([entry.header, entry.signature, bytes(2 * 1024 * 1024)])) == "too-large"
        assert refused(bytes(2 * 1024 * 1024)) == "too-large"

    def test_the_largest_entry_is_stored(self, store: LogStore, library: FleetLibrary, anna: Author) -> None:
        around = len(anna.fork().change(bytes(100_000)).raw) - 100_000
        largest = anna.fork().change(bytes(MAX_ENTRY_BYTES - around))
        assert len(largest.raw) == MAX_ENTRY_BYTES
        assert statuses(store.append([*library.raws()[:-2], largest.raw], now=NOW)) == {Status.STORED}
        with pytest.raises(RefusedError, match="at most"):
            anna.fork().change(bytes(MAX_ENTRY_BYTES - around + 1))

    def test_nested_deep(self, refused: Callable[[bytes], RefusalCode], anna: Author) -> None:
        deep = b"\x81" * 100_000 + b"\x01"
        assert refused(deep) == "too-deep"
        assert refused(encode([deep, bytes(64), b""])) == "too-deep"
        assert refused(anna.fork().end().write(EntryKind.RELEASE, deep).raw) == "too-deep"

    def test_a_stranger(self, refused: Callable[[bytes], RefusalCode], store: LogStore, library: FleetLibrary) -> None:
        eve = library.author("eve")
        assert refused(eve.open_log().raw) == "not-allowed-author"
        [outcome] = store.append([eve.change().raw], now=NOW)
        assert outcome.status is Status.WAITING, "what it follows was refused"

    def test_an_open_that_names_another_device(self, refused: Callable[[bytes], RefusalCode], library: FleetLibrary, anna: Author) -> None:
        mallory = library.author("mallory")
        assert refused(mallory.open_log(device=anna.device).raw) == "bad-signature"
        forged = Writer(library.id, LogId(filler("as master", 16)), library.master_keys)
        assert refused(forged.write(EntryKind.OPEN, Open(device=MASTER, number=0).encode()).raw) == "not-allowed-author"

    def test_kinds_where_they_can_t_stand(self, refused: Callable[[bytes], RefusalCode], library: FleetLibrary, anna: Author) -> None:
        genesis = Genesis(signing_key=library.master_keys.signing_key, wrapping_key=library.master_keys.wrapping_key, time=NOW)
        release = Release(blobs=(filler_blob("x"),))
        assert refused(anna.fork().control(EntryKind.OPEN, Open(device=anna.device, number=1)).raw) == "bad-chain"
        assert refused(anna.fork().control(EntryKind.GENESIS, genesis).raw) == "not-allowed-author"
        assert refused(library.master.fork().write(EntryKind.GENESIS, genesis.encode()).raw) == "bad-chain"
        assert refused(library.master.fork().write(EntryKind.RELEASE, release.encode()).raw) == "not-allowed-author"
        assert refused(library.master.fork().write(EntryKind.CHANGE, b"x", epoch=library.epoch).raw) == "not-allowed-author"
        beginning = Writer(library.id, LogId(filler("new log", 16)), anna.keys)
        assert refused(beginning.write(EntryKind.CHANGE, b"x", epoch=library.epoch).raw) == "bad-chain"

    def test_a_genesis_by_somebody_else(self, refused: Callable[[bytes], RefusalCode], library: FleetLibrary) -> None:
        eve = Keys("eve")
        body = Genesis(signing_key=eve.signing_key, wrapping_key=eve.wrapping_key, time=NOW).encode()
        forged = Writer(library.id, library.id.master_log(), eve)
        assert refused(forged.write(EntryKind.GENESIS, body).raw) == "not-allowed-author"
        body = Genesis(signing_key=library.master_keys.signing_key, wrapping_key=library.master_keys.wrapping_key, time=1).encode()
        forged = Writer(library.id, library.id.master_log(), eve)
        assert refused(forged.write(EntryKind.GENESIS, body).raw) == "bad-signature"

    def test_certificates_that_don_t_hold(self, refused: Callable[[bytes], RefusalCode], library: FleetLibrary, anna: Author) -> None:
        eve = Keys("eve")

        def certification(*, of: LibraryId, signer: DeviceId, keys: Keys) -> bytes:
            to_sign = certificate_to_sign(library=of, signing_key=eve.signing_key, wrapping_key=eve.wrapping_key, signer=signer)
            body = Certification(certificate=assemble_certificate(to_sign, keys.sign(to_sign)))
            return anna.fork().control(EntryKind.CERTIFICATE, body).raw

        assert refused(certification(of=make_library("other").id, signer=anna.device, keys=anna.keys)) == "other-library"
        assert refused(certification(of=library.id, signer=MASTER, keys=library.master_keys)) == "not-allowed-author"
        assert refused(certification(of=library.id, signer=anna.device, keys=eve)) == "bad-signature"

    def test_a_body_that_isn_t_what_its_kind_demands(self, refused: Callable[[bytes], RefusalCode], anna: Author) -> None:
        for kind in set(EntryKind) - {EntryKind.CHANGE, EntryKind.GENESIS, EntryKind.OPEN}:
            for body in (b"", encode([]), encode([1]), encode({}), encode([1, None, None, None, None, None]), encode([True, []])):
                assert refused(anna.fork().end().write(kind, body).raw) == "malformed"
            assert refused(anna.fork().end().write(kind, encode([2, []])).raw) == "unknown-version"

    def test_another_version(self, refused: Callable[[bytes], RefusalCode], library: FleetLibrary, anna: Author) -> None:
        entry = anna.change(b"a body")
        prefix = encode([2, b"whatever that version has"])
        header = encode([prefix, hashlib.sha256(entry.body).digest(), len(entry.body)])
        assert refused(encode([header, anna.keys.sign(b"calotype entry" + header), entry.body])) == "unknown-version"

    def test_a_good_copy_beside_a_bad_one(self, store: LogStore, library: FleetLibrary, anna: Author) -> None:
        entry, child = anna.change(), anna.change()
        bad = encode([entry.header, bytes(64), entry.body])
        store.append(library.raws()[:-2], now=NOW)
        outcomes = store.append([child.raw, bad, entry.raw], now=NOW)
        assert [outcome.status for outcome in outcomes] == [Status.STORED, Status.REFUSED, Status.STORED]
        assert store.get(entry.name) is not None

    def test_random_bytes(self, refused: Callable[[bytes], RefusalCode]) -> None:
        noise = random.Random(1)
        assert {refused(noise.randbytes(noise.randrange(300))) for _ in range(50)} <= {"malformed", "too-deep"}


class LogStoreReports(LogStoreFixtures):
    """Seen reports: the newest of each device."""

    @pytest.fixture
    def member(self, library: FleetLibrary, store: LogStore) -> Author:
        anna = library.join("anna")
        store.append(library.raws(), now=NOW)
        return anna

    def test_the_newest_report_of_each_device_is_kept(self, store: LogStore, library: FleetLibrary, member: Author) -> None:
        bert = library.join("bert")
        store.append(library.raws(), now=NOW)
        first, second, other = member.report(), member.report(), bert.report()
        assert store.put_seen(second.raw)
        assert not store.put_seen(second.raw)
        assert not store.put_seen(first.raw), "older"
        assert store.put_seen(other.raw)
        assert store.seen() == sorted([second, other], key=lambda report: report.device)

    def test_a_report_over_something_that_isn_t_stored_is_not_kept(self, store: LogStore, library: FleetLibrary, member: Author) -> None:
        member.change()
        report = member.report()
        assert not store.put_seen(report.raw)
        store.append(library.raws(), now=NOW)
        assert store.put_seen(report.raw)

    def test_hostile_reports(self, store: LogStore, library: FleetLibrary, member: Author) -> None:
        report = member.report()
        other = make_library("other")
        misplaced = Heads({library.id.master_log(): [Tip(7, library.genesis.name)]})
        for raw, code in (
            (report.raw[:-1], "malformed"),
            (bytes(2**21), "too-large"),
            (encode([report.statement, bytes(64)]), "bad-signature"),
            (other.join("anna").report().raw, "other-library"),
            (library.author("eve").report().raw, "not-allowed-author"),
            (member.report(misplaced).raw, "bad-chain"),
        ):
            with pytest.raises(RefusedError) as caught:
                store.put_seen(raw)
            assert caught.value.code == code
        assert store.seen() == []


def busy_library(library: FleetLibrary) -> None:
    """Three devices that certify each other, open logs, write, see each other, and are cloned."""
    anna = library.join("anna")
    bert = library.join("bert", by=anna)
    first = anna.change()
    bert.sees(first)
    clone = bert.fork()
    bert.change()
    anna.sees(clone.change())
    anna.change()
    carla = library.join("carla", by=bert)
    anna.open_log()
    anna.change()
    carla.control(EntryKind.RELEASE, Release(blobs=(filler_blob("x"), filler_blob("y"))))
    carla.control(EntryKind.PACKAGES, Packages(epoch=library.epoch, packages=((carla.device, b"package"),)))


def statuses(outcomes: Sequence[Outcome]) -> set[Status]:
    return {outcome.status for outcome in outcomes}


def names(arrived: Sequence[Arrived]) -> list[EntryHash]:
    return [each.entry.name for each in arrived]


def flip(raw: bytes, *, bit: int) -> bytes:
    """``raw`` with one bit turned over."""
    turned = bytearray(raw)
    turned[bit // 8] ^= 1 << bit % 8
    return bytes(turned)


def assert_causal_order(store: LogStore) -> None:
    """No entry arrived before one that it needs."""
    arrived: set[EntryHash] = set()
    for each in store.after(0, limit_bytes=EVERYTHING):
        assert arrived.issuperset(each.entry.needs)
        arrived.add(each.entry.name)
