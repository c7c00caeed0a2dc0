"""Conflicts of every kind of field: seen alike by both, with what each had seen, and settled on both by any choice."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from crdt.asset import view_asset
from crdt.draft import Draft
from crdt.fields import fields_of
from crdt.record import EMPTY
from crdt.schema import EDITS, SCHEMAS
from crdt.values import Plain
from peer.errors import UsageError
from peer.library.albums import ToIndex, add_to_album, create_album, move_in_album
from peer.library.authoring import Edit
from peer.library.conflicts import Choice, OfDevice, TheMerge, TheValue, TheWinner, all_conflicts, conflicts_of, resolve
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.trashing import restore_assets, trash_assets
from store.ids import LIBRARY_RECORD, RecordId, RecordKind
from tests.fleet.libraries import add_photo, admit, exchange, file_of
from tests.unit.peer.library.pair import Pair, make_pair

FILES = tuple(hashlib.sha256(text).digest() for text in (b"one", b"two", b"three"))
COVERS = tuple(RecordId.asset(file_of(label)) for label in ("cover", "other", "third"))

ASSET: list[tuple[str, Plain, Plain, Plain, str]] = [
    ("primary", FILES[0], FILES[1], FILES[2], FILES[2].hex()),
    ("role:raw", FILES[0], FILES[1], FILES[2], FILES[2].hex()),
    ("role:sidecar", FILES[0], FILES[1], FILES[2], FILES[2].hex()),
    ("favorite", True, False, True, "yes"),
    ("hidden", True, False, False, "no"),
    ("rating", 1, 5, 3, "3"),
    ("caption", "lake", "sea", "wood", "wood"),
    ("taken", {"t": "2024-01-01T00:00:00"}, {"t": "2025-01-01T00:00:00"}, None, "none"),
    ("location", [1.5, 2], [3, 4], [5, 6, 7.5], "5,6,7.5"),
    ("edit:crop", [0, 0, 0.5, 1], [0, 0, 1, 0.5], None, "none"),
    ("edit:rotate", 90, 180, 270, "270"),
    ("edit:flip", "h", "v", "hv", "hv"),
    ("edit:straighten", 1.5, -2, 0, "0"),
    ("edit:exposure", 10, 20, -30, "-30"),
    ("edit:monochrome", True, False, None, "none"),
    ("edit:filter", "warm", "cold", "vivid", "vivid"),
    ("edit:unheard", {"x": [1]}, {"x": [2]}, {"x": [3]}, '{"x": [3]}'),
    *(
        (f"edit:{name}", 10, 20, 30, "30")
        for name in sorted(EDITS.keys() - {"crop", "rotate", "flip", "straighten", "exposure", "monochrome", "filter"})
    ),
]
ALBUM: list[tuple[str, Plain, Plain, Plain, str]] = [
    ("title", "Sweden", "Norway", "Finland", "Finland"),
    ("cover", bytes(COVERS[0]), bytes(COVERS[1]), bytes(COVERS[2]), COVERS[2].body.hex()),
]
DEVICE: list[tuple[str, Plain, Plain, Plain, str]] = [
    ("name", "phone", "tablet", "true", "true"),
    ("model", "A", "B", "C", "C"),
    ("policy", {"keep": "everything"}, {"keep": "thumbnails"}, {"keep": "optimize", "budget": 7}, '{"keep": "optimize", "budget": 7}'),
]
SETTINGS: list[tuple[str, Plain, Plain, Plain, str]] = [
    ("retention", 30, 60, 90, "90"),
    ("zone", "Europe/Stockholm", "Asia/Tokyo", "UTC", "UTC"),
]
CASES = [
    *((RecordKind.ASSET, *case) for case in ASSET),
    *((RecordKind.ALBUM, *case) for case in ALBUM),
    *((RecordKind.DEVICE, *case) for case in DEVICE),
    *((RecordKind.LIBRARY, *case) for case in SETTINGS),
]


def put(library: Library, record: RecordId, field: str, value: Plain) -> None:
    library.change([Edit(record, lambda draft, stamp: draft.set(field, value))])


def value_of(library: Library, record: RecordId, field: str) -> Any:
    (cell,) = fields_of(library.records.content(record) or EMPTY).registers[field]
    return cell.value


def record_of(pair: Pair, kind: RecordKind) -> RecordId:
    match kind:
        case RecordKind.ASSET:
            return add_photo(pair.anna, "sea")
        case RecordKind.ALBUM:
            return create_album(pair.anna, "Home")
        case RecordKind.DEVICE:
            return RecordId.make(RecordKind.DEVICE, pair.bert.device)
        case RecordKind.LIBRARY:
            return LIBRARY_RECORD


def test_every_register_that_can_be_in_conflict_is_tried() -> None:
    tried = {(kind, field.partition(":")[0] + ":" if field.startswith("role:") else field) for kind, field, *_ in CASES}
    for kind, schema in SCHEMAS.items():
        for name, register in schema.registers.items():
            if register.conflicts and name not in ("trashed", "edit:"):
                assert (kind, name) in tried


@pytest.mark.parametrize("choice", ["winner", "device", "value"])
def test_every_field_is_settled_on_both_by_any_choice(tmp_path: Path, choice: str) -> None:
    pair = make_pair(tmp_path)
    records = {kind: record_of(pair, kind) for kind in RecordKind}
    pair.meet()
    for kind, field, first, *_ in CASES:
        put(pair.anna, records[kind], field, first)
    pair.clock.pass_by()
    for kind, field, _, second, *_ in CASES:
        put(pair.bert, records[kind], field, second)
    pair.meet()
    conflicts = {(conflict.record.kind, conflict.field): conflict for conflict in pair.conflicts()}
    assert conflicts.keys() == {(kind, field) for kind, field, *_ in CASES}
    expected: dict[tuple[RecordKind, str], Plain] = {}
    for kind, field, first, second, third, text in CASES:
        conflict = conflicts[kind, field]
        assert (conflict.winner.value, [other.value for other in conflict.others]) == (second, [first])
        choices: dict[str, tuple[Choice, Plain]] = {
            "winner": (TheWinner(), second),
            "device": (OfDevice(pair.anna.device.hex()), first),
            "value": (TheValue(text), third),
        }
        chosen, expected[kind, field] = choices[choice]
        resolve(pair.bert, records[kind], field, chosen)
    pair.meet()
    assert pair.conflicts() == []
    for library in pair.both:
        assert {(kind, field): value_of(library, records[kind], field) for kind, field in expected} == expected
    pair.close()


def test_positions_are_never_in_conflict(pair: Pair) -> None:
    photos = [add_photo(pair.anna, label) for label in "abc"]
    album = create_album(pair.anna, "Home")
    add_to_album(pair.anna, album, photos)
    pair.meet()
    move_in_album(pair.anna, album, photos[:1], ToIndex(2))
    move_in_album(pair.bert, album, photos[:1], ToIndex(1))
    pair.meet()
    assert pair.conflicts() == []


# What each side had seen


def test_each_side_says_what_it_had_seen_and_replaced(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea")
    put(pair.anna, asset, "caption", "first")
    pair.meet()
    pair.clock.pass_by()
    put(pair.anna, asset, "caption", "second")
    put(pair.anna, asset, "caption", "third")
    pair.clock.pass_by()
    put(pair.bert, asset, "caption", "other")
    pair.meet()
    (conflict,) = pair.conflicts()
    (other,) = conflict.others
    assert conflict.winner.seen is not None
    assert other.seen is not None
    assert [(seen.value, seen.device and seen.device.name) for seen in conflict.winner.seen] == [("first", "anna")]
    assert [seen.value for seen in other.seen] == ["second"]
    assert conflict.to_json()["winner"]["seen"] == [
        {"value": "first", "device": "anna", "device_id": pair.anna.device.hex(), "time": "2023-11-14T22:13:20.000Z"}
    ]


def test_who_restored_what_another_trashed_again_says_what_it_had_seen(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea")
    trash_assets(pair.anna, [asset])
    pair.meet()
    restore_assets(pair.anna, [asset])
    put(pair.bert, asset, "rating", 3)
    pair.clock.pass_by()
    trash_assets(pair.bert, [asset])
    pair.meet()
    (conflict,) = pair.conflicts()
    assert (conflict.kind, conflict.winner.value) == ("trash", "trashed")
    assert conflict.winner.seen is not None
    assert [seen.value for seen in conflict.winner.seen] == ["trashed"]


def test_what_was_pruned_cant_be_told(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    asset = add_photo(pair.anna, "sea")
    put(pair.anna, asset, "caption", "first")
    pair.meet()
    heads = pair.anna.applied_heads()
    put(pair.anna, asset, "caption", "first and second")
    put(pair.bert, asset, "caption", "zeroth and first")
    pair.meet()
    (whole,) = conflicts_of(pair.anna, asset)
    assert whole.merged is not None
    pair.anna.log.prune(heads)
    (conflict,) = conflicts_of(pair.anna, asset)
    assert (conflict.winner.seen, [other.seen for other in conflict.others], conflict.merged) == (None, [None], None)
    assert conflict.to_json()["winner"]["seen"] is None
    with pytest.raises(UsageError, match="isn't kept"):
        resolve(pair.anna, asset, "caption", TheMerge())
    pair.close()


# Captions


@pytest.mark.parametrize(
    ("base", "annas", "berts", "text", "clean"),
    [
        ("At the sea", ["At the cold sea"], ["At the sea in May"], "At the cold sea in May", True),
        ("At the sea", ["At sea", "At cold sea"], ["At the sea in May"], "At cold sea in May", True),
        ("At the sea", ["At the lake"], ["At the ocean"], "At the [lake | ocean]", False),
        (None, ["lake"], ["sea"], "[lake | sea]", False),
    ],
)
def test_a_merge_of_both_is_offered_and_taken(
    pair: Pair, base: str | None, annas: list[str], berts: list[str], text: str, clean: bool
) -> None:
    asset = add_photo(pair.anna, "sea")
    if base is not None:
        put(pair.anna, asset, "caption", base)
    pair.meet()
    for caption in annas:
        put(pair.anna, asset, "caption", caption)
    pair.clock.pass_by()
    for caption in berts:
        put(pair.bert, asset, "caption", caption)
    pair.meet()
    (conflict,) = pair.conflicts()
    assert conflict.to_json()["merged"] == text
    assert conflict.to_json()["merged_cleanly"] is clean
    resolve(pair.anna, asset, "caption", TheMerge())
    pair.meet()
    assert pair.conflicts() == []
    assert view_asset(pair.bert.records.content(asset) or EMPTY).caption == text


def test_a_caption_that_was_given_back_to_the_file_is_the_files_in_a_merge(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea")

    def describe(draft: Draft, _: object) -> None:
        draft.derive("exif", {"caption": "From the file"})
        draft.set("caption", "At the sea")

    pair.anna.change([Edit(asset, describe)])
    put(pair.anna, asset, "caption", None)
    pair.meet()
    put(pair.anna, asset, "caption", "From the old file")
    put(pair.bert, asset, "caption", "From the file again")
    pair.meet()
    (conflict,) = pair.conflicts()
    assert conflict.merged is not None
    assert conflict.merged.text == "From the old file again"


def test_only_captions_can_be_merged(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea")
    pair.meet()
    put(pair.anna, asset, "rating", 1)
    put(pair.bert, asset, "rating", 2)
    pair.meet()
    with pytest.raises(UsageError, match="Only captions"):
        resolve(pair.anna, asset, "rating", TheMerge())


# Photos of several parts


def test_a_trashed_photo_whose_part_came_elsewhere_can_be_settled(pair: Pair) -> None:
    """Its RAW was imported by itself on the other device, and isn't in the trash."""
    asset = add_photo(pair.anna, "still")
    put(pair.anna, asset, "role:raw", bytes(file_of("raw")))
    pair.meet()
    trash_assets(pair.anna, [asset])
    part = add_photo(pair.bert, "raw")
    pair.meet()
    assert Queries(pair.anna.database).parts(asset) == [asset, part]
    (conflict,) = pair.conflicts()
    assert (conflict.record, conflict.kind) == (asset, "trash")
    resolve(pair.anna, asset, "trashed", TheWinner())
    pair.meet()
    assert pair.conflicts() == []
    assert view_asset(pair.bert.records.content(part) or EMPTY).trashed is not None


def test_three_sides_are_merged_alike_everywhere(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    carl = admit(pair.anna, tmp_path / "carl", name="carl", seed=9)
    everyone = (pair.anna, pair.bert, carl)
    asset = add_photo(pair.anna, "sea")
    put(pair.anna, asset, "caption", "a b c")
    exchange(*everyone)
    for library, caption in zip(everyone, ("x a b c", "a b c y", "a b z c"), strict=True):
        put(library, asset, "caption", caption)
    exchange(*everyone)
    for library in everyone:
        (conflict,) = all_conflicts(library)
        assert conflict.merged is not None
        assert (conflict.merged.text, conflict.merged.clean) == ("x a b z c y", True)
    carl.close()
    pair.close()
