from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.fractional import between, parse_position, spread
from peer.library.album_order import LONG, Listed, Member, arrange
from store.ids import FileHash, RecordId


def asset(number: int) -> RecordId:
    return RecordId.asset(FileHash(hashlib.sha256(number.to_bytes(4, "big")).digest()))


def ordered(members: Sequence[Member]) -> list[Member]:
    """By position, then by id; photos without a position come last."""
    return sorted(members, key=lambda member: (member.position is None, member.position or "", member.asset))


def insert(others: Sequence[Member], new: Sequence[RecordId], index: int) -> dict[RecordId, str]:
    return arrange([Member(asset, None) for asset in new], Listed(others, index))


def after(members: Sequence[Member], positions: dict[RecordId, str]) -> list[RecordId]:
    """The order that is shown once ``positions`` are written."""
    merged = {member.asset: member.position for member in members} | positions
    return [member.asset for member in ordered([Member(*each) for each in merged.items()])]


POSITIONS = st.lists(st.one_of(st.none(), st.sampled_from(spread(None, None, 6) + spread("a0", "a1", 4))), max_size=12)


@given(POSITIONS, st.integers(0, 12), st.integers(1, 4))
@settings(max_examples=200)
def test_stands_where_it_was_put_whatever_positions_the_others_have(positions: list[str | None], index: int, count: int) -> None:
    others = ordered([Member(asset(number), position) for number, position in enumerate(positions)])
    index = min(index, len(others))
    new = [asset(1000 + number) for number in range(count)]
    expected = [member.asset for member in others]
    expected[index:index] = new
    written = insert(others, new, index)
    assert after(others, written) == expected
    assert all(parse_position(position) for position in written.values())


@given(POSITIONS, st.lists(st.integers(0, 11), unique=True, min_size=1, max_size=6), st.integers(0, 12))
@settings(max_examples=200)
def test_many_are_dragged_together_wherever_they_stood(positions: list[str | None], dragged: list[int], index: int) -> None:
    members = ordered([Member(asset(number), position) for number, position in enumerate(positions)])
    moved = [members[number] for number in dragged if number < len(members)]
    if not moved:
        return
    others = [member for member in members if member not in moved]
    index = min(index, len(others))
    expected = [member.asset for member in others]
    expected[index:index] = [member.asset for member in moved]
    written = arrange(moved, Listed(others, index))
    assert after(members, written) == expected
    now = [Member(member.asset, written.get(member.asset, member.position)) for member in members]
    there = [member for member in ordered(now) if member.asset in expected[index : index + len(moved)]]
    rest = [member for member in ordered(now) if member not in there]
    assert arrange(there, Listed(rest, index)) == {}, "what stands there already costs nothing"


def test_a_move_between_two_costs_one_position() -> None:
    others = [Member(asset(number), position) for number, position in enumerate(spread(None, None, 100))]
    assert len(insert(others, [asset(1000)], 50)) == 1


def test_photos_that_stand_in_order_already_keep_their_positions() -> None:
    members = [Member(asset(number), position) for number, position in enumerate(spread(None, None, 100))]
    block, others = members[40:60], members[:40] + members[60:]
    assert arrange(block, Listed(others, 40)) == {}
    swapped = [block[1], block[0], *block[2:]]
    assert len(arrange(swapped, Listed(others, 40))) == 1


def test_only_those_that_share_a_position_are_moved_apart() -> None:
    first, second, third = spread(None, None, 3)
    others = ordered([Member(asset(0), first), *(Member(asset(number), second) for number in (1, 2, 3)), Member(asset(4), third)])
    written = insert(others, [asset(1000)], 3)
    assert asset(0) not in written
    assert asset(4) not in written
    assert after(others, written)[3] == asset(1000)


def test_appended_photos_keep_their_order() -> None:
    new = [asset(number) for number in (5, 3, 9)]
    assert after([], insert([], new, 0)) == new


def test_where_no_room_is_left_the_neighbours_get_new_positions() -> None:
    low, high = "a0", "a0" + "0" * 4093 + "1"
    others = [Member(asset(0), low), Member(asset(1), high)]
    written = insert(others, [asset(2)], 1)
    assert after(others, written) == [asset(0), asset(2), asset(1)]
    assert max(map(len, written.values())) < 10


@given(st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29), st.integers(1, 3)), max_size=60))
@settings(max_examples=50)
def test_positions_stay_short_under_any_drags(drags: list[tuple[int, int, int]]) -> None:
    album = [Member(asset(number), position) for number, position in enumerate(spread(None, None, 30))]
    for start, to, count in drags:
        album = dragged_to(album, album[start : start + count], to)
        assert max(len(member.position or "") for member in album) <= LONG


def dragged_to(album: list[Member], moved: list[Member], index: int) -> list[Member]:
    """The album after a drag, in its order, which is the one that was asked for."""
    others = [member for member in album if member not in moved]
    index = min(index, len(others))
    written = arrange(moved, Listed(others, index))
    expected = [*others[:index], *moved, *others[index:]]
    shown = ordered([Member(member.asset, written.get(member.asset, member.position)) for member in album])
    assert [member.asset for member in shown] == [member.asset for member in expected]
    return shown


def test_a_thousand_drags_to_the_front_or_to_one_place_write_little() -> None:
    for place in (0, 50):
        album = [Member(asset(number), position) for number, position in enumerate(spread(None, None, 100))]
        written = 0
        for _ in range(1000):
            before = {member.asset: member.position for member in album}
            album = dragged_to(album, album[-1:], place)
            written += sum(before[member.asset] != member.position for member in album)
            assert max(len(member.position or "") for member in album) <= LONG
        assert written < 1500


def test_an_album_whose_positions_were_long_is_put_right_where_it_is_touched() -> None:
    low, high = "a0", "a1"
    positions = []
    for _ in range(400):
        high = between(low, high)
        positions.append(high)
    album = [Member(asset(number), position) for number, position in enumerate([*reversed(positions), *spread("a2", None, 400)])]
    moved = dragged_to(album, album[-1:], 1)
    assert max(len(member.position or "") for member in moved) <= LONG
    assert len(set(album) - set(moved)) < 600
