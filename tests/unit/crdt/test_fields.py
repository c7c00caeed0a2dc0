"""How live keys are read: winners, open conflicts, values of wrong types, in any order of the keys."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crdt.client import writer
from crdt.fields import Derived, ElementSet, Register, fields_of, read_derived, read_register, read_set, register_parts
from crdt.parsing import anything, nothing, text, whole
from crdt.record import Content
from crdt.values import Value
from store.encoding import encode
from tests.unit.crdt.contents import content, stamp

A, B, C = writer(1), writer(2), writer(3)
RATING = Register(name="rating", parse=whole(0, 5))
ANY = Register(name="any", parse=anything)
ROLE = Register(name="role:", parse=text)
POSITION = Register(name="position:", parse=text, conflicts=False)
KIND = Derived(name="kind", parse=text)
KEYWORD = ElementSet(name="keyword", parse_element=text, parse=nothing)
SOURCE = ElementSet(name="source", parse_element=text, parse=whole(0))


def rating(*cells: tuple[str, int, Value]) -> Content:
    return content({f"v/rating/{name}": (millis, value) for name, millis, value in cells})


def test_a_register_nobody_wrote() -> None:
    assert read_register(fields_of(content({})), RATING) is None


def test_the_later_stamp_is_read_and_the_other_is_an_open_conflict() -> None:
    reading = read_register(fields_of(rating((A, 5, 1), (B, 6, 2), (C, 4, 3))), RATING)
    assert reading is not None
    assert reading.value == 2
    assert reading.conflict is not None
    assert reading.conflict.field == "rating"
    assert reading.conflict.winner.writer == B
    assert [(cell.stamp, cell.writer, cell.value) for cell in reading.conflict.others] == [(stamp(5), A, 1), (stamp(4), C, 3)]


def test_equal_stamps_are_decided_by_the_writer_as_text() -> None:
    low, high = sorted([writer(62 << 30), writer(1 << 30)])
    reading = read_register(fields_of(rating((low, 5, 1), (high, 5, 2))), RATING)
    assert reading is not None
    assert reading.value == 2


def test_equal_values_are_no_conflict() -> None:
    reading = read_register(fields_of(rating((A, 5, 4), (B, 6, 4))), RATING)
    assert reading is not None
    assert reading.conflict is None


def test_true_and_one_are_not_equal() -> None:
    reading = read_register(fields_of(content({f"v/any/{A}": (1, True), f"v/any/{B}": (2, 1)})), ANY)
    assert reading is not None
    assert reading.conflict is not None


def test_a_wrong_type_neither_wins_nor_contradicts() -> None:
    wrong: Value
    for wrong in (6, -1, True, "5", None, [], 2.5):
        reading = read_register(fields_of(rating((A, 5, 3), (B, 9, wrong))), RATING)
        assert reading is not None
        assert (reading.value, reading.conflict) == (3, None)
        assert read_register(fields_of(rating((B, 9, wrong))), RATING) is None


def test_registers_in_parts() -> None:
    fields = fields_of(content({f"v/role:raw/{A}": (1, "x"), f"v/role:motion/{A}": (1, "y"), f"v/rating/{A}": (1, 1)}))
    assert register_parts(fields, ROLE) == ["motion", "raw"]
    reading = read_register(fields, ROLE, "raw")
    assert reading is not None
    assert reading.value == "x"


def test_some_registers_have_no_conflicts() -> None:
    reading = read_register(fields_of(content({f"v/position:x/{A}": (1, "a"), f"v/position:x/{B}": (2, "b")})), POSITION, "x")
    assert reading is not None
    assert (reading.value, reading.conflict) == ("b", None)


def test_derived_fields_take_the_highest_of_the_right_type() -> None:
    fields = fields_of(content({f"d/kind/{A}": (1, "photo"), f"d/kind/{B}": (2, "raw"), f"d/kind/{C}": (3, 7)}))
    assert read_derived(fields, KIND) == "raw"
    assert read_derived(fields_of(content({})), KIND) is None


def test_an_element_is_there_while_one_of_its_keys_lives() -> None:
    fields = fields_of(content({f"s/keyword/sea/{A}": (1, None), f"s/keyword/sea/{B}": (2, None), f"s/keyword/a%2Fb/{A}": (1, None)}))
    assert list(read_set(fields, KEYWORD)) == ["a/b", "sea"]


def test_an_element_with_values_of_wrong_types_only_is_not_there() -> None:
    fields = fields_of(
        content({f"s/source/x/{A}": (1, 5), f"s/source/x/{B}": (2, 6), f"s/source/x/{C}": (3, "no"), f"s/source/y/{A}": (1, None)})
    )
    assert read_set(fields, SOURCE) == {"x": (6, 5)}


@given(
    st.permutations(
        [("v/rating", A, 1, 1), ("v/rating", B, 2, 2), ("v/rating", C, 3, 9), ("s/keyword/x", A, 1, None), ("d/kind", B, 2, "raw")]
    )
)
def test_the_order_of_keys_makes_no_difference(cells: list[tuple[str, str, int, Value]]) -> None:
    fields = fields_of(content({f"{stem}/{name}": (millis, value) for stem, name, millis, value in cells}))
    reading = read_register(fields, RATING)
    assert reading is not None
    assert reading.value == 2
    assert reading.conflict is not None
    assert encode(reading.conflict.others[0].value) == encode(1)
    assert list(read_set(fields, KEYWORD)) == ["x"]
    assert read_derived(fields, KIND) == "raw"
