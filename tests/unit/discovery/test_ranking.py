"""The best address comes first, dead ones last and then no more, until they are announced again."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from discovery.ranking import MAX_ADDRESSES, MAX_FAILURES, AddressBook

ADDRESSES = st.sampled_from("abcdef")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("announced"), st.lists(ADDRESSES, max_size=6)),
        st.tuples(st.just("worked"), ADDRESSES, st.floats(0.001, 10)),
        st.tuples(st.just("failed"), ADDRESSES),
    ),
    max_size=40,
)


def test_measured_ones_come_before_untried_ones_and_those_before_failed_ones() -> None:
    book: AddressBook[str] = AddressBook()
    book.announced(["slow", "untried", "failed", "fast"])
    book.worked("slow", 0.2)
    book.worked("fast", 0.01)
    book.failed("failed")
    assert book.candidates() == ("fast", "slow", "untried", "failed")


def test_a_dead_address_is_dropped_until_it_is_announced_again() -> None:
    book: AddressBook[str] = AddressBook()
    book.announced(["a", "b"])
    for _ in range(MAX_FAILURES):
        assert "a" in book.candidates()
        book.failed("a")
    assert book.candidates() == ("b",)
    book.announced(["b", "a"])
    assert book.candidates() == ("b", "a")


def test_success_forgives_failures() -> None:
    book: AddressBook[str] = AddressBook()
    book.announced(["a"])
    for _ in range(10):
        book.failed("a")
        book.failed("a")
        book.worked("a", 0.1)
    assert book.candidates() == ("a",)


def test_one_slow_moment_does_not_change_the_order() -> None:
    book: AddressBook[str] = AddressBook()
    book.announced(["far", "near"])
    book.worked("far", 0.1)
    book.worked("near", 0.01)
    book.worked("near", 0.2)
    assert book.candidates() == ("near", "far")
    for _ in range(5):
        book.worked("near", 0.2)
    assert book.candidates() == ("far", "near")


def test_what_was_measured_outlives_a_new_announcement() -> None:
    book: AddressBook[str] = AddressBook()
    book.announced(["a", "b"])
    book.worked("b", 0.01)
    book.announced(["a", "b", "c"])
    assert book.candidates() == ("b", "a", "c")
    book.announced(["c"])
    assert book.candidates() == ("c",)


@given(st.lists(ADDRESSES, max_size=3, unique=True), STEPS)
def test_candidates_are_always_known_addresses_that_may_work(fixed: list[str], steps: list[Any]) -> None:
    book = AddressBook(fixed)
    announced: list[str] = []
    failures: dict[str, int] = {}
    for name, *arguments in steps:
        getattr(book, name)(*arguments)
        if name == "announced":
            announced, failures = arguments[0], {}
        else:
            failures[arguments[0]] = failures.get(arguments[0], 0) + 1 if name == "failed" else 0
        expected = {each for each in {*fixed, *announced} if each in fixed or failures.get(each, 0) < MAX_FAILURES}
        assert set(book.candidates()) == expected
        assert len(book.candidates()) == len(expected)


def test_memory_is_bounded() -> None:
    book: AddressBook[int] = AddressBook([-1])
    book.announced(range(1000))
    assert len(book.candidates()) == MAX_ADDRESSES
    assert book.candidates()[0] == -1
    book.failed(999)
    book.worked(999, 0.1)
    assert 999 not in book.candidates()
    assert len(AddressBook(range(1000)).candidates()) == MAX_ADDRESSES
