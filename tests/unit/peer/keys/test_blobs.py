"""Sealed segments: the same on every device of a library, different for everyone else, refused when a bit differs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.keys.blobs import BLOB_OVERHEAD, SEGMENT_BYTES, epoch_of, name_segment, open_blob, seal_segment, segments_of
from peer.keys.epochs import Epoch, Keyring
from peer.keys.errors import MissingEpochError, UnsealError
from store.blobs import MAX_BLOB_BYTES
from tests.unit.peer.keys import reference
from tests.unit.peer.keys.seeded import Seeded, epoch, flipped, golden

segments = st.binary(min_size=1, max_size=2000)
EPOCH = epoch("1")
KEYRING = Keyring([EPOCH])
SEALED = seal_segment(EPOCH, b"a segment of a photo").sealed


def test_sealed_blob_and_name_are_pinned() -> None:
    pinned = golden("blob")
    known, segment = Epoch(bytes.fromhex(pinned["secret"])), bytes.fromhex(pinned["segment"])
    blob = seal_segment(known, segment)
    assert (blob.id.hex(), blob.sealed.hex()) == (pinned["id"], pinned["sealed"])
    assert open_blob(Keyring([known]), bytes.fromhex(pinned["sealed"])) == segment


@given(segments)
def test_blobs_are_those_of_the_protocol(segment: bytes) -> None:
    blob = seal_segment(EPOCH, segment)
    assert blob.sealed == reference.seal_segment(EPOCH.secret, segment)
    assert blob.id == hashlib.sha256(blob.sealed).digest()
    assert len(blob.sealed) == len(segment) + BLOB_OVERHEAD
    assert epoch_of(blob.sealed) == EPOCH.id
    assert open_blob(KEYRING, blob.sealed) == segment


@given(segments, st.lists(segments, max_size=3))
def test_what_was_sealed_before_changes_nothing(segment: bytes, between: list[bytes]) -> None:
    first = seal_segment(EPOCH, segment)
    for other in between:
        seal_segment(EPOCH, other)
    assert seal_segment(Epoch(EPOCH.secret), segment) == first


@given(segments)
def test_another_epoch_gives_another_blob(segment: bytes) -> None:
    other = seal_segment(epoch("2"), segment)
    assert other.id != seal_segment(EPOCH, segment).id
    assert other.sealed[17:49] != seal_segment(EPOCH, segment).sealed[17:49]


@given(st.integers(min_value=0, max_value=len(SEALED) * 8 - 1))
def test_any_flipped_bit_is_refused(bit: int) -> None:
    with pytest.raises(UnsealError):
        open_blob(KEYRING, flipped(SEALED, bit))


@pytest.mark.parametrize("length", [0, 1, 17, 49, 64, BLOB_OVERHEAD, len(SEALED) - 1])
def test_truncated_blobs_are_refused(length: int) -> None:
    with pytest.raises(UnsealError):
        open_blob(KEYRING, SEALED[:length])


def test_a_ciphertext_under_a_foreign_siv_is_refused() -> None:
    """A member could make one that AES-GCM accepts; a device that took it could be shown other bytes under the name of a file."""
    siv, start = bytes(range(32)), SEALED[:17]
    forged = start + siv + reference.aes(reference.hkdf(EPOCH.blob_key, siv), b"other bytes", start)
    with pytest.raises(UnsealError):
        open_blob(KEYRING, forged)


def test_a_blob_of_an_epoch_that_is_not_known_yet_says_so() -> None:
    with pytest.raises(MissingEpochError, match=EPOCH.id.short()):
        open_blob(Keyring([epoch("2")]), SEALED)


def test_whole_segments_and_no_more() -> None:
    whole = Seeded("segment")(SEGMENT_BYTES)
    blob = seal_segment(EPOCH, whole)
    assert len(blob.sealed) == MAX_BLOB_BYTES
    assert open_blob(KEYRING, blob.sealed) == whole
    with pytest.raises(ValueError, match="segment"):
        seal_segment(EPOCH, whole + b"x")
    with pytest.raises(UnsealError):
        open_blob(KEYRING, blob.sealed + b"x")


@pytest.mark.parametrize("seal", [seal_segment, name_segment])
def test_an_empty_segment_is_never_sealed(seal: Callable[[Epoch, bytes], object]) -> None:
    with pytest.raises(ValueError, match="segment"):
        seal(EPOCH, b"")


@pytest.mark.parametrize("size", [1, 100_000, SEGMENT_BYTES])
def test_a_name_is_that_of_the_blob(size: int) -> None:
    segment = Seeded("named")(size)
    assert name_segment(EPOCH, segment) == name_segment(EPOCH, memoryview(segment)) == seal_segment(EPOCH, segment).id


def test_a_short_segment_after_a_long_one_holds_nothing_of_it() -> None:
    seal_segment(EPOCH, b"long " * 1000)
    assert seal_segment(EPOCH, b"short").sealed == reference.seal_segment(EPOCH.secret, b"short")


def test_threads_do_not_disturb_each_other() -> None:
    inputs = [Seeded(f"thread {number}")(300_000 - number) for number in range(24)]
    with ThreadPoolExecutor(4) as pool:
        blobs = list(pool.map(lambda segment: seal_segment(EPOCH, segment), inputs))
    assert [open_blob(KEYRING, blob.sealed) for blob in blobs] == inputs
    assert [blob.id for blob in blobs] == [seal_segment(EPOCH, segment).id for segment in inputs]


@pytest.mark.parametrize(("size", "count"), [(0, 0), (1, 1), (SEGMENT_BYTES, 1), (SEGMENT_BYTES + 1, 2), (10 * SEGMENT_BYTES, 10)])
def test_number_of_segments(size: int, count: int) -> None:
    assert segments_of(size) == count
