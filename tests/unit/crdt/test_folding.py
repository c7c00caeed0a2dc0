"""Composites: one asset shown, whatever was imported in whichever order."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from crdt.asset import AssetView, view_asset
from crdt.client import writer
from crdt.folding import FoldableAsset, compose, fold
from crdt.parsing import in_key
from crdt.values import Value
from store.ids import FileHash, RecordId, RecordKind
from tests.unit.crdt.contents import content, stamp


def file(number: int) -> FileHash:
    return FileHash(number.to_bytes(32, "big"))


def asset(number: int) -> RecordId:
    return RecordId.make(RecordKind.ASSET, number.to_bytes(16, "big"))


def node(number: int, **files: int) -> FoldableAsset:
    """Asset n with file n as its primary and others by role."""
    return FoldableAsset(asset=asset(number), files={file(other): role for role, other in files.items()} | {file(number): "primary"})


def test_the_raw_of_a_pair_that_was_imported_alone() -> None:
    assert fold([node(1, raw=2), node(2)]) == {asset(2): asset(1)}


def test_edges_are_followed_to_the_end() -> None:
    assert fold([node(1, version=2), node(2, raw=3), node(3, sidecar=4), node(4)]) == dict.fromkeys(map(asset, (2, 3, 4)), asset(1))


def test_two_versions_of_each_other_fold_into_the_smaller_id() -> None:
    assert fold([node(1, version=2), node(2, version=1)]) == {asset(2): asset(1)}


def test_a_circle_is_broken_at_its_weakest_role() -> None:
    assert fold([node(2, raw=1), node(1, version=2)]) == {asset(1): asset(2)}


def test_of_several_parents_the_stronger_role_then_the_smaller_id() -> None:
    assert fold([node(1, version=9), node(2, raw=9), node(9)]) == {asset(9): asset(2)}
    assert fold([node(5, raw=9), node(4, raw=9), node(9)]) == {asset(9): asset(4)}


def test_a_file_of_an_asset_of_its_own_folds_nothing() -> None:
    assert fold([node(1, version=1), node(2)]) == {}


graphs = st.dictionaries(
    st.integers(0, 8),
    st.dictionaries(st.sampled_from(["raw", "motion", "sidecar", "audio", "version"]), st.integers(0, 9), max_size=3),
    max_size=8,
)


@given(graphs, st.integers(0, 1 << 32))
def test_the_result_depends_on_the_set_of_assets_only(graph: dict[int, dict[str, int]], seed: int) -> None:
    nodes = [node(number, **files) for number, files in graph.items()]
    folded = fold(nodes)
    shuffled = list(nodes)
    Random(seed).shuffle(shuffled)
    assert fold(shuffled) == folded


@given(graphs)
def test_what_is_shown_is_not_folded_and_everything_linked_is_shown_once(graph: dict[int, dict[str, int]]) -> None:
    folded = fold(node(number, **files) for number, files in graph.items())
    children = {
        asset(other): asset(number) for number, files in graph.items() for other in files.values() if other in graph and other != number
    }
    assert not set(folded.values()) & set(folded)
    assert set(folded) <= set(children)
    shown = {asset(number) for number in graph} - set(folded)
    for child in set(children) - set(folded):
        assert child in shown
        assert child in folded.values()


def view(cells: dict[str, tuple[int, Value]]) -> AssetView:
    return view_asset(content(cells))


def test_what_is_folded_lends_what_the_other_lacks() -> None:
    album = RecordId.make(RecordKind.ALBUM, bytes(16))
    shown = view({f"s/keyword/own/{writer(1)}": (1, None)})
    raw = view(
        {
            f"s/keyword/other/{writer(2)}": (1, None),
            f"v/rating/{writer(2)}": (1, 4),
            f"s/album/{in_key(album)}/{writer(2)}": (1, None),
            f"v/caption/{writer(2)}": (1, "stays there"),
        }
    )
    together = compose(shown, [view({}), raw])
    assert (together.keywords, together.rating, together.albums, together.caption) == (("own",), 4, ((album, None),), "")


def test_trash_covers_all_that_is_folded_together() -> None:
    def gone(*seen: str) -> tuple[int, Value]:
        return 5, {"at": bytes(stamp(5)), "seen": list(seen)}

    w = [writer(n) for n in range(9)]
    shown = view({f"v/rating/{w[1]}": (1, 3), f"v/trashed/{w[2]}": gone(w[1])})
    seen = view({f"v/rating/{w[3]}": (1, 3), f"v/trashed/{w[2]}": gone(w[3])})
    edited = view({f"v/rating/{w[4]}": (9, 3), f"v/trashed/{w[2]}": gone()})
    arrived_later = view({f"s/name/x/{w[5]}": (9, None)})
    assert not compose(shown, [seen]).contested
    assert compose(shown, [seen, edited]).unseen == {w[4]}
    assert compose(shown, [arrived_later]).unseen == {w[5]}
    assert not compose(view({}), [edited]).contested
