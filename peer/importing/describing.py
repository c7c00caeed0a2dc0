"""What the record of a photo says of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from crdt.asset import AssetView, add_source, add_version
from crdt.draft import Draft
from crdt.facts import Source
from peer.importing.grouping import RAW, SIDECAR
from store.ids import FileHash

_READ_FIRST = (SIDECAR, f"{SIDECAR}_{RAW}")
"""Sidecars whose contents the photo shows, the first that there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file that a photo gets. ``sources``: ways to its bytes; ``says``: what a sidecar says, in the form of the derived field.

    ``former``: the file that had the role until now; it stays as a version. ``is_older``: it is newer than this one, so it keeps the role and
    this one becomes the version.
    """

    role: str
    file: FileHash
    sources: Sequence[Source]
    says: dict[str, Any] | None = None
    former: FileHash | None = None
    is_older: bool = False


def add_parts(draft: Draft, parts: Iterable[Part], view: AssetView | None) -> None:
    """``view``: the photo until now, ``None`` of a new one."""
    named = list(parts)
    for part in named:
        if part.is_older:
            add_version(draft, part.file)
        else:
            draft.set(f"role:{part.role}", bytes(part.file))
            if part.former is not None:
                add_version(draft, part.former)
        for source in part.sources:
            add_source(draft, part.file, source)
    says = _says([part for part in named if not part.is_older], view)
    if says or (says is not None and view is not None):
        draft.derive("sidecar", says)


def seen_again(draft: Draft, names: Iterable[str], *, restore: bool) -> None:
    """Bytes that were here came again, under these names."""
    for name in names:
        draft.add("name", name)
    if restore:
        draft.set("trashed", None)


def add_lost_source(draft: Draft, file: FileHash, source: Source) -> None:
    """A way to the bytes of a file, where the record has none."""
    if not draft.fields.sets.get("source", {}).get(file.base64()):
        add_source(draft, file, source)


def _says(parts: Sequence[Part], view: AssetView | None) -> dict[str, Any] | None:
    """What is written as that which the sidecar says; ``None``: nothing about that changes."""
    by_role = {part.role: part.says for part in parts}
    for role in _READ_FIRST:
        if role in by_role:
            return by_role[role]
        if view is not None and role in view.roles:
            return None
    return None
