"""Fields under one name wherever they are shown or asked for."""

from __future__ import annotations

import pytest

from crdt.parsing import in_key
from store.ids import FileHash, RecordId, RecordKind
from tools.looking.elements import field_label, short_label
from tools.looking.spelling import spell_time

ALBUM = RecordId.make(RecordKind.ALBUM, bytes.fromhex("90c1" + 28 * "0"))
FILE = FileHash(bytes.fromhex("9be1" + 60 * "0"))


@pytest.mark.parametrize(
    ("field", "element", "whole", "short"),
    [
        ("rating", None, "rating", "rating"),
        ("edit:crop", None, "edit:crop", "edit:crop"),
        ("keyword", "a keyword of many words", "keyword:a keyword of many words", "keyword:a keyword of many words"),
        ("name", "IMG\udcff.jpg", "name:IMG\\xff.jpg", "name:IMG\\xff.jpg"),
        ("album", in_key(ALBUM), f"album:{ALBUM.body.hex()}", "album:90c1000000"),
        ("source", FILE.base64(), f"source:{FILE.hex()}", "source:9be1000000"),
        ("source", "no id", "source:no id", "source:no id"),
        (f"position:{in_key(ALBUM)}", None, f"position:{ALBUM.body.hex()}", "position:90c1000000"),
        ("position:no id", None, "position:no id", "position:no id"),
        ("future", "x", "future:x", "future:x"),
    ],
)
def test_ids_show_in_hexadecimal(field: str, element: str | None, whole: str, short: str) -> None:
    assert (field_label(field, element), short_label(field, element)) == (whole, short)


def test_times_say_that_they_are_utc() -> None:
    assert spell_time("2024-07-21T16:03:11.042Z") == "2024-07-21 16:03:11Z"
