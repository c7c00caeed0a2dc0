"""Digests: of content and vector alone, and sums that can be kept without recomputing."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt import record
from crdt.client import writer
from crdt.digest import EMPTY_DIGEST, Digest, LibraryDigest, purged_digest, record_digest
from crdt.record import Changes, Content
from crdt.update import decode_update
from store.ids import FileHash, RecordId
from tests.unit.crdt.contents import content, stamp

ASSET, OTHER = (RecordId.asset(FileHash(bytes([n]) * 32)) for n in range(2))
A, B = writer(1), writer(2)
BASE = content({f"v/rating/{A}": (1, 3), f"s/keyword/x/{B}": (2, None)})
digests = st.binary(min_size=16, max_size=16).map(Digest)


@pytest.mark.parametrize(
    "other",
    [
        content({f"v/rating/{A}": (1, 4), f"s/keyword/x/{B}": (2, None)}),
        content({f"v/rating/{A}": (9, 3), f"s/keyword/x/{B}": (2, None)}),
        content({f"v/caption/{A}": (1, 3), f"s/keyword/x/{B}": (2, None)}),
        content({f"v/rating/{A}": (1, 3)}),
        content({f"v/rating/{A}": (1, True), f"s/keyword/x/{B}": (2, None)}),
        Content(live=BASE.live, vector={**BASE.vector, 3: 1}),
        Content(live=BASE.live, vector={**BASE.vector, 1: 2}),
    ],
)
def test_every_difference_shows(other: Content) -> None:
    assert record_digest(ASSET, other) != record_digest(ASSET, BASE)


def test_the_id_counts_and_a_purged_id_is_something_else() -> None:
    assert record_digest(OTHER, BASE) != record_digest(ASSET, BASE)
    assert purged_digest(ASSET) != purged_digest(OTHER)
    assert purged_digest(ASSET) != record_digest(ASSET, record.EMPTY)


def test_the_order_of_keys_and_clients_doesn_t_count() -> None:
    backwards = Content(live=dict(reversed(list(BASE.live.items()))), vector=dict(reversed(list(BASE.vector.items()))))
    assert record_digest(ASSET, backwards) == record_digest(ASSET, BASE)


def test_two_ways_to_one_content_have_one_digest_whatever_the_engine_s_bytes() -> None:
    base = record.write(None, 1, stamp(1), Changes(sets={"v/rating": 3, "d/exif": {f"k{n}": n for n in range(9)}}))
    one = record.write(base.state, 2, stamp(2), Changes(sets={"v/caption": "x"}))
    two = record.write(base.state, 3, stamp(3), Changes(sets={"v/rating": 4}, deletes=frozenset({f"v/rating/{A}"})))
    left = record.apply(one.state, two.update, decode_update(two.update))
    right = record.apply(two.state, one.update, decode_update(one.update))
    assert record_digest(ASSET, left.content) == record_digest(ASSET, right.content)
    assert record_digest(ASSET, record.read(left.state)) == record_digest(ASSET, left.content)


@given(st.lists(digests, max_size=8), st.integers(0, 1 << 32))
def test_the_sum_doesn_t_depend_on_order_and_undoes(parts: list[Digest], seed: int) -> None:
    total = EMPTY_DIGEST
    for part in parts:
        total = total.add(part)
    shuffled = list(parts)
    Random(seed).shuffle(shuffled)
    again = EMPTY_DIGEST
    for part in shuffled:
        again = again.add(part)
    assert again == total
    assert int.from_bytes(total, "big") == sum(int.from_bytes(part, "big") for part in parts) % (1 << 128)
    for part in parts:
        total = total.remove(part)
    assert total == EMPTY_DIGEST


def test_a_digest_prints_as_hex() -> None:
    digest = LibraryDigest(bytes(range(16)))
    assert digest.hex() == "000102030405060708090a0b0c0d0e0f"
    with pytest.raises(ValueError, match="16 bytes"):
        Digest(bytes(15))
