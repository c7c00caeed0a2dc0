"""All files of a photo that was deleted for good stay deleted, whichever of them is imported again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from trio.testing import MockClock

from peer.importing.outcome import Outcome
from peer.importing.pipeline import Importer, Watcher
from peer.library.authoring import Edit
from peer.library.library import Library
from peer.library.purging import purge_now
from peer.library.queries import Queries
from peer.library.taking_away import take_away
from peer.library.trashing import trash_assets
from store.ids import FileHash, RecordId
from tests.fixtures.pictures import Shot, jpeg
from tests.fleet.imports import bring, in_this_process
from tests.fleet.node import call_directly


def with_comment(picture: bytes) -> bytes:
    return picture[:2] + b"\xff\xfe\x00\x06ours" + picture[2:]


BEFORE = jpeg(600, 400, shot=Shot())
AFTER = with_comment(BEFORE)


def shown(library: Library) -> list[RecordId]:
    return [row.record for row in Queries(library.database).assets()]


async def resave(library: Library, path: Path, data: bytes) -> Outcome:
    return await Importer(library, call_directly, Watcher(), resaved=True, open_pool=in_this_process).run([_written(path, data)])


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


async def make_and_purge(library: Library, card: Path) -> None:
    await resave(library, card / "a.jpg", BEFORE)
    assert (await resave(library, card / "a.jpg", AFTER)).versions == 1
    photos = shown(library)
    trash_assets(library, photos)
    assert purge_now(library, photos).purged == tuple(photos)
    take_away(library)


@pytest.mark.parametrize("data", [BEFORE, AFTER], ids=["the first version", "the version that was shown"])
async def test_any_version_stays_deleted(library: Library, card: Path, tmp_path: Path, data: bytes, autojump_clock: MockClock) -> None:
    await make_and_purge(library, card)
    backup = tmp_path / "backup"
    backup.mkdir()
    (backup / "b.jpg").write_bytes(data)
    outcome = await bring(library, backup)
    assert (outcome.imported, outcome.deleted_before) == (0, 1)
    assert shown(library) == []
    outcome = await bring(library, backup, bring_back=True)
    assert outcome.imported == 1
    assert len(shown(library)) == 1


async def test_a_file_that_another_photo_has_is_not_deleted(library: Library, card: Path, autojump_clock: MockClock) -> None:
    for data in (BEFORE, AFTER, with_comment(AFTER)):
        await resave(library, card / "a.jpg", data)
    (photo,) = shown(library)
    await resave(library, card / "c.jpg", jpeg(300, 200, seed=7))
    (other,) = set(shown(library)) - {photo}
    after = FileHash(hashlib.sha256(AFTER).digest())
    library.change([Edit(other, lambda draft, stamp: draft.add("version", after.base64()))])
    trash_assets(library, [photo])
    assert purge_now(library, [photo]).purged == (photo,)
    assert not library.records.is_purged(RecordId.asset(after))
    assert shown(library) == [other]
    assert take_away(library).deleted == 2
    assert library.held.get(after) is not None
