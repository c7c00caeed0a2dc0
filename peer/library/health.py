"""Whether a device has everything, what is on its way, and what is stuck and why: ``calotype status``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peer.library.checkpoints import standing
from peer.library.devices import device_rows, disagreeing_devices
from peer.library.instants import iso_utc, iso_utc_or_none
from peer.library.library import Library
from peer.library.nodes import NodeKind
from peer.library.queries import Queries
from peer.library.standing import why_not_member
from peer.library.storage import storage_of
from peer.library.taking_away import recovered_files
from peer.library.waiting import Why
from peer.library.writers import Writers
from peer.watching.folders import what_waits
from store.ids import LogId
from store.sqlite_rows import LibraryRows

MAX_PENDING = 1000
"""Waiting entries that are named one by one; ``pending_count`` counts all."""

NOT_RUNNING = "not running"
LISTENING = "listening"
AWAY = "away"


@dataclass(frozen=True, slots=True)
class Transfers:
    """Items that are queued, and their bytes."""

    count: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The state of this device's library. ``disagreeing``: devices that say to have applied exactly what is applied here, and yet have
    another digest: a convergence problem. ``standing``: a sentence when this device is no member. ``copied``: why this device will go on in another
    log, or empty. ``set_aside``: entries of removed devices that don't count. ``forks`` holds each log with several tips, and the tips as evidence.
    """

    library: str
    device: str
    member: bool
    standing: str
    copied: str
    converged: bool
    digest: str
    assets: int
    trashed: int
    entries: int
    pending_count: int
    set_aside: int
    pending: tuple[Mapping[str, Any], ...]
    uploads: Transfers
    downloads: Transfers
    previews: int
    stuck: tuple[Mapping[str, Any], ...]
    void: int
    forks: tuple[Mapping[str, Any], ...]
    held_back_by: tuple[str, ...]
    disagreeing: tuple[str, ...]
    nodes: tuple[Mapping[str, Any], ...]
    storage: Mapping[str, Any]
    recovered: int

    def to_json(self) -> dict[str, Any]:
        """The fields of CLI.md, and some more."""
        return {
            "library": self.library,
            "device": self.device,
            "member": self.member,
            "standing": self.standing,
            "copied": self.copied,
            "converged": self.converged,
            "digest": self.digest,
            "assets": self.assets,
            "trashed": self.trashed,
            "entries": self.entries,
            "pending_count": self.pending_count,
            "set_aside": self.set_aside,
            "pending": [dict(each) for each in self.pending],
            "uploads": self.uploads.count,
            "upload_bytes": self.uploads.size,
            "downloads": self.downloads.count,
            "download_bytes": self.downloads.size,
            "previews": self.previews,
            "stuck": [dict(each) for each in self.stuck],
            "void": self.void,
            "forks": len(self.forks),
            "forked_logs": [dict(each) for each in self.forks],
            "held_back_by": list(self.held_back_by),
            "disagreeing": list(self.disagreeing),
            "nodes": [dict(each) for each in self.nodes],
            "storage": dict(self.storage),
            "recovered": self.recovered,
        }


def library_status(library: Library, live_nodes: Sequence[Mapping[str, Any]] | None) -> Status:
    """The status now. ``live_nodes``: what the running engine knows of its nodes; ``None`` when none runs."""
    with library.database.read():
        assets, trashed = Queries(library.database).count()
        uploads, downloads = Transfers(*library.uploads.count()), Transfers(*library.downloads.count())
        waiting = library.waiting_count()
        why_not = why_not_member(library.roster(), library.device)
        nodes = tuple(_stored_nodes(library) if live_nodes is None else live_nodes)
        disagreeing = tuple(disagreeing_devices(library))
        queued = uploads.count + downloads.count + waiting
        return Status(
            library=library.id.hex(),
            device=library.device.hex(),
            member=not why_not,
            standing=why_not,
            copied=library.went_elsewhere if library.needs_new_log() else "",
            converged=all(map(_is_settled, nodes)) and not queued and not disagreeing and not library.is_loading,
            digest=bytes(library.records.digest()).hex(),
            assets=assets,
            trashed=trashed,
            entries=library.log.count(),
            pending_count=waiting,
            set_aside=library.waiting.set_aside(),
            pending=tuple(_pending(library)),
            uploads=uploads,
            downloads=downloads,
            previews=_count(library, "preview_wanted"),
            stuck=tuple(_stuck(library)),
            void=_count(library, "void"),
            forks=tuple(_forks(library)),
            held_back_by=tuple(waited_for(library)),
            disagreeing=disagreeing,
            nodes=nodes,
            storage=_storage(library),
            recovered=len(recovered_files(library)),
        )


def _stored_nodes(library: Library) -> Iterator[Mapping[str, Any]]:
    """What is remembered of nodes that nobody is in touch with: ``ahead`` counts what came here since entries were exchanged."""
    arrival, names = library.log.arrival(), Queries(library.database).device_names()
    for node in library.nodes.all():
        places = library.nodes.places(node.number)
        yield {
            "name": node.url if node.device is None else names.get(bytes(node.device), ("",))[0] or node.device.short(),
            "kind": node.kind.value,
            "device": None if node.device is None else node.device.hex(),
            "address": node.url if node.device is None else str(places[0][0]) if places else "",
            "state": NOT_RUNNING,
            "last_contact": iso_utc_or_none(node.last_contact),
            "behind": 0,
            "ahead": max(arrival - node.pushed, 0),
            "reason": "",
        }


def _is_settled(node: Mapping[str, Any]) -> bool:
    """Other devices come and go: one that isn't in reach keeps nothing from being settled."""
    if node["kind"] == NodeKind.PEER and node["state"] in (AWAY, NOT_RUNNING) and not node.get("wanted", False):
        return True
    return node["state"] in (LISTENING, NOT_RUNNING) and not node["behind"] and not node["ahead"]


def _pending(library: Library) -> Iterator[Mapping[str, Any]]:
    with library.database.read() as connection:
        query = "SELECT name, reason, since FROM waiting WHERE code <> ? ORDER BY arrival LIMIT ?"
        rows = connection.execute(query, (Why.REMOVED.value, MAX_PENDING)).fetchall()
    yield from ({"entry": name.hex(), "reason": reason, "since": iso_utc(since)} for name, reason, since in rows)


def _stuck(library: Library) -> Iterator[Mapping[str, Any]]:
    for each in (*library.uploads.stuck(), *library.downloads.stuck()):
        yield {"item": each.item, "reason": each.reason, "next_try": iso_utc(each.next_try) if each.next_try else None}
    yield from ({"item": item, "reason": reason, "next_try": None} for item, reason in (*standing.stuck(library), *what_waits(library)))


def _forks(library: Library) -> Iterator[Mapping[str, Any]]:
    writers, logs = Writers(library), library.roster().logs
    for log, tips in library.log.heads().items():
        if len(tips) > 1:
            device = logs.get(log)
            yield {
                "log": log.hex(),
                "device": None if device is None else writers.known(device).name,
                "parted_after": _parted_after(library, log),
                "tips": [{"seq": tip.seq, "entry": tip.name.hex()} for tip in tips],
            }


def _parted_after(library: Library, log: LogId) -> int:
    """The highest number that all branches of a log have in common; -1 when they share nothing."""
    with library.database.read() as connection:
        branches = LibraryRows(connection, library.id).branches_of(log).values()
    beginnings = sorted(branch.first_seq for branch in branches)
    return beginnings[1] - 1  # the log itself begins with the first of its branches


def waited_for(library: Library) -> Iterator[str]:
    """Names of the active members whose newest report doesn't cover all that is stored here, or doesn't acknowledge a checkpoint that others do."""
    holding_back = {device.hex() for device in standing.held_back_by(library)}
    for row in device_rows(library):
        if row["id"] in holding_back or (row["member"] and row["active"] and not row["this"] and row["behind"]):
            yield row["name"]


def _count(library: Library, table: str) -> int:
    with library.database.read() as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - names are ours


def _storage(library: Library) -> Mapping[str, Any]:
    """Bytes of what lies here by kind; then numbers and bytes of all originals, by whereabouts."""
    held = library.held.totals()
    database = library.folder.database
    files = (database, database.with_name(database.name + "-wal"))
    return {
        "originals": held["original"][1],
        "thumbnails": held["thumbnail"][1] + held["preview"][1],
        "database": sum(file.stat().st_size for file in files if file.exists()),
        "policy": library.policy().keep,
        "budget": library.policy().budget,
    } | storage_of(library).to_json()
