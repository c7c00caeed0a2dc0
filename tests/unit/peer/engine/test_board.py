"""The rules of the board, each by itself and then all together in a model world of nodes that are slow, lack files and fail."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from peer.engine.board import PATIENCE, Board, Piece
from store.ids import FileHash

NEAR, OTHER, FAR = 1, 2, 3


def file(number: int) -> FileHash:
    return FileHash(number.to_bytes(32, "big"))


def board(*pieces: int) -> Board:
    """Files 0, 1, … with so many pieces each."""
    made = Board()
    for number, count in enumerate(pieces):
        made.add(file(number), order=0, pieces=range(count))
    return made


def test_a_piece_is_fetched_from_one_node_at_a_time_and_others_take_the_next() -> None:
    made = board(2, 1)
    made.join(NEAR, near=True, now=0)
    made.join(OTHER, near=True, now=0)
    taken = [made.take(NEAR, 0), made.take(OTHER, 0), made.take(NEAR, 0), made.take(OTHER, 0)]
    assert taken == [Piece(file(0), 0), Piece(file(0), 1), Piece(file(1), 0), None]


def test_lower_order_comes_first() -> None:
    made = board(1)
    made.add(file(9), order=-1, pieces=(0,))
    made.join(NEAR, near=True, now=0)
    assert made.take(NEAR, 0) == Piece(file(9), 0)


def test_a_far_node_gets_what_no_near_one_may_have() -> None:
    made = board(1, 1)
    made.join(FAR, near=False, now=0)
    made.join(NEAR, near=True, now=0)
    assert made.take(FAR, 0) is None
    made.lacking(NEAR, file(1))
    assert made.take(FAR, 0) == Piece(file(1), 0)
    made.leave(NEAR)
    assert made.take(FAR, 0) == Piece(file(0), 0)


def test_a_near_node_that_stalls_doesn_t_hold_up_a_far_one() -> None:
    made = board(1, 1)
    made.join(FAR, near=False, now=0)
    made.join(NEAR, near=True, now=0)
    assert made.take(NEAR, 0) == Piece(file(0), 0)
    assert made.take(FAR, PATIENCE - 1) is None
    assert made.next_change(PATIENCE - 1) == PATIENCE
    assert made.take(FAR, PATIENCE) == Piece(file(1), 0)
    assert made.take(FAR, PATIENCE) == Piece(file(0), 0)


def test_the_first_to_bring_a_piece_that_two_fetch_is_the_one() -> None:
    made = board(1)
    made.join(NEAR, near=True, now=0)
    made.join(OTHER, near=True, now=0)
    made.join(FAR, near=True, now=0)
    piece = made.take(NEAR, 0)
    assert piece is not None
    assert made.take(OTHER, PATIENCE) == piece
    assert made.take(FAR, 2 * PATIENCE) is None
    assert made.fetchers(piece) == [NEAR, OTHER]
    assert made.brought(OTHER, piece, PATIENCE + 1)
    assert not made.brought(NEAR, piece, PATIENCE + 2)
    assert made.written(piece)


def test_a_file_is_hopeless_when_each_lacks_it_or_rests() -> None:
    made = board(1)
    made.join(NEAR, near=True, now=0)
    made.join(FAR, near=False, now=0)
    made.lacking(NEAR, file(0))
    assert not made.is_hopeless(file(0), 0)
    made.rest(FAR, file(0), 7)
    assert made.is_hopeless(file(0), 0)
    assert made.hopeful_at(file(0)) == 7
    assert not made.is_hopeless(file(0), 7)
    made.forgive(NEAR, [file(0)])
    assert made.take(NEAR, 0) == Piece(file(0), 0)


def test_whoever_lacked_a_file_is_asked_again_when_it_is_wanted_again() -> None:
    made = board(1)
    made.join(NEAR, near=True, now=0)
    made.lacking(NEAR, file(0))
    made.drop(file(0))
    made.lacking(NEAR, file(0))  # an answer that came late
    made.rest(NEAR, file(0), 99)
    made.add(file(0), order=0, pieces=(0,))
    assert made.take(NEAR, 0) == Piece(file(0), 0)


def test_a_file_that_was_split_is_fetched_by_its_pieces() -> None:
    made = board(1)
    made.join(NEAR, near=True, now=0)
    made.join(OTHER, near=True, now=0)
    assert made.take(NEAR, 0) == Piece(file(0), 0)
    made.split(file(0), [1, 2])
    assert [made.take(NEAR, 0), made.take(OTHER, 0)] == [Piece(file(0), 1), Piece(file(0), 2)]


@dataclass
class Node:
    """``has``: files; ``seconds``: that a piece takes; ``fails``: so many times at the beginning."""

    number: int
    near: bool
    has: frozenset[int]
    seconds: float
    fails: int
    fetching: dict[Piece, float] = field(default_factory=dict)


nodes = st.builds(
    Node,
    number=st.just(0),
    near=st.booleans(),
    has=st.frozensets(st.integers(0, 4)),
    seconds=st.sampled_from([0.1, 1.0, 25.0]),
    fails=st.integers(0, 2),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(nodes, min_size=1, max_size=4), st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(1, 3))
def test_all_that_some_node_has_arrives_once_and_no_node_holds_up_another(them: list[Node], pieces: list[int], lanes: int) -> None:
    made = board(*pieces)
    for number, node in enumerate(them):
        node.number, node.fetching = number, {}
        made.join(number, near=node.near, now=0)
    here: dict[Piece, int] = {}
    hopeless: set[FileHash] = set()
    now = 0.0
    while len(made) and now < 3600:
        for node in them:
            while len(node.fetching) < lanes and (piece := made.take(node.number, now)) is not None:
                node.fetching[piece] = now + node.seconds
                assert sum(piece in each.fetching for each in them) <= 2
        ends = [end for node in them for end in node.fetching.values()]
        now = min([*ends, made.next_change(now)])
        for node in them:
            for piece in [piece for piece, end in node.fetching.items() if end <= now]:
                del node.fetching[piece]
                finish(made, node, piece, here, now)
        for each in [each for each in made.files if made.is_hopeless(each, now) and made.hopeful_at(each) > now + 3600]:
            hopeless.add(each)
            made.drop(each)
    somewhere = {
        Piece(file(number), n) for number, count in enumerate(pieces) for n in range(count) if any(number in node.has for node in them)
    }
    assert here.keys() == somewhere
    assert set(here.values()) <= {1}
    assert hopeless == {file(number) for number in range(len(pieces)) if not any(number in node.has for node in them)}


@given(st.booleans(), st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(1, 3))
def test_a_node_that_never_answers_costs_its_patience_once(near: bool, pieces: list[int], lanes: int) -> None:
    made = board(*pieces)
    silent = Node(number=NEAR, near=True, has=frozenset(), seconds=3600, fails=0)
    good = Node(number=FAR, near=near, has=frozenset(range(5)), seconds=0.1, fails=0)
    here: dict[Piece, int] = {}
    now = 0.0
    for node in (silent, good):
        made.join(node.number, near=node.near, now=now)
    while len(made):
        for node in (silent, good):
            while len(node.fetching) < lanes and (piece := made.take(node.number, now)) is not None:
                node.fetching[piece] = now + node.seconds
        now = min([*good.fetching.values(), made.next_change(now)])
        for piece in [piece for piece, end in good.fetching.items() if end <= now]:
            del good.fetching[piece]
            finish(made, good, piece, here, now)
    assert sum(here.values()) == sum(pieces)
    assert now <= PATIENCE + 0.1 * (sum(pieces) + 1)


def finish(made: Board, node: Node, piece: Piece, here: dict[Piece, int], now: float) -> None:
    """What becomes of a piece that a node was asked for."""
    number = int.from_bytes(piece.file, "big")
    if number not in node.has:
        made.lacking(node.number, piece.file)
    elif node.fails:
        node.fails -= 1
        made.rest(node.number, piece.file, now + 5)
    elif made.brought(node.number, piece, now):
        here[piece] = here.get(piece, 0) + 1
        if made.written(piece):
            made.drop(piece.file)
    made.put_back(node.number, piece)
