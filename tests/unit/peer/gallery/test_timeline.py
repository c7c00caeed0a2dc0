"""Months and their photos are what a plain listing says, whatever was done before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.errors import UsageError
from peer.gallery.timeline import UNDATED, View, months, photos_of_month, place_of, rows_of
from peer.library.albums import ToIndex, add_to_album, create_album, move_in_album
from peer.library.assignments import parse_assignments
from peer.library.authoring import Edit
from peer.library.editing import edit_photo
from peer.library.findings import Findings, in_silence
from peer.library.library import Library
from peer.library.purging import purge_now
from peer.library.queries import AssetRow, Filter, Queries
from peer.library.record_checks import check_records
from peer.library.setting import set_fields
from peer.library.trashing import restore_assets, trash_assets
from store.ids import RecordId
from tests.fleet.libraries import IN_MEMORY, add_photo, make_library

TIMES = ("2024-07-21T18:03:11+02:00", "2024-07-01T00:00:00", "2024-08-01T09:00:00Z", "1999-12-31T23:59:59", None)


def plain(library: Library, keep: Callable[[AssetRow], bool], *, trash: bool = False) -> list[AssetRow]:
    """Newest first."""
    return [row for row in Queries(library.database).assets(Filter(trash=trash)) if keep(row)][::-1]


def shown(library: Library, view: View) -> list[str]:
    """The ids of all photos of a view, month by month, in pieces."""
    found: list[str] = []
    for month in months(library, view)["months"]:
        name = month["month"] or UNDATED
        of_month: list[str] = []
        while page := photos_of_month(library, view, name, start=len(of_month), count=2)["assets"]:
            of_month += [row["id"] for row in page]
        assert len(of_month) == month["count"]
        found += of_month
    return found


def assert_right(library: Library) -> None:
    everything = plain(library, lambda row: not row.hidden)
    assert shown(library, View()) == [row.record.body.hex() for row in everything]
    counted = Counter((row.taken or "")[:7] for row in everything)
    told = months(library, View())
    assert {month["month"]: month["count"] for month in told["months"]} == counted
    assert told["total"] == len(everything)
    for view, rows in (
        (View(favorite=True), plain(library, lambda row: row.favorite and not row.hidden)),
        (View(hidden=True), plain(library, lambda row: row.hidden)),
        (View(trash=True), plain(library, lambda row: True, trash=True)),
        (View(kind="video"), plain(library, lambda row: row.kind == "video" and not row.hidden)),
    ):
        assert shown(library, view) == [row.record.body.hex() for row in rows]
    for number, row in enumerate(everything):
        place = place_of(library, row.record)
        assert place is not None
        before = sum(1 for each in everything[:number] if (each.taken or "")[:7] == place["month"])
        assert place == {"month": (row.taken or "")[:7], "index": before}


@contextmanager
def fresh() -> Iterator[Library]:
    with TemporaryDirectory(dir=IN_MEMORY) as folder:
        library = make_library(Path(folder, "anna"))
        try:
            yield library
        finally:
            library.close()


Step = Callable[[Library, list[RecordId], int], object]
STEPS: dict[str, Step] = {
    "add": lambda library, photos, number: photos.append(add_photo(library, f"photo {len(photos)}", taken=TIMES[number % len(TIMES)])),
    "date": lambda library, photos, number: assign(library, photos, number, f"taken={(TIMES[number % 4] or '').removesuffix('Z')}"),
    "no date": lambda library, photos, number: assign(library, photos, number, "taken=none"),
    "hide": lambda library, photos, number: assign(library, photos, number, "hidden=yes"),
    "show": lambda library, photos, number: assign(library, photos, number, "hidden=no"),
    "favourite": lambda library, photos, number: assign(library, photos, number, "favorite=yes"),
    "trash": lambda library, photos, number: trash_assets(library, some(photos, number)),
    "restore": lambda library, photos, number: restore_assets(library, some(photos, number)),
    "purge": lambda library, photos, number: purge_one(library, photos, number),
    "fold": lambda library, photos, number: fold(library, photos, number),
}


def some(photos: list[RecordId], number: int) -> list[RecordId]:
    return [photos[number % len(photos)]] if photos else []


def assign(library: Library, photos: list[RecordId], number: int, assignment: str) -> None:
    for record in some(photos, number):
        if Queries(library.database).asset(record) is not None:
            set_fields(library, [record], parse_assignments([assignment]))


def purge_one(library: Library, photos: list[RecordId], number: int) -> None:
    for record in some(photos, number):
        row = Queries(library.database).asset(record)
        if row is not None and row.trashed is not None:
            purge_now(library, [record])
            photos.remove(record)


def fold(library: Library, photos: list[RecordId], number: int) -> None:
    """One photo's file becomes another's RAW: from then on they are shown as one."""
    if len(photos) < 2:
        return
    one, other = photos[number % len(photos)], photos[(number + 1) % len(photos)]
    if any(Queries(library.database).asset(record) is None for record in (one, other)):
        return
    with library.database.read() as connection:
        (file,) = connection.execute("SELECT primary_file FROM asset WHERE record = ?", (other,)).fetchone()
    library.change([Edit(one, lambda draft, stamp: draft.set("role:raw", bytes(file)))])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 9)), max_size=14))
def test_whatever_is_done_months_and_photos_are_those_of_a_plain_listing(steps: list[tuple[str, int]]) -> None:
    with fresh() as library:
        photos: list[RecordId] = []
        for label in range(3):
            STEPS["add"](library, photos, label)
        for name, number in steps:
            STEPS[name](library, photos, number)
        assert_right(library)
        findings = Findings()
        check_records(library, findings, in_silence)
        assert findings.problems == []


def test_only_what_changed_since(library: Library) -> None:
    july, august = add_photo(library, "a", taken=TIMES[0]), add_photo(library, "b", taken=TIMES[2])
    before = months(library, View())["revision"]
    assert months(library, View(), since=before)["months"] == []
    set_fields(library, [august], parse_assignments(["rating=3"]))
    assert [month["month"] for month in months(library, View(), since=before)["months"]] == ["2024-08"]
    trash_assets(library, [july])
    changed = months(library, View(), since=before)["months"]
    assert [(month["month"], month["count"]) for month in changed] == [("2024-08", 1), ("2024-07", 0)]
    assert [month["month"] for month in months(library, View())["months"]] == ["2024-08"]


def test_an_album_is_shown_in_its_own_order(library: Library) -> None:
    photos = [add_photo(library, name, taken=time) for name, time in zip("abc", TIMES, strict=False)]
    album = create_album(library, "Sweden")
    add_to_album(library, album, photos)
    move_in_album(library, album, [photos[2]], ToIndex(0))
    view = View(album=album)
    assert [(month["month"], month["count"]) for month in months(library, view)["months"]] == [("", 3)]
    assert shown(library, view) == [photos[number].body.hex() for number in (2, 0, 1)]


def test_a_photo_is_as_large_as_its_edits_make_it(library: Library) -> None:
    record = add_photo(library, "a")
    (row,) = rows_of(library, [record])
    assert (row["width"], row["height"], row["picture"]) == (4000, 3000, None)
    library.change([edit_photo(record, {"rotate": 90})])
    (row,) = rows_of(library, [record])
    assert (row["width"], row["height"]) == (3000, 4000)
    library.change([edit_photo(record, {"crop": [0.0, 0.0, 0.5, 0.5]})])
    (row,) = rows_of(library, [record])
    assert (row["width"], row["height"]) == (1500, 2000)


@pytest.mark.parametrize("month", ["2024-7", "2024", "", "2024-07-21", "20240-7", "२०२४-०७", "' OR 1=1"])
def test_what_is_no_month(library: Library, month: str) -> None:
    with pytest.raises(UsageError, match="is no month"):
        photos_of_month(library, View(), month, start=0, count=10)


def test_what_a_photo_is_made_of_counts_once(library: Library) -> None:
    photos = [add_photo(library, "a", taken=TIMES[0]), add_photo(library, "b", taken=TIMES[2])]
    fold(library, photos, 0)
    assert [(month["month"], month["count"]) for month in months(library, View())["months"]] == [("2024-07", 1)]
    (row,) = rows_of(library, [photos[0]])
    assert row["raw"]
