"""The bodies of entries that are kept here, opened."""

from __future__ import annotations

from peer.keys.change_body import ChangeBody
from peer.keys.errors import BodyError, UnsealError
from peer.keys.sealing import open_body
from peer.library.library import Library
from store.ids import EntryHash


def opened_body(library: Library, name: EntryHash) -> ChangeBody | None:
    """What an entry changes; ``None`` when it isn't kept any more, is no change, or can't be opened by this device."""
    arrived = library.log.get(name)
    if arrived is None or arrived.entry.epoch is None:
        return None
    epoch = library.keyring().get(arrived.entry.epoch)
    try:
        return None if epoch is None else ChangeBody.decode(open_body(epoch, arrived.entry.prefix, arrived.entry.body))
    except (UnsealError, BodyError):
        return None
