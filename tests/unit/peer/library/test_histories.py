"""Random histories of two devices that use every word of the vocabulary: whatever they do, and in whatever order they learn of it, they end
with one library, and it is what its entries say.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from peer.errors import UsageError
from peer.library import edits
from peer.library.albums import (
    After,
    Before,
    Target,
    ToIndex,
    add_to_album,
    create_album,
    delete_album,
    move_in_album,
    remove_from_album,
    rename_album,
    restore_album,
)
from peer.library.assignments import parse_assignments
from peer.library.conflicts import TheWinner, all_conflicts, resolve
from peer.library.library import Library
from peer.library.queries import AlbumRow, AssetRow, Filter, Queries
from peer.library.trashing import restore_assets, trash_assets
from store.ids import RecordId
from tests.fleet.libraries import IN_MEMORY, add_photo, give
from tests.unit.peer.library.pair import make_pair

LABELS = ("sea", "lake", "wood")
Act: TypeAlias = Callable[[Library], None]


def photos(library: Library) -> list[RecordId]:
    queries = Queries(library.database)
    return [row.record for wanted in (Filter(), Filter(trash=True)) for row in queries.assets(wanted)]


def albums(library: Library) -> list[RecordId]:
    queries = Queries(library.database)
    return [row.record for row in (*queries.albums(), *queries.albums(trash=True))]


def on_photo(act: Callable[[Library, RecordId], object], which: int) -> Act:
    def do(library: Library) -> None:
        if found := photos(library):
            act(library, found[which % len(found)])

    return do


def on_album(act: Callable[[Library, RecordId], object], which: int) -> Act:
    def do(library: Library) -> None:
        if found := albums(library):
            with suppress(UsageError):  # an album in the trash, or a photo that isn't in it: refused, and nothing is written
                act(library, found[which % len(found)])

    return do


def put(text: str) -> Callable[[Library, RecordId], object]:
    return lambda library, photo: library.change([edits.set_fields(photo, parse_assignments([text]))])


def into(which: int) -> Callable[[Library, RecordId], object]:
    return lambda library, album: add_to_album(library, album, photos(library)[which : which + 2])


def out_of(which: int) -> Callable[[Library, RecordId], object]:
    return lambda library, album: remove_from_album(library, album, photos(library)[which : which + 1])


def within(which: int, target: Callable[[RecordId], Target]) -> Callable[[Library, RecordId], object]:
    def do(library: Library, album: RecordId) -> None:
        members = [row.record for row in Queries(library.database).assets(Filter(album=album))]
        if members:
            move_in_album(library, album, [members[which % len(members)]], target(members[0]))

    return do


def settle_first(library: Library) -> None:
    conflict = next(all_conflicts(library), None)
    if conflict is not None:
        resolve(library, conflict.record, conflict.field, TheWinner())


INDEX = st.integers(0, 3)
TEXTS = st.sampled_from(
    [
        "rating=1",
        "rating=5",
        "caption=å",
        "caption=",
        "favorite=yes",
        "hidden=yes",
        "taken=none",
        "location=1,2",
        "keyword+=a",
        "keyword-=a",
    ]
)
TARGETS = st.sampled_from([Before, After, lambda _: ToIndex(1)])
ACTS: st.SearchStrategy[Act] = st.one_of(
    st.builds(
        lambda label, name: lambda library: add_photo(library, label, name=name),
        st.sampled_from(LABELS),
        st.sampled_from(["a.jpg", "b.jpg"]),
    ),
    st.builds(lambda text, which: on_photo(put(text), which), TEXTS, INDEX),
    st.builds(lambda which: on_photo(lambda library, photo: trash_assets(library, [photo]), which), INDEX),
    st.builds(lambda which: on_photo(lambda library, photo: restore_assets(library, [photo]), which), INDEX),
    st.builds(lambda which: on_photo(lambda library, photo: library.change([], purges=[photo]), which), INDEX),
    st.builds(lambda title: lambda library: create_album(library, title), st.sampled_from(["Sweden", "Home"])),
    st.builds(lambda which: on_album(lambda library, album: rename_album(library, album, "Norway"), which), INDEX),
    st.builds(lambda which: on_album(delete_album, which), INDEX),
    st.builds(lambda which: on_album(restore_album, which), INDEX),
    st.builds(lambda which, photo: on_album(into(photo), which), INDEX, INDEX),
    st.builds(lambda which, photo: on_album(out_of(photo), which), INDEX, INDEX),
    st.builds(lambda which, member, target: on_album(within(member, target), which), INDEX, INDEX, TARGETS),
    st.just(settle_first),
)
STEPS = st.lists(st.tuples(st.sampled_from(["anna", "bert"]), st.one_of(ACTS, ACTS, ACTS, st.none()), st.integers(0, 2000)), max_size=25)


@given(STEPS, st.booleans())
@settings(max_examples=25)
def test_whatever_they_do_they_end_with_one_library(steps: list[tuple[str, Act | None, int]], bert_first: bool) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        pair = make_pair(Path(folder), bert_first=bert_first)
        for who, act, milliseconds in steps:
            library, other = (pair.anna, pair.bert) if who == "anna" else (pair.bert, pair.anna)
            pair.clock.pass_by(milliseconds)
            if act is None:
                give(other, library)
            else:
                act(library)
        pair.meet()
        assert listing(pair.anna) == listing(pair.bert)
        pair.conflicts()
        pair.prove()
        pair.close()


@given(STEPS)
@settings(max_examples=15)
def test_every_conflict_can_be_settled_and_then_none_is_left(steps: list[tuple[str, Act | None, int]]) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        pair = make_pair(Path(folder))
        for who, act, milliseconds in steps:
            pair.clock.pass_by(milliseconds)
            if act is not None:
                act(pair.anna if who == "anna" else pair.bert)
        pair.meet()
        for conflict in pair.conflicts():
            resolve(pair.bert, conflict.record, conflict.field, TheWinner())
        pair.meet()
        assert pair.conflicts() == []
        assert all(row.conflicts == 0 and not row.contested for row in Queries(pair.anna.database).assets())
        pair.close()


def listing(library: Library) -> tuple[list[AssetRow], list[AssetRow], list[AlbumRow], list[list[tuple[RecordId, str | None]]]]:
    queries = Queries(library.database)
    everything = [*queries.albums(), *queries.albums(trash=True)]
    members = [queries.album_members(album.record) for album in everything]
    return list(queries.assets()), list(queries.assets(Filter(trash=True))), everything, members
