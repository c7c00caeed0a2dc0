"""Prepared files become assets: one transaction for a batch, then the renames into the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crdt.asset import add_source, view_asset
from crdt.draft import Draft
from crdt.purge import generation_for
from peer.importing.outcome import LeftOut, Outcome
from peer.importing.prepare import Identified, Prepared, describe_new
from peer.library.asset_files import located
from peer.library.authoring import Edit
from peer.library.held import HeldFile
from peer.library.index_files import keep_index
from peer.library.library import Library
from peer.library.placing import Tree
from peer.library.queues import Priority, Upload, uploads_of_file
from peer.media.types import Kind
from peer.originals.copying import keep_names
from peer.originals.errors import CopyFailedError, NameTakenError
from peer.originals.held import HeldStamp
from store.ids import FileHash, RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Bytes that the library has or had: which asset, under which name they came again, and whether it was deleted."""

    identified: Identified
    record: RecordId
    deleted: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """A source whose bytes are an asset's, and how it looked when they were read."""

    path: Path
    file: FileHash
    stamp: HeldStamp


@dataclass(slots=True, kw_only=True)
class _Batch:
    """What one transaction does beside its edits. ``new``: assets that it makes; ``taken``: the files that went into assets."""

    done: Outcome = field(default_factory=Outcome)
    reserved: list[HeldFile] = field(default_factory=list)
    left_over: list[Prepared] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    new: dict[FileHash, RecordId] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)


class Committer:
    """Writes batches. ``bring_back``: what was deleted before is restored instead of left alone."""

    def __init__(self, library: Library, outcome: Outcome, *, bring_back: bool, move: bool) -> None:
        self._library = library
        self._outcome = outcome
        self._bring_back = bring_back
        self._move = move
        self._tree = Tree(library)

    def look_up(self, identified: Identified) -> Known | None:
        """Whether the bytes are in the library already, so that they need not be copied."""
        file = identified.hashed.file
        record = self._asset_of(file)
        content = self._library.records.content(record) if record is not None else None
        if record is None or content is None:
            purged = self._library.records.is_purged(RecordId.asset(file))
            return Known(identified=identified, record=RecordId.asset(file), deleted=True) if purged and not self._bring_back else None
        if not self._has(file):
            return None  # known, but the bytes aren't here: they are taken from where they lie
        return Known(identified=identified, record=record, deleted=view_asset(content).trashed is not None)

    def commit(self, items: Sequence[Prepared | Known]) -> None:
        """All of ``items`` in one transaction. What came twice, or was imported by another process meanwhile, is found to be known."""
        batch = _Batch()
        keep_names(item.copied.path for item in items if isinstance(item, Prepared))
        with self._library.database.write():
            edits = [edit for item in items if (edit := self._edit(item, batch)) is not None]
            self._library.change(edits)
            self._library.uploads.add([node.number for node in self._library.nodes.relays()], batch.uploads)
        self._count(batch.done)
        for held in batch.reserved:
            self._settle(held)
        for prepared in batch.left_over:
            prepared.discard()
        if self._move:
            self._remove_sources(batch.taken)

    def _settle(self, held: HeldFile) -> None:
        """A place that can't be had costs no other file: this one is held in the incoming folder, and placed by whoever comes next."""
        try:
            self._tree.settle(held)
        except (CopyFailedError, NameTakenError) as error:
            path = self._library.folder.root / held.path
            self._outcome.skipped.append(LeftOut(path=path, reason=f"imported, but not in its place yet: {error.message}"))

    def _edit(self, item: Prepared | Known, batch: _Batch) -> Edit | None:
        return self._known(item, batch) if isinstance(item, Known) else self._prepared(item, batch)

    def _asset_of(self, file: FileHash) -> RecordId | None:
        with self._library.database.read() as connection:
            row = connection.execute(
                "SELECT record FROM asset_file WHERE file = ? ORDER BY role <> 'primary', record LIMIT 1", (file,)
            ).fetchone()
        return None if row is None else RecordId(row[0])

    def _has(self, file: FileHash) -> bool:
        """Whether the bytes are here: recorded, and not removed by hand since."""
        held = self._library.held.get(file)
        return held is not None and located(self._library, held).exists()

    def _known(self, known: Known, batch: _Batch) -> Edit | None:
        done, found = batch.done, known.identified.found
        if known.deleted and not self._bring_back:
            done.deleted_before += 1
            return None
        batch.taken.append(Taken(found.path, known.identified.hashed.file, known.identified.hashed.stamp))
        done.duplicates += 1
        if known.deleted:
            done.assets.append(known.record)
        return Edit(known.record, lambda draft, stamp: _seen_again(draft, found.path.name, restore=known.deleted))

    def _prepared(self, prepared: Prepared, batch: _Batch) -> Edit | None:
        library, file, done = self._library, prepared.copied.file, batch.done
        record = batch.new.get(file) or self._asset_of(file)
        if not self._has(file):
            library.held.forget(file)
            batch.reserved.append(self._tree.reserve(prepared.copied, prepared.name, _taken(prepared)))
            batch.uploads += uploads_of_file(file, prepared.copied.stamp.size, prepared.sealing.blobs, Priority.ORIGINAL)
            batch.uploads += keep_index(library, file, prepared.sealing)
            library.downloads.done([file])
        else:
            batch.left_over.append(prepared)
        if record is not None:
            content = library.records.content(record)
            deleted = content is not None and view_asset(content).trashed is not None
            if deleted and not self._bring_back:
                done.deleted_before += 1
                return None
            batch.taken.append(Taken(prepared.source, file, prepared.source_stamp))
            done.duplicates += 1
            return Edit(record, lambda draft, stamp: _held_again(draft, prepared, restore=deleted))
        batch.taken.append(Taken(prepared.source, file, prepared.source_stamp))
        record = batch.new[file] = generation_for(file, library.records.is_purged)
        self._keep_pictures(record, prepared, batch.uploads)
        done.imported += 1
        done.assets.append(record)
        if prepared.examination.problem is not None:
            done.without_picture.append(LeftOut(path=prepared.source, reason=prepared.examination.problem))
        return Edit(record, lambda draft, stamp: describe_new(draft, prepared))

    def _keep_pictures(self, record: RecordId, prepared: Prepared, uploads: list[Upload]) -> None:
        if prepared.thumbnail is not None:
            held, rendition = prepared.thumbnail.held, prepared.thumbnail.rendition
            self._library.held.put(held)
            uploads += uploads_of_file(held.file, held.size, rendition.blobs, Priority.THUMBNAIL)
        if prepared.media.kind is Kind.PHOTO and prepared.thumbnail is not None:
            with self._library.database.write() as connection:
                connection.execute("INSERT OR IGNORE INTO preview_wanted (record, file) VALUES (?, ?)", (record, prepared.copied.file))

    def _count(self, done: Outcome) -> None:
        outcome = self._outcome
        outcome.imported += done.imported
        outcome.duplicates += done.duplicates
        outcome.deleted_before += done.deleted_before
        outcome.assets += done.assets
        outcome.without_picture += done.without_picture

    def _remove_sources(self, taken: Sequence[Taken]) -> None:
        """``--move``: the source goes once its bytes are held here, in place and durable. What stays deleted stays where it lies."""
        for source in taken:
            held = self._library.held.get(source.file)
            if held is not None and held.incoming is None and held.untouched(self._library.folder.root):
                reason = _unlink(source)
                if reason:
                    self._outcome.skipped.append(LeftOut(path=source.path, reason=reason))


def _taken(prepared: Prepared) -> str | None:
    taken = prepared.examination.exif.get("taken")
    return taken if isinstance(taken, str) else None


def _seen_again(draft: Draft, name: str, *, restore: bool) -> None:
    draft.add("name", name)
    if restore:
        draft.set("trashed", None)


def _held_again(draft: Draft, prepared: Prepared, *, restore: bool) -> None:
    _seen_again(draft, prepared.name, restore=restore)
    if not draft.fields.sets.get("source", {}).get(prepared.copied.file.base64()):
        add_source(draft, prepared.copied.file, prepared.way)


def _unlink(source: Taken) -> str:
    """Why the source couldn't be removed, or nothing. What was written into it since is nowhere else."""
    try:
        if HeldStamp.of(source.path.stat()) != source.stamp:
            return "imported, but it changed since: the source was left where it is"
        source.path.unlink()
    except OSError as error:
        return f"imported, but the source could not be removed: {error.strerror}"
    return ""
