"""Seen reports: signed by the device, the digest readable for members only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.keys.epochs import Epoch, Keyring
from peer.keys.errors import BodyError, MissingEpochError, UnsealError
from peer.keys.sealing import seal
from peer.keys.seen import make_report, open_digest
from store.encoding import decode, encode
from store.heads import Heads, Tip
from store.ids import EntryHash, LibraryId, LogId
from store.seen import SeenReport, make_statement, parse_seen, verify_seen
from tests.unit.peer.keys import reference
from tests.unit.peer.keys.seeded import device, epoch, golden

ANNA, EPOCH = device("a"), epoch("1")
LIBRARY = LibraryId(bytes(range(32)))
HEADS = Heads({LogId(bytes([7]) * 16): (Tip(4, EntryHash(bytes([8]) * 32)),)})
DIGEST = bytes(range(100, 116))


def report(*, counter: int = 42, digest: bytes = DIGEST, time: int = 1_700_000_000_000) -> SeenReport:
    return make_report(ANNA, EPOCH, library=LIBRARY, number=1, counter=counter, heads=HEADS, checkpoint=None, time=time, digest=digest)


def test_a_report_is_pinned() -> None:
    pinned = golden("seen")
    keys, known = device("golden"), Epoch(bytes.fromhex(pinned["secret"]))
    made = make_report(
        keys,
        known,
        library=LibraryId.parse(pinned["library"]),
        number=1,
        counter=42,
        heads=HEADS,
        checkpoint=None,
        time=1_700_000_000_000,
        digest=bytes.fromhex(pinned["digest"]),
    )
    assert made.raw.hex() == pinned["report"]
    assert made.device.hex() == pinned["device"]
    assert open_digest(Keyring([known]), parse_seen(bytes.fromhex(pinned["report"]))).hex() == pinned["digest"]


def test_the_device_signs_it() -> None:
    verify_seen(report(), ANNA.signing_key)
    assert report().device == ANNA.device


def test_the_digest_is_sealed_as_the_protocol_says() -> None:
    made = report()
    context = encode(decode(made.statement, limit=10_000)[:-1])
    key = reference.hkdf(reference.hkdf(EPOCH.secret, b"calotype log"), b"calotype seen")
    assert made.sealed_digest == reference.seal(key, "seen", context, DIGEST)
    assert DIGEST not in made.raw


@given(st.binary(min_size=16, max_size=16), st.integers(min_value=0, max_value=2**40))
def test_members_read_the_digest(digest: bytes, counter: int) -> None:
    assert open_digest(Keyring([EPOCH]), report(digest=digest, counter=counter)) == digest


def test_equal_digests_at_other_times_look_different() -> None:
    assert report(time=1).sealed_digest != report(time=2).sealed_digest


def test_the_digest_of_another_report_is_refused() -> None:
    first, second = report(counter=1), report(counter=2)
    moved = SeenReport(**{name: getattr(first, name) for name in SeenReport.__dataclass_fields__} | {"sealed_digest": second.sealed_digest})
    with pytest.raises(UnsealError):
        open_digest(Keyring([EPOCH]), moved)


def test_an_epoch_that_is_not_known_is_said() -> None:
    with pytest.raises(MissingEpochError):
        open_digest(Keyring([epoch("2")]), report())


def test_a_digest_of_a_wrong_length_is_not_written() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        report(digest=bytes(15))


def test_a_sealed_digest_of_a_wrong_length_is_refused() -> None:
    made = report()
    key = reference.hkdf(EPOCH.log_key, b"calotype seen")
    sealed = seal(key, "seen", made.digest_context, bytes(15))
    fields = {name: getattr(made, name) for name in SeenReport.__dataclass_fields__}
    short = SeenReport(**fields | {"sealed_digest": sealed, "statement": make_statement(made.digest_context, sealed)})
    with pytest.raises(BodyError):
        open_digest(Keyring([EPOCH]), short)
