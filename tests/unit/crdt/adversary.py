"""Members that write what they must not. Each attack gives the bytes of an update for the next entry of a device."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from crdt.client import writer
from crdt.clock import Stamp
from crdt.keys import stem_of
from crdt.update import DeleteRange, Item, encode_update
from crdt.values import Value
from store.ids import RecordId
from tests.unit.crdt.fleet import Device
from tests.unit.crdt.raw_updates import RawItem, RawUpdate, nested, pair


class Forger:
    """Makes updates for ``device``'s next entry about ``target``, with full knowledge of all that ``others`` hold."""

    def __init__(self, random: Random, device: Device, target: RecordId, others: list[Device]) -> None:
        self.random = random
        self.stamp, self.nonce, self.client = device.next_identity()
        self.device = device
        self.target = target
        self.known = {client: clocks for other in others for (record, client), (_, clocks) in other.made.items() if record == target}
        self.attacks: list[Callable[[], bytes]] = [
            self.honest,
            self.foreign_client,
            self.foreign_delete,
            self.delete_too_much,
            self.delete_own,
            self.gap,
            self.foreign_key,
            self.foreign_stamp,
            self.deep,
            self.origin,
            self.nested_type,
            self.many_clients,
            self.mutated,
            self.noise,
        ]

    def update(self) -> bytes:
        return self.random.choice(self.attacks)()

    def honest(self) -> bytes:
        """Deletes of anything that was ever made, with a write beside: void or not, by the causal past alone."""
        return encode_update(self.client, [self._item()], self._deletes())

    def foreign_client(self) -> bytes:
        client = self._somebody()
        return encode_update(client, [Item(f"v/rating/{writer(client)}", self.stamp, 1)], [])

    def foreign_delete(self) -> bytes:
        return encode_update(self.client, [], self._deletes() or [DeleteRange(self._somebody(), 0, 1)])

    def delete_too_much(self) -> bytes:
        client = self._somebody()
        return encode_update(self.client, [self._item()], [DeleteRange(client, 0, self.known.get(client, 0) + 1)])

    def delete_own(self) -> bytes:
        return encode_update(self.client, [self._item()], [DeleteRange(self.client, 0, 1)])

    def gap(self) -> bytes:
        return RawUpdate(blocks=[(self.client, 1, [self._raw()])]).encoded()

    def foreign_key(self) -> bytes:
        live = list(self.device.content(self.target).live) or [f"v/rating/{writer(1)}"]
        return encode_update(self.client, [Item(self.random.choice(live), self.stamp, 1)], [])

    def foreign_stamp(self) -> bytes:
        return encode_update(self.client, [self._item()._replace(stamp=Stamp(b"\xff" * 8))], [])

    def deep(self) -> bytes:
        return RawUpdate(blocks=[(self.client, 0, [self._raw(nested(self.random.choice([8, 16_000])))])]).encoded()

    def origin(self) -> bytes:
        item = RawItem(key="", content=pair(self.stamp), info=0xA8, origins=b"\x01\0")
        return RawUpdate(blocks=[(self.client, 0, [item])]).encoded()

    def nested_type(self) -> bytes:
        return RawUpdate(blocks=[(self.client, 0, [RawItem(key=self._key(), content=b"", info=0x27)])]).encoded()

    def many_clients(self) -> bytes:
        return RawUpdate(blocks=[(self.client, 0, [self._raw()]), (self._somebody(), 0, [self._raw()])]).encoded()

    def mutated(self) -> bytes:
        update = bytearray(self.honest())
        for _ in range(self.random.randrange(1, 4)):
            update[self.random.randrange(len(update))] = self.random.randrange(256)
        return bytes(update)

    def noise(self) -> bytes:
        return self.random.randbytes(self.random.randrange(60))

    def _key(self) -> str:
        return f"{self.random.choice(['v/rating', 'v/caption', 's/keyword/sea', 'd/kind', 'v/of_2040'])}/{writer(self.client)}"

    def _item(self) -> Item:
        live = [stem_of(key) for key in self.device.content(self.target).live]
        stem = self.random.choice([*live, "v/rating", "s/keyword/x"])
        values: list[Value] = [1, "x", None, [1.5, {"a": b"b"}]]
        return Item(f"{stem}/{writer(self.client)}", self.stamp, self.random.choice(values))

    def _raw(self, value: bytes = b"\x7e") -> RawItem:
        return RawItem(key=self._key(), content=pair(self.stamp, value))

    def _somebody(self) -> int:
        return self.random.choice([*self.known, 5])

    def _deletes(self) -> list[DeleteRange]:
        chosen = self.random.sample(sorted(self.known), min(len(self.known), self.random.randrange(3)))
        return [DeleteRange(client, self.random.randrange(self.known[client]), 1) for client in chosen]
