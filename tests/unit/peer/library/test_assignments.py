from __future__ import annotations

import unicodedata
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.record import Content, write
from crdt.values import Value
from peer.errors import UsageError
from peer.library.assignments import (
    MAX_TEXT_BYTES,
    AddKeyword,
    RemoveKeyword,
    SetField,
    ShiftTaken,
    check_text,
    parse_assignments,
    parse_field,
)
from store.ids import RecordKind

UNDERSTOOD: list[tuple[str, str, Value]] = [
    ("favorite=yes", "favorite", True),
    ("favorite=TRUE", "favorite", True),
    ("favorite=no", "favorite", False),
    ("hidden=off", "hidden", False),
    ("hidden=1", "hidden", True),
    ("rating=0", "rating", 0),
    ("rating= 5 ", "rating", 5),
    ("rating=none", "rating", None),
    ("caption=", "caption", ""),
    ("caption=none", "caption", None),
    ("caption= none", "caption", " none"),
    ("caption=a=b += c", "caption", "a=b += c"),
    ("caption=two\nlines", "caption", "two\nlines"),
    ("taken=2024-07-21T18:03:11+02:00", "taken", {"t": "2024-07-21T18:03:11+02:00"}),
    ("taken=2024-07-21 18:03", "taken", {"t": "2024-07-21T18:03:00"}),
    ("taken=2024-07-21t18:03:11.5z", "taken", {"t": "2024-07-21T18:03:11.5Z"}),
    ("taken=2024-07-21T18:03:11-0530", "taken", {"t": "2024-07-21T18:03:11-05:30"}),
    ("taken=none", "taken", None),
    ("location=59.33,18.06", "location", [59.33, 18.06]),
    ("location=-33, 151.2, 12.5", "location", [-33, 151.2, 12.5]),
    ("location=NONE", "location", None),
]

REFUSED = [
    "",
    "rating",
    "=5",
    "rating=6",
    "rating=-1",
    "rating=4.5",
    "rating=٣",
    "rating+=1",
    "favorite-=yes",
    "favorite=perhaps",
    "favorite=",
    "stars=3",
    "trashed=none",
    "Rating=3",
    "keyword=sea",
    "keyword+=",
    "keyword-=   ",
    "keyword+=" + "x" * 5000,
    "taken=2024-07-21",
    "taken=2024-02-30T10:00:00",
    "taken=2024-07-21T25:00:00",
    "taken=yesterday",
    "taken=",
    "location=91,0",
    "location=0,181",
    "location=1",
    "location=1,2,3,4",
    "location=nan,0",
    "location=1e1,0",
    "location=1_0,0",
    "location=north,west",
    "caption=" + "x" * (MAX_TEXT_BYTES + 1),
    "caption=\udcff",
    "taken+=",
    "taken+=soon",
    "taken-=1h2d",
    "taken+=-1h",
    "zone=Stockholm",
    "zone=+25:00",
    "zone+=01:00",
    "zone=",
]


@pytest.mark.parametrize(("text", "field", "value"), UNDERSTOOD)
def test_is_understood(text: str, field: str, value: Value) -> None:
    assert parse_assignments([text]) == (SetField(field=field, value=value),)
    draft = Draft(RecordKind.ASSET)
    for assignment in parse_assignments([text]):
        assignment.apply(draft)
    assert draft.changes().sets


@pytest.mark.parametrize("text", REFUSED)
def test_is_refused_with_a_sentence_and_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_assignments(["favorite=yes", text, "rating=3"])
    assert "Nothing was changed." in caught.value.message
    assert caught.value.hint
    assert len(caught.value.message) < 300


def test_keywords_are_added_and_taken_away_without_the_space_around_them() -> None:
    assert parse_assignments(["keyword+= sea ", "keyword-=a=b"]) == (AddKeyword(word="sea"), RemoveKeyword(word="a=b"))


def test_shifts_of_the_time_are_added_up() -> None:
    shift = ShiftTaken(by=timedelta(hours=1, minutes=30) - timedelta(days=2), zone="-05:30")
    assert parse_assignments(["taken+=1h30m", "zone=-0530", "taken-=2d", "rating=1"]) == (SetField(field="rating", value=1), shift)
    with pytest.raises(UsageError, match="not both"):
        parse_assignments(["taken=none", "taken+=1h"])


@pytest.mark.parametrize(
    ("taken", "texts", "shifted"),
    [
        ("2024-07-21T18:03:11+02:00", ["taken+=1h30m"], "2024-07-21T19:33:11+02:00"),
        ("2024-02-28T23:59:59", ["taken+=1s"], "2024-02-29T00:00:00"),
        ("2024-07-21T18:03:11.348Z", ["taken-=18h4m"], "2024-07-20T23:59:11.348Z"),
        ("2024-07-21T18:03:11+02:00", ["zone=Z"], "2024-07-21T18:03:11Z"),
        ("2024-07-21T18:03:11", ["zone=+0530", "taken+=1d"], "2024-07-22T18:03:11+05:30"),
    ],
)
def test_the_time_is_shifted_from_what_the_photo_has(taken: str, texts: list[str], shifted: str) -> None:
    before = Draft(RecordKind.ASSET)
    before.set("taken", {"t": taken})
    after = Draft(RecordKind.ASSET, content_of(before))
    for assignment in parse_assignments(texts):
        assignment.apply(after)
    assert list(after.changes().sets.values()) == [{"t": shifted}]


def test_a_photo_without_a_time_stays_without_one_and_no_year_is_before_the_first() -> None:
    (assignment,) = parse_assignments(["taken-=800000d"])
    draft = Draft(RecordKind.ASSET)
    assignment.apply(draft)
    assert not draft.changes()
    dated = Draft(RecordKind.ASSET)
    dated.set("taken", {"t": "2024-07-21T18:03:11"})
    with pytest.raises(UsageError, match=r"Nothing was changed\."):
        assignment.apply(Draft(RecordKind.ASSET, content_of(dated)))


def content_of(draft: Draft) -> Content:
    stamp = Stamp(bytes(8))
    return write(None, 1, stamp, draft.changes()).content


def test_nothing_to_set_is_refused() -> None:
    with pytest.raises(UsageError):
        parse_assignments([])


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30).filter(lambda text: text != "none"))
def test_any_text_can_be_a_caption(text: str) -> None:
    assert parse_assignments([f"caption={text}"]) == (SetField(field="caption", value=text),)


@given(st.text(min_size=1, max_size=30))
def test_a_keyword_that_is_accepted_can_be_written(text: str) -> None:
    try:
        assignments = parse_assignments([f"keyword+={text}"])
    except UsageError:
        return
    draft = Draft(RecordKind.ASSET)
    for assignment in assignments:
        assignment.apply(draft)
    (stem,) = draft.changes().sets
    assert unicodedata.is_normalized("NFC", stem)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_understood_or_refused(text: str) -> None:
    with suppress(UsageError):
        parse_assignments([text])


def test_values_for_resolving_are_written_as_for_set_or_as_json() -> None:
    assert parse_field(RecordKind.ASSET, "rating", "4") == 4
    assert parse_field(RecordKind.ASSET, "edit:crop", "[0, 0, 0.5, 0.5]") == [0, 0, 0.5, 0.5]
    assert parse_field(RecordKind.ASSET, "edit:crop", "none") is None
    assert parse_field(RecordKind.ASSET, "edit:filter", "noir") == "noir"
    assert parse_field(RecordKind.ALBUM, "title", "Sweden") == "Sweden"
    assert parse_field(RecordKind.ALBUM, "title", "2024") == "2024"
    assert parse_field(RecordKind.DEVICE, "policy", "everything") == {"keep": "everything"}
    assert parse_field(RecordKind.ASSET, "role:raw", "ab" * 32) == b"\xab" * 32
    assert parse_field(RecordKind.ALBUM, "cover", "ab" * 16) == b"\x01" + b"\xab" * 16
    assert parse_field(RecordKind.ALBUM, "cover", "none") is None


@pytest.mark.parametrize(
    ("field", "text"), [("edit:crop", "wide"), ("edit:rotate", "45"), ("nothing", "1"), ("rating", "9"), ("edit:crop", "[" * 100_000)]
)
def test_values_that_a_field_cant_have_are_refused(field: str, text: str) -> None:
    with pytest.raises(UsageError, match=r"Nothing was changed\."):
        parse_field(RecordKind.ASSET, field, text)


def test_a_title_that_fits_is_given_back() -> None:
    assert check_text("å" * (MAX_TEXT_BYTES // 2), "title")
    with pytest.raises(UsageError, match="bytes"):
        check_text("å" * MAX_TEXT_BYTES, "title")
