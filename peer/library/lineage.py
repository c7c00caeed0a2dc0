"""What a value in a record replaced, told by the entry that wrote it.

Whoever writes a field deletes the values that it saw there, so the update itself names them: by client and clock. The entries of those clients
say what they were. That goes back as far as the entries are kept: a checkpoint that everybody has leaves only stubs of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from crdt.client import client_of
from crdt.keys import stem_of
from crdt.lib0 import MalformedUpdateError
from crdt.update import DecodedUpdate, Item, decode_update
from peer.library.entry_bodies import opened_body
from peer.library.library import Library
from store.ids import EntryHash, RecordId

_KEPT_BODIES: Final = 32
_MOST_DELETES: Final = 256
"""Of an update that is looked into: each may need an entry of its own."""
_MOST_STEPS: Final = 200
"""Values that are followed back from one side of a conflict."""


@dataclass(frozen=True, slots=True)
class Base:
    """What all sides of a conflict go back to; ``item`` is ``None`` where nothing stood there before."""

    item: Item | None


class Lineage:
    """Reads entries, for one answer. Bodies are kept for a while: a bulk change has many records in one."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._bodies = lru_cache(maxsize=_KEPT_BODIES)(partial(opened_body, library))

    def replaced(self, record: RecordId, stem: str, writer: str) -> tuple[Item, ...] | None:
        """What ``writer`` saw in a field and replaced; ``None`` when that can't be told any more."""
        update = self._update(record, client_of(writer))
        if update is None or len(update.deletes) > _MOST_DELETES:
            return None
        found: list[Item] = []
        for piece in update.deletes:
            made = self._update(record, piece.client)
            if made is None:
                return None
            found += (item for item in made.items[piece.clock : piece.end] if stem_of(item.key) == stem)
        return tuple(found)

    def base(self, record: RecordId, stem: str, writers: Sequence[str]) -> Base | None:
        """The newest value that all of ``writers`` go back to; ``None`` when that can't be told any more."""
        ways = [list(self._back(record, stem, writer)) for writer in writers]
        shared = set.intersection(*({item.key for item in way if item is not None} for way in ways))
        common = next((item for item in ways[0] if item is not None and item.key in shared), None)
        if common is None and any(None in way for way in ways):
            return None
        return Base(common)

    def _back(self, record: RecordId, stem: str, writer: str) -> Iterator[Item | None]:
        """All values that ``writer`` goes back to, the nearest first; ``None`` where the trace ends too early."""
        todo, known = [writer], {writer}
        for _ in range(_MOST_STEPS):
            if not todo:
                return
            replaced = self.replaced(record, stem, todo.pop(0))
            if replaced is None:
                yield None
                continue
            for item in replaced:
                name = item.key.rpartition("/")[2]
                if name not in known:
                    known.add(name)
                    todo.append(name)
                    yield item
        yield None

    def _update(self, record: RecordId, client: int) -> DecodedUpdate | None:
        """What the entry with this client id did in a record; ``None`` when it isn't there, or it isn't clear which one that is."""
        with self._library.database.read() as connection:
            rows = connection.execute("SELECT past.name FROM client JOIN past USING (arrival) WHERE client = ?", (client,)).fetchall()
        body = self._bodies(EntryHash(rows[0][0])) if len(rows) == 1 else None
        update = None if body is None else next((update for touched, update in body.updates if touched == record), None)
        try:
            return None if update is None else decode_update(update)
        except MalformedUpdateError:
            return None
