"""File names as people and cameras give them: each photo gets into the tree, and keeps the name that it came with."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from crdt.asset import view_asset
from peer.library.library import Library
from store.ids import RecordId
from tests.fixtures.pictures import jpeg
from tests.fleet.imports import bring
from tests.unit.peer.importing.looking import assert_whole, assets, originals, write

NAMES = [
    "🏖️ beach 👩‍👩‍👧‍👦.jpg",
    "two\nlines.jpg",
    "tab\tand bell\a.jpg",
    'a\\b:c*d?e"f<g>h|i.jpg',
    "con.jpg",
    "trailing dots...jpg",
    " spaces .jpg",
    "100%.jpg",
    "%41.jpg",
    "-rf.jpg",
    "$(rm).jpg",
    "noextension",
    "right-to-left \u202egpj.exe.jpg",
    "x" * 251 + ".jpg",
    "ж" * 125 + ".jpg",
    "写" * 83 + ".jpg",
    "👩‍👩‍👧‍👦" * 10 + ".jpg",
]
BYTES = [b"caf\xe9.jpg", b"\xff\xfe\x80.jpg", b"\xed\xa0\x80.jpg", b"\x80" * 251 + b".jpg"]


def names_of(library: Library, record: RecordId) -> tuple[str, ...]:
    content = library.records.content(record)
    assert content is not None
    return view_asset(content).names


async def test_all_of_them_at_once(library: Library, card: Path, autojump_clock: MockClock) -> None:
    """Names of up to 255 bytes, with emoji, line ends, control characters, and bytes that are no UTF-8."""
    contents = {name: jpeg(64, 48, seed=number) for number, name in enumerate([*map(os.fsencode, NAMES), *BYTES])}
    outcome = await bring(library, write(card, contents))
    assert outcome.skipped == []
    assert outcome.imported == len(contents)
    assert sorted(originals(library).values()) == sorted(contents.values())
    for path in originals(library):
        placed = path.rpartition("/")[2]
        assert len(placed.encode()) <= 200
        assert not set(placed) & set('<>:"\\|?*\n\t\a')
    kept = {os.fsencode(name) for row in assets(library) for name in names_of(library, row.record)}
    assert kept == {os.fsencode(unicodedata.normalize("NFC", os.fsdecode(name))) for name in contents}
    assert_whole(library)
    again = await bring(library, card)
    assert (again.imported, again.duplicates, again.skipped) == (0, len(contents), [])
    assert_whole(library)


async def test_both_unicode_forms_of_one_name_in_one_folder(library: Library, card: Path, autojump_clock: MockClock) -> None:
    forms = [unicodedata.normalize(form, "Café Ångström.jpg") for form in ("NFC", "NFD")]
    pictures = [jpeg(64, 48, seed=number) for number in range(2)]
    write(card, dict(zip(forms, pictures, strict=True)))
    outcome = await bring(library, card)
    if outcome.imported < 2:
        pytest.skip("this file system takes both forms for one name")
    tree = originals(library)
    assert sorted(tree.values()) == sorted(pictures)
    assert sorted(name.rpartition("/")[2] for name in tree) == [f"{forms[0][:-4]} (2).jpg", forms[0]]
    assert {names_of(library, row.record) for row in assets(library)} == {(forms[0],)}
    assert_whole(library)


async def test_names_that_differ_in_case_only(library: Library, card: Path, autojump_clock: MockClock) -> None:
    for number, name in enumerate(["img.jpg", "IMG.JPG", "Img.jpg"]):
        (card / name).write_bytes(jpeg(64, 48, seed=number))
    outcome = await bring(library, card)
    assert outcome.imported == 3
    assert len({name.casefold() for name in originals(library)}) == 3
    assert_whole(library)


def list_of(folder: Path) -> list[Path]:
    return list(folder.iterdir())


PICTURE = jpeg(16, 12)
some_name = st.binary(min_size=1, max_size=255).filter(lambda name: not set(name) & set(b"/\0") and name not in (b".", b".."))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=some_name)
async def test_any_name(library: Library, card: Path, name: bytes, autojump_clock: MockClock) -> None:
    folder = card / str(len(list_of(card)))
    outcome = await bring(library, write(folder, {name: PICTURE}))
    assert outcome.imported + outcome.duplicates + len(outcome.skipped) == 1
    assert all(each.expected for each in outcome.skipped)
    assert set(originals(library).values()) <= {PICTURE}
