"""The way to a part that another asset has: one that doesn't need anything of that asset."""

from __future__ import annotations

from crdt.facts import Source, Way
from peer.importing.holdings import Holdings
from peer.importing.joining import Earlier
from peer.importing.sources import part_of
from peer.library.authoring import Edit
from peer.library.library import Library
from tests.fleet.libraries import add_original, add_photo, content_of, file_of


def name_patch(library: Library, label: str) -> Source:
    """A photo whose file is known as a patch of another one's alone."""
    photo = add_photo(library, "other")
    patch = Source(
        size=len(content_of(label)), way=Way.PATCH, blobs=(Source.parse({"size": 1, "blobs": [b"p" * 32]}).blobs), base=file_of("older")
    )
    library.change([Edit(photo, lambda draft, stamp: draft.set("role:raw", bytes(file_of(label))))])
    library.change([Edit(photo, lambda draft, stamp: draft.add("source", file_of(label).base64(), patch.value()))])
    return patch


def test_it_is_no_patch_when_the_file_is_here(library: Library) -> None:
    patch = name_patch(library, "raw")
    photo, path = add_original(library, "raw")
    library.change([], purges=[photo])
    earlier = Earlier(record=photo, file=file_of("raw"))
    (source,) = part_of(library, Holdings(library, bring_back=False, thorough=False), "raw", earlier, None).sources
    assert (source.way, source.size) == (Way.BLOBS, len(content_of("raw")))
    path.unlink()
    assert part_of(library, Holdings(library, bring_back=False, thorough=False), "raw", earlier, None).sources == [patch]
