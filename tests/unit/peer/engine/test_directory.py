"""What follows when somebody is said to be somewhere."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from peer.engine.directory import Directory, Examine, Explore, Try
from peer.place import Place
from store.ids import DeviceId

ANNA, BERT = DeviceId(b"a" * 16), DeviceId(b"b" * 16)
HERE, THERE, ELSEWHERE = (Place(f"10.0.0.{number}", 1) for number in (1, 2, 3))


def test_who_is_heard_of_first_is_explored_and_then_tried() -> None:
    directory = Directory()
    assert directory.heard("x", [HERE]) == [Explore("x")]
    assert directory.candidates(ANNA) == ()
    assert directory.proved("x", ANNA, HERE, 0.1) == [Try(ANNA)]
    assert directory.candidates(ANNA) == (HERE,)
    assert directory.heard("x", [THERE]) == [Try(ANNA)]
    assert directory.candidates(ANNA) == (THERE,)


def test_a_place_that_isn_t_said_any_more_proves_nothing() -> None:
    directory = Directory()
    directory.heard("x", [HERE])
    directory.heard("x", [THERE])
    assert directory.proved("x", ANNA, HERE, 0.1) == []
    directory.lost("x")
    assert directory.proved("x", ANNA, THERE, 0.1) == []


def test_two_sources_may_lead_to_one_device_and_the_fastest_comes_first() -> None:
    directory = Directory()
    directory.heard("x", [HERE])
    directory.named(THERE)
    directory.proved("x", ANNA, HERE, 0.5)
    directory.proved(str(THERE), ANNA, THERE, 0.1)
    directory.worked(ANNA, HERE, 0.5)
    directory.worked(ANNA, THERE, 0.1)
    assert directory.candidates(ANNA) == (THERE, HERE)
    directory.lost("x")
    assert set(directory.candidates(ANNA)) == {THERE, HERE}  # it was met here, and may be again


def test_while_a_connection_works_new_places_are_examined_first() -> None:
    directory = Directory()
    directory.heard("x", [HERE])
    directory.proved("x", ANNA, HERE, 0.1)
    directory.worked(ANNA, HERE, 0.1)
    directory.uses(ANNA, HERE)
    assert directory.heard("x", [HERE]) == []
    assert directory.heard("x", [HERE, THERE]) == [Examine(ANNA, (THERE,))]
    assert not directory.should_move(ANNA, THERE, 0.09)
    assert directory.should_move(ANNA, THERE, 0.04)
    directory.heard("x", [THERE])
    assert directory.should_move(ANNA, THERE, 0.5)  # nobody says any more that it is here
    assert not directory.should_move(BERT, THERE, 0.0)


def test_who_is_no_member_any_more_is_forgotten_with_its_places() -> None:
    directory = Directory()
    directory.heard("x", [HERE])
    directory.proved("x", ANNA, HERE, 0.1)
    directory.forget([ANNA])
    assert directory.candidates(ANNA) == ()
    assert directory.leads_to("x") is None
    assert directory.heard("x", [HERE]) == [Explore("x")]


def test_what_was_remembered_is_tried_again_and_again() -> None:
    directory = Directory()
    directory.remember(ANNA, [(HERE, 0.2), (THERE, 0.1)])
    assert directory.candidates(ANNA) == (THERE, HERE)
    for _ in range(9):
        directory.failed(ANNA, THERE)
    assert directory.candidates(ANNA) == (HERE, THERE)


places = st.lists(st.sampled_from([HERE, THERE, ELSEWHERE]), max_size=3)
happenings = st.one_of(
    st.tuples(st.just("heard"), st.sampled_from("xy"), places),
    st.tuples(st.just("lost"), st.sampled_from("xy")),
    st.tuples(st.just("proved"), st.sampled_from("xy"), st.sampled_from([ANNA, BERT]), st.sampled_from([HERE, THERE, ELSEWHERE])),
    st.tuples(st.just("worked"), st.sampled_from([ANNA, BERT]), st.sampled_from([HERE, THERE])),
    st.tuples(st.just("failed"), st.sampled_from([ANNA, BERT]), st.sampled_from([HERE, THERE])),
    st.tuples(st.just("forget"), st.sampled_from([ANNA, BERT])),
)


@example([("heard", "y", [HERE]), ("proved", "y", ANNA, HERE), ("proved", "y", BERT, HERE)])
@given(st.lists(happenings, max_size=30))
def test_whatever_is_said_a_device_is_dialled_only_where_it_was_met_or_is_said_to_be(happened: list[tuple[object, ...]]) -> None:
    directory = Directory()
    said: dict[str, list[Place]] = {}
    met: dict[DeviceId, set[Place]] = {ANNA: set(), BERT: set()}
    for what, *facts in happened:
        match what, *facts:
            case "heard", str() as source, list() as where:
                said[source] = where
                actions = directory.heard(source, where)
                assert directory.leads_to(source) is not None or actions == [Explore(source)]
            case "lost", str() as source:
                said.pop(source, None)
                directory.lost(source)
            case "proved", str() as source, DeviceId() as device, Place() as place:
                directory.proved(source, device, place, 0.1)
            case "worked", DeviceId() as device, Place() as place:
                if directory.candidates(device):
                    met[device].add(place)
                directory.worked(device, place, 0.1)
            case "failed", DeviceId() as device, Place() as place:
                directory.failed(device, place)
            case "forget", DeviceId() as device:
                met[device].clear()
                directory.forget([device])
        for device in (ANNA, BERT):
            sources = [source for source in said if directory.leads_to(source) == device]
            allowed = {place for source in sources for place in said[source]} | met[device]
            assert set(directory.candidates(device)) <= allowed
            assert len(set(directory.candidates(device))) == len(directory.candidates(device))
