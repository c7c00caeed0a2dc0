"""What a checkpoint's blobs hold, and the indexes of large files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peer.keys.codec import pack, unpack
from peer.keys.errors import BodyError
from peer.library.checkpoints.format import End, Header, Item, ItemReader, Kind, encode_items
from peer.library.segments import SegmentError, blob_ids_in
from relay.messages.framing import frame
from store.encoding import MalformedError, decode, encode
from store.ids import BlobId
from tests.fuzz.chance import Chance
from tests.fuzz.mutation import mutated_bytes
from tests.fuzz.seeds import golden_hex
from tests.fuzz.structure import mutated_cbor
from tests.fuzz.target import Target, promise
from tests.fuzz.targets.streams import whole_items

_CUT = 100


def checkpoint(data: bytes) -> None:
    """The same items come however the content is cut, in the order in which they are written, and are read as they are written."""
    items = _read(data, len(data) or 1)
    promise(items == _read(data, _CUT), "what comes depends on where it was cut")
    if items is None:
        return
    promise(isinstance(items[0], Header) and isinstance(items[-1], End), "a checkpoint without beginning or end")
    promise(_read(b"".join(encode_items(items[:-1])), 1 << 20) == items, "items that aren't read as they are written")


def _read(data: bytes, cut: int) -> list[Item] | None:
    reader = ItemReader()
    try:
        items = [item for start in range(0, len(data), cut) for item in reader.feed(data[start : start + cut])]
        reader.finish()
    except MalformedError:
        return None
    return items


def index(data: bytes) -> None:
    """An index is the blob ids that it consists of, and nothing else."""
    try:
        blobs = blob_ids_in(data)
    except SegmentError:
        promise(not data or len(data) % BlobId.SIZE != 0, "an index that isn't read")
        return
    promise(b"".join(blobs) == data, "blobs that an index doesn't name")


def _portion_changed(data: bytes, chance: Chance) -> bytes:
    """A portion with other items, unpacked and packed again; moved, doubled, left out, or of another kind."""
    portions = whole_items(data)
    if not portions or chance.once_in(12):
        return mutated_bytes(data, chance)
    place = chance.random.randrange(len(portions))
    tag, packed = portions[place]
    match chance.random.randrange(8):
        case 0:
            portions[place] = (chance.random.randrange(7), packed)
        case 1:
            portions.insert(chance.random.randrange(len(portions)), portions[place])
        case 2:
            del portions[place]
        case _:
            portions[place] = (tag, _items_changed(packed, chance))
    return _with_counts(portions) if portions and chance.once_in(2) else _joined(portions)


def _items_changed(packed: bytes, chance: Chance) -> bytes:
    try:
        return pack(mutated_cbor(unpack(packed), chance))
    except BodyError:
        return mutated_bytes(packed, chance)


def _with_counts(portions: list[tuple[int, bytes]]) -> bytes:
    """The last portion says how many items there are, as an end does."""
    *before, (tag, _) = portions
    try:
        counts = [len(_items(before, kind)) for kind in (Kind.ENTRIES, Kind.VOIDS, Kind.PURGED)]
        records = {repr(piece[:1]) for piece in _items(before, Kind.RECORDS) if isinstance(piece, list)}
    except (BodyError, MalformedError):
        return _joined(portions)
    return _joined([*before, (tag, pack(encode([*counts, len(records)])))])


def _items(portions: list[tuple[int, bytes]], kind: Kind) -> list[Any]:
    lists = [decode(unpack(packed), limit=1 << 20) for tag, packed in portions if tag == kind]
    return [item for items in lists if isinstance(items, list) for item in items]


def _joined(portions: list[tuple[int, bytes]]) -> bytes:
    return b"".join(frame(tag, packed) for tag, packed in portions)


def _plain_checkpoint() -> Mapping[str, bytes]:
    """The golden one, and the same without compression, which the fuzzer can change by itself."""
    golden = golden_hex("checkpoint")()
    portions = whole_items(golden["checkpoint"])
    return {**golden, "plain": _joined([(tag, b"\0" + unpack(packed)) for tag, packed in portions])}


TARGETS = (
    Target(name="checkpoint", check=checkpoint, seeds=_plain_checkpoint, mutate=_portion_changed),
    Target(name="index", check=index, seeds=lambda: {"two": bytes(range(64)), "none": b"", "half": bytes(33)}, longest=256),
)
