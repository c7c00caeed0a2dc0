"""The gate, rule by rule, and that nothing hostile gets past it or makes it fall over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt import record
from crdt.client import writer
from crdt.clock import Stamp
from crdt.gate import Accepted, Void, judge
from crdt.record import Changes
from crdt.update import DeleteRange, Item, encode_update
from tests.unit.crdt.raw_updates import NULL, RawItem, RawUpdate, nested, pair
from tests.unit.crdt.strategies import items

CLIENT = 1_234_567_890_123
EARLIER = 99
STAMP = Stamp.of(1_700_000_000_000)
W = writer(CLIENT)


def made(client: int) -> int | None:
    """The causal past holds one entry that made three items here."""
    return {EARLIER: 3}.get(client)


def reason(update: bytes) -> str | None:
    verdict = judge(update, client=CLIENT, stamp=STAMP, made=made)
    return verdict.reason if isinstance(verdict, Void) else None


def setting(*keys: str, client: int = CLIENT, stamp: Stamp = STAMP) -> bytes:
    return encode_update(client, [Item(key, stamp, None) for key in keys], [])


def deleting(*ranges: DeleteRange) -> bytes:
    return encode_update(CLIENT, [], ranges)


@pytest.mark.parametrize(
    "update",
    [
        setting(f"v/rating/{W}"),
        setting(f"v/a_field_of_2040:x/{W}", f"s/keyword/sea/{W}", f"d/exif/{W}"),
        deleting(DeleteRange(EARLIER, 0, 3)),
        deleting(DeleteRange(EARLIER, 0, 1), DeleteRange(EARLIER, 2, 1)),
        encode_update(CLIENT, [Item(f"v/rating/{W}", STAMP, 3)], [DeleteRange(EARLIER, 1, 1)]),
    ],
)
def test_accepted(update: bytes) -> None:
    verdict = judge(update, client=CLIENT, stamp=STAMP, made=made)
    assert isinstance(verdict, Accepted)
    assert encode_update(CLIENT, verdict.update.items, verdict.update.deletes) == update


@pytest.mark.parametrize(
    ("why", "update"),
    [
        ("changes nothing", b"\0\0"),
        ("not its entry's", setting(f"v/rating/{W}", client=CLIENT + 1)),
        ("not its entry's", setting(f"v/rating/{writer(EARLIER)}", client=EARLIER)),
        ("not its entry's", setting(f"v/rating/{W}", stamp=Stamp.of(1))),
        ("entry's writer", setting(f"v/rating/{writer(EARLIER)}")),
        ("grammar", setting(f"v/Rating/{W}")),
        ("grammar", setting("v/rating")),
        ("escaped", setting(f"s/keyword/%C3%A9/{W}")),
        ("twice", setting(f"v/rating/{W}", f"v/rating/{W}")),
        ("causal past", deleting(DeleteRange(EARLIER, 0, 4))),
        ("causal past", deleting(DeleteRange(EARLIER, 3, 1))),
        ("causal past", deleting(DeleteRange(EARLIER + 1, 0, 1))),
        ("causal past", deleting(DeleteRange(CLIENT, 0, 1))),
        ("causal past", encode_update(CLIENT, [Item(f"v/rating/{W}", STAMP, 3)], [DeleteRange(CLIENT, 0, 1)])),
        ("causal past", deleting(DeleteRange(EARLIER, 0, (1 << 53) - 1))),
        ("too deep", RawUpdate(blocks=[(CLIENT, 0, [RawItem(key=f"v/a/{W}", content=pair(STAMP, nested(16_000)))])]).encoded()),
        ("begin at 0", RawUpdate(blocks=[(CLIENT, 1, [RawItem(key=f"v/a/{W}", content=pair(STAMP))])]).encoded()),
        ("plain value", RawUpdate(blocks=[(CLIENT, 0, [RawItem(key=f"v/a/{W}", content=b"\x01", info=0x27)])]).encoded()),
        ("origin", RawUpdate(blocks=[(CLIENT, 0, [RawItem(key="", content=pair(STAMP), info=0x88, origins=b"\x63\0")])]).encoded()),
        ("one pair", RawUpdate(blocks=[(CLIENT, 0, [RawItem(key=f"v/a/{W}", content=NULL)])]).encoded()),
        ("too early", b""),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_void(why: str, update: bytes) -> None:
    assert why in (reason(update) or "")


def test_a_client_id_that_an_earlier_entry_used_is_void() -> None:
    verdict = judge(setting(f"v/rating/{W}"), client=CLIENT, stamp=STAMP, made={CLIENT: 1}.get)
    assert verdict == Void(reason="an earlier entry wrote under this client id")


@given(st.binary(max_size=300))
def test_random_bytes_are_void(data: bytes) -> None:
    assert isinstance(judge(data, client=CLIENT, stamp=STAMP, made=made), Void)


@given(st.data(), st.integers(0, 400), st.binary(min_size=1, max_size=4), st.integers(0, 4))
def test_mutated_bytes_are_void_or_do_exactly_what_they_say(data: st.DataObject, at: int, patch: bytes, cut: int) -> None:
    """Against the engine itself: what the gate lets in, it applies as decoded, onto a record with a history."""
    older = record.write(None, EARLIER, STAMP, Changes(sets={"v/rating": 1, "v/caption": "x", "s/keyword/sea": None}))
    original = encode_update(CLIENT, data.draw(items(CLIENT, STAMP)), [DeleteRange(EARLIER, 0, 1)])
    at %= len(original)
    mutated = original[:at] + patch + original[at + cut :]
    verdict = judge(mutated, client=CLIENT, stamp=STAMP, made=made)
    if isinstance(verdict, Accepted):
        applied = record.apply(older.state, mutated, verdict.update)
        assert record.read(applied.state) == applied.content
        assert {item.key: item.value for item in verdict.update.items}.items() <= {
            key: cell.value for key, cell in applied.content.live.items()
        }.items()
    else:
        assert verdict.reason
