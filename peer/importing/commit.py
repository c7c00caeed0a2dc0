"""Prepared files become assets: one transaction for a batch, then the renames into the tree.

The files of one photo are committed together, and what becomes of them is decided together:

- A photo that isn't here is made, and names all its files. A part that is an asset already (it came first) is named too: listings then show both as one.
- A photo that is here is joined by the files that it lacks. A sidecar that changed takes the place of the older one, which stays as a version.
  Another RAW or film in a place that is taken is a photo by itself.
- What was deleted stays deleted, with all its parts: nothing of it is taken, unless it is to be brought back; then all of it is restored.
- A sidecar without its picture is left where it lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crdt.asset import AssetView
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.purge import generation_for
from peer.importing.describing import Part, add_lost_source, add_parts, seen_again
from peer.importing.grouping import MOTION, family_of, is_sidecar_role
from peer.importing.holdings import Holdings, Known
from peer.importing.joining import Composite, Earlier, Item, Joiner
from peer.importing.mates import content_shown, film_for, still_for
from peer.importing.moving import Taken, remove_sources
from peer.importing.outcome import LeftOut, Outcome
from peer.importing.prepare import Prepared, describe_new, with_thumbnail
from peer.importing.resaved import Former, NewVersion, as_version
from peer.importing.sources import part_of, ways_told
from peer.library import edits
from peer.library.actions import BY_PROGRAM
from peer.library.authoring import Edit
from peer.library.held import HeldFile
from peer.library.imported_from import ImportedFrom, Origin
from peer.library.index_files import keep_index
from peer.library.library import Library
from peer.library.placing import Tree
from peer.library.queries import Queries
from peer.library.queues import Priority, Upload, uploads_of_file
from peer.library.upload_planning import uploads_of_source
from peer.media.types import Kind
from peer.originals.copying import keep_names
from peer.originals.errors import CopyFailedError, NameTakenError
from store.ids import FileHash, RecordId

_WITHOUT_PICTURE = "a sidecar without its picture"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Files of one family, in one folder. ``hindered``: another one of them could not be taken."""

    items: Sequence[Item]
    hindered: bool = False


@dataclass(slots=True, kw_only=True)
class _Batch:
    """What one transaction does. ``keys``: of what its edits are about, none of which can be read from the records before they are written;
    ``taken``: the files that went into each photo, and whether something beside them could not be taken."""

    done: Outcome = field(default_factory=Outcome)
    edits: list[Edit] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    keys: set[object] = field(default_factory=set)
    reserved: list[HeldFile] = field(default_factory=list)
    left_over: list[Prepared] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    taken: list[tuple[list[Taken], bool]] = field(default_factory=list)


class Committer:
    """Writes batches. ``bring_back``: what was deleted before is restored instead of left alone; ``resaved``: a file that was written over one that
    was imported becomes a version of that photo."""

    def __init__(self, library: Library, outcome: Outcome, *, bring_back: bool, move: bool, resaved: bool = False) -> None:
        self._library = library
        self._outcome = outcome
        self._bring_back = bring_back
        self._move = move
        self._resaved = resaved
        self._tree = Tree(library)
        self._origins = ImportedFrom(library.database)
        self.holdings = Holdings(library, bring_back=bring_back, thorough=move)
        self._joiner = Joiner(library, self.holdings)

    def commit(self, bundles: Sequence[Bundle]) -> None:
        """All of ``bundles`` in one transaction. What came twice, or was imported by another process meanwhile, is found to be known."""
        batch = _Batch()
        keep_names(item.copied.path for bundle in bundles for item in bundle.items if isinstance(item, Prepared))
        with self._library.database.write():
            for bundle in bundles:
                self._bundle(bundle, batch)
            self._write(batch)
            self._library.uploads.add([node.number for node in self._library.nodes.relays()], batch.uploads)
        self._outcome.add(batch.done)
        for held in batch.reserved:
            self._settle(held)
        for prepared in batch.left_over:
            prepared.discard()
        if self._move:
            for photo, hindered in batch.taken:
                self._outcome.skipped += remove_sources(self._library, photo, hindered=hindered)

    def photos_among(self, items: Sequence[Item]) -> list[Prepared]:
        """Those that will be photos by themselves, as far as can be told now: they need pictures. The rest gets by without."""
        if len(items) == 1 and items[0].media.kind is Kind.PHOTO:
            photos: list[Item | Earlier | None] = [*items]
        else:
            photos = [each for composite in self._joiner.compose(items) for each in self._shown_of(composite)]
        return [photo for photo in photos if isinstance(photo, Prepared)]

    def _shown_of(self, composite: Composite) -> list[Item | Earlier | None]:
        """The primary, and what finds its place in an older photo taken."""
        composite = self._with_mate(composite)
        record = self._record_of(composite.primary)
        view = None if record is None else self.holdings.view(record)
        return [composite.primary, *(self._sorted(composite, view)[2] if view is not None else ())]

    def is_rewritten(self, path: Path, file: FileHash) -> bool:
        """Whether the file at ``path`` may be a version of what was imported from there."""
        origin = self._origins.at(path) if self._resaved else None
        return origin is not None and origin[1] != file

    def _settle(self, held: HeldFile) -> None:
        """A place that can't be had costs no other file: this one is held in the incoming folder, and placed by whoever comes next."""
        try:
            self._tree.settle(held)
        except (CopyFailedError, NameTakenError) as error:
            path = self._library.folder.root / held.path
            self._outcome.skipped.append(LeftOut(path=path, reason=f"imported, but not in its place yet: {error.message}"))

    def _write(self, batch: _Batch) -> None:
        self._library.change(batch.edits, action=BY_PROGRAM)
        self._origins.note(batch.origins)
        batch.edits, batch.origins, batch.keys = [], [], set()

    def _bundle(self, bundle: Bundle, batch: _Batch) -> None:
        keys = _keys(bundle.items)
        if not keys.isdisjoint(batch.keys):
            self._write(batch)
        batch.keys |= keys
        rest = [item for item in bundle.items if not self._is_version(item, batch)]
        for composite in self._joiner.compose(rest) if rest else ():
            self._take(composite, batch, hindered=bundle.hindered)

    def _is_version(self, item: Item, batch: _Batch) -> bool:
        """Whether the file was one that was written over an imported one; then it is taken as a version."""
        origin = self._origins.at(item.source) if self._resaved else None
        if origin is None or not isinstance(item, Prepared) or item.is_sidecar or origin[1] == item.file:
            return False
        prepared = with_thumbnail(self._library, item)
        version = as_version(self._library, prepared, Former(record=origin[0], file=origin[1]))
        if version is None:
            return False
        if not isinstance(version, NewVersion):
            batch.done.deleted_before += 1
            batch.left_over.append(prepared)
            return True
        self._hold(prepared, _taken(prepared), batch, send=False)
        batch.uploads += version.uploads
        batch.edits.append(version.edit)
        batch.done.versions += 1
        self._took([prepared], origin[0], batch, hindered=False)
        self._write(batch)  # what lies beside it may join the photo as it is now
        return True

    def _take(self, composite: Composite, batch: _Batch, *, hindered: bool) -> None:
        if composite.primary is None:
            self._leave_sidecars(composite, batch)
            return
        composite = self._with_mate(composite)
        record = self._record_of(composite.primary)
        if self._stays_deleted(composite.primary, record):
            batch.done.deleted_before += 1
            self._discard(composite.items, batch)
        elif record is not None:
            self._join(composite, record, batch, hindered=hindered)
        elif isinstance(composite.primary, Prepared):
            self._make(composite.primary, composite, batch, hindered=hindered)

    def _leave_sidecars(self, composite: Composite, batch: _Batch) -> None:
        for item in composite.items:
            if isinstance(item, Known):
                batch.done.duplicates += 1
            else:
                batch.done.skipped.append(LeftOut(path=item.source, reason=_WITHOUT_PICTURE, expected=True))
        self._discard(composite.items, batch)

    def _with_mate(self, composite: Composite) -> Composite:
        """The same, with the other part of a Live Photo that is here, wherever that came from."""
        primary = composite.primary
        content = None if primary is None or isinstance(primary, Earlier) else self._content_of(primary)
        if content is None or not isinstance(primary, Prepared | Known):
            return composite
        if primary.media.kind is Kind.VIDEO:
            still = still_for(self._library, self.holdings, content)
            view = None if still is None else self.holdings.view(still)
            if still is None or view is None or view.primary is None:
                return composite
            parts = {f"{role}_{MOTION}": part for role, part in composite.parts.items()}
            return Composite(Earlier(record=still, file=view.primary), {MOTION: primary, **parts})
        film = None if MOTION in composite.parts else film_for(self._library, content)
        return composite if film is None else Composite(primary, {**composite.parts, MOTION: film})

    def _content_of(self, item: Item) -> str | None:
        """The content identifier of a file that isn't part of another photo already."""
        if self.holdings.asset_of(item.file) is not None:
            return content_shown(self._library, self.holdings, item.file)
        content = item.examination.exif.get("content") if isinstance(item, Prepared) else None
        return content if isinstance(content, str) else None

    def _record_of(self, primary: Item | Earlier | None) -> RecordId | None:
        """The photo that people see for a file; ``None`` when there is none."""
        if primary is None:
            return None
        record = primary.record if isinstance(primary, Earlier) else self.holdings.asset_of(primary.file)
        return None if record is None else self.holdings.shown_for(record)

    def _stays_deleted(self, file: Item | Earlier | None, record: RecordId | None) -> bool:
        if self._bring_back or file is None:
            return False
        if record is None:
            return self._library.records.is_purged(RecordId.asset(file.file))
        view = self.holdings.view(record)
        return view is None or view.trashed is not None

    def _make(self, primary: Prepared, composite: Composite, batch: _Batch, *, hindered: bool) -> None:
        """A new photo."""
        prepared = with_thumbnail(self._library, primary)
        record = generation_for(prepared.file, self._library.records.is_purged)
        self._hold(prepared, _taken(prepared), batch)
        self._keep_pictures(record, prepared, batch)
        parts, items = self._named(composite, None, _taken(prepared), batch)
        names = [item.name for item in items]

        def change(draft: Draft, stamp: Stamp) -> None:
            describe_new(draft, prepared)
            seen_again(draft, names, restore=False)
            add_parts(draft, parts, None)

        batch.edits.append(Edit(record, change))
        batch.done.imported += 1
        batch.done.assets.append(record)
        batch.done.files += 1 + len(items)
        if prepared.examination.problem is not None:
            batch.done.without_picture.append(LeftOut(path=prepared.source, reason=prepared.examination.problem))
        self._took([prepared, *items], record, batch, hindered=hindered)

    def _join(self, composite: Composite, record: RecordId, batch: _Batch, *, hindered: bool) -> None:
        """A photo that is here: seen again, and it gets what it lacks."""
        view = self.holdings.view(record)
        if view is None:  # purged meanwhile
            batch.done.deleted_before += 1
            self._discard(composite.items, batch)
            return
        restore = view.trashed is not None
        known, fresh, others = self._sorted(composite, view)
        for item in known:
            if isinstance(item, Prepared):
                self._hold(item, _taken(item) or view.exif.taken, batch)
        parts, items = self._named(fresh, view, view.exif.taken, batch)
        names = [item.name for item in (*known, *items)]
        lost = [(item.file, item.way) for item in known if isinstance(item, Prepared)]

        def change(draft: Draft, stamp: Stamp) -> None:
            seen_again(draft, names, restore=restore)
            for file, way in lost:
                add_lost_source(draft, file, way)
            add_parts(draft, parts, view)

        batch.edits.append(Edit(record, change))
        if restore:
            batch.edits += self._restored_parts(record)
            batch.done.assets.append(record)
        if items:
            batch.done.joined.append(record)
            batch.done.files += len(items)
        elif known:
            batch.done.duplicates += 1
        self._took([*known, *items], record, batch, hindered=hindered)
        for item in others:
            self._take(Composite(item), batch, hindered=hindered)

    def _sorted(self, composite: Composite, view: AssetView) -> tuple[list[Item], Composite, list[Item]]:
        """The files that the photo has, those that it gets, and those whose places are taken."""
        primary = composite.primary
        known: list[Item] = [primary] if isinstance(primary, Prepared | Known) else []
        own_role = "primary" if primary is None else view.files.get(primary.file, "primary")
        suffix = "" if own_role in ("primary", "version") else f"_{own_role}"
        fresh, others = Composite(primary), []
        for role, part in composite.parts.items():
            role = role + suffix if is_sidecar_role(role) else role
            if part.file in view.files:
                known += [part] if isinstance(part, Prepared | Known) else []
            elif is_sidecar_role(role) or role not in view.roles:
                fresh.parts[role] = part
            elif isinstance(part, Prepared | Known):
                others.append(part)
        return known, fresh, others

    def _named(self, composite: Composite, view: AssetView | None, taken: str | None, batch: _Batch) -> tuple[list[Part], list[Item]]:
        """The parts that a photo gets, held; and those of them that this import brings. A part that was deleted as a photo of its own stays so."""
        parts: list[Part] = []
        items: list[Item] = []
        for role, part in composite.parts.items():
            own = None if is_sidecar_role(role) else self._record_of(part)
            if not is_sidecar_role(role) and self._stays_deleted(part, own):
                brought = [part] if isinstance(part, Prepared | Known) else []
                batch.done.deleted_before += len(brought)
                self._discard(brought, batch)
                continue
            if own is not None and self._bring_back:
                batch.edits += self._restored_parts(own)
            if isinstance(part, Prepared):
                self._hold(part, taken, batch)
            named = part_of(self._library, self.holdings, role, part, view)
            if not isinstance(part, Prepared):  # a way that nobody named before leads to blobs that nobody has sent
                fresh = [source for source in named.sources if source not in ways_told(self.holdings, part.file)]
                batch.uploads += [upload for source in fresh for upload in uploads_of_source(self._library, part.file, source)]
            parts.append(named)
            items += [part] if isinstance(part, Prepared | Known) else []
        return parts, items

    def _restored_parts(self, record: RecordId) -> list[Edit]:
        """All that is shown as part of a photo comes out of the trash with it."""
        parts = Queries(self._library.database).parts(record)
        views = [(part, self.holdings.view(part)) for part in parts]
        return [edits.restore(part) for part, view in views if view is not None and view.trashed is not None]

    def _hold(self, prepared: Prepared, taken: str | None, batch: _Batch, *, send: bool = True) -> None:
        library, file = self._library, prepared.file
        for note in prepared.examination.notes:
            batch.done.notes.append(LeftOut(path=prepared.source, reason=note))
        if self.holdings.has(file):
            batch.left_over.append(prepared)
            return
        library.held.forget(file)
        batch.reserved.append(self._tree.reserve(prepared.copied, prepared.name, taken))
        if send:
            batch.uploads += uploads_of_file(file, prepared.copied.stamp.size, prepared.sealing.blobs, Priority.ORIGINAL)
            batch.uploads += keep_index(library, file, prepared.sealing)
        library.downloads.done([file])

    def _keep_pictures(self, record: RecordId, prepared: Prepared, batch: _Batch) -> None:
        if prepared.thumbnail is None:
            return
        held, rendition = prepared.thumbnail.held, prepared.thumbnail.rendition
        self._library.held.put(held)
        batch.uploads += uploads_of_file(held.file, held.size, rendition.blobs, Priority.THUMBNAIL)
        with self._library.database.write() as connection:
            connection.execute("INSERT OR IGNORE INTO preview_wanted (record, file) VALUES (?, ?)", (record, prepared.file))

    def _took(self, items: Sequence[Item], record: RecordId, batch: _Batch, *, hindered: bool) -> None:
        if not items:
            return
        batch.taken.append(([Taken(item.source, item.file, item.source_stamp) for item in items], hindered))
        batch.origins += [
            Origin(
                path=item.source,
                record=record,
                file=item.file,
                size=item.source_stamp.size,
                mtime_ns=item.source_stamp.mtime_ns,
                family=family_of(item.name),
            )
            for item in items
        ]

    def _discard(self, items: Sequence[Item], batch: _Batch) -> None:
        batch.left_over += [item for item in items if isinstance(item, Prepared)]


def _keys(items: Sequence[Item]) -> set[object]:
    """By which edits of one transaction could be about the same photo: files, content identifiers, and the family."""
    contents = {item.examination.exif.get("content") for item in items if isinstance(item, Prepared)} - {None}
    return {*(item.file for item in items if not item.is_sidecar), *map(str, contents), (items[0].source.parent, family_of(items[0].name))}


def _taken(prepared: Prepared) -> str | None:
    taken = prepared.examination.exif.get("taken")
    return taken if isinstance(taken, str) else None
