"""Types of fields: what they take, what they pass over, and that values go there and back."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given

from crdt import schema
from crdt.client import writer
from crdt.facts import Exif, Location, Policy, Rendition, Source, Way
from crdt.parsing import WrongTypeError, in_key
from crdt.schema import SCHEMAS, UnknownFieldError
from crdt.trash import TRASHED, Trash, parse_trashed
from crdt.values import Value
from store.ids import BlobId, FileHash, RecordId, RecordKind
from tests.unit.crdt.contents import stamp
from tests.unit.crdt.strategies import values

FILE = FileHash(bytes(range(32)))
BLOB = BlobId(bytes(range(1, 33)))
ASSET = RecordId.asset(FILE)
ALBUM = RecordId.make(RecordKind.ALBUM, bytes(range(16)))
SOURCE = Source(size=5, way=Way.BLOBS, blobs=(BLOB,))
RENDITION = Rendition(file=FILE, size=10, width=360, height=240, media="image/webp", blobs=(BLOB,))

GOOD: list[tuple[Any, Value]] = [
    (schema.PRIMARY, bytes(32)),
    (schema.ROLE, bytes(32)),
    (schema.FAVORITE, True),
    (schema.HIDDEN, False),
    (schema.RATING, 0),
    (schema.RATING, 5),
    (schema.CAPTION, ""),
    (schema.TAKEN, {"t": "2024-07-21T18:03:11"}),
    (schema.TAKEN, {"t": "2024-02-29T23:59:59.123456+14:59", "more": 1}),
    (schema.TAKEN, {"t": "2024-07-21T18:03:11Z"}),
    (schema.TAKEN, None),
    (schema.LOCATION, [47.5, -8]),
    (schema.LOCATION, [-90, 180, 430.5]),
    (schema.LOCATION, None),
    (TRASHED, None),
    (TRASHED, {"at": bytes(8), "seen": [writer(5)]}),
    (schema.POSITION, "a0"),
    (schema.EDITS["crop"], [0, 0.25, 1, 0.5]),
    (schema.EDITS["crop"], None),
    (schema.EDITS["rotate"], 270),
    (schema.EDITS["flip"], "hv"),
    (schema.EDITS["straighten"], -2.5),
    (schema.EDITS["exposure"], 0.5),
    (schema.EDITS["filter"], "mono"),
    (schema.EDIT, {"anything": [1, None]}),
    (schema.SOURCE, {"size": 0, "blobs": [bytes(32)]}),
    (schema.SOURCE, {"size": 5, "index": [bytes(32)] * 20}),
    (schema.SOURCE, {"size": 5, "patch": [bytes(32)], "base": bytes(32)}),
    (schema.EXIF, {}),
    (schema.EXIF, {"width": "wide", "unknown": 1}),
    (schema.THUMBNAIL, RENDITION.value()),
    (schema.THUMBHASH, b"hash"),
    (schema.KIND, "raw"),
    (schema.MEDIA, "image/jpeg"),
    (schema.TITLE, "Alps"),
    (schema.COVER, bytes(ASSET)),
    (schema.COVER, None),
    (schema.DEVICE_POLICY, {"keep": "everything"}),
    (schema.DEVICE_POLICY, {"keep": "optimize", "budget": 50_000_000_000}),
    (schema.RETENTION, 30),
    (schema.ZONE, "Europe/Zurich"),
]

BAD: list[tuple[Any, Value]] = [
    (schema.PRIMARY, bytes(31)),
    (schema.PRIMARY, "00" * 32),
    (schema.FAVORITE, 1),
    (schema.FAVORITE, None),
    (schema.RATING, 6),
    (schema.RATING, -1),
    (schema.RATING, 2.5),
    (schema.RATING, True),
    (schema.CAPTION, b"text"),
    (schema.TAKEN, "2024-07-21T18:03:11"),
    (schema.TAKEN, {}),
    (schema.TAKEN, {"t": "2024-07-21"}),
    (schema.TAKEN, {"t": "2024-07-21 18:03:11"}),
    (schema.TAKEN, {"t": "2023-02-29T00:00:00"}),
    (schema.TAKEN, {"t": "2024-01-01T24:00:00"}),
    (schema.TAKEN, {"t": "2024-07-21T18:03:11+25:00"}),
    (schema.TAKEN, {"t": "2024-07-21T18:03:11+02:00\n"}),
    (schema.TAKEN, {"t": "٢٠٢٤-07-21T18:03:11"}),
    (schema.LOCATION, [47.5]),
    (schema.LOCATION, [91, 0]),
    (schema.LOCATION, [0, 181]),
    (schema.LOCATION, ["47", 8]),
    (TRASHED, True),
    (TRASHED, {"at": bytes(7), "seen": []}),
    (TRASHED, {"at": bytes(8)}),
    (TRASHED, {"at": bytes(8), "seen": ["short"]}),
    (TRASHED, {"at": bytes(8), "seen": [5]}),
    (TRASHED, {"at": bytes(8), "seen": [writer(1)] * 5001}),
    (schema.POSITION, ""),
    (schema.POSITION, "a00"),
    (schema.EDITS["crop"], [0, 0, 0, 1]),
    (schema.EDITS["crop"], [0, 0, 1]),
    (schema.EDITS["crop"], [0, 0, 1, 2]),
    (schema.EDITS["rotate"], 45),
    (schema.EDITS["flip"], "x"),
    (schema.EDITS["straighten"], 90),
    (schema.EDITS["exposure"], "1"),
    (schema.SOURCE, None),
    (schema.SOURCE, {"size": 5, "blobs": []}),
    (schema.SOURCE, {"size": 5, "blobs": [bytes(32)] * 17}),
    (schema.SOURCE, {"size": 5, "blobs": [bytes(31)]}),
    (schema.SOURCE, {"size": -1, "blobs": [bytes(32)]}),
    (schema.SOURCE, {"blobs": [bytes(32)]}),
    (schema.SOURCE, {"size": 5}),
    (schema.SOURCE, {"size": 5, "blobs": [bytes(32)], "index": [bytes(32)]}),
    (schema.SOURCE, {"size": 5, "patch": [bytes(32)]}),
    (schema.EXIF, []),
    (schema.THUMBNAIL, {"file": bytes(32)}),
    (schema.THUMBHASH, "text"),
    (schema.KIND, "painting"),
    (schema.COVER, bytes(ALBUM)),
    (schema.COVER, bytes([9]) + bytes(16)),
    (schema.DEVICE_POLICY, {"keep": "optimize"}),
    (schema.DEVICE_POLICY, {"keep": "nothing"}),
    (schema.RETENTION, 0),
]


@pytest.mark.parametrize(("field", "value"), GOOD)
def test_taken(field: Any, value: Value) -> None:
    field.parse(value)


@pytest.mark.parametrize(("field", "value"), BAD)
def test_passed_over(field: Any, value: Value) -> None:
    with pytest.raises(WrongTypeError):
        field.parse(value)


@given(values)
def test_no_value_makes_a_parser_fail_in_another_way(value: Value) -> None:
    for record in SCHEMAS.values():
        fields: list[Any] = [*record.registers.values(), *record.sets.values(), *record.derived.values()]
        for field in fields:
            with suppress(WrongTypeError):
                field.parse(value)


@pytest.mark.parametrize(
    "fact",
    [
        Location(latitude=47.5, longitude=8),
        Location(latitude=47.5, longitude=8.25, altitude=430),
        SOURCE,
        Source(size=1 << 40, way=Way.INDEX, blobs=(BLOB,) * 20),
        Source(size=5, way=Way.PATCH, blobs=(BLOB,), base=FILE),
        RENDITION,
        Exif(),
        Exif(taken="2024-07-21T18:03:11+02:00", width=4032, height=3024, orientation=6, make="A", model="B", lens="C"),
        Exif(iso=64, f=1.8, exposure=0.004, focal=4.25, gps=Location(latitude=1, longitude=2)),
        Policy(keep="thumbnails"),
        Policy(keep="optimize", budget=5),
    ],
)
def test_facts_go_there_and_back(fact: Any) -> None:
    assert type(fact).parse(fact.value()) == fact


def test_trash_goes_there_and_back() -> None:
    trash = Trash(at=stamp(5), seen=frozenset({writer(1), writer(2)}))
    assert parse_trashed(trash.value()) == trash


def test_a_wrong_member_of_exif_doesn_t_spoil_the_others() -> None:
    assert Exif.parse({"width": "wide", "height": 5, "gps": [91, 0], "taken": 5}) == Exif(height=5)


@pytest.mark.parametrize(
    ("kind", "field", "name"),
    [
        (RecordKind.ASSET, "rating", "rating"),
        (RecordKind.ASSET, "role:raw", "role:"),
        (RecordKind.ASSET, "edit:crop", "edit:crop"),
        (RecordKind.ASSET, "edit:of_2040", "edit:"),
        (RecordKind.ASSET, f"position:{in_key(ALBUM)}", "position:"),
        (RecordKind.ALBUM, "title", "title"),
        (RecordKind.DEVICE, "policy", "policy"),
        (RecordKind.LIBRARY, "retention", "retention"),
    ],
)
def test_registers_by_name(kind: RecordKind, field: str, name: str) -> None:
    assert SCHEMAS[kind].register(field).name == name


@pytest.mark.parametrize("field", ["", "keyword", "role:", "role", "rating:x", "edit", "nothing"])
def test_unknown_registers(field: str) -> None:
    with pytest.raises(UnknownFieldError):
        SCHEMAS[RecordKind.ASSET].register(field)


@pytest.mark.parametrize("element", ["", "short", in_key(ALBUM) + "A", in_key(ALBUM)[:-1] + "B", "é" * 22, "=" * 22])
def test_elements_that_name_no_album(element: str) -> None:
    with pytest.raises(WrongTypeError):
        schema.ALBUM.parse_element(element)


def test_elements_that_name_something() -> None:
    assert schema.ALBUM.parse_element(in_key(ALBUM)) == ALBUM
    assert schema.VERSION.parse_element(FILE.base64()) == FILE
