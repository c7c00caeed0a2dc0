"""The roster: a function of the set of control entries, whatever their order."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from store.bodies import Certification, Claim, Open, Packages, Release
from store.certificates import assemble_certificate, certificate_to_sign
from store.entries import Entry, EntryKind
from store.ids import MASTER, DeviceId, EpochId, LogId
from store.roster import EpochInfo, Roster
from tests.fleet.authors import Author, FleetLibrary, Keys, Writer, filler, make_library
from tests.unit.store.descent import roster_of

FIRST, SECOND = EpochId(b"1" * 16), EpochId(b"2" * 16)


def test_before_a_genesis_there_is_nothing() -> None:
    library = make_library()
    library.join("anna")
    assert roster_of(library, []) == roster_of(library, library.entries[1:]) == Roster(library=library.id)
    empty = Roster(library=library.id)
    assert (empty.write_epochs(), empty.needs_package(), empty.signing_key(MASTER)) == ((), (), None)


def test_a_genesis_of_other_keys_is_none() -> None:
    library, other = make_library(), make_library("other")
    assert roster_of(library, [other.genesis]).master is None


def test_members_and_their_logs() -> None:
    library = make_library()
    anna = library.join("anna")
    bert = library.join("bert", by=anna)
    first_log = anna.log
    anna.open_log()
    roster = roster_of(library)
    assert {device: member.certified_by for device, member in roster.devices.items()} == {anna.device: MASTER, bert.device: anna.device}
    assert roster.logs == {library.id.master_log(): MASTER, first_log: anna.device, anna.log: anna.device, bert.log: bert.device}
    assert roster.log_numbers == {first_log: 0, anna.log: 1, bert.log: 0}
    assert roster.logs_of(anna.device) == (first_log, anna.log)
    assert roster.author_key(anna.log) == anna.keys.signing_key
    assert roster.author_key(library.id.master_log()) == library.master_keys.signing_key
    assert roster.author_key(LogId(bytes(16))) is None
    assert roster.wrapping_key(bert.device) == bert.keys.wrapping_key
    assert roster.wrapping_key(MASTER) == library.master_keys.wrapping_key
    assert roster.is_member(bert.device)
    assert not roster.is_member(MASTER)
    assert not roster.is_member(library.author("eve").device)


def test_the_epoch_to_write_under() -> None:
    library = make_library()
    anna = library.author("anna")
    library.certify(anna)
    anna.open_log()
    assert roster_of(library).write_epochs() == ()
    library.packages([anna.device], epoch=SECOND)
    assert roster_of(library).write_epochs() == (), "the master has no package"
    assert roster_of(library).needs_package() == ((SECOND, MASTER),)
    library.packages([MASTER], epoch=SECOND, by=anna)
    assert roster_of(library).write_epochs() == (SECOND,)
    library.packages([MASTER, anna.device], epoch=FIRST)
    assert roster_of(library).write_epochs() == (FIRST, SECOND), "the smaller id first"
    bert = library.author("bert")
    library.certify(bert)
    assert roster_of(library).write_epochs() == (FIRST, SECOND), "who has no package yet blocks nobody"
    assert roster_of(library).needs_package() == ((FIRST, bert.device), (SECOND, bert.device))
    library.packages([DeviceId(b"never a member.."), bert.device], epoch=FIRST)
    assert roster_of(library).write_epochs() == (SECOND,), "somebody who is no member can open the first"


def test_all_packages_of_a_recipient_are_kept() -> None:
    library = make_library()
    anna = library.join("anna")
    for writer, package, earlier in ((library.master, b"b", b"older"), (anna.end(), b"a", b""), (anna.end(), b"b", b"oldest")):
        body = Packages(epoch=FIRST, packages=((MASTER, package),), earlier=earlier)
        writer.write(EntryKind.PACKAGES, body.encode())
    assert roster_of(library).epochs[FIRST] == EpochInfo(
        epoch=FIRST,
        recipients={MASTER: (b"a", b"b")},
        earlier=(b"older", b"oldest"),
        authors=frozenset({MASTER, anna.device}),
        given=frozenset({MASTER}),
    )


def test_kinds_of_later_versions_have_no_effect() -> None:
    library = make_library()
    anna = library.join("anna")
    before = roster_of(library)
    anna.control(EntryKind.RELEASE, Release(blobs=()))
    anna.control(EntryKind.CLAIM, Claim(blobs=(), releases=()))
    anna.change()
    assert roster_of(library) == before


PEOPLE = [Keys(f"person {number}") for number in range(5)]
STATEMENTS = st.tuples(
    st.integers(-1, len(PEOPLE) - 1),
    st.integers(0, len(PEOPLE) - 1),
    st.sampled_from(["good", "good", "good", "bad signature", "other library"]),
)


def certification(library: FleetLibrary, signer: int, subject: int, quality: str) -> Entry:
    """An entry with a certificate; -1 signs as the master."""
    keys = library.master_keys if signer < 0 else PEOPLE[signer]
    to_sign = certificate_to_sign(
        library=make_library("other").id if quality == "other library" else library.id,
        signing_key=PEOPLE[subject].signing_key,
        wrapping_key=PEOPLE[subject].wrapping_key,
        signer=MASTER if signer < 0 else PEOPLE[signer].device,
    )
    certificate = assemble_certificate(to_sign, bytes(64) if quality == "bad signature" else keys.sign(to_sign))
    return library.master.write(EntryKind.CERTIFICATE, Certification(certificate=certificate).encode())


@settings(max_examples=60, deadline=None)
@given(st.lists(STATEMENTS, max_size=10), st.randoms(use_true_random=False))
def test_who_counts_is_who_can_be_reached_from_the_master(statements: list[tuple[int, int, str]], dice: random.Random) -> None:
    library = make_library("reach")
    entries = [library.genesis, *(certification(library, *statement) for statement in statements)]
    reached = {-1}
    for _ in PEOPLE:
        reached |= {subject for signer, subject, quality in statements if quality == "good" and signer in reached}
    dice.shuffle(entries)
    devices = roster_of(library, entries).devices
    assert set(devices) == {PEOPLE[person].device for person in reached - {-1}}
    for member in devices.values():
        chain = [member.device]
        while chain[-1] != MASTER:
            chain.append(devices[chain[-1]].certified_by)
            assert len(chain) <= len(PEOPLE) + 1, "certificates in a circle"


@settings(max_examples=30, deadline=None)
@given(st.data(), st.randoms(use_true_random=False))
def test_every_order_and_every_repetition_makes_the_same_roster(data: st.DataObject, dice: random.Random) -> None:
    library = make_library("orders")
    authors: list[Author] = [library.join("anna")]
    for number in range(data.draw(st.integers(0, 6))):
        by = data.draw(st.sampled_from([None, *authors]))
        action = data.draw(st.sampled_from(["join", "packages", "open", "again", "shared log"]))
        if action == "join":
            authors.append(library.join(f"device {number}", by=by))
        elif action == "packages":
            epoch = data.draw(st.sampled_from([FIRST, SECOND]))
            library.packages([author.device for author in authors[: number + 1]], by=by, epoch=epoch)
        elif action == "again":
            library.certify(authors[-1], by=by)
        elif by is not None:
            by.open_log(log=LogId(filler("shared", 16)) if action == "shared log" else None)
    entries = list(library.entries)
    expected = roster_of(library, entries)
    assert set(expected.devices) == {author.device for author in authors}
    for _ in range(5):
        shuffled = entries + dice.sample(entries, len(entries) // 2)
        dice.shuffle(shuffled)
        assert roster_of(library, shuffled) == expected


def test_an_open_by_a_stranger_owns_no_log() -> None:
    library = make_library()
    eve = Keys("eve")
    Writer(library.id, LogId(bytes(16)), eve, written=library.entries).write(EntryKind.OPEN, Open(device=eve.device, number=0).encode())
    assert roster_of(library).logs == {library.id.master_log(): MASTER}
