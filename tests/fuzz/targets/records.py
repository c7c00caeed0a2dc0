"""Records: updates, the gate and the engine behind it, canonical states, keys and the elements in them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

from crdt import record
from crdt.client import writer
from crdt.clock import Stamp
from crdt.digest import record_digest
from crdt.gate import Void, judge
from crdt.keys import MAX_ELEMENT_BYTES, MAX_NAME_BYTES, Family, KeyFormatError, escape, parse_key, set_stem, stem_of, unescape
from crdt.lib0 import MalformedUpdateError
from crdt.record import Changes
from crdt.state import MAX_CLIENTS, MAX_CLOCKS, RecordState, read_canonical, read_state
from crdt.update import MAX_DELETES, MAX_ITEMS, DecodedUpdate, DeleteRange, Item, decode_update, encode_update
from crdt.values import canonical
from store.ids import RecordId, RecordKind
from tests.fuzz.chance import Chance
from tests.fuzz.mutation import mutated_bytes
from tests.fuzz.seeds import golden_json
from tests.fuzz.structure import changed
from tests.fuzz.target import Target, promise

_CLIENT = 1_234_567_890_123
_EARLIER = 99
_STAMP = Stamp.of(1_700_000_000_000)
_RECORD = RecordId.make(RecordKind.ASSET, bytes(16))
_SOME: Mapping[str, Any] = {"v/caption": "Zoë", "v/rating": 5, "s/keyword/sea": None}


def update(data: bytes) -> None:
    """An accepted update has one encoding and keeps its limits."""
    try:
        decoded = decode_update(data)
    except MalformedUpdateError:
        return
    promise(encode_update(decoded.client or 0, decoded.items, decoded.deletes) == data, "another encoding of the same update")
    promise(len(decoded.items) <= MAX_ITEMS and len(decoded.deletes) <= MAX_DELETES, "more than allowed")


def gate(data: bytes) -> None:
    """What the gate lets pass the engine applies, to exactly what our own reading of it says."""
    verdict = judge(data, client=_CLIENT, stamp=_STAMP, made={_EARLIER: len(_SOME)}.get)
    if isinstance(verdict, Void):
        promise(bool(verdict.reason), "void without a reason")
        return
    before = _before()
    applied = record.apply(before, data, verdict.update)
    expected = read_state(before).after(verdict.update)
    promise(read_state(applied.state) == expected, "the engine has another state than we read")
    promise(applied.content == expected.content(), "the engine says something else than we read")
    promise(read_canonical(expected.encode()) == expected, "a state that isn't read as it is written")
    promise(record_digest(_RECORD, applied.content) == record_digest(_RECORD, record.read(applied.state)), "two digests of one record")


@cache
def _before() -> bytes:
    return record.write(None, _EARLIER, Stamp.of(1_600_000_000_000), Changes(sets=_SOME)).state


def state(data: bytes) -> None:
    """An accepted state has one encoding, keeps its limits, is what the engine reads, and merged with itself is itself."""
    try:
        read = read_canonical(data)
    except MalformedUpdateError:
        return
    promise(read.encode() == data, "another encoding of the same state")
    promise(len(read.clients) <= MAX_CLIENTS, "more clients than allowed")
    promise(all(0 < len(clocks) <= MAX_ITEMS for clocks in read.clients.values()), "more clocks of a client than allowed")
    promise(sum(map(len, read.clients.values())) <= MAX_CLOCKS, "more clocks than allowed")
    promise(record.read(data) == read.content(), "the engine reads something else")
    promise(read.merged_with(read) == read.merged_with(RecordState({})) == read, "merging changes what is the same")


def record_key(data: bytes) -> None:
    """An accepted key has one spelling and keeps its limits."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        key = parse_key(text)
    except KeyFormatError:
        return
    promise(text.endswith(f"/{key.writer}") and stem_of(text) == text[: -len(key.writer) - 1], "a key without its writer")
    promise(len(key.name.encode()) <= MAX_NAME_BYTES, "a name that is too long")
    promise((key.element is None) == (key.family is not Family.SET), "an element outside of a set")
    if key.element is None:
        promise(text == f"{key.family}/{key.name}/{key.writer}", "another spelling of the same key")
        return
    promise(len(text.split("/")) == 4, "an element with a slash")
    if unicodedata.is_normalized("NFC", key.element):
        promise(f"{set_stem(key.name, key.element)}/{key.writer}" == text, "another spelling of the same element")


def set_element(data: bytes) -> None:
    """An element comes back from its spelling as it was, in NFC; each spelling is its own."""
    element = data.decode("utf-8", "surrogateescape")
    try:
        escaped = escape(element)
    except KeyFormatError:
        promise(not element or 3 * len(data) > MAX_ELEMENT_BYTES, "an element that can't be spelled")
        return
    back = unescape(escaped)
    promise(len(escaped.encode()) <= MAX_ELEMENT_BYTES and "/" not in escaped, "a spelling that fits into no key")
    promise(back == unicodedata.normalize("NFC", element), "an element that doesn't come back")
    promise(escape(back) == escaped, "another spelling of the same element")
    promise(parse_key(f"s/name/{escaped}/{writer(_CLIENT)}").element == back, "a key with another element")


def element_spelling(data: bytes) -> None:
    """What is taken as the spelling of an element is the one that is written, but for its normal form."""
    try:
        text = data.decode()
        element = unescape(text)
    except (UnicodeDecodeError, KeyFormatError):
        return
    if text and "/" not in text and len(data) <= MAX_ELEMENT_BYTES and unicodedata.is_normalized("NFC", element):
        promise(escape(element) == text, "another spelling of the same element")


def _update_changed(data: bytes, chance: Chance) -> bytes:
    """An update with another item or delete range, in the agreed form; now and then the bytes as they are."""
    if chance.once_in(4):
        return mutated_bytes(data, chance)
    try:
        return _reencoded(decode_update(data), chance)
    except ValueError:
        return mutated_bytes(data, chance)


def _reencoded(decoded: DecodedUpdate, chance: Chance) -> bytes:
    items, deletes, client = list(decoded.items), list(decoded.deletes), decoded.client or 0
    place = chance.random.randrange(len(items)) if items else 0
    match chance.random.randrange(4 if items else 2):
        case 0:
            client = chance.pick((_CLIENT, _EARLIER, client + 1))
        case 1:
            deletes.append(DeleteRange(chance.pick((_EARLIER, _CLIENT, 7)), chance.random.randrange(4), chance.random.randrange(1, 4)))
        case 2:
            items.insert(place, chance.pick(items))
        case _:
            items[place] = _item_changed(items[place], chance)
    return encode_update(client, items, deletes)


def _item_changed(item: Item, chance: Chance) -> Item:
    match chance.random.randrange(4):
        case 0:
            return item._replace(key=chance.leaf(item.key.encode(), 200).decode("utf-8", "replace"))
        case 1:
            return item._replace(
                key=f"{chance.pick(('v/rating', 'd/kind', 's/name/%2F', 'v/x:y'))}/{writer(chance.pick((_CLIENT, _EARLIER)))}"
            )
        case 2 if chance.once_in(4):
            return item._replace(stamp=Stamp(chance.random.randbytes(Stamp.SIZE)))
        case _:
            return item._replace(value=canonical(changed(item.value, chance)))


def _state_changed(data: bytes, chance: Chance) -> bytes:
    """A state with an update more or an item less, in its canonical form; now and then the bytes as they are."""
    try:
        read = read_state(data)
        if chance.once_in(2):
            update = decode_update(_update_changed(chance.pick(list(_gated().values())), chance))
            return read.after(update).encode()
        clients = {client: tuple(None if chance.once_in(4) else item for item in clocks) for client, clocks in read.clients.items()}
        return RecordState(clients).encode()
    except ValueError:
        return mutated_bytes(data, chance)


def _updates() -> Mapping[str, bytes]:
    entries = [(case["name"], number, each) for case in golden_json("crdt/records") for number, each in enumerate(case["entries"])]
    return {f"{name}-{number}".replace(" ", "-"): bytes.fromhex(each["update"]["hex"]) for name, number, each in entries}


@cache
def _gated() -> Mapping[str, bytes]:
    values: dict[str, Any] = {
        "text": {"v/caption": "a", "s/keyword/sky": None},
        "numbers": {"v/rating": 3, "v/edit:exposure": -12.5, "d/exif": {"f": 1.8, "iso": 64, "exposure": 1 / 3}},
        "nested": {"v/trashed": {"at": bytes(8), "seen": ["AAAAAAAAA"]}, "d/thumbnail": {"blobs": [bytes(32)], "n": [[[[True]]]]}},
        "escaped": {"s/name/a%2Fb%25.jpg": None, "v/position:AAAAAAAAAAAAAAAAAAAAAA": "a0"},
    }
    made = {name: record.write(None, _CLIENT, _STAMP, Changes(sets=sets)).update for name, sets in values.items()}
    deleting = Changes(sets={"v/caption": "b"}, deletes=frozenset({f"v/caption/{writer(_EARLIER)}"}))
    both = frozenset(f"{stem}/{writer(_EARLIER)}" for stem in ("v/caption", "s/keyword/sea"))
    made["replacing"] = record.write(_before(), _CLIENT, _STAMP, deleting).update
    made["deleting"] = record.write(_before(), _CLIENT, _STAMP, Changes(deletes=both)).update
    return made


def _states() -> Mapping[str, bytes]:
    before = read_state(_before())
    later = {name: before.after(decode_update(data)).encode() for name, data in _gated().items()}
    return {"nothing": RecordState({}).encode(), "before": before.encode(), **later}


def _keys() -> Mapping[str, bytes]:
    stems = {"register": "v/role:raw", "set": "s/name/caf%E9%2F.jpg", "plain": "s/keyword/sea", "derived": "d/exif"}
    return {name: f"{stem}/{writer(_CLIENT)}".encode() for name, stem in stems.items()}


def _elements() -> Mapping[str, bytes]:
    return {str(number): bytes.fromhex(case["bytes"]["hex"]) for number, case in enumerate(golden_json("crdt/elements"))}


def _spellings() -> Mapping[str, bytes]:
    return {str(number): case["escaped"].encode() for number, case in enumerate(golden_json("crdt/elements"))}


TARGETS = (
    Target(name="update", check=update, seeds=lambda: {**_updates(), **_gated()}, mutate=_update_changed),
    Target(name="gate", check=gate, seeds=_gated, mutate=_update_changed),
    Target(name="state", check=state, seeds=_states, mutate=_state_changed),
    Target(name="record-key", check=record_key, seeds=_keys, longest=1200),
    Target(name="set-element", check=set_element, seeds=_elements, longest=512),
    Target(name="element-spelling", check=element_spelling, seeds=_spellings, longest=512),
)
