from __future__ import annotations

from collections.abc import Callable

from crdt.client import writer
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.record import EMPTY, Cell, Content, read, write
from crdt.trash import TRASHED, Trash
from store.ids import FileHash, RecordId, RecordKind
from tools.replaying.differences import CHANGED, OPENED, SETTLED, Difference, about, differences
from tools.replaying.readings import IN_TRASH, RESTORED, FieldName, name_of_key, readings_of

PHOTO = RecordId.asset(FileHash(b"\x3f" * 32))
Edit = Callable[[Draft], None]


class Copy:
    """A record that is written over what is there, or over what its writer had seen."""

    def __init__(self) -> None:
        self.states: list[bytes] = []

    def edit(self, edit: Edit, *, client: int, seen: Content | None = None) -> Content:
        state = self.states[-1] if self.states else None
        content = seen if seen is not None else EMPTY if state is None else read(state)
        draft = Draft(RecordKind.ASSET, content)
        edit(draft)
        written = write(state, client, Stamp.of(client), draft.changes())
        self.states.append(written.state)
        return written.content


def _describe(draft: Draft) -> None:
    draft.set("rating", 4)
    draft.add("keyword", "sea/side")
    draft.derive("kind", "photo")


def changed(before: Content, after: Content) -> list[tuple[str, object, object, str | None]]:
    return [
        (each.name.text, each.before and each.before.value, each.after and each.after.value, each.conflict)
        for each in differences(readings_of(RecordKind.ASSET, before), readings_of(RecordKind.ASSET, after))
    ]


def test_values_by_field_before_and_after() -> None:
    record = Copy()
    first = record.edit(_describe, client=1)
    assert changed(EMPTY, first) == [
        ("keyword:sea/side", None, True, None),
        ("rating", None, 4, None),
        ("derived kind", None, "photo", None),
    ]
    second = record.edit(lambda draft: draft.set("rating", 5), client=2)
    assert changed(first, second) == [("rating", 4, 5, None)]
    assert changed(second, record.edit(lambda draft: draft.set("rating", 5), client=3)) == []


def test_true_is_not_one() -> None:
    left, right = (
        Copy().edit(lambda draft: draft.set("edit:x", True), client=1),
        Copy().edit(lambda draft: draft.set("edit:x", 1), client=1),
    )
    assert len(changed(left, right)) == 1


def test_conflicts_open_change_and_settle() -> None:
    record = Copy()
    base = record.edit(lambda draft: draft.set("rating", 1), client=1)
    unseen = EMPTY
    opened = record.edit(lambda draft: draft.set("rating", 3), client=3, seen=unseen)
    more = record.edit(lambda draft: draft.set("rating", 2), client=2, seen=unseen)
    settled = record.edit(lambda draft: draft.set("rating", 3), client=4)
    assert changed(base, opened) == [("rating", 1, 3, OPENED)]
    assert changed(opened, more) == [("rating", 3, 3, CHANGED)]
    assert changed(more, settled) == [("rating", 3, 3, SETTLED)]


def test_the_trash_is_spoken_of_and_contested_by_what_it_had_not_seen() -> None:
    record = Copy()
    base = record.edit(lambda draft: draft.set("rating", 1), client=1)
    trash = Trash(at=Stamp.of(2), seen=frozenset(cell.writer for cell in base.live.values()))
    trashed = record.edit(lambda draft: draft.set(TRASHED.name, trash.value()), client=2)
    contested = record.edit(lambda draft: draft.set("caption", "mine"), client=3)
    assert changed(base, trashed) == [("trashed", None, IN_TRASH, None)]
    reading = readings_of(RecordKind.ASSET, contested)[FieldName("trashed")]
    assert (reading.value, reading.beside, reading.others) == (IN_TRASH, (RESTORED,), ())
    restored = record.edit(lambda draft: draft.set(TRASHED.name, None), client=4)
    assert ("trashed", IN_TRASH, RESTORED, SETTLED) in changed(contested, restored)


def test_fields_that_this_version_does_not_know() -> None:
    keys = {"v/future": [1], "s/future/x": None, "d/future": 2, "v/rating": "four", "d/kind": 5}
    live = {f"{stem}/{writer(1)}": Cell(Stamp.of(1), writer(1), value) for stem, value in keys.items()}  # type: ignore[arg-type]
    found = readings_of(RecordKind.ASSET, Content(live=live, vector={1: 5}))
    assert {name.text: reading.value for name, reading in found.items()} == {"future": [1], "future:x": True, "derived future": 2}


def test_names_of_any_text() -> None:
    assert name_of_key("v/rating/AAAAAAAAB") == FieldName("rating")
    assert name_of_key("s/name/%FF/AAAAAAAAB") == FieldName("name", "\\xff")
    assert name_of_key("\x1b[31m") == FieldName("\x1b[31m")


def test_what_a_field_is_asked_for() -> None:
    names = [
        FieldName("edit:exposure"),
        FieldName("edit:crop"),
        FieldName("keyword", "sea"),
        FieldName("derived kind"),
        FieldName("rating"),
    ]
    found = [Difference(name=name, before=None, after=None) for name in names]
    asked = {
        field: [each.name.text for each in about(found, field)]
        for field in ("edit:", "keyword", "kind", "keyword:sea", "keyword:se", "rat", "")
    }
    assert asked["edit:"] == ["edit:exposure", "edit:crop"]
    assert (asked["keyword"], asked["keyword:sea"], asked["kind"]) == (["keyword:sea"], ["keyword:sea"], ["derived kind"])
    assert (asked["keyword:se"], asked["rat"], len(asked[""])) == ([], [], 5)
