"""The content of a change: strict on both sides."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.keys.change_body import MAX_PURGES, MAX_UPDATES, ChangeBody
from peer.keys.errors import BodyError
from store.encoding import encode
from store.ids import RecordId, RecordKind
from tests.unit.peer.keys.seeded import golden

records = st.builds(RecordId.make, st.sampled_from(RecordKind), st.binary(min_size=16, max_size=16))
fixed = {length: st.binary(min_size=length, max_size=length) for length in (8, 16)}


@st.composite
def bodies(draw: st.DrawFn) -> ChangeBody:
    named = draw(st.lists(records, unique=True, max_size=12))
    split = draw(st.integers(min_value=0, max_value=len(named)))
    return ChangeBody(
        stamp=draw(fixed[8]),
        random=draw(fixed[16]),
        batch=draw(st.one_of(st.just(b""), fixed[16])),
        updates=tuple((record, draw(st.binary(max_size=40))) for record in named[:split]),
        purges=tuple(named[split:]),
    )


def record(number: int) -> RecordId:
    return RecordId.make(RecordKind.ASSET, number.to_bytes(16, "big"))


def body(**changed: Any) -> ChangeBody:
    fields: dict[str, Any] = {"stamp": bytes(8), "random": bytes(16)}
    return ChangeBody(**fields | changed)


@given(bodies())
def test_round_trip(original: ChangeBody) -> None:
    assert ChangeBody.decode(original.encode()) == original


def test_the_encoding_is_pinned() -> None:
    pinned = golden("body")["plain"]
    original = ChangeBody(
        stamp=bytes.fromhex(pinned["stamp"]),
        random=bytes.fromhex(pinned["random"]),
        batch=bytes.fromhex(pinned["batch"]),
        updates=tuple((RecordId.parse(name), bytes.fromhex(update)) for name, update in pinned["updates"]),
        purges=tuple(RecordId.parse(name) for name in pinned["purges"]),
    )
    assert original.encode().hex() == pinned["encoded"]


def test_a_body_may_change_nothing() -> None:
    assert ChangeBody.decode(body().encode()).updates == ()


@pytest.mark.parametrize(
    "wrong", [{"stamp": bytes(7)}, {"stamp": bytes(9)}, {"random": bytes(15)}, {"batch": bytes(8)}, {"batch": bytes(17)}]
)
def test_wrong_lengths_are_refused(wrong: dict[str, bytes]) -> None:
    with pytest.raises(BodyError):
        body(**wrong)


def test_a_record_occurs_once() -> None:
    with pytest.raises(BodyError):
        body(updates=((record(1), b""), (record(1), b"")))
    with pytest.raises(BodyError):
        body(purges=(record(1), record(1)))
    with pytest.raises(BodyError):
        body(updates=((record(1), b""),), purges=(record(1),))


def test_limits_hold_exactly() -> None:
    names = [record(number) for number in range(MAX_UPDATES + MAX_PURGES + 1)]
    updates = tuple((name, b"") for name in names[:MAX_UPDATES])
    purges = tuple(names[MAX_UPDATES : MAX_UPDATES + MAX_PURGES])
    full = body(updates=updates, purges=purges)
    assert ChangeBody.decode(full.encode()) == full
    with pytest.raises(BodyError):
        body(updates=(*updates, (names[-1], b"")))
    with pytest.raises(BodyError):
        body(purges=(*purges, names[-1]))
    with pytest.raises(BodyError):
        ChangeBody.decode(encode([bytes(8), bytes(16), b"", [[name, b""] for name in names[: MAX_UPDATES + 1]], []]))


ID = bytes(record(1))


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"stamp": bytes(8)},
        [bytes(8), bytes(16), b"", []],
        [bytes(8), bytes(16), b"", [], [], []],
        ["12345678", bytes(16), b"", [], []],
        [bytes(8), bytes(16), None, [], []],
        [bytes(8), bytes(16), b"", None, []],
        [bytes(8), bytes(16), b"", [ID], []],
        [bytes(8), bytes(16), b"", [[ID]], []],
        [bytes(8), bytes(16), b"", [[ID, "text"]], []],
        [bytes(8), bytes(16), b"", [[ID[:-1], b""]], []],
        [bytes(8), bytes(16), b"", [[b"\x09" + ID[1:], b""]], []],
        [bytes(8), bytes(16), b"", [], [[ID]]],
        [bytes(8), bytes(16), b"", [], {"a": ID}],
    ],
)
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(BodyError):
        ChangeBody.decode(encode(value))


@given(bodies(), st.data())
def test_truncated_or_longer_bytes_are_refused(original: ChangeBody, data: st.DataObject) -> None:
    encoded = original.encode()
    with pytest.raises(BodyError):
        ChangeBody.decode(encoded[: data.draw(st.integers(min_value=0, max_value=len(encoded) - 1))])
    with pytest.raises(BodyError):
        ChangeBody.decode(encoded + b"\x00")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_body_or_a_body_error(data: bytes) -> None:
    try:
        assert ChangeBody.decode(data).encode() == data
    except BodyError:
        return


def test_deep_nesting_is_refused_quickly() -> None:
    with pytest.raises(BodyError):
        ChangeBody.decode(b"\x81" * 100_000 + b"\x00")
