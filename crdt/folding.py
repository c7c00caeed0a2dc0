"""Composites: which asset is shown as part of which other (PROTOCOL.md section 6). Computed from files, never written. Pure.

A photo's RAW, its motion part or another version of it may have been imported alone before the pair came: then there are two
assets, and the one whose primary is a file of the other is *folded* into it.

There can be several candidates, and they can form circles (each of two versions names the other). So edges are taken one by one in a
fixed order: by role, then by the id of the asset that folds, then by the id of the folded one. An edge is left out when its
asset is folded already or when it would close a circle. Two assets can have one primary file (two devices took the same new version, one of them
as a photo of its own): then the one with the greater id is folded into the other. The result depends on the set of assets only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from crdt.asset import AssetView
from store.ids import FileHash, RecordId

PRIMARY_ROLE = "primary"
_STRONGEST_FIRST = ("raw", "motion", "sidecar")
_WEAKEST = ("version", PRIMARY_ROLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldableAsset:
    """What folding needs of an asset; ``files`` with their roles as in ``AssetView.files``."""

    asset: RecordId
    files: Mapping[FileHash, str]


def fold(assets: Iterable[FoldableAsset]) -> dict[RecordId, RecordId]:
    """For each folded asset the one that it is folded into in the end, which isn't folded itself.

    Give all assets that are linked by files with each other; others make no difference.
    """
    pool = list(assets)
    by_primary: dict[FileHash, list[RecordId]] = {}
    for candidate in pool:
        for file, role in candidate.files.items():
            if role == PRIMARY_ROLE:
                by_primary.setdefault(file, []).append(candidate.asset)
    edges = [
        (_strength(role), parent.asset, child)
        for parent in pool
        for file, role in parent.files.items()
        for child in by_primary.get(file, ())
        if child != parent.asset
    ]
    parents: dict[RecordId, RecordId] = {}
    for _, parent_id, child in sorted(edges):
        if child not in parents and _root(parents, parent_id) != child:
            parents[child] = parent_id
    return {child: _root(parents, child) for child in parents}


def compose(shown: AssetView, folded: Iterable[AssetView]) -> AssetView:
    """``shown`` as people see it: albums, keywords and rating of what is folded into it where it has none, and all ways to bytes.

    ``folded`` in the order of their ids; the first that has something gives it. In the trash it is contested by each part: by what wasn't
    seen there, or by all of it where that part isn't in the trash itself.
    """
    parts = [shown, *folded]
    if len(parts) == 1:
        return shown
    unseen = [part.writers if part.trashed is None else part.unseen for part in parts] if shown.trashed else []
    return replace(
        shown,
        rating=next((part.rating for part in parts if part.rating), 0),
        keywords=next((part.keywords for part in parts if part.keywords), ()),
        albums=next((part.albums for part in parts if part.albums), ()),
        sources=MappingProxyType({file: ways for part in reversed(parts) for file, ways in part.sources.items()}),
        unseen=frozenset().union(*unseen),
    )


def _strength(role: str) -> tuple[int, str]:
    if role in _STRONGEST_FIRST:
        return _STRONGEST_FIRST.index(role), role
    return len(_STRONGEST_FIRST) + (1 + _WEAKEST.index(role) if role in _WEAKEST else 0), role


def _root(parents: Mapping[RecordId, RecordId], asset: RecordId) -> RecordId:
    while asset in parents:
        asset = parents[asset]
    return asset
