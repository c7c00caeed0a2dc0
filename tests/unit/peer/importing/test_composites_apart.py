"""Two devices import parts of the same photos, and meet afterwards: one photo on both, the same on both."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from trio.testing import MockClock

from crdt.asset import AssetView, view_asset
from crdt.record import EMPTY
from peer.library.library import Library
from peer.library.queries import AssetRow, Filter, Queries
from peer.library.trashing import trash_assets
from tests.fixtures.composites import camera_jpeg, camera_raw, live_film, live_still, xmp
from tests.fleet.imports import bring
from tests.fleet.libraries import IN_MEMORY
from tests.unit.peer.importing.looking import write
from tests.unit.peer.library.pair import Pair, make_pair

STILL, FILM = live_still(1, form="HEIF"), live_film(1)
JPEG, RAW = camera_jpeg(), camera_raw()
LIVE, RAW_PAIR = {"IMG_1.HEIC": STILL, "IMG_1.MOV": FILM}, {"DSC_1.JPG": JPEG, "DSC_1.CR2": RAW}


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In memory where that is possible."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder)


@pytest.fixture(params=[False, True], ids=["anna receives first", "bert receives first"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    made = make_pair(tmp_path / "pair", bert_first=request.param)
    yield made
    made.prove()
    made.close()


async def take(pair: Pair, library: Library, files: Mapping[str, bytes], folder: Path) -> None:
    await bring(library, write(folder, files))
    pair.clock.pass_by()


def listed(pair: Pair, *, trash: bool = False) -> list[AssetRow]:
    """What both list."""
    first, second = (list(Queries(library.database).assets(Filter(trash=trash))) for library in pair.both)
    assert [row.record for row in first] == [row.record for row in second]
    return first


def only(pair: Pair) -> AssetView:
    """The one photo that both list, alike."""
    (row,) = listed(pair)
    views = [view_asset(library.records.content(row.record) or EMPTY) for library in pair.both]
    assert views[0] == views[1]
    assert all(views[0].sources.get(file) for file in (views[0].primary, *views[0].roles.values()) if file)
    return views[0]


PARTS: Mapping[str, tuple[dict[str, bytes], dict[str, bytes], set[str]]] = {
    "the film alone, and the Live Photo": ({"IMG_1.MOV": FILM}, LIVE, {"motion"}),
    "the film alone under another name, and the Live Photo": ({"other.mov": FILM}, LIVE, {"motion"}),
    "the still alone, and the Live Photo": ({"IMG_1.HEIC": STILL}, LIVE, {"motion"}),
    "the RAW alone, and the pair": ({"DSC_1.CR2": RAW}, RAW_PAIR, {"raw"}),
    "the JPEG alone, and the pair": ({"DSC_1.JPG": JPEG}, RAW_PAIR, {"raw"}),
    "the JPEG with a sidecar, and the pair": ({"DSC_1.JPG": JPEG, "DSC_1.xmp": xmp("sea")}, RAW_PAIR, {"raw", "sidecar"}),
    "the same pair": (RAW_PAIR, RAW_PAIR, {"raw"}),
}


@pytest.mark.parametrize(("of_anna", "of_bert", "roles"), PARTS.values(), ids=PARTS.keys())
async def test_parts_of_one_photo_imported_apart_are_one_photo(
    pair: Pair, tmp_path: Path, of_anna: dict[str, bytes], of_bert: dict[str, bytes], roles: set[str], autojump_clock: MockClock
) -> None:
    await take(pair, pair.anna, of_anna, tmp_path / "a")
    await take(pair, pair.bert, of_bert, tmp_path / "b")
    pair.meet()
    assert set(only(pair).roles) == roles
    assert pair.conflicts() == []


async def test_the_film_alone_and_the_still_alone_become_one_when_either_comes_again(
    pair: Pair, tmp_path: Path, autojump_clock: MockClock
) -> None:
    await take(pair, pair.anna, {"IMG_1.MOV": FILM}, tmp_path / "a")
    await take(pair, pair.bert, {"IMG_1.HEIC": STILL}, tmp_path / "b")
    pair.meet()
    assert len(listed(pair)) == 2
    await take(pair, pair.anna, {"IMG_1.MOV": FILM}, tmp_path / "a")
    pair.meet()
    assert set(only(pair).roles) == {"motion"}


async def test_a_film_joins_the_still_that_came_from_another_device(pair: Pair, tmp_path: Path, autojump_clock: MockClock) -> None:
    await take(pair, pair.anna, {"IMG_1.HEIC": STILL}, tmp_path / "a")
    pair.meet()
    await take(pair, pair.bert, {"x.mov": FILM}, tmp_path / "b")
    pair.meet()
    assert set(only(pair).roles) == {"motion"}


async def test_a_still_names_the_film_that_came_from_another_device(pair: Pair, tmp_path: Path, autojump_clock: MockClock) -> None:
    """Without having its bytes."""
    await take(pair, pair.anna, {"x.mov": FILM}, tmp_path / "a")
    pair.meet()
    await take(pair, pair.bert, {"IMG_1.HEIC": STILL}, tmp_path / "b")
    pair.meet()
    assert set(only(pair).roles) == {"motion"}


async def test_a_sidecar_that_comes_later_on_one_device_is_seen_on_both(pair: Pair, tmp_path: Path, autojump_clock: MockClock) -> None:
    await take(pair, pair.anna, RAW_PAIR, tmp_path / "a")
    await take(pair, pair.bert, RAW_PAIR, tmp_path / "b")
    pair.meet()
    await take(pair, pair.bert, {"DSC_1.CR2.xmp": xmp("sea", rating=4)}, tmp_path / "b")
    pair.meet()
    seen = only(pair)
    assert (set(seen.roles), seen.rating, seen.keywords) == ({"raw", "sidecar_raw"}, 4, ("sea",))


async def test_two_sidecars_at_once_one_is_shown_and_the_other_is_an_open_conflict(
    pair: Pair, tmp_path: Path, autojump_clock: MockClock
) -> None:
    await take(pair, pair.anna, {"DSC_1.JPG": JPEG, "DSC_1.xmp": xmp("anna")}, tmp_path / "a")
    await take(pair, pair.bert, {"DSC_1.JPG": JPEG, "DSC_1.xmp": xmp("bert")}, tmp_path / "b")
    pair.meet()
    assert only(pair).keywords == ("bert",)
    assert [conflict.field for conflict in pair.conflicts()] == ["role:sidecar"]
    assert len(only(pair).sources) == 3, "nothing of it is lost"


async def test_one_trash_for_all_that_came_together(pair: Pair, tmp_path: Path, autojump_clock: MockClock) -> None:
    await take(pair, pair.anna, {"DSC_1.CR2": RAW}, tmp_path / "a")
    await take(pair, pair.bert, RAW_PAIR, tmp_path / "b")
    pair.meet()
    trash_assets(pair.bert, [listed(pair)[0].record])
    pair.meet()
    assert listed(pair) == []
    assert len(listed(pair, trash=True)) == 1
    outcome = await bring(pair.anna, write(tmp_path / "a", RAW_PAIR))
    assert (outcome.imported, outcome.deleted_before) == (0, 1)
    pair.meet()
    assert listed(pair) == []


async def test_a_part_that_one_takes_while_the_other_trashes_the_photo_contests_the_trash(
    pair: Pair, tmp_path: Path, autojump_clock: MockClock
) -> None:
    await take(pair, pair.anna, {"DSC_1.JPG": JPEG}, tmp_path / "a")
    pair.meet()
    trash_assets(pair.anna, [listed(pair)[0].record])
    await take(pair, pair.bert, RAW_PAIR, tmp_path / "b")
    pair.meet()
    (row,) = listed(pair, trash=True)
    assert row.contested
