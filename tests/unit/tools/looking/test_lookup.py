from __future__ import annotations

from pathlib import Path

import pytest

from peer.errors import UsageError
from store.ids import LIBRARY_RECORD, LibraryId, LogId, RecordId, RecordKind
from tests.unit.tools.folders import PHOTO, Pair, change, fill_relay, raws_of
from tools.looking.folder import look_into
from tools.looking.lookup import find_log, find_record, record_name

ALBUM = RecordId.make(RecordKind.ALBUM, b"\x3f" * 16)


def found(root: Path, text: str) -> RecordId:
    return look_into(root, lambda inspected: find_record(inspected.database, text)).result


def log_found(root: Path, prefix: str, library_id: str = "") -> tuple[LibraryId, LogId]:
    return look_into(root, lambda inspected: find_log(inspected, prefix), library_id=library_id).result


def test_records_by_the_beginning_of_their_ids(root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.set("rating", 4))
    change(pair.laptop, lambda draft: draft.set("title", "Sea"), ALBUM)
    change(pair.laptop, lambda draft: draft.set("retention", 60), LIBRARY_RECORD)
    laptop = root / "laptop"
    for record in (PHOTO, ALBUM, LIBRARY_RECORD):
        assert found(laptop, record_name(record)) == record
        assert found(laptop, f" {record_name(record).upper()} ") == record
    assert found(laptop, "album:3") == ALBUM
    with pytest.raises(UsageError, match="More than one record"):
        found(laptop, "3f")
    for text in ("", "xyz", "asset:", "photo:3f", "3f" * 17, "3f%"):
        with pytest.raises(UsageError, match="is no record's id"):
            found(laptop, text)
    with pytest.raises(UsageError, match="No record has"):
        found(laptop, "asset:77")


def test_purged_records_are_found_too(root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.set("rating", 4))
    pair.laptop.change([], purges=[PHOTO])
    assert found(root / "laptop", "3f3f") == PHOTO


def test_logs_by_the_beginning_of_their_ids(root: Path, pair: Pair) -> None:
    own = pair.laptop.own_log()
    assert own is not None
    assert log_found(root / "laptop", own.hex()[:12].upper()) == (pair.laptop.id, own)
    with pytest.raises(UsageError, match="More than one log"):
        log_found(root / "laptop", "")
    with pytest.raises(UsageError, match="No log"):
        log_found(root / "laptop", "zz")
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    assert log_found(root / "relay", own.hex()[:12], pair.laptop.id.hex()[:4]) == (pair.laptop.id, own)
