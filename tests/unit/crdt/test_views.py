"""The frozen read models of all kinds of records."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt import record
from crdt.album import view_album
from crdt.asset import add_source, add_to_album, add_version, membership_writers, move_in_album, revert_edits, view_asset
from crdt.client import writer
from crdt.device import view_device
from crdt.draft import Draft
from crdt.facts import Exif, Location, Policy, Rendition, Source, Way
from crdt.parsing import in_key
from crdt.record import EMPTY, Content
from crdt.settings import view_settings
from crdt.values import Value
from store.ids import BlobId, FileHash, RecordId, RecordKind
from tests.unit.crdt.contents import content, stamp
from tests.unit.crdt.strategies import values

A, B = writer(1), writer(2)
FILE, RAW, OLD = (FileHash(bytes([n]) * 32) for n in range(3))
ALBUM, OTHER = (RecordId.make(RecordKind.ALBUM, bytes([n]) * 16) for n in range(2))
SOURCE = Source(size=9, way=Way.BLOBS, blobs=(BlobId(bytes(32)),))
PATCH = Source(size=9, way=Way.PATCH, blobs=(BlobId(bytes(32)),), base=OLD)
THUMBNAIL = Rendition(file=OLD, size=1, width=2, height=3, media="image/webp", blobs=(BlobId(bytes(32)),))
EXIF = Exif(taken="2024-07-21T18:03:11", width=40, height=30, gps=Location(latitude=1, longitude=2))


def committed(draft: Draft, *, state: bytes | None = None, client: int = 1) -> record.Written:
    return record.write(state, client, stamp(client), draft.changes())


def imported() -> record.Written:
    draft = Draft(RecordKind.ASSET)
    draft.set("primary", FILE)
    draft.set("role:raw", RAW)
    draft.add("name", "IMG_1.jpg")
    add_version(draft, OLD)
    add_source(draft, FILE, SOURCE)
    draft.derive("exif", EXIF.value())
    draft.derive("thumbnail", THUMBNAIL.value())
    draft.derive("thumbhash", b"hash")
    draft.derive("kind", "photo")
    draft.derive("media", "image/jpeg")
    return committed(draft)


def test_an_asset_that_nothing_is_known_of() -> None:
    view = view_asset(EMPTY)
    assert view.primary is None
    assert (view.favorite, view.hidden, view.rating, view.caption, view.taken, view.location) == (False, False, 0, "", None, None)
    assert (view.trashed, view.contested, view.edits, view.keywords, view.albums, view.conflicts) == (None, False, {}, (), (), ())
    assert (view.exif, view.thumbnail, view.preview, view.thumbhash, view.kind, view.media) == (Exif(), None, None, None, "other", None)


def test_an_imported_asset() -> None:
    view = view_asset(imported().content)
    assert view.files == {FILE: "primary", RAW: "raw", OLD: "version"}
    assert view.sources == {FILE: (SOURCE,)}
    assert view.names == ("IMG_1.jpg",)
    assert (view.taken, view.location) == ("2024-07-21T18:03:11", Location(latitude=1, longitude=2))
    assert (view.thumbnail, view.thumbhash, view.kind, view.media) == (THUMBNAIL, b"hash", "photo", "image/jpeg")
    with pytest.raises(dataclasses.FrozenInstanceError):
        view.rating = 5  # type: ignore[misc]  # frozen


def test_what_a_person_sets_wins_over_what_was_extracted() -> None:
    base = imported()
    draft = Draft(RecordKind.ASSET, base.content)
    draft.set("taken", {"t": "1999-12-31T23:59:59+01:00"})
    draft.set("location", None)
    edited = committed(draft, state=base.state, client=2)
    view = view_asset(edited.content)
    assert (view.taken, view.location) == ("1999-12-31T23:59:59+01:00", None)
    draft = Draft(RecordKind.ASSET, edited.content)
    draft.set("taken", None)
    assert view_asset(committed(draft, state=edited.state, client=3).content).taken == "2024-07-21T18:03:11"


def test_edits_and_reverting_them() -> None:
    draft = Draft(RecordKind.ASSET)
    draft.set("edit:rotate", 90)
    draft.set("edit:exposure", 0.5)
    draft.set("edit:of_2040", {"x": 1})
    base = committed(draft)
    assert view_asset(base.content).edits == {"rotate": 90, "exposure": 0.5, "of_2040": {"x": 1}}
    draft = Draft(RecordKind.ASSET, base.content)
    revert_edits(draft)
    assert view_asset(committed(draft, state=base.state, client=2).content).edits == {}


def test_albums_and_positions() -> None:
    draft = Draft(RecordKind.ASSET)
    add_to_album(draft, ALBUM, "a1")
    move_in_album(draft, OTHER, "a2")
    base = committed(draft)
    assert view_asset(base.content).albums == ((ALBUM, "a1"),)
    assert membership_writers(base.content, ALBUM) == {A}
    assert membership_writers(base.content, OTHER) == frozenset()


def test_a_member_without_a_position() -> None:
    assert view_asset(content({f"s/album/{in_key(ALBUM)}/{A}": (1, None)})).albums == ((ALBUM, None),)


def test_several_sources_of_a_file_are_alternatives() -> None:
    base = imported()
    draft = Draft(RecordKind.ASSET, base.content)
    add_source(draft, FILE, PATCH)
    view = view_asset(committed(draft, state=base.state, client=2).content)
    assert view.sources == {FILE: (PATCH, SOURCE)}
    assert view.conflicts == ()


def test_open_conflicts_by_field() -> None:
    cells: dict[str, tuple[int, Value]] = {
        f"v/rating/{A}": (1, 3),
        f"v/rating/{B}": (2, 4),
        f"v/caption/{A}": (1, "same"),
        f"v/caption/{B}": (2, "same"),
        f"v/edit:crop/{A}": (1, [0, 0, 1, 0.5]),
        f"v/edit:crop/{B}": (2, None),
        f"v/position:{in_key(ALBUM)}/{A}": (1, "a1"),
        f"v/position:{in_key(ALBUM)}/{B}": (2, "a2"),
        f"v/of_2040/{A}": (1, 1),
        f"v/of_2040/{B}": (2, 2),
        f"d/kind/{A}": (1, "photo"),
        f"d/kind/{B}": (2, "raw"),
    }
    view = view_asset(content(cells))
    assert [(conflict.field, conflict.winner.value) for conflict in view.conflicts] == [("edit:crop", None), ("rating", 4)]
    assert [(cell.writer, cell.value) for cell in view.conflicts[1].others] == [(A, 3)]
    assert view.kind == "raw"


def test_two_trashings_are_no_conflict_but_trashing_and_restoring_are() -> None:
    gone: Value = {"at": bytes(8), "seen": []}
    assert not view_asset(content({f"v/trashed/{A}": (1, gone), f"v/trashed/{B}": (2, {"at": bytes(8), "seen": [A]})})).conflicts
    view = view_asset(content({f"v/trashed/{A}": (1, None), f"v/trashed/{B}": (2, gone)}))
    assert [conflict.field for conflict in view.conflicts] == ["trashed"]
    assert view.contested


def test_an_album() -> None:
    draft = Draft(RecordKind.ALBUM)
    draft.set("title", "Alps")
    draft.set("cover", RecordId.asset(FILE))
    base = committed(draft)
    assert view_album(base.content).title == "Alps"
    assert view_album(base.content).cover == RecordId.asset(FILE)
    draft = Draft(RecordKind.ALBUM, base.content)
    draft.trash(stamp(2), members=[writer(7)])
    trashed = committed(draft, state=base.state, client=2).content
    assert not view_album(trashed, members=[writer(7)]).contested
    assert view_album(trashed, members=[writer(7), writer(8)]).unseen == {writer(8)}
    assert view_album(EMPTY).title == ""


def test_a_device_and_the_settings() -> None:
    assert view_device(EMPTY).policy == Policy(keep="everything")
    draft = Draft(RecordKind.DEVICE)
    draft.set("name", "laptop")
    draft.set("model", "X")
    draft.set("policy", Policy(keep="optimize", budget=5).value())
    view = view_device(committed(draft).content)
    assert (view.name, view.model, view.policy) == ("laptop", "X", Policy(keep="optimize", budget=5))
    assert (view_settings(EMPTY).retention, view_settings(EMPTY).zone) == (30, None)
    draft = Draft(RecordKind.LIBRARY)
    draft.set("retention", 60)
    draft.set("zone", "Europe/Zurich")
    settings_view = view_settings(committed(draft).content)
    assert (settings_view.retention, settings_view.zone) == (60, "Europe/Zurich")


STEMS = [
    "v/primary", "v/role:raw", "v/rating", "v/taken", "v/location", "v/trashed", "v/edit:crop", f"v/position:{in_key(ALBUM)}",
    "s/keyword/x", f"s/album/{in_key(ALBUM)}", "s/album/odd", f"s/source/{FILE.base64()}", "s/version/odd", "s/of_2040/x",
    "d/exif", "d/thumbnail", "d/of_2040", "v/title", "v/cover", "v/policy", "v/retention",
]  # fmt: skip
stored = st.dictionaries(st.tuples(st.sampled_from(STEMS), st.sampled_from([A, B])), st.tuples(st.integers(0, 5), values), max_size=12)


@settings(max_examples=80)
@given(stored)
def test_whatever_a_record_holds_it_is_read_and_alike_in_any_order(cells: dict[tuple[str, str], tuple[int, Value]]) -> None:
    """Hostile members can write any value at any key: readers ignore what is no value of its field, and nothing fails."""
    made = content({f"{stem}/{name}": cell for (stem, name), cell in cells.items()})
    backwards = Content(live=MappingProxyType(dict(reversed(list(made.live.items())))), vector=made.vector)
    for view in (view_asset, view_album, view_device, view_settings):
        assert view(made) == view(backwards)
