"""Neighbours are exactly those that were announced, aren't gone, and share a key on this day; memory is bounded."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.announcement import Announcement
from discovery.neighbourhood import MAX_REMEMBERED, Changed, Found, Lost, Neighbour, Neighbourhood, differences
from discovery.tags import InstanceName, recognise
from tests.unit.discovery.seeded import DAY, announcement, instance, key

KEYS = [key(label) for label in "kmn"]
NAMES = "abcd"
OWN = instance("own")

ANNOUNCEMENTS = st.builds(
    lambda label, keys, day, port: announcement(label, *keys, day=day, port=port),
    st.sampled_from(NAMES),
    st.lists(st.sampled_from([*KEYS, key("foreign")]), min_size=1, max_size=3, unique=True),
    st.integers(DAY - 2, DAY + 2),
    st.integers(1, 3),
)
STEPS = st.lists(
    st.one_of(
        ANNOUNCEMENTS,
        st.sampled_from(NAMES).map(instance),
        st.tuples(st.lists(st.sampled_from(KEYS), unique=True), st.integers(DAY - 1, DAY + 1)),
    ),
    max_size=25,
)


def step(neighbourhood: Neighbourhood, what: Any) -> None:
    if isinstance(what, Announcement):
        neighbourhood.heard(what)
    elif isinstance(what, InstanceName):
        neighbourhood.gone(what)
    else:
        neighbourhood.recognise_by(*what)


@given(STEPS)
@settings(max_examples=100)
def test_neighbours_follow_from_what_was_said_last_and_from_the_keys_of_today(steps: list[Any]) -> None:
    neighbourhood = Neighbourhood(OWN)
    said: dict[InstanceName, Announcement] = {}
    keys: Any = ()
    day = 0
    for what in steps:
        step(neighbourhood, what)
        if isinstance(what, Announcement):
            said[what.instance] = what
        elif isinstance(what, InstanceName):
            said.pop(what, None)
        else:
            keys, day = what
        expected = {
            name: Neighbour(instance=name, port=each.port, addresses=each.addresses, keys=shared)
            for name, each in said.items()
            if (shared := recognise(keys, name, each.tags, day))
        }
        assert neighbourhood.neighbours == expected
        assert set(neighbourhood.strangers) == set(said) - set(expected)


@given(STEPS, st.lists(st.booleans(), max_size=25))
@settings(max_examples=100)
def test_whoever_looks_now_and_then_learns_the_same(steps: list[Any], looks: list[bool]) -> None:
    neighbourhood = Neighbourhood(OWN)
    told: dict[InstanceName, Neighbour] = {}
    followed: dict[InstanceName, Neighbour] = {}
    for what, looking in zip(steps, [*looks, *[True] * len(steps)], strict=False):
        step(neighbourhood, what)
        if looking:
            now = dict(neighbourhood.neighbours)
            for event in differences(told, now):
                match event:
                    case Found(neighbour=neighbour):
                        assert neighbour.instance not in followed
                        followed[neighbour.instance] = neighbour
                    case Changed(neighbour=neighbour):
                        assert followed[neighbour.instance] != neighbour
                        followed[neighbour.instance] = neighbour
                    case Lost(instance=name):
                        del followed[name]
            told = now
            assert followed == now


def test_this_device_is_no_neighbour_of_itself() -> None:
    neighbourhood = Neighbourhood(OWN)
    neighbourhood.recognise_by([KEYS[0]], DAY)
    neighbourhood.heard(announcement("own", KEYS[0]))
    assert not neighbourhood.neighbours


def test_a_flood_of_strangers_is_forgotten_and_no_neighbour_with_it() -> None:
    neighbourhood = Neighbourhood(OWN)
    neighbourhood.recognise_by([KEYS[0]], DAY)
    neighbourhood.heard(announcement("friend", KEYS[0]))
    for number in range(MAX_REMEMBERED + 100):
        neighbourhood.heard(announcement(f"stranger {number}", key("foreign")))
    assert set(neighbourhood.neighbours) == {instance("friend")}
    assert len(neighbourhood.strangers) == MAX_REMEMBERED - 1
    assert instance(f"stranger {MAX_REMEMBERED + 99}") in neighbourhood.strangers
    for number in range(MAX_REMEMBERED + 10):
        neighbourhood.heard(announcement(f"friend {number}", KEYS[0]))
    assert len(neighbourhood.neighbours) == MAX_REMEMBERED
