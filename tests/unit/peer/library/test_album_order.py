from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.fractional import order_key, parse_position, spread
from peer.library.album_order import Member, append, insert
from store.ids import FileHash, RecordId


def asset(number: int) -> RecordId:
    return RecordId.asset(FileHash(hashlib.sha256(number.to_bytes(4, "big")).digest()))


def ordered(members: Sequence[Member]) -> list[Member]:
    return sorted(members, key=lambda member: order_key(member.position, member.asset))


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


def test_a_move_between_two_costs_one_position() -> None:
    others = [Member(asset(number), position) for number, position in enumerate(spread(None, None, 100))]
    assert len(insert(others, [asset(1000)], 50)) == 1


def test_only_those_that_share_a_position_are_moved_apart() -> None:
    first, second, third = spread(None, None, 3)
    others = ordered([Member(asset(0), first), *(Member(asset(number), second) for number in (1, 2, 3)), Member(asset(4), third)])
    written = insert(others, [asset(1000)], 3)
    assert asset(0) not in written
    assert asset(4) not in written
    assert after(others, written)[3] == asset(1000)


def test_appended_photos_keep_their_order() -> None:
    new = [asset(number) for number in (5, 3, 9)]
    assert after([], append([], new)) == new


def test_where_no_room_is_left_all_get_new_positions() -> None:
    low, high = "a0", "a0" + "0" * 4093 + "1"
    others = [Member(asset(0), low), Member(asset(1), high)]
    written = insert(others, [asset(2)], 1)
    assert after(others, written) == [asset(0), asset(2), asset(1)]
    assert max(map(len, written.values())) < 10
