"""What is typed into the search field, and what it finds."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.gallery.searching import MOST_WORDS, matching
from peer.gallery.timeline import View, months, photos_of_month
from peer.library.albums import add_to_album, create_album
from peer.library.assignments import parse_assignments
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.setting import set_fields
from store.ids import RecordId, RecordKind
from tests.fleet.libraries import add_photo


@pytest.fixture
def filled(library: Library) -> Library:
    sea = add_photo(library, "sea", name="IMG_2024.JPG", taken="2019-07-03T10:00:00")
    fox = add_photo(library, "fox", name="fox.jpg", taken="2024-07-21T18:03:11+02:00")
    house = add_photo(library, "house", name="house.jpg", taken=None)
    set_fields(library, [sea], parse_assignments(['caption=Die Möwen am Meer: 20% "quoted"', "keyword+=holiday"]))
    set_fields(library, [fox], parse_assignments(["caption=A march in March", "keyword+=北京の狐"]))
    for title in ("Grandmother’s house", "Österreich"):
        add_to_album(library, create_album(library, title), [house])
    return library


def found(library: Library, text: str) -> set[str]:
    view = View(query=text)
    names: set[str] = set()
    for month in months(library, view)["months"]:
        names |= {row["name"] for row in photos_of_month(library, view, month["month"] or "none", start=0, count=100)["assets"]}
    return names


ALBUMS = {RecordId.make(RecordKind.ALBUM, bytes(16)): "Sweden 2024"}
SEA, FOX, HOUSE = "IMG_2024.JPG", "fox.jpg", "house.jpg"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", {SEA, FOX, HOUSE}),
        ("   ", {SEA, FOX, HOUSE}),
        ("möwen", {SEA}),
        ("MÖWEN", {SEA}),
        ("mowen", {SEA}),
        ("mö", {SEA}),
        ("m", {SEA, FOX}),
        ("öwen", set()),
        ("möwen holiday", {SEA}),
        ("möwen fox", set()),
        ("img_2024", {SEA}),
        ("北京", {FOX}),
        ("狐", {FOX}),
        ("grandmother", {HOUSE}),
        ("mother", set()),
        ("österreich", {HOUSE}),
        ("grandmother’s house", {HOUSE}),
        ("july", {SEA, FOX}),
        ("jul 2024", {FOX}),
        ("2024 july", {FOX}),
        ("july 2023", set()),
        ("2024", {SEA, FOX}),
        ("2019", {SEA}),
        ("2024-07", {FOX}),
        ("2024-7-21", {FOX}),
        ("2024-07-22", set()),
        ("march", {FOX}),
        ("quoted", {SEA}),
        ('"', {SEA, FOX, HOUSE}),
        ("20%", {SEA}),
        ("fox' OR 1=1 --", set()),
        ("house*", {HOUSE}),
        ("NEAR(a b)", set()),
        ("words:fox", set()),
    ],
)
def test_what_is_found(filled: Library, text: str, names: set[str]) -> None:
    assert found(filled, text) == names


def test_what_was_taken_away_is_not_found(filled: Library) -> None:
    (photo,) = [row["id"] for row in photos_of_month(filled, View(query="holiday"), "2019-07", start=0, count=9)["assets"]]
    set_fields(filled, [Queries(filled.database).find(photo)], parse_assignments(["keyword-=holiday", "caption=cliffs"]))
    assert found(filled, "holiday") == set()
    assert found(filled, "möwen") == set()
    assert found(filled, "cliff") == {SEA}


@given(st.text(max_size=60) | st.sampled_from(["mar", "may 2024", "2024 july", "2024-07-21", "*", "a b c"]))
def test_whatever_is_typed_is_a_value(text: str) -> None:
    condition = matching(text, ALBUMS)
    assert condition.text.count("?") == len(condition.values)
    assert set(condition.text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.,(?)= 01267'")
    assert len(condition.values) <= 5 * MOST_WORDS


@given(st.text(max_size=30))
def test_whatever_is_typed_is_answered(text: str) -> None:
    """Also by the index of words, which has a language of its own."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE asset (record, moment, search)")
    connection.execute("CREATE TABLE album (record, title, trashed)")
    connection.execute("CREATE TABLE asset_album (record, album)")
    connection.execute("CREATE TABLE search_row (id, record)")
    connection.execute("CREATE VIRTUAL TABLE search_text USING fts5 (words, prefix = '1 2 3')")
    condition = matching(text, ALBUMS)
    assert connection.execute(f"SELECT record FROM asset WHERE {condition.text}", condition.values).fetchall() == []
    connection.close()
