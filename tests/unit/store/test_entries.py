"""Entries: bytes that agree with themselves."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.encoding import encode
from store.entries import MAX_DEPS, Dep, EntryKind, is_signed_by, make_prefix, parse_entry, seal_entry, verify_signature
from store.errors import RefusedError
from store.ids import NO_ENTRY, EntryHash, EpochId, LibraryId, LogId
from tests.fleet.authors import Keys
from tests.unit.store import strategies as of

KEYS = Keys("entries")
LIBRARY = LibraryId(bytes(range(32)))
LOG = LogId(bytes(range(16)))
EPOCH = EpochId(b"e" * 16)
NAME = EntryHash(b"n" * 32)


@given(st.sampled_from(EntryKind), st.integers(0, 2**63 - 1), of.names, of.deps, st.binary(max_size=200))
def test_round_trip(kind: EntryKind, seq: int, name: EntryHash, deps: list[Dep], body: bytes) -> None:
    previous = NO_ENTRY if seq == 0 else name
    epoch = EPOCH if kind is EntryKind.CHANGE else None
    prefix = make_prefix(kind=kind, library=LIBRARY, log=LOG, seq=seq, previous=previous, deps=deps, epoch=epoch)
    sealed = seal_entry(prefix, body, KEYS.sign)
    again = parse_entry(sealed.raw)
    assert again == sealed
    assert again.raw == sealed.raw
    assert (again.kind, again.library, again.log, again.seq, again.previous) == (kind, LIBRARY, LOG, seq, previous)
    assert (again.deps, again.epoch, again.body, again.prefix) == (tuple(sorted(set(deps))), epoch, body, prefix)
    verify_signature(again, KEYS.signing_key)


@settings(max_examples=150)
@given(st.data())
def test_bytes_that_were_changed_are_refused_or_not_signed(data: st.DataObject) -> None:
    prefix = make_prefix(kind=EntryKind.CHANGE, library=LIBRARY, log=LOG, seq=3, previous=NAME, deps=[Dep(LOG, 1, NAME)], epoch=EPOCH)
    raw = bytearray(seal_entry(prefix, b"a sealed body", KEYS.sign).raw)
    start = data.draw(st.integers(0, len(raw) - 1))
    length = data.draw(st.integers(0, 5))
    replacement = data.draw(st.binary(max_size=5).filter(lambda new: new != bytes(raw[start : start + length])))
    raw[start : start + length] = replacement
    try:
        entry = parse_entry(bytes(raw))
    except RefusedError:
        return
    assert not is_signed_by(entry, KEYS.signing_key)


def refusal(prefix: object, *, body: bytes = b"", header_body: bytes | None = None) -> str:
    named = body if header_body is None else header_body
    header = encode([prefix if isinstance(prefix, bytes) else encode(prefix), hashlib.sha256(named).digest(), len(named)])
    with pytest.raises(RefusedError) as caught:
        parse_entry(encode([header, bytes(64), body]))
    return caught.value.code


GOOD = [1, 0, LIBRARY, LOG, 1, NAME, [[LOG, 1, NAME]], EPOCH]


@pytest.mark.parametrize(
    ("place", "value", "code"),
    [
        (0, 2, "unknown-version"),
        (0, True, "malformed"),
        (0, "1", "malformed"),
        (1, 10, "malformed"),
        (1, -1, "malformed"),
        (1, False, "malformed"),
        (2, bytes(31), "malformed"),
        (2, "x" * 32, "malformed"),
        (3, bytes(17), "malformed"),
        (4, -1, "malformed"),
        (4, 2**63, "malformed"),
        (4, 1.0, "malformed"),
        (4, 0, "bad-chain"),
        (5, bytes(32), "bad-chain"),
        (5, bytes(33), "malformed"),
        (6, None, "malformed"),
        (6, [[LOG, 1]], "malformed"),
        (6, [[LOG, 1, NAME], [LOG, 1, NAME]], "malformed"),
        (6, [[LOG, 2, NAME], [LOG, 1, NAME]], "malformed"),
        (6, [[LOG, number, NAME] for number in range(MAX_DEPS + 1)], "too-large"),
        (6, [[[[1]]]], "too-deep"),
        (7, b"", "malformed"),
        (7, bytes(15), "malformed"),
    ],
)
def test_each_field_is_looked_at(place: int, value: object, code: str) -> None:
    assert refusal([*GOOD[:place], value, *GOOD[place + 1 :]]) == code


def test_a_control_entry_names_no_epoch() -> None:
    assert refusal([1, 2, *GOOD[2:]]) == "malformed"


def test_a_list_of_another_length() -> None:
    assert refusal(GOOD[:-1]) == refusal([*GOOD, 1]) == refusal([]) == refusal({}) == refusal(b"") == "malformed"


def test_a_body_that_the_header_doesn_t_name() -> None:
    assert refusal(GOOD, body=b"one", header_body=b"two") == "bad-hash"
    assert refusal(GOOD, body=b"one", header_body=b"longer") == "bad-hash"


def test_secrets_and_bulk_stay_out_of_what_is_printed() -> None:
    prefix = make_prefix(kind=EntryKind.CHANGE, library=LIBRARY, log=LOG, seq=0, previous=NO_ENTRY, deps=(), epoch=EPOCH)
    assert len(repr(seal_entry(prefix, bytes(100_000), KEYS.sign))) < 400
