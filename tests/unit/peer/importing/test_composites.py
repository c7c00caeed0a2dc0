"""Files that belong together become one photo, whenever each of them comes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from trio.testing import MockClock

from crdt.asset import AssetView, view_asset
from peer.importing.outcome import Outcome
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.trashing import trash_assets
from store.ids import RecordId
from tests.fixtures.composites import aae, camera_jpeg, camera_raw, live_film, live_still, xmp
from tests.fixtures.pictures import jpeg, png, truncated
from tests.fleet.imports import bring
from tests.fleet.libraries import IN_MEMORY
from tests.unit.peer.importing.faults import Interruption
from tests.unit.peer.importing.looking import assert_whole, assets, originals, reasons, unfinished, write

LIVE = {"IMG_1.HEIC": live_still(1, form="HEIF"), "IMG_1.MOV": live_film(1)}
PAIR = {"DSC_1.JPG": camera_jpeg(), "DSC_1.CR2": camera_raw()}
HOUR_NS = 3_600 * 1_000_000_000


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In memory where that is possible."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder)


def view(library: Library, record: RecordId) -> AssetView:
    content = library.records.content(record)
    assert content is not None
    return view_asset(content)


def roles(library: Library, record: RecordId) -> dict[str, bytes]:
    """The bytes of each file of a photo by its role; the primary is ``""``. Each of them has a source."""
    seen = view(library, record)
    files = {role: file for role, file in {"": seen.primary, **seen.roles}.items() if file is not None}
    assert all(seen.sources.get(file) for file in files.values())
    found = {}
    for role, file in files.items():
        held = library.held.get(file)
        assert held is not None
        found[role] = (library.folder.root / held.path).read_bytes()
    return found


def only(library: Library) -> RecordId:
    """The one photo that is listed."""
    (row,) = assets(library)
    return row.record


def counts(outcome: Outcome) -> dict[str, int]:
    """What isn't zero."""
    told = {
        "imported": outcome.imported,
        "duplicates": outcome.duplicates,
        "deleted": outcome.deleted_before,
        "joined": len(outcome.joined),
        "files": outcome.files,
        "skipped": len(outcome.skipped),
    }
    return {name: count for name, count in told.items() if count}


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def shift_time(path: Path, nanoseconds: int) -> None:
    """As if the file had been written so much later."""
    then = path.stat().st_mtime_ns + nanoseconds
    os.utime(path, ns=(then, then))


class TestTogether:
    """All files in one import."""

    async def test_a_live_photo(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        outcome = await bring(library, write(card, LIVE))
        assert counts(outcome) == {"imported": 1, "files": 2}
        assert outcome.assets == [only(library)]
        assert roles(library, only(library)) == {"": LIVE["IMG_1.HEIC"], "motion": LIVE["IMG_1.MOV"]}
        seen = view(library, only(library))
        assert seen.names == ("IMG_1.HEIC", "IMG_1.MOV")
        assert (seen.kind, seen.media) == ("photo", "image/heic")
        assert len(list(library.held.all("thumbnail"))) == 1, "the film's picture isn't needed"
        assert_whole(library)

    async def test_a_raw_and_its_jpeg_with_all_sidecars(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        beside = {"DSC_1.JPG.xmp": xmp("a"), "DSC_1.CR2.xmp": xmp("b"), "DSC_1.AAE": aae()}
        outcome = await bring(library, write(card, {**PAIR, **beside}))
        assert counts(outcome) == {"imported": 1, "files": 5}
        assert roles(library, only(library)) == {
            "": PAIR["DSC_1.JPG"],
            "raw": PAIR["DSC_1.CR2"],
            "sidecar": beside["DSC_1.JPG.xmp"],
            "sidecar_raw": beside["DSC_1.CR2.xmp"],
            "adjustments": beside["DSC_1.AAE"],
        }
        seen = view(library, only(library))
        assert (seen.rating, seen.keywords) == (3, ("a",))
        assert_whole(library)

    async def test_a_raw_with_a_sidecar_has_what_the_sidecar_says(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        await bring(library, write(card, {"a.CR2": camera_raw(), "a.xmp": xmp("sea", rating=5)}))
        seen = view(library, only(library))
        assert (seen.kind, seen.rating, seen.keywords) == ("raw", 5, ("sea",))

    async def test_files_that_are_named_one_by_one(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        write(card, {**LIVE, "other.jpg": jpeg(seed=1)})
        outcome = await bring(library, card / "IMG_1.MOV", card / "other.jpg", card / "IMG_1.HEIC")
        assert counts(outcome) == {"imported": 2, "files": 3}

    async def test_a_folder_s_live_photo_under_two_names(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        """The identifier joins what has no name in common, whichever is committed first."""
        for number, (still, moving) in enumerate([("a.jpg", "b.mov"), ("d.jpg", "c.mov")], 1):
            write(card, {still: live_still(number), moving: live_film(number)})
        await bring(library, card)
        assert [set(roles(library, row.record)) for row in assets(library)] == [{"", "motion"}] * 2
        assert_whole(library)

    async def test_bursts_and_edited_copies_stay_photos_of_their_own(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        files = {"IMG_1.JPG": jpeg(seed=1), "IMG_E1.JPG": jpeg(seed=2), "IMG_1.PNG": png(seed=3)}
        assert counts(await bring(library, write(card, files))) == {"imported": 3, "files": 3}

    async def test_a_broken_part_costs_itself(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        outcome = await bring(library, write(card, {**LIVE, "IMG_1.MOV": b""}))
        assert counts(outcome) == {"imported": 1, "files": 1, "skipped": 1}
        assert reasons(outcome) == {"IMG_1.MOV": "the file is empty"}
        outcome = await bring(library, write(card, LIVE))
        assert counts(outcome) == {"joined": 1, "files": 1}
        assert set(roles(library, only(library))) == {"", "motion"}

    @pytest.mark.parametrize(
        "data", [b"no XML at all", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', bytes(5_000_000)], ids=["text", "entities", "large"]
    )
    async def test_a_sidecar_that_can_t_be_read_keeps_its_bytes_and_its_reason(
        self, library: Library, card: Path, data: bytes, autojump_clock: MockClock
    ) -> None:
        outcome = await bring(library, write(card, {"a.jpg": camera_jpeg(), "a.xmp": data}))
        assert counts(outcome) == {"imported": 1, "files": 2}
        assert [each.path.name for each in outcome.notes] == ["a.xmp"]
        assert roles(library, only(library)) == {"": camera_jpeg(), "sidecar": data}

    async def test_more_files_of_one_family_than_any_photo_has(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        write(card, {f"x{ending}.jpg": jpeg(24, 16, seed=number) for number, ending in enumerate([".jpg" * n for n in range(40)])})
        outcome = await bring(library, card)
        assert counts(outcome) == {"imported": 40, "files": 40}


class TestLater:
    """Parts that come in another import."""

    @pytest.mark.parametrize("first", LIVE)
    async def test_the_parts_of_a_live_photo_one_after_the_other(
        self, library: Library, tmp_path: Path, first: str, autojump_clock: MockClock
    ) -> None:
        """From folders that have nothing to do with each other."""
        (second,) = LIVE.keys() - {first}
        await bring(library, write(tmp_path / "one", {first: LIVE[first]}))
        outcome = await bring(library, write(tmp_path / "two", {f"renamed.{second[-3:]}": LIVE[second]}))
        assert counts(outcome) in ({"joined": 1, "files": 1}, {"imported": 1, "files": 1})
        assert roles(library, only(library)) == {"": LIVE["IMG_1.HEIC"], "motion": LIVE["IMG_1.MOV"]}
        assert_whole(library)

    @pytest.mark.parametrize("first", PAIR)
    @pytest.mark.parametrize("moved", [False, True], ids=["copied", "moved"])
    async def test_raw_and_jpeg_one_after_the_other(
        self, library: Library, card: Path, first: str, moved: bool, autojump_clock: MockClock
    ) -> None:
        (second,) = PAIR.keys() - {first}
        await bring(library, write(card, {first: PAIR[first]}), move=moved)
        await bring(library, write(card, {second: PAIR[second]}), move=moved)
        assert roles(library, only(library)) == {"": PAIR["DSC_1.JPG"], "raw": PAIR["DSC_1.CR2"]}
        assert_whole(library)

    async def test_a_card_that_begins_to_count_anew(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        """The names are those of last year's photos, the times aren't."""
        write(card, {"DSC_1.CR2": PAIR["DSC_1.CR2"]})
        await bring(library, card, move=True)
        shift_time(write(card, {"DSC_1.JPG": PAIR["DSC_1.JPG"]}) / "DSC_1.JPG", HOUR_NS)
        assert counts(await bring(library, card)) == {"imported": 1, "files": 1}
        assert len(assets(library)) == 2

    async def test_a_file_that_was_replaced_is_nobody_s_neighbour(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        await bring(library, write(card, {"DSC_1.CR2": PAIR["DSC_1.CR2"]}))
        write(card, {"DSC_1.CR2": camera_raw(2), "DSC_1.JPG": PAIR["DSC_1.JPG"]})
        await bring(library, card / "DSC_1.JPG")
        assert len(assets(library)) == 2

    async def test_a_sidecar_that_comes_later_and_changes(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        await bring(library, write(card, PAIR))
        for rating, keyword in [(2, "one"), (4, "two")]:
            write(card, {"DSC_1.xmp": xmp(keyword, rating=rating)})
            assert counts(await bring(library, card / "DSC_1.xmp")) == {"joined": 1, "files": 1}
            seen = view(library, only(library))
            assert (seen.rating, seen.keywords) == (rating, (keyword,))
        assert roles(library, only(library))["sidecar"] == xmp("two", rating=4)
        assert len(view(library, only(library)).versions) == 1
        assert counts(await bring(library, card)) == {"duplicates": 1}
        assert_whole(library)

    async def test_a_sidecar_from_a_backup_doesn_t_win_over_a_newer_one(
        self, library: Library, tmp_path: Path, autojump_clock: MockClock
    ) -> None:
        await bring(library, write(tmp_path / "now", {"a.jpg": camera_jpeg(), "a.xmp": xmp("new")}))
        backup = write(tmp_path / "backup", {"a.jpg": camera_jpeg(), "a.xmp": xmp("old")})
        shift_time(backup / "a.xmp", -HOUR_NS)
        await bring(library, backup)
        seen = view(library, only(library))
        assert seen.keywords == ("new",)
        assert len(seen.versions) == 1
        assert_whole(library)

    async def test_a_sidecar_without_its_picture_is_left_where_it_is(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        outcome = await bring(library, write(card, {"a.xmp": xmp("a"), "b.jpg": camera_jpeg()}), move=True)
        assert counts(outcome) == {"imported": 1, "files": 1, "skipped": 1}
        assert reasons(outcome) == {"a.xmp": "a sidecar without its picture"}
        assert outcome.complete
        assert (card / "a.xmp").exists()
        assert_whole(library)

    async def test_the_same_again_is_one_duplicate(self, library: Library, card: Path, tmp_path: Path, autojump_clock: MockClock) -> None:
        await bring(library, write(card, {**LIVE, **PAIR}))
        held = originals(library)
        outcome = await bring(library, write(tmp_path / "copy", {**LIVE, **PAIR}))
        assert counts(outcome) == {"duplicates": 2}
        assert originals(library) == held

    async def test_what_is_known_in_part_gets_the_rest(self, library: Library, tmp_path: Path, autojump_clock: MockClock) -> None:
        await bring(library, write(tmp_path / "one", {"DSC_1.JPG": PAIR["DSC_1.JPG"]}))
        outcome = await bring(library, write(tmp_path / "two", PAIR))
        assert counts(outcome) == {"joined": 1, "files": 1}
        assert outcome.joined == [only(library)]
        assert set(roles(library, only(library))) == {"", "raw"}

    async def test_another_raw_of_the_same_jpeg_is_a_photo_by_itself(
        self, library: Library, tmp_path: Path, autojump_clock: MockClock
    ) -> None:
        await bring(library, write(tmp_path / "one", PAIR))
        outcome = await bring(library, write(tmp_path / "two", {**PAIR, "DSC_1.CR2": camera_raw(2)}))
        assert counts(outcome) == {"imported": 1, "duplicates": 1, "files": 1}
        assert sorted(len(roles(library, row.record)) for row in assets(library)) == [1, 2]
        assert_whole(library)


class TestDeleted:
    """One photo, one trash."""

    async def test_it_stays_deleted_and_comes_back_as_a_whole(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        await bring(library, write(card, LIVE))
        record = only(library)
        trash_assets(library, [record])
        for path in (card, card / "IMG_1.MOV", card / "IMG_1.HEIC"):
            assert counts(await bring(library, path, move=True)) == {"deleted": 1}
        assert names_in(card) == sorted(LIVE)
        outcome = await bring(library, card / "IMG_1.MOV", bring_back=True)
        assert (outcome.assets, only(library)) == ([record], record)

    async def test_what_was_folded_comes_back_too(self, library: Library, tmp_path: Path, autojump_clock: MockClock) -> None:
        await bring(library, write(tmp_path / "one", {"DSC_1.CR2": PAIR["DSC_1.CR2"]}))
        await bring(library, write(tmp_path / "two", PAIR))
        record = only(library)
        parts = Queries(library.database).parts(record)
        assert len(parts) == 2
        trash_assets(library, [record])
        assert all(view(library, part).trashed for part in parts)
        assert counts(await bring(library, tmp_path / "two")) == {"deleted": 1}
        await bring(library, tmp_path / "two", bring_back=True)
        assert only(library) == record
        assert not any(view(library, part).trashed for part in parts)

    async def test_purged_it_stays_away_and_comes_back_as_the_next_generation(
        self, library: Library, card: Path, autojump_clock: MockClock
    ) -> None:
        await bring(library, write(card, LIVE))
        library.change([], purges=[only(library)])
        assert counts(await bring(library, card)) == {"deleted": 1}
        assert assets(library) == []
        outcome = await bring(library, card, bring_back=True)
        assert counts(outcome) == {"imported": 1, "files": 2}
        assert set(roles(library, only(library))) == {"", "motion"}
        assert_whole(library)

    async def test_a_part_that_comes_later_doesn_t_bring_the_photo_back(
        self, library: Library, tmp_path: Path, autojump_clock: MockClock
    ) -> None:
        await bring(library, write(tmp_path / "one", {"IMG_1.HEIC": LIVE["IMG_1.HEIC"]}))
        trash_assets(library, [only(library)])
        folder = write(tmp_path / "two", {"x.mov": LIVE["IMG_1.MOV"]})
        assert counts(await bring(library, folder, move=True)) == {"deleted": 1}
        assert (folder / "x.mov").exists()
        await bring(library, folder, bring_back=True)
        assert set(roles(library, only(library))) == {"", "motion"}
        assert_whole(library)

    async def test_a_raw_that_was_deleted_stays_so_and_its_jpeg_is_new(
        self, library: Library, tmp_path: Path, autojump_clock: MockClock
    ) -> None:
        await bring(library, write(tmp_path / "one", {"DSC_1.CR2": PAIR["DSC_1.CR2"]}))
        trash_assets(library, [only(library)])
        outcome = await bring(library, write(tmp_path / "two", PAIR))
        assert counts(outcome) == {"imported": 1, "files": 1, "deleted": 1}
        assert set(roles(library, only(library))) == {""}


class TestMoving:
    """``--move``."""

    async def test_all_files_of_a_photo_go(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        await bring(library, write(card, {**LIVE, **PAIR, "DSC_1.xmp": xmp("a")}), move=True)
        assert names_in(card) == []
        assert_whole(library)

    async def test_none_goes_while_another_could_not_be_taken(self, library: Library, card: Path, autojump_clock: MockClock) -> None:
        write(card, {**PAIR, "IMG_1.HEIC": LIVE["IMG_1.HEIC"], "IMG_1.MOV": b""})
        outcome = await bring(library, card, move=True)
        assert names_in(card) == ["IMG_1.HEIC", "IMG_1.MOV"]
        assert "could not be imported" in reasons(outcome)["IMG_1.HEIC"]

    async def test_a_held_original_that_rotted_is_replaced_by_the_source(
        self, library: Library, card: Path, autojump_clock: MockClock
    ) -> None:
        """Under the same size and time."""
        await bring(library, write(card, PAIR))
        rot(library, "DSC_1.CR2")
        assert counts(await bring(library, card)) == {"duplicates": 1}, "without --move nobody reads it again"
        outcome = await bring(library, card, move=True)
        assert counts(outcome) == {"duplicates": 1}
        assert names_in(card) == []
        assert sorted(originals(library).values()) == sorted(PAIR.values())
        assert [path.name for path in (library.folder.recovered / "damaged").iterdir()] == ["DSC_1.CR2"]
        assert_whole(library)

    async def test_one_that_was_changed_by_hand_stays_beside_the_whole_one(
        self, library: Library, card: Path, autojump_clock: MockClock
    ) -> None:
        await bring(library, write(card, {"a.jpg": camera_jpeg()}))
        (name,) = originals(library)
        changed = library.folder.root / name
        changed.chmod(0o644)
        changed.write_bytes(b"somebody's own work")
        assert counts(await bring(library, card)) == {"duplicates": 1}
        assert changed.read_bytes() == b"somebody's own work"
        (held,) = library.held.all("original")
        assert (library.folder.root / held.path).read_bytes() == camera_jpeg()


def rot(library: Library, name: str) -> None:
    """Other bytes under the same size, time and inode."""
    (held,) = (each for each in library.held.all("original") if each.path.name == name)
    path = library.folder.root / held.path
    status = path.stat()
    path.chmod(0o644)
    with path.open("r+b") as stream:
        stream.seek(status.st_size // 2)
        stream.write(b"rotten")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert held.untouched(library.folder.root)


async def test_previews_are_wanted_of_all_that_has_a_thumbnail(library: Library, card: Path, autojump_clock: MockClock) -> None:
    await bring(library, write(card, {"a.jpg": jpeg(seed=1), "b.mov": live_film(content=False), "c.CR2": camera_raw()}))
    with library.database.read() as connection:
        assert connection.execute("SELECT count(*) FROM preview_wanted").fetchone() == (3,)


async def test_a_truncated_film_is_left_out_with_its_reason(library: Library, card: Path, autojump_clock: MockClock) -> None:
    outcome = await bring(library, write(card, {**LIVE, "IMG_1.MOV": truncated(LIVE["IMG_1.MOV"])}))
    assert (outcome.imported, outcome.assets) == (1, [only(library)])
    assert_whole(library)


@pytest.mark.parametrize("seed", range(8))
async def test_cancelled_anywhere_a_photo_is_there_with_all_its_files_or_not_at_all(
    library: Library, card: Path, seed: int, autojump_clock: MockClock
) -> None:
    write(card, {**LIVE, **PAIR, "DSC_1.xmp": xmp("a"), "other.jpg": jpeg(seed=1)})
    expected = {"IMG_1.HEIC": {"", "motion"}, "DSC_1.JPG": {"", "raw", "sidecar"}, "other.jpg": {""}}
    chance = Random(seed)
    for _ in range(3):
        interruption = Interruption(chance.randrange(1, 30), afterwards=chance.random() < 0.5)
        with interruption.scope:
            await bring(library, card, run_blocking=interruption.calls)
        assert unfinished(library) == []
        for row in assets(library):
            (name,) = expected.keys() & set(view(library, row.record).names)
            assert set(roles(library, row.record)) == expected[name]
    await bring(library, card)
    assert len(assets(library)) == 3
    assert_whole(library)


async def test_killed_after_the_commit_and_before_the_renames(
    library: Library, card: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(card, LIVE)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("peer.library.placing.place", killed)
        with pytest.raises(BaseExceptionGroup):
            await bring(library, card, move=True)
    assert names_in(card) == sorted(LIVE), "nothing goes that isn't in its place"
    outcome = await bring(library, card, move=True)
    assert counts(outcome) == {"duplicates": 1}
    assert set(roles(library, only(library))) == {"", "motion"}
    assert names_in(card) == []
    assert_whole(library)


@pytest.mark.parametrize(
    ("beside", "thumbnails"),
    [
        ({"IMG_1.MOV": live_film(1)}, 1),
        ({"IMG_1.MOV": live_film(2)}, 2),
        ({"IMG_1.MOV": live_film(1, content=False, seconds=12)}, 2),
        ({"IMG_1.CR2": camera_raw()}, 1),
        ({"IMG_1.CR2": camera_raw(), "IMG_1.DNG": camera_raw(2)}, 2),
    ],
    ids=["its film", "another's film", "a long film", "its RAW", "two RAWs"],
)
async def test_what_is_a_photo_by_itself_has_a_thumbnail_and_what_is_a_part_none(
    library: Library, card: Path, beside: dict[str, bytes], thumbnails: int, autojump_clock: MockClock
) -> None:
    outcome = await bring(library, write(card, {"IMG_1.JPG": live_still(1), **beside}))
    assert outcome.without_picture == []
    assert len(assets(library)) == len(list(library.held.all("thumbnail"))) == thumbnails
    assert all(view(library, row.record).thumbnail for row in assets(library))


async def test_a_raw_that_finds_its_place_taken_has_a_thumbnail(library: Library, tmp_path: Path, autojump_clock: MockClock) -> None:
    await bring(library, write(tmp_path / "one", PAIR))
    await bring(library, write(tmp_path / "two", {**PAIR, "DSC_1.CR2": camera_raw(2)}))
    assert all(view(library, row.record).thumbnail for row in assets(library))


async def test_it_is_listed_under_the_name_of_its_picture(library: Library, card: Path, autojump_clock: MockClock) -> None:
    await bring(library, write(card, {**PAIR, "DSC_1.AAE": aae()}))
    assert [row.name for row in assets(library)] == ["DSC_1.JPG"]
