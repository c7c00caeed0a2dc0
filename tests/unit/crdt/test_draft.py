"""Drafts: every write deletes what was seen of its field, and nothing that readers would ignore is written."""

from __future__ import annotations

from typing import Any

import pytest

from crdt.client import writer
from crdt.draft import Draft
from crdt.record import Changes
from crdt.values import Plain
from store.ids import RecordKind
from tests.unit.crdt.contents import content, stamp

A, B = writer(1), writer(2)
ASSET = RecordKind.ASSET
CONTENT = content(
    {
        f"v/rating/{A}": (1, 3),
        f"v/rating/{B}": (2, 4),
        f"v/caption/{A}": (1, "x"),
        f"s/keyword/sea/{A}": (1, None),
        f"s/keyword/sea/{B}": (2, None),
        f"s/keyword/sand/{A}": (1, None),
        f"s/keyword/Zoe\u0308/{A}": (1, None),
        f"d/kind/{A}": (1, "photo"),
    }
)


def test_nothing_is_nothing() -> None:
    assert not Draft(ASSET).changes()


def test_a_write_deletes_all_that_was_seen_of_the_field_and_no_more() -> None:
    draft = Draft(ASSET, CONTENT)
    draft.set("rating", 5)
    assert draft.changes() == Changes(sets={"v/rating": 5}, deletes=frozenset({f"v/rating/{A}", f"v/rating/{B}"}))


def test_what_is_done_last_counts() -> None:
    draft = Draft(ASSET, CONTENT)
    draft.set("rating", 5)
    draft.set("rating", 1)
    draft.add("keyword", "new")
    draft.discard("keyword", "new")
    assert draft.changes().sets == {"v/rating": 1}


def test_values_are_written_in_canonical_form() -> None:
    draft = Draft(ASSET)
    draft.set("rating", 5.0)
    draft.set("location", [47.0, 8.5])
    assert draft.changes().sets == {"v/rating": 5, "v/location": [47, 8.5]}
    assert type(draft.changes().sets["v/rating"]) is int


def test_adding_what_is_there_writes_it_afresh() -> None:
    draft = Draft(ASSET, CONTENT)
    draft.add("keyword", "sea")
    assert draft.changes() == Changes(sets={"s/keyword/sea": None}, deletes=frozenset({f"s/keyword/sea/{A}", f"s/keyword/sea/{B}"}))


def test_discarding() -> None:
    draft = Draft(ASSET, CONTENT)
    draft.discard("keyword", "sea")
    draft.discard("keyword", "never there")
    assert draft.changes() == Changes(deletes=frozenset({f"s/keyword/sea/{A}", f"s/keyword/sea/{B}"}))


def test_an_element_that_somebody_wrote_without_normalising_can_be_discarded_and_replaced() -> None:
    draft = Draft(ASSET, CONTENT)
    draft.discard("keyword", "Zo\u00eb")
    assert draft.changes().deletes == {f"s/keyword/Zoe\u0308/{A}"}
    draft.add("keyword", "Zoe\u0308")
    assert draft.changes().sets == {"s/keyword/Zo\u00eb": None}


def test_alternatives_stay_beside_each_other_but_equal_ones_don_t() -> None:
    one: Plain = {"size": 1, "blobs": [bytes(32)]}
    two: Plain = {"size": 1, "blobs": [bytes([1]) * 32]}
    element = "A" * 43
    draft = Draft(ASSET, content({f"s/source/{element}/{A}": (1, one), f"s/source/{element}/{B}": (2, two)}))
    draft.add("source", element, one, beside=True)
    assert draft.changes() == Changes(sets={f"s/source/{element}": one}, deletes=frozenset({f"s/source/{element}/{A}"}))


def test_derived_fields() -> None:
    draft = Draft(ASSET, CONTENT)
    draft.derive("kind", "raw")
    assert draft.changes() == Changes(sets={"d/kind": "raw"}, deletes=frozenset({f"d/kind/{A}"}))


def test_trashing_names_the_writers_of_live_registers_and_sets() -> None:
    seen = content(
        {f"v/rating/{A}": (1, 3), f"s/keyword/x/{B}": (1, None), f"d/kind/{writer(3)}": (1, "raw"), f"v/trashed/{writer(4)}": (1, None)}
    )
    draft = Draft(ASSET, seen)
    draft.trash(stamp(9))
    assert draft.changes() == Changes(
        sets={"v/trashed": {"at": stamp(9), "seen": sorted([A, B])}}, deletes=frozenset({f"v/trashed/{writer(4)}"})
    )


def test_trashing_an_album_names_its_memberships_too() -> None:
    draft = Draft(RecordKind.ALBUM, content({f"v/title/{A}": (1, "Alps")}))
    draft.trash(stamp(9), members=[B, B])
    assert draft.changes().sets["v/trashed"] == {"at": stamp(9), "seen": sorted([A, B])}


def test_a_trashing_that_saw_too_much_leaves_some_out() -> None:
    draft = Draft(RecordKind.ALBUM)
    draft.trash(stamp(9), members=[writer(n) for n in range(6_000)])
    value: Any = draft.changes().sets["v/trashed"]
    assert len(value["seen"]) == 5_000


def test_restoring() -> None:
    draft = Draft(ASSET, content({f"v/trashed/{A}": (1, {"at": bytes(8), "seen": []})}))
    draft.restore()
    assert draft.changes() == Changes(sets={"v/trashed": None}, deletes=frozenset({f"v/trashed/{A}"}))


def test_resolving_is_a_write_and_trashes_afresh() -> None:
    draft = Draft(ASSET, CONTENT)
    draft.resolve("rating", 3, at=stamp(9))
    draft.resolve("trashed", {"at": bytes(8), "seen": []}, at=stamp(9))
    assert draft.changes().sets == {"v/rating": 3, "v/trashed": {"at": stamp(9), "seen": sorted([A, B])}}
    draft.resolve("trashed", None, at=stamp(9))
    assert draft.changes().sets["v/trashed"] is None


def test_what_one_entry_wrote_is_taken_away_beside_the_rest() -> None:
    draft = Draft(ASSET, CONTENT)
    draft.retract("v/rating", B)
    draft.retract("s/keyword/sea", A)
    draft.retract("s/keyword/sand", B)
    assert draft.changes() == Changes(sets={}, deletes=frozenset({f"v/rating/{B}", f"s/keyword/sea/{A}"}))


@pytest.mark.parametrize(
    ("kind", "write"),
    [
        (ASSET, lambda draft: draft.set("rating", 6)),
        (ASSET, lambda draft: draft.set("rating", float("nan"))),
        (ASSET, lambda draft: draft.set("titel", "x")),
        (ASSET, lambda draft: draft.set("role:a/b", bytes(32))),
        (ASSET, lambda draft: draft.set("edit:" + "x" * 80, 1)),
        (ASSET, lambda draft: draft.set("keyword", "x")),
        (ASSET, lambda draft: draft.set("caption", "\ud800")),
        (ASSET, lambda draft: draft.add("keyword", "")),
        (ASSET, lambda draft: draft.add("keyword", "x" * 1025)),
        (ASSET, lambda draft: draft.add("keyword", "x", 1)),
        (ASSET, lambda draft: draft.add("album", "no id")),
        (ASSET, lambda draft: draft.add("words", "x")),
        (ASSET, lambda draft: draft.discard("words", "x")),
        (ASSET, lambda draft: draft.derive("kind", "painting")),
        (ASSET, lambda draft: draft.derive("colour", "red")),
        (RecordKind.DEVICE, lambda draft: draft.trash(stamp(1))),
        (RecordKind.LIBRARY, lambda draft: draft.set("title", "x")),
    ],
)
def test_what_readers_would_ignore_is_not_written(kind: RecordKind, write: Any) -> None:
    draft = Draft(kind)
    with pytest.raises(ValueError, match=r"."):
        write(draft)
    assert not draft.changes()
