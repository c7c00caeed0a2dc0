"""Whatever the order in which entries are offered, hostile ones among them, every device ends with the same library."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.record import Content
from crdt.update import DeleteRange, Item, encode_update
from peer.library.library import PEER_SCHEMA, Library
from peer.library.meta import Meta
from peer.library.queries import AssetRow, Queries
from store.database import Database
from store.entries import Entry
from store.ids import RecordId
from store.log import Status
from store.sqlite_log import LOG_SCHEMA
from tests.fleet.libraries import add_photo, edit, exchange, give
from tests.unit.peer.library.mallory import Hand
from tests.unit.peer.library.three import Three, make_three

EVERYTHING = 2**40


def out_of_order_history(three: Three) -> None:
    """Danger 1 of the engine in the clothes of a library: one device writes a, b, a; applied in another order the engine alone loses one."""
    edit(three.anna, three.photo, caption="v0")
    edit(three.anna, three.photo, rating=1)
    edit(three.anna, three.photo, caption="v2")


def random_history(three: Three, chance: Random) -> list[Entry]:
    """Honest edits by two who meet now and then, and what mallory makes of what she sees; her entries."""
    hostile = []
    for _ in range(chance.randrange(4, 16)):
        author = chance.choice([three.anna, three.bert])
        record = chance.choice([three.photo, three.other])
        match chance.randrange(8):
            case 0:
                exchange(three.anna, three.bert)
            case 1:
                add_photo(author, f"another {chance.randrange(3)}")
            case 2 | 3 | 4:
                if chance.random() < 0.5:
                    three.mallory.sees(author)
                hostile.append(harm(three, chance, author, record))
                if chance.random() < 0.7:
                    author.receive([entry.raw for entry in hostile])
            case _:
                field = chance.choice(["rating", "caption"])
                edit(author, record, **{field: chance.randrange(6) if field == "rating" else str(chance.random())})
    return hostile


def harm(three: Three, chance: Random, seen: Library, record: RecordId) -> Entry:
    """An entry of mallory's whose update of ``record`` may be anything, beside one of the other photo that is honest."""
    hand = three.mallory.hand()
    content = seen.records.content(record)
    assert content is not None
    other = three.other if record == three.photo else three.photo
    updates = {record: update(chance, hand, content), other: hand.update("s/keyword/harmless", None)}
    return three.mallory.change(hand, *updates.items())


def update(chance: Random, hand: Hand, content: Content) -> bytes:
    """Deletes of anything, seen or not, with or without a write beside; sometimes mutated, sometimes noise."""
    clients = chance.sample(sorted(content.vector), min(len(content.vector), chance.randrange(3)))
    deletes = [DeleteRange(client, chance.randrange(content.vector[client]), chance.randrange(1, 3)) for client in clients]
    items = [Item(hand.key(chance.choice(["v/rating", "v/caption", "d/kind"])), hand.stamp, chance.randrange(9))]
    made = bytearray(encode_update(hand.client, items if chance.random() < 0.8 else [], deletes))
    for _ in range(chance.choice([0, 0, 0, 1, 2])):
        made[chance.randrange(len(made))] = chance.randrange(256)
    return bytes(made) if chance.random() < 0.9 else chance.randbytes(chance.randrange(60))


def replica(library: Library) -> Library:
    """The same device with nothing in it, in memory."""
    database = Database(":memory:", [LOG_SCHEMA, PEER_SCHEMA])
    Meta(database).put("library", library.id)
    return Library(library.folder, database, library.keys, library.id, library.clock, library.randomness)


def offered(library: Library, entries: Sequence[Entry], chance: Random, *, batch: int) -> Library:
    """A replica that was offered ``entries`` in a random order, ``batch`` at a time, again and again until it has all."""
    copy = replica(library)
    offer(copy, entries, chance, batch=batch)
    return copy


def offer(copy: Library, entries: Sequence[Entry], chance: Random, *, batch: int) -> None:
    left = [entry.raw for entry in entries]
    while left:
        chance.shuffle(left)
        kept = []
        for start in range(0, len(left), batch):
            raws = left[start : start + batch]
            for raw, outcome in zip(raws, copy.receive(raws), strict=True):
                assert outcome.status in (Status.STORED, Status.WAITING)
                if outcome.status is Status.WAITING:
                    kept.append(raw)
        assert len(kept) < len(left)
        left = kept


def shown(library: Library) -> tuple[object, ...]:
    """All that must be the same: the digest, the listing, and what is void where and why."""
    rows: list[AssetRow] = list(Queries(library.database).assets())
    with library.database.read() as connection:
        void = connection.execute("SELECT name, record, reason FROM void JOIN past USING (arrival) ORDER BY 1, 2").fetchall()
        waiting = connection.execute("SELECT name FROM waiting ORDER BY name").fetchall()
    return bytes(library.records.digest()), rows, void, waiting


def all_entries(library: Library) -> list[Entry]:
    return [arrived.entry for arrived in library.log.after(0, limit_bytes=EVERYTHING)]


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_every_order_gives_the_same_library(seed: int) -> None:
    chance = Random(seed)
    with tempfile.TemporaryDirectory() as folder, make_three(Path(folder)) as three:
        out_of_order_history(three)
        hostile = random_history(three, chance)
        for library in (three.anna, three.bert):
            library.receive([entry.raw for entry in hostile])
            give(three.anna if library is three.bert else three.bert, library)
            library.receive([entry.raw for entry in hostile])
        entries = all_entries(three.anna)
        replicas = [offered(three.bert, entries, chance, batch=batch) for batch in (1, 5, 1000)]
        views = [shown(library) for library in (three.anna, three.bert, *replicas)]
        for copy in replicas:
            copy.close()
        assert views.count(views[0]) == len(views)


def test_the_engine_s_dangerous_order(tmp_path: Path) -> None:
    """Each order of three writes of one device, offered one at a time."""
    with make_three(tmp_path) as three:
        before = all_entries(three.anna)
        out_of_order_history(three)
        new = all_entries(three.anna)[len(before) :]
        assert len(new) == 3
        for order in permutations(new):
            copy = replica(three.bert)
            copy.receive([entry.raw for entry in before])
            for entry in order * len(order):
                copy.receive([entry.raw])
            assert shown(copy) == shown(three.anna)
            copy.close()
