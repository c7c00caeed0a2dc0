"""What the world hands over to be judged, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from peer.engine.engine import Engine
from peer.library.library import Library
from relay.data_folder import DataFolder
from store.blobs import BlobStore
from store.ids import DeviceId, EntryHash, LogId, RecordId
from store.sqlite_log import SqliteLogStore
from tests.simulation.oracle.archive import Archive

Named: TypeAlias = RecordId | EntryHash | DeviceId | LogId
"""What the story has names for."""


@dataclass(frozen=True, kw_only=True)
class DeviceEvidence:
    """``library``: open, while its engine stands still. ``root``: the library's folder. ``stays``: the machine lives and took part in the last
    meeting; whether it is a member is not said by this. ``engine``: as it was left. ``foreign``: files that the person put into the tree, from
    ``root`` on."""

    name: str
    library: Library
    root: Path
    stays: bool
    engine: Engine | None = None
    foreign: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class RelayEvidence:
    """``key``: what devices pinned. ``is_whole``: it can take everything that devices bring; not one that is full, or hostile."""

    name: str
    folder: DataFolder
    log: SqliteLogStore
    blobs: BlobStore
    key: bytes
    is_whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """``secrets``: texts and bytes that no relay may have. ``hostile``: devices whose entries may be void, or wait for ever."""

    archive: Archive
    devices: tuple[DeviceEvidence, ...]
    relays: tuple[RelayEvidence, ...] = ()
    names: Callable[[Named], str] = lambda named: named.short()
    secrets: tuple[bytes | str, ...] = field(default=(), repr=False)
    hostile: frozenset[DeviceId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """``kind``: short and stable, of the same fault always the same. ``sentence``: for people, in the words of the story."""

    kind: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.sentence}"
