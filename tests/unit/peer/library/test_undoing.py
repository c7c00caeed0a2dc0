"""Undo on one device and between two: what was done is taken back, and what anybody else wrote never."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.asset import AssetView, view_asset
from crdt.keys import stem_of
from crdt.record import EMPTY
from peer.errors import UsageError
from peer.keys.change_body import ChangeBody
from peer.keys.sealing import open_body
from peer.library import edits, journal
from peer.library.actions import BY_PROGRAM, Action
from peer.library.albums import ToIndex, add_to_album, create_album, delete_album, move_in_album, remove_from_album, rename_album
from peer.library.assignments import parse_assignments
from peer.library.authoring import Edit
from peer.library.conflicts import OfDevice, TheWinner, all_conflicts, conflicts_of, resolve
from peer.library.library import Library
from peer.library.queries import Filter, Queries
from peer.library.trashing import restore_assets, trash_assets
from peer.library.undoing import Undone, find_action, newest, undo, would_trash
from store.entries import EntryKind
from store.ids import RecordId, RecordKind
from tests.fleet.libraries import IN_MEMORY, add_photo, edit, make_library
from tests.unit.crdt.strategies import values
from tests.unit.peer.library.pair import Pair, make_pair


def take_back(library: Library, *, again: bool = False) -> Undone:
    return undo(library, newest(library, again=again))


def put(library: Library, asset: RecordId, *texts: str) -> None:
    library.change([edits.set_fields(asset, parse_assignments(texts))])


def view(library: Library, asset: RecordId) -> AssetView:
    return view_asset(library.records.content(asset) or EMPTY)


def counts(undone: Undone) -> tuple[int, int]:
    return undone.fields_undone, undone.fields_skipped


@pytest.mark.parametrize(
    ("before", "action"),
    [
        ((), ("rating=4",)),
        (("rating=2", "caption=x"), ("rating=4", "caption=y", "favorite=yes")),
        (("keyword+=sea",), ("keyword-=sea", "keyword+=lake")),
        ((), ("keyword+=sea",)),
        (("location=1,2", "taken=2001-02-03T04:05:06"), ("location=none", "taken=none")),
        (("hidden=yes",), ("hidden=no",)),
    ],
)
def test_every_field_is_what_it_was(library: Library, before: tuple[str, ...], action: tuple[str, ...]) -> None:
    asset = add_photo(library, "sea")
    if before:
        put(library, asset, *before)
    then = replace(view(library, asset), writers=frozenset())
    put(library, asset, *action)
    assert replace(view(library, asset), writers=frozenset()) != then
    assert take_back(library).skipped == 0
    assert replace(view(library, asset), writers=frozenset()) == then
    take_back(library, again=True)
    assert replace(view(library, asset), writers=frozenset()) != then


def test_undo_goes_back_action_by_action_and_forward_again(library: Library) -> None:
    asset = add_photo(library, "sea")
    for rating in (1, 2, 3):
        put(library, asset, f"rating={rating}")
    seen = []
    for again in (False, False, True, False, False, True, True, True):
        take_back(library, again=again)
        seen.append(view(library, asset).rating)
    assert seen == [2, 1, 2, 1, 0, 1, 2, 3]
    with pytest.raises(UsageError, match="done again"):
        take_back(library, again=True)


def test_the_list_says_what_when_and_for_how_many(library: Library) -> None:
    photos = [add_photo(library, label) for label in "abc"]
    library.change([edits.set_fields(photo, parse_assignments(["rating=1", "keyword+=x"])) for photo in photos])
    album = create_album(library, "Sweden")
    (made, rated) = library.journal.actions()
    assert (rated.label, rated.photos, rated.records, rated.is_undo) == ("rating, keyword", 3, 3, False)
    assert (made.photos, made.records) == (0, 1)
    take_back(library)
    undone, left = library.journal.actions()
    assert (undone.label, undone.undoes, undone.is_undo, left) == (f"undo of {made.label}", made.id, True, rated)
    assert find_action(library, rated.id.hex()[:9].upper()) == rated
    assert [row.record for row in Queries(library.database).albums(trash=True)] == [album]


def test_nothing_to_undo_is_said(library: Library) -> None:
    add_photo(library, "sea")
    for call in (lambda: take_back(library), lambda: find_action(library, "ab"), lambda: find_action(library, "")):
        with pytest.raises(UsageError, match=r"Nothing was changed\."):
            call()


def test_an_action_is_taken_back_once(library: Library) -> None:
    put(library, add_photo(library, "sea"), "rating=3")
    action = newest(library)
    undo(library, action)
    with pytest.raises(UsageError, match="already"):
        undo(library, action)


def test_imports_and_what_programs_write_are_no_actions(library: Library) -> None:
    asset = add_photo(library, "sea")
    add_photo(library, "sea", name="again.jpg")
    library.change([Edit(asset, lambda draft, stamp: draft.restore())], action=BY_PROGRAM)
    assert library.journal.actions() == []


def test_an_earlier_action_is_taken_back_and_the_later_ones_stay(library: Library) -> None:
    asset = add_photo(library, "sea")
    put(library, asset, "rating=2", "caption=x")
    put(library, asset, "caption=y")
    undone = undo(library, library.journal.actions()[1])
    assert counts(undone) == (1, 1)
    assert (undone.undone, undone.skipped) == (1, 1)
    assert (view(library, asset).rating, view(library, asset).caption) == (0, "y")


def test_a_bulk_of_a_thousand_is_taken_back_by_one_command(tmp_path: Path) -> None:
    library = make_library(tmp_path / "anna")
    photos = [RecordId.make(RecordKind.ASSET, number.to_bytes(16, "big")) for number in range(1000)]
    library.change([Edit(photo, lambda draft, stamp: draft.add("name", "x.jpg")) for photo in photos])
    started = library.log.count()
    library.change([edits.set_fields(photo, parse_assignments(["favorite=yes", "caption=At the sea"])) for photo in photos])
    batches = batches_since(library, started)
    assert len(batches) > 1
    assert batches == [newest(library).id] * len(batches)
    assert newest(library).photos == 1000
    undone = take_back(library)
    assert (undone.undone, undone.fields_undone, undone.skipped) == (1000, 2000, 0)
    assert not any(view(library, photo).favorite or view(library, photo).caption for photo in photos)
    library.close()


def batches_since(library: Library, count: int) -> list[bytes]:
    entries = [arrived.entry for arrived in library.log.after(0, limit_bytes=2**30)][count:]
    opened = []
    for entry in entries:
        assert entry.kind is EntryKind.CHANGE
        assert entry.epoch is not None
        opened.append(ChangeBody.decode(open_body(library.keyring()[entry.epoch], entry.prefix, entry.body)).batch)
    return opened


def test_one_action_may_take_several_transactions(library: Library) -> None:
    asset = add_photo(library, "sea")
    put(library, asset, "rating=1")
    action, started = Action("sorting", id=b"a" * 16), library.log.count()
    for rating in (2, 3):
        library.change([edits.set_fields(asset, parse_assignments([f"rating={rating}"]))], action=action)
    assert batches_since(library, started) == [action.id] * 2
    assert newest(library).label == "sorting"
    assert counts(take_back(library)) == (1, 0)
    assert view(library, asset).rating == 1


def test_survives_a_restart(tmp_path: Path) -> None:
    library = make_library(tmp_path / "anna")
    asset = add_photo(library, "sea")
    put(library, asset, "rating=3")
    library.close()
    again = Library.open(library.folder, clock=library.clock)
    take_back(again)
    assert view(again, asset).rating == 0
    again.close()


def test_what_fails_leaves_no_trace_in_the_journal(library: Library) -> None:
    asset = add_photo(library, "sea")
    with pytest.raises(ValueError, match="no field"):
        library.change(
            [edits.set_fields(asset, parse_assignments(["rating=3"])), Edit(asset, lambda draft, stamp: draft.set("nonsense", 1))]
        )
    assert library.journal.actions() == []


@pytest.mark.parametrize(("name", "value"), [("MAX_ACTIONS", 3), ("MAX_BYTES", 400)])
def test_the_journal_is_bounded_and_the_newest_stay(library: Library, monkeypatch: pytest.MonkeyPatch, name: str, value: int) -> None:
    monkeypatch.setattr(journal, name, value)
    asset = add_photo(library, "sea")
    for rating in (1, 2, 3, 4, 5, 4, 3, 2, 1):
        put(library, asset, f"rating={rating}")
    kept = len(library.journal.actions())
    assert 0 < kept <= 5
    for _ in range(kept):
        take_back(library)
    with pytest.raises(UsageError):
        take_back(library)


def test_what_is_too_large_to_be_kept_is_not_kept(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = add_photo(library, "sea")
    put(library, asset, "caption=" + "x" * 5000)
    monkeypatch.setattr(journal, "MAX_BYTES", 4000)
    put(library, asset, "caption=y")
    assert library.journal.actions() == []


# Albums and the trash


def test_what_was_done_to_an_album_is_taken_back(library: Library) -> None:
    photos = {label: add_photo(library, label) for label in "abcd"}
    album = create_album(library, "Sweden")
    shown: list[str] = []

    def note() -> None:
        rows = Queries(library.database).assets(Filter(album=album))
        title = Queries(library.database).album(album)
        shown.append("".join(row.name[0] for row in rows) + (title.title if title and title.trashed is None else "-"))

    acts: list[Callable[[], object]] = [
        lambda: add_to_album(library, album, [photos[label] for label in "abc"]),
        lambda: move_in_album(library, album, [photos["c"]], ToIndex(0)),
        lambda: remove_from_album(library, album, [photos["a"]]),
        lambda: rename_album(library, album, "Norway"),
        lambda: add_to_album(library, album, [photos["a"], photos["d"]]),
        lambda: delete_album(library, album),
    ]
    for act in acts:
        note()
        act()
    assert shown == ["Sweden", "abcSweden", "cabSweden", "cbSweden", "cbNorway", "cbadNorway"]
    done = list(reversed(shown))
    shown.clear()
    for _ in acts:
        take_back(library)
        note()
    assert shown == done


def test_undoing_the_making_of_an_album_puts_it_into_the_trash(library: Library) -> None:
    album = create_album(library, "Sweden")
    take_back(library)
    assert [row.record for row in Queries(library.database).albums(trash=True)] == [album]
    assert conflicts_of(library, album) == []
    take_back(library, again=True)
    assert [row.title for row in Queries(library.database).albums()] == ["Sweden"]


def test_the_trash_is_undone_and_so_is_its_undoing(library: Library) -> None:
    photos = [add_photo(library, label) for label in "abc"]
    trash_assets(library, photos)
    assert (newest(library).label, newest(library).photos) == ("trash", 3)
    take_back(library)
    assert Queries(library.database).count() == (3, 0)
    action = newest(library, again=True)
    assert would_trash(library, action) == sorted(photos)
    undo(library, action)
    assert Queries(library.database).count() == (0, 3)
    assert list(all_conflicts(library)) == []
    restore_assets(library, photos[:1])
    assert would_trash(library, newest(library)) == photos[:1]


def test_what_contested_the_trash_still_does_when_a_restoring_is_undone(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea")
    pair.meet()
    trash_assets(pair.anna, [asset])
    put(pair.bert, asset, "caption=keep me")
    pair.meet()
    restore_assets(pair.anna, [asset])
    assert not view(pair.anna, asset).contested
    take_back(pair.anna)
    assert view(pair.anna, asset).trashed is not None
    assert view(pair.anna, asset).contested
    pair.meet()


def test_a_photo_that_was_deleted_for_good_is_skipped(library: Library) -> None:
    asset = add_photo(library, "sea")
    put(library, asset, "rating=3")
    library.change([], purges=[asset])
    assert counts(take_back(library)) == (0, 1)


def test_a_settled_conflict_is_not_opened_again_and_that_is_said(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea")
    pair.meet()
    put(pair.anna, asset, "caption=lake")
    pair.clock.pass_by()
    put(pair.bert, asset, "caption=sea")
    pair.meet()
    resolve(pair.anna, asset, "caption", OfDevice("anna"))
    assert view(pair.anna, asset).caption == "lake"
    undone = take_back(pair.anna)
    assert (undone.settled, undone.undone) == (1, 1)
    assert view(pair.anna, asset).caption == "sea"
    pair.meet()
    assert pair.conflicts() == []


# Two devices


def test_what_somebody_changed_since_is_left_alone(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea")
    put(pair.anna, asset, "rating=2", "caption=x", "keyword+=a")
    pair.meet()
    pair.clock.pass_by()
    put(pair.bert, asset, "rating=5", "keyword-=a")
    pair.meet()
    assert counts(take_back(pair.anna)) == (1, 2)
    pair.meet()
    after = view(pair.bert, asset)
    assert (after.rating, after.caption, after.keywords) == (5, "", ())


@pytest.mark.parametrize(("before", "rating", "conflicts"), [((), 5, 0), (("rating=1",), 3, 1)])
def test_what_somebody_wrote_at_the_same_time_stays(pair: Pair, before: tuple[str, ...], rating: int, conflicts: int) -> None:
    """Where something stood there before, it stays in conflict: if both took their values away, that would be lost."""
    asset = add_photo(pair.anna, "sea")
    if before:
        put(pair.anna, asset, *before)
    pair.meet()
    put(pair.bert, asset, "rating=5")
    pair.clock.pass_by()
    put(pair.anna, asset, "rating=3")
    pair.meet()
    take_back(pair.anna)
    pair.meet()
    assert (view(pair.bert, asset).rating, len(pair.conflicts())) == (rating, conflicts)


def test_a_keyword_that_both_added_goes_when_both_take_it_back_and_stays_when_one_does(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea")
    pair.meet()
    for library in pair.both:
        put(library, asset, "keyword+=a", "keyword+=b")
    pair.meet()
    take_back(pair.anna)
    assert view(pair.anna, asset).keywords == ("a", "b")
    take_back(pair.bert)
    pair.meet()
    assert view(pair.anna, asset).keywords == ()


def test_undo_beside_another_write_merges_like_any_write(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea")
    put(pair.anna, asset, "caption=x")
    put(pair.anna, asset, "caption=y")
    pair.meet()
    take_back(pair.anna)
    pair.clock.pass_by()
    put(pair.bert, asset, "caption=z")
    pair.meet()
    (conflict,) = pair.conflicts()
    assert (conflict.winner.value, [other.value for other in conflict.others]) == ("z", ["x"])


# Properties

INDEX = st.integers(0, 3)
WHO = st.sampled_from(["anna", "bert"])
TEXTS = (
    "rating=1",
    "rating=5",
    "rating=none",
    "caption=å",
    "caption=none",
    "favorite=yes",
    "hidden=no",
    "taken=none",
    "keyword+=a",
    "keyword-=a",
)
Act: TypeAlias = Callable[[Library], object]


def photos_of(library: Library) -> list[RecordId]:
    return sorted(record for record, _ in library.records.all(RecordKind.ASSET))


def albums_of(library: Library) -> list[RecordId]:
    return sorted(record for record, _ in library.records.all(RecordKind.ALBUM))


def photo(act: Callable[[Library, RecordId], object]) -> st.SearchStrategy[Act]:
    return INDEX.map(lambda which: lambda library: act(library, photos_of(library)[which % len(photos_of(library))]))


def album(act: Callable[[Library, RecordId, RecordId], object]) -> st.SearchStrategy[Act]:
    def do(which: tuple[int, int]) -> Act:
        def on(library: Library) -> None:
            there, photos = albums_of(library), photos_of(library)
            with suppress(UsageError):
                act(library, there[which[0] % len(there)], photos[which[1] % len(photos)])

        return on

    return st.tuples(INDEX, INDEX).map(do)


ACTS: st.SearchStrategy[Act] = st.one_of(
    st.sampled_from(TEXTS).flatmap(lambda text: photo(lambda library, asset: put(library, asset, text))),
    photo(lambda library, asset: edit(library, asset, edit_exposure=10, edit_rotate=90)),
    photo(lambda library, asset: trash_assets(library, [asset])),
    photo(lambda library, asset: restore_assets(library, [asset])),
    st.just(lambda library: create_album(library, "Finland")),
    album(lambda library, which, asset: rename_album(library, which, "Norway")),
    album(lambda library, which, asset: delete_album(library, which)),
    album(lambda library, which, asset: add_to_album(library, which, [asset])),
    album(lambda library, which, asset: remove_from_album(library, which, [asset])),
    album(lambda library, which, asset: move_in_album(library, which, [asset], ToIndex(1))),
)


def furnish(library: Library) -> list[RecordId]:
    photos = [add_photo(library, label) for label in ("sea", "lake", "wood")]
    put(library, photos[0], "rating=3", "keyword+=b", "caption=first")
    first = create_album(library, "Sweden")
    add_to_album(library, first, photos[:2])
    trash_assets(library, photos[2:])
    return photos


def everything(library: Library) -> dict[RecordId, Any]:
    """All that records say, without who wrote it and when; when something was trashed is such a when."""
    found: dict[RecordId, Any] = {}
    for record, _ in library.records.all():
        said = found[record] = stems(library, record)
        if "v/trashed" in said:
            said["v/trashed"] = [value is not None for value in said["v/trashed"]]
    return found


def stems(library: Library, record: RecordId) -> dict[str, list[Any]]:
    """The values in each field of a record."""
    said: dict[str, list[Any]] = {}
    for key, cell in (library.records.content(record) or EMPTY).live.items():
        said.setdefault(stem_of(key), []).append(cell.value)
    return said


@given(st.lists(values, min_size=1, max_size=8))
@settings(max_examples=15)
def test_any_value_comes_back_as_it_was(said: list[Any]) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        library = make_library(Path(folder) / "anna")
        asset = add_photo(library, "sea")
        for value in said:
            edit(library, asset, edit_unheard=value)
        for value in reversed(said):
            assert stems(library, asset)["v/edit:unheard"] == [value]
            take_back(library)
        assert "v/edit:unheard" not in stems(library, asset)
        library.close()


@given(st.lists(ACTS, max_size=12))
@settings(max_examples=25)
def test_whatever_was_done_undoing_all_of_it_gives_what_was_there(acts: list[Act]) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        library = make_library(Path(folder) / "anna")
        furnish(library)
        before, done = everything(library), len(library.journal.actions())
        for act in acts:
            act(library)
        after = everything(library)
        count = len(library.journal.actions()) - done
        for _ in range(count):
            assert take_back(library).skipped == 0
        undone = everything(library)
        made = undone.keys() - before.keys()
        assert {record: said for record, said in undone.items() if record not in made} == before
        assert all(undone[record]["v/trashed"] == [True] for record in made)
        for _ in range(count):
            take_back(library, again=True)
        assert everything(library) == after
        library.close()


@given(st.lists(st.tuples(WHO, st.one_of(ACTS, ACTS, st.sampled_from(["undo", "redo", "meet"]))), max_size=16), st.booleans())
@settings(max_examples=15)
def test_two_devices_that_undo_at_any_time_end_with_one_library(steps: list[tuple[str, Act | str]], bert_first: bool) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        pair = make_pair(Path(folder), bert_first=bert_first)
        furnish(pair.anna)
        pair.meet()
        for who, act in steps:
            pair.clock.pass_by()
            library = pair.anna if who == "anna" else pair.bert
            if act == "meet":
                pair.meet()
            elif isinstance(act, str):
                with suppress(UsageError):
                    take_back(library, again=act == "redo")
            else:
                act(library)
        pair.meet()
        pair.conflicts()
        pair.prove()
        pair.close()


ON_BERT = ("caption=b", "favorite=yes", "keyword+=b", "rating=2")


@given(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4), st.lists(st.sampled_from(ON_BERT), max_size=3), st.booleans())
@settings(max_examples=20)
def test_after_an_undo_fields_are_what_they_were_or_what_the_other_wrote(annas: list[str], berts: list[str], meet_first: bool) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        pair = make_pair(Path(folder))
        asset = add_photo(pair.anna, "sea")
        put(pair.anna, asset, "rating=3", "caption=first", "keyword+=b")
        pair.meet()
        before = stems(pair.anna, asset)
        put(pair.anna, asset, *annas)
        if meet_first:
            pair.meet()
        pair.clock.pass_by()
        theirs = pair.bert.log.count()
        if berts:
            put(pair.bert, asset, *berts)
        assert pair.bert.log.count() - theirs == bool(berts)
        others = stems(pair.bert, asset)
        take_back(pair.anna)
        pair.meet()
        changed = {f"v/{text.partition('=')[0]}" for text in berts} | {"s/keyword/b"}
        for stem, values in stems(pair.bert, asset).items():
            if stem not in changed:
                assert values == before.get(stem, []), stem
            elif stem != "s/keyword/b":
                assert all(value in values for value in others[stem]), stem
        pair.close()


def test_the_winner_of_a_conflict_elsewhere_is_not_touched(pair: Pair) -> None:
    asset = add_photo(pair.anna, "sea")
    pair.meet()
    put(pair.anna, asset, "caption=lake")
    put(pair.bert, asset, "caption=sea")
    pair.meet()
    resolve(pair.bert, asset, "caption", TheWinner())
    pair.meet()
    assert counts(take_back(pair.anna)) == (0, 1)
