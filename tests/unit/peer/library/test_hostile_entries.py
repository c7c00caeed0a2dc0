"""Entries that are damaged, forged, or no change at all: refused by name, void or waiting, and nothing else suffers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from crdt.record import Applied, EngineError, apply
from crdt.update import DecodedUpdate
from peer.keys.change_body import ChangeBody
from peer.keys.codec import ZSTD, zstd  # type: ignore[attr-defined]  # the one that this version of Python has
from peer.keys.sealing import seal
from peer.library import applying
from peer.library.library import Library
from store.encoding import encode
from store.entries import Entry
from store.ids import EpochId, RecordId, RecordKind
from store.log import Status
from tests.fleet import authors
from tests.fleet.libraries import digest, edit, give
from tests.unit.peer.library.mallory import Mallory
from tests.unit.peer.library.three import Three, voids, waiting

# Bytes that are no entry, or not one that may stand where it stands

Forge: TypeAlias = Callable[[Three], bytes]


def flipped(raw: bytes, place: int) -> bytes:
    turned = bytearray(raw)
    turned[place % len(raw)] ^= 1 << place % 8
    return bytes(turned)


def with_body(entry: Entry, body: bytes) -> bytes:
    return encode([entry.header, entry.signature, body])


def signed_by(library: Library, entry: Entry) -> bytes:
    return encode([entry.header, library.keys.sign(b"calotype entry" + entry.header), entry.body])


REFUSED: dict[str, tuple[str, Forge]] = {
    "cut off": ("malformed", lambda three: three.mallory.make(b"body").raw[:-1]),
    "cut in half": ("malformed", lambda three: three.mallory.make(b"body" * 100).raw[:200]),
    "empty": ("malformed", lambda three: b""),
    "more behind it": ("malformed", lambda three: three.mallory.make(b"body").raw + b"\0"),
    "a bit of its body turned": ("bad-hash", lambda three: flipped(three.mallory.make(b"body" * 100).raw, -8)),
    "another body": ("bad-hash", lambda three: with_body(three.mallory.make(b"body"), b"ydob")),
    "of another library": ("other-library", lambda three: authors.make_library("other").genesis.raw),
    "signed by another member": ("bad-signature", lambda three: signed_by(three.bert, three.mallory.make(b"body"))),
    "a number too far on": ("bad-chain", lambda three: three.mallory.make(b"body", seq=three.mallory.seq + 1).raw),
    "a number again": ("bad-chain", lambda three: three.mallory.make(b"body", seq=three.mallory.seq - 1).raw),
    "two megabytes": ("too-large", lambda three: encode([b"", bytes(64), bytes(2 * 1024 * 1024)])),
    "nested deep": ("too-deep", lambda three: b"\x81" * 16_000 + b"\x01"),
    "of a stranger": ("not-allowed-author", lambda three: authors.Author(_strangers(three), "eve", authors.Keys("eve")).open_log().raw),
    "of a new version": ("unknown-version", lambda three: _of_version_2(three)),
}


def _strangers(three: Three) -> authors.FleetLibrary:
    library = authors.make_library("strangers")
    library.id = three.anna.id
    library.entries = []
    return library


def _of_version_2(three: Three) -> bytes:
    header = encode([encode([2, b"whatever that has"]), bytes(32), 0])
    return encode([header, three.mallory.library.keys.sign(b"calotype entry" + header), b""])


@pytest.mark.parametrize(("code", "forge"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_by_name_and_nothing_else_suffers(three: Three, code: str, forge: Forge) -> None:
    mallory, anna = three.mallory, three.anna
    bad = forge(three)
    good = [mallory.set(three.photo, "v/rating", 3).raw, mallory.set(three.other, "v/rating", 4).raw]
    outcomes = anna.receive([good[0], bad, good[1]])
    assert [outcome.status for outcome in outcomes] == [Status.STORED, Status.REFUSED, Status.STORED]
    assert outcomes[1].code == code
    assert outcomes[1].detail
    assert [three.rating(anna, record) for record in (three.photo, three.other)] == [3, 4]
    assert voids(anna) == {}
    three.assert_agreement()


def test_one_turned_bit_anywhere(three: Three) -> None:
    entry = three.mallory.set(three.photo, "v/rating", 5)
    bad = [flipped(entry.raw, place) for place in range(0, len(entry.raw), 3)]
    outcomes = three.anna.receive([*bad, entry.raw])
    assert {outcome.status for outcome in outcomes[:-1]} == {Status.REFUSED}
    assert {outcome.code for outcome in outcomes[:-1]} >= {"malformed", "bad-hash", "bad-signature"}
    assert outcomes[-1].status is Status.STORED
    assert three.rating(three.anna, three.photo) == 5
    three.assert_agreement()


def test_replayed_it_is_known_and_changes_nothing(three: Three) -> None:
    entry = three.mallory.set(three.photo, "v/rating", 5)
    three.anna.receive([entry.raw])
    before = digest(three.anna)
    for _ in range(3):
        (outcome,) = three.anna.receive([entry.raw])
        assert outcome.status is Status.KNOWN
    assert digest(three.anna) == before


def test_a_gap_in_the_chain_waits_and_is_not_kept(three: Three) -> None:
    first, second = three.mallory.set(three.photo, "v/rating", 1), three.mallory.set(three.photo, "v/caption", "two")
    (outcome,) = three.anna.receive([second.raw])
    assert outcome.status is Status.WAITING
    assert not three.anna.log.has(second.name)
    assert [outcome.status for outcome in three.anna.receive([second.raw, first.raw])] == [Status.STORED, Status.STORED]
    three.assert_agreement()


# Bodies of a member's entries that are no change

Body: TypeAlias = Callable[[Mallory], bytes]


def _packed(mallory: Mallory, packed: bytes) -> bytes:
    """Sealed as it is, with whatever codec byte it begins."""
    return seal(mallory.library.write_epoch().log_key, "body", mallory.prefix(), packed)


def _zstd(plain: bytes) -> bytes:
    return bytes([ZSTD]) + bytes(zstd.compress(plain))


def _body(mallory: Mallory, *fields: object) -> bytes:
    return mallory.seal(encode(list(fields)))


SOME = RecordId.make(RecordKind.ASSET, bytes(16))
STAMP, RANDOM = bytes(8), bytes(16)
VOID_BODIES: dict[str, Body] = {
    "nothing": lambda mallory: b"",
    "random bytes": lambda mallory: authors.filler("noise", 500),
    "sealed for another place": lambda mallory: seal(mallory.library.write_epoch().log_key, "body", b"elsewhere", b"\0"),
    "a seal with a turned bit": lambda mallory: flipped(mallory.seal(ChangeBody(stamp=STAMP, random=RANDOM).encode()), 40),
    "not CBOR": lambda mallory: mallory.seal(b"\xff\xff"),
    "nested deep": lambda mallory: mallory.seal(b"\x81" * 60_000 + b"\x01"),
    "a bomb": lambda mallory: _packed(mallory, _zstd(bytes(64 * 1024 * 1024))),
    "half a frame": lambda mallory: _packed(mallory, _zstd(bytes(5000))[:-3]),
    "two frames": lambda mallory: _packed(mallory, _zstd(b"one") + _zstd(b"two")[1:]),
    "a short stamp": lambda mallory: _body(mallory, bytes(7), RANDOM, b"", [], []),
    "no random bytes": lambda mallory: _body(mallory, STAMP, b"", b"", [], []),
    "too few fields": lambda mallory: _body(mallory, STAMP, RANDOM, b"", []),
    "a record twice": lambda mallory: _body(mallory, STAMP, RANDOM, b"", [[SOME, b""], [SOME, b""]], []),
    "changed and purged": lambda mallory: _body(mallory, STAMP, RANDOM, b"", [[SOME, b""]], [SOME]),
    "no such kind of record": lambda mallory: _body(mallory, STAMP, RANDOM, b"", [[b"\x09" + bytes(16), b""]], []),
    "half a record id": lambda mallory: _body(mallory, STAMP, RANDOM, b"", [], [bytes(8)]),
    "too many purges": lambda mallory: _body(mallory, STAMP, RANDOM, b"", [], [_record(number) for number in range(5000)]),
    "a tag": lambda mallory: mallory.seal(b"\xc1\x01"),
}


def _record(number: int) -> bytes:
    return RecordId.make(RecordKind.ASSET, number.to_bytes(16, "big"))


@pytest.mark.parametrize("body", VOID_BODIES.values(), ids=VOID_BODIES.keys())
def test_a_body_that_is_no_change_is_void_and_the_chain_goes_on(three: Three, body: Body) -> None:
    mallory, anna, bert = three.mallory, three.anna, three.bert
    hostile = mallory.write(body(mallory))
    honest = mallory.set(three.photo, "v/rating", 5)
    assert [outcome.status for outcome in anna.receive([hostile.raw])] == [Status.STORED]
    assert voids(anna) == {b"": "the body doesn't decode"}
    assert [outcome.status for outcome in anna.receive([honest.raw])] == [Status.STORED]
    edit(anna, three.photo, caption="mine")
    assert [outcome.status for outcome in bert.receive([hostile.raw, honest.raw])] == [Status.STORED, Status.STORED]
    three.assert_agreement()
    assert [three.rating(library, three.photo) for library in (anna, bert)] == [5, 5]
    assert waiting(anna) == waiting(bert) == []


WAITING_BODIES: dict[str, tuple[str, Callable[[Mallory], Entry]]] = {
    "a codec of the future": ("newer version", lambda mallory: mallory.write(_packed(mallory, b"\x07whatever"))),
    "an epoch that nobody has": ("key of epoch", lambda mallory: mallory.write(b"sealed", epoch=EpochId(bytes(16)))),
}


@pytest.mark.parametrize(("reason", "forge"), WAITING_BODIES.values(), ids=WAITING_BODIES.keys())
def test_what_can_t_be_judged_yet_waits_with_its_reason_and_holds_up_only_its_own_log(
    three: Three, reason: str, forge: Callable[[Mallory], Entry]
) -> None:
    mallory, anna = three.mallory, three.anna
    entries = [forge(mallory), mallory.set(three.photo, "v/rating", 5)]
    anna.receive([entry.raw for entry in entries])
    assert [len(waiting(anna)), three.rating(anna, three.photo)] == [2, 0]
    assert reason in waiting(anna)[0]
    assert "waits itself" in waiting(anna)[1]
    edit(anna, three.photo, rating=2)
    give(anna, three.bert)
    edit(three.bert, three.other, rating=3)
    three.assert_agreement()
    assert [three.rating(anna, record) for record in (three.photo, three.other)] == [2, 3]
    assert len(waiting(three.bert)) == 2


# What the engine can't do


def test_an_engine_error_after_the_gate_waits_and_is_tried_again(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    mallory, anna = three.mallory, three.anna
    entries = [mallory.set(three.photo, "v/rating", 5), mallory.set(three.other, "v/rating", 4)]

    def failing(state: bytes | None, update: bytes, decoded: DecodedUpdate) -> Applied:
        if decoded.items[0].value == 5:
            raise EngineError("the engine failed: out of sorts")
        return apply(state, update, decoded)

    with monkeypatch.context() as patch:
        patch.setattr(applying, "apply", failing)
        outcomes = anna.receive([entry.raw for entry in entries])
        assert [outcome.status for outcome in outcomes] == [Status.STORED, Status.STORED]
        assert "out of sorts" in waiting(anna)[0]
        assert "waits itself" in waiting(anna)[1]
        assert [three.rating(anna, record) for record in (three.photo, three.other)] == [0, 0]
        edit(anna, three.photo, caption="meanwhile")
        anna.retry_waiting()
        assert len(waiting(anna)) == 2
    anna.retry_waiting()
    assert waiting(anna) == []
    assert [three.rating(anna, record) for record in (three.photo, three.other)] == [5, 4]
    three.assert_agreement()


def test_what_waits_leaves_no_trace(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first update is void, and the engine fails on the second: nothing is said of either before both are judged."""
    hand = three.mallory.hand()
    entry = three.mallory.change(hand, (three.photo, b"no update"), (three.other, hand.update("v/rating", 4)))
    with monkeypatch.context() as patch:
        patch.setattr(applying, "apply", _fails)
        three.anna.receive([entry.raw])
        assert len(waiting(three.anna)) == 1
        assert voids(three.anna) == {}
    three.anna.retry_waiting()
    assert set(voids(three.anna)) == {bytes(three.photo)}
    three.assert_agreement()


def test_what_waits_is_tried_again_whenever_something_came(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = three.mallory.set(three.photo, "v/rating", 5)
    with monkeypatch.context() as patch:
        patch.setattr(applying, "apply", _fails)
        three.anna.receive([entry.raw])
    edit(three.bert, three.other, rating=1)
    give(three.bert, three.anna)
    assert waiting(three.anna) == []
    three.assert_agreement()


def test_a_record_whose_bytes_are_damaged_here_holds_up_what_changes_it_and_stops_nothing_else(three: Three) -> None:
    anna, mallory = three.anna, three.mallory
    good = anna.records.state(three.photo)
    with anna.database.write() as connection:
        connection.execute("UPDATE record SET state = x'ffff' WHERE record = ?", (three.photo,))
    edit(three.bert, three.other, rating=2)
    outcomes = anna.receive([mallory.set(three.photo, "v/rating", 5).raw])
    give(three.bert, anna)
    assert [outcome.status for outcome in outcomes] == [Status.STORED]
    assert len(waiting(anna)) == 1
    assert three.rating(anna, three.other) == 2
    with anna.database.write() as connection:
        connection.execute("UPDATE record SET state = ? WHERE record = ?", (good, three.photo))
    anna.retry_waiting()
    three.assert_agreement()


def _fails(*_: object) -> None:
    raise EngineError("the engine failed")
