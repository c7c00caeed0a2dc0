"""Packages: every member and the master learn every epoch, and a bad package hides nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.keys.device import DeviceKeys
from peer.keys.epochs import Epoch, Keyring
from peer.keys.errors import BodyError, UnsealError, WrappingError
from peer.keys.identity import Identity
from peer.keys.packages import make_package, make_packages, open_earlier, open_package, open_packages, seal_earlier
from peer.keys.sealing import seal
from peer.keys.wrapping import WrappingKeys, wrap
from store.bodies import MAX_EARLIER_BYTES, MAX_PACKAGE_BYTES, Packages
from store.encoding import encode
from store.ids import MASTER, DeviceId, EpochId, LibraryId
from store.roster import EpochInfo
from tests.unit.peer.keys import reference
from tests.unit.peer.keys.seeded import Seeded, device, epoch, flipped, golden, master

LIBRARY = LibraryId(bytes(range(32)))
ANNA, BERT = device("anna"), device("bert")
FIRST, SECOND, THIRD = epoch("first"), epoch("second"), epoch("third")


def roster_epochs(*bodies: Packages) -> dict[EpochId, EpochInfo]:
    """What the roster makes of `packages` entries."""
    infos: dict[EpochId, EpochInfo] = {}
    for body in bodies:
        before = infos.get(body.epoch)
        recipients = dict(before.recipients) if before else {}
        for recipient, package in body.packages:
            recipients[recipient] = (*recipients.get(recipient, ()), package)
        earlier = (*(before.earlier if before else ()), *([body.earlier] if body.earlier else []))
        infos[body.epoch] = EpochInfo(epoch=body.epoch, recipients=recipients, earlier=earlier, authors=frozenset())
    return infos


def packages_for(each: Epoch, *recipients: Identity, known: Keyring | None = None) -> Packages:
    wanted = {recipient.id: recipient.wrapping_key for recipient in recipients}
    return make_packages(each, library=LIBRARY, recipients=wanted, known=known or Keyring())


def test_pinned_packages_open() -> None:
    pinned = golden("package")
    library, known = LibraryId.parse(pinned["library"]), EpochId.parse(pinned["epoch"])
    keys = DeviceKeys(bytes.fromhex(pinned["signing_private"]), WrappingKeys(bytes.fromhex(pinned["wrapping_private"])))
    assert keys.device.hex() == pinned["device"]
    for recipient, name in ((keys, "package"), (master(), "master_package")):
        opened = open_package(bytes.fromhex(pinned[name]), library=library, epoch=known, recipient=recipient)
        assert opened.secret.hex() == pinned["secret"]
    earlier = open_earlier(opened, library=library, sealed=bytes.fromhex(pinned["earlier"]))
    assert [each.secret.hex() for each in earlier] == pinned["earlier_secrets"]
    assert seal_earlier(opened, library=library, known=Keyring(earlier)).hex() == pinned["earlier"]


def test_another_implementation_opens_a_package() -> None:
    package = make_package(FIRST, library=LIBRARY, recipient=ANNA.id, wrapping_key=ANNA.wrapping_key)
    assert reference.unwrap(ANNA.wrapping.private, package, b"calotype package" + LIBRARY + FIRST.id + ANNA.id) == FIRST.secret
    assert len(package) <= MAX_PACKAGE_BYTES


@pytest.mark.parametrize(
    ("library", "wanted", "recipient"),
    [(LibraryId(bytes(32)), FIRST, ANNA), (LIBRARY, SECOND, ANNA), (LIBRARY, FIRST, BERT), (LIBRARY, FIRST, master())],
    ids=["another library", "another epoch", "another device", "the master"],
)
def test_a_package_opens_only_for_what_it_was_made_for(library: LibraryId, wanted: Epoch, recipient: Identity) -> None:
    package = make_package(FIRST, library=LIBRARY, recipient=ANNA.id, wrapping_key=ANNA.wrapping_key)
    with pytest.raises(WrappingError):
        open_package(package, library=library, epoch=wanted.id, recipient=recipient)


@given(st.integers(min_value=0))
def test_a_package_with_a_flipped_bit_is_refused(bit: int) -> None:
    package = bytes.fromhex(golden("package")["package"])
    pinned = golden("package")
    with pytest.raises(WrappingError):
        open_package(
            flipped(package, bit),
            library=LibraryId.parse(pinned["library"]),
            epoch=EpochId.parse(pinned["epoch"]),
            recipient=device("golden"),
        )


def test_a_member_cannot_pass_another_secret_off_as_that_of_an_epoch() -> None:
    info = b"calotype package" + LIBRARY + FIRST.id + ANNA.id
    for secret in (SECOND.secret, b"short", b""):
        with pytest.raises(WrappingError, match="another secret"):
            open_package(wrap(ANNA.wrapping_key, secret, info), library=LIBRARY, epoch=FIRST.id, recipient=ANNA)


def test_earlier_secrets_are_sealed_without_their_own() -> None:
    sealed = seal_earlier(THIRD, library=LIBRARY, known=Keyring([FIRST, SECOND, THIRD]))
    assert set(open_earlier(THIRD, library=LIBRARY, sealed=sealed)) == {FIRST, SECOND}
    assert sealed == seal_earlier(THIRD, library=LIBRARY, known=Keyring([SECOND, FIRST]))


def test_no_earlier_secrets_are_no_bytes() -> None:
    assert seal_earlier(FIRST, library=LIBRARY, known=Keyring([FIRST])) == b""
    assert open_earlier(FIRST, library=LIBRARY, sealed=b"") == ()


@given(st.integers(min_value=0))
def test_earlier_secrets_with_a_flipped_bit_are_refused(bit: int) -> None:
    sealed = seal_earlier(SECOND, library=LIBRARY, known=Keyring([FIRST]))
    with pytest.raises(UnsealError):
        open_earlier(SECOND, library=LIBRARY, sealed=flipped(sealed, bit))


def test_earlier_secrets_are_bound_to_library_and_epoch() -> None:
    sealed = seal_earlier(SECOND, library=LIBRARY, known=Keyring([FIRST]))
    with pytest.raises(UnsealError):
        open_earlier(SECOND, library=LibraryId(bytes(32)), sealed=sealed)
    with pytest.raises(UnsealError):
        open_earlier(THIRD, library=LIBRARY, sealed=sealed)


@pytest.mark.parametrize(
    "value", [None, [b"short"], [bytes(32), bytes(32)], [b"\x02" * 32, b"\x01" * 32], ["text"], {"a": 1}, [[bytes(32)]]]
)
def test_earlier_secrets_of_another_shape_are_refused(value: object) -> None:
    sealed = seal(SECOND.earlier_key, "earlier", LIBRARY + SECOND.id, encode(value))
    with pytest.raises(BodyError):
        open_earlier(SECOND, library=LIBRARY, sealed=sealed)


def test_as_many_earlier_secrets_as_an_entry_holds() -> None:
    random = Seeded("many")
    most = [Epoch.generate(random) for _ in range(MAX_EARLIER_BYTES // 34)]
    sealed = seal_earlier(FIRST, library=LIBRARY, known=Keyring(most[:-2]))
    assert len(sealed) <= MAX_EARLIER_BYTES
    assert set(open_earlier(FIRST, library=LIBRARY, sealed=sealed)) == set(most[:-2])
    with pytest.raises(BodyError, match="don't fit"):
        seal_earlier(FIRST, library=LIBRARY, known=Keyring([*most, SECOND, THIRD]))


def test_device_and_master_learn_every_epoch() -> None:
    keys = master()
    bodies = (packages_for(FIRST, ANNA, keys), packages_for(SECOND, ANNA, BERT, keys, known=Keyring([FIRST])))
    for recipient in (ANNA, BERT, keys):
        assert set(open_packages(roster_epochs(*bodies), library=LIBRARY, recipient=recipient)) == {FIRST.id, SECOND.id}


def test_earlier_secrets_lead_on_to_still_earlier_ones() -> None:
    """No single bundle names all: the second names the first, and the third only the second."""
    bodies = (
        packages_for(FIRST, ANNA),
        packages_for(SECOND, ANNA, known=Keyring([FIRST])),
        packages_for(THIRD, BERT, known=Keyring([SECOND])),
    )
    assert set(open_packages(roster_epochs(*bodies), library=LIBRARY, recipient=BERT)) == {FIRST.id, SECOND.id, THIRD.id}


def test_who_was_given_nothing_learns_nothing() -> None:
    assert len(open_packages(roster_epochs(packages_for(FIRST, ANNA)), library=LIBRARY, recipient=BERT)) == 0


def test_bad_packages_do_not_hide_good_ones() -> None:
    good = packages_for(SECOND, ANNA, known=Keyring([FIRST]))
    bad = Packages(epoch=SECOND.id, packages=((ANNA.id, b"useless"),), earlier=b"useless too")
    wrong = Packages(epoch=FIRST.id, packages=((ANNA.id, good.packages[0][1]),))
    assert set(open_packages(roster_epochs(bad, wrong, good), library=LIBRARY, recipient=ANNA)) == {FIRST.id, SECOND.id}


def test_secrets_of_epochs_that_the_roster_does_not_have_are_left_out() -> None:
    body = packages_for(SECOND, ANNA, known=Keyring([FIRST, THIRD]))
    learned = open_packages(roster_epochs(body, packages_for(FIRST, BERT)), library=LIBRARY, recipient=ANNA)
    assert set(learned) == {FIRST.id, SECOND.id}


def test_what_is_known_is_kept_and_leads_on() -> None:
    bodies = (packages_for(FIRST, BERT), packages_for(SECOND, BERT, known=Keyring([FIRST])))
    learned = open_packages(roster_epochs(*bodies), library=LIBRARY, recipient=ANNA, known=Keyring([SECOND, THIRD]))
    assert set(learned) == {FIRST.id, SECOND.id, THIRD.id}


def test_one_useless_key_keeps_the_secret_from_nobody() -> None:
    mallory = DeviceId(b"\x01" * 16)
    body = make_packages(
        FIRST,
        library=LIBRARY,
        recipients={mallory: b"\xff" * 1216, ANNA.id: ANNA.wrapping_key, MASTER: master().wrapping_key},
        known=Keyring(),
    )
    assert [recipient for recipient, _ in body.packages] == [MASTER, ANNA.id]
    assert set(open_packages(roster_epochs(body), library=LIBRARY, recipient=ANNA)) == {FIRST.id}
