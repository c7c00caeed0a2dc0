"""`export-yjs`: which bytes, and where they go. What Yjs makes of them: ``tests/process/test_yjs.py``."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from crdt.record import read
from crdt.state import read_canonical
from peer.layout import LibraryFolder
from store.database import Database
from tests.unit.tools.folders import PHOTO, Pair, change, fill_relay, raws_of
from tests.unit.tools.running import Inspect

ID = PHOTO.body.hex()


@pytest.fixture
def edited(pair: Pair) -> Pair:
    change(pair.laptop, lambda draft: draft.set("caption", "Beach"))
    change(pair.phone, lambda draft: draft.set("caption", "Sea"))
    pair.exchange()
    return pair


def test_all_devices_export_the_same_bytes_for_this_user_only(inspect: Inspect, root: Path, edited: Pair) -> None:
    files = [root / f"{name}.yjs" for name in ("laptop", "phone")]
    for file in files:
        document = inspect("export-yjs", ID[:6], file, "--library", root / file.stem, "--json").document()
        assert (document["file"], document["record"], document["root"]) == (str(file), ID, "r")
        assert (document["keys"], document["clients"], document["deleted"], document["bytes"]) == (2, 2, 0, file.stat().st_size)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert files[0].read_bytes() == files[1].read_bytes()
    content = edited.laptop.records.content(PHOTO)
    assert read(files[0].read_bytes()) == read_canonical(files[0].read_bytes()).content() == content


def test_what_is_there_is_replaced_only_when_asked_to(inspect: Inspect, root: Path, edited: Pair) -> None:
    file = root / "photo.yjs"
    file.write_bytes(b"precious")
    where = ("--library", root / "laptop")
    code, sentence = inspect("export-yjs", ID, file, *where, "--json").failure()
    assert (code, sentence) == (2, f"{file} exists. Nothing was written.")
    assert file.read_bytes() == b"precious"
    said = inspect("export-yjs", ID, file, "--force", *where)
    assert said.out.startswith(f"{file}: asset {ID}, ")
    assert read(file.read_bytes()).live
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in root.iterdir() if "photo" in path.name] == ["photo.yjs"]


def test_a_link_is_not_followed(inspect: Inspect, root: Path, edited: Pair) -> None:
    (root / "link").symlink_to(root / "elsewhere")
    assert inspect("export-yjs", ID, root / "link", "--library", root / "laptop").code == 2
    assert not (root / "elsewhere").exists()


def test_refusals(inspect: Inspect, root: Path, edited: Pair) -> None:
    where = ("--library", root / "laptop", "--json")
    assert inspect("export-yjs", ID, "-", *where).failure() == (2, "--json needs standard output for itself. Nothing was written.")
    code, sentence = inspect("export-yjs", ID, root / "no" / "folder", *where).failure()
    assert (code, "can't be written" in sentence) == (2, True)
    fill_relay(root / "relay", edited.laptop.id, raws_of(edited.laptop))
    code, sentence = inspect("export-yjs", ID, root / "x", "--library", root / "relay", "--json").failure()
    assert (code, "sealed" in sentence) == (2, True)
    edited.laptop.change([], purges=[PHOTO])
    code, sentence = inspect("export-yjs", ID, root / "x", *where).failure()
    assert (code, "was purged" in sentence) == (2, True)


def test_a_damaged_record_is_not_exported(inspect: Inspect, root: Path, edited: Pair) -> None:
    edited.close()
    database = Database(LibraryFolder(root / "laptop").database, ())
    with database.write() as connection:
        connection.execute("UPDATE record SET state = x'01ff00' WHERE record = ?", (PHOTO,))
    database.close()
    code, sentence = inspect("export-yjs", ID, root / "x", "--library", root / "laptop", "--json").failure()
    assert (code, "is damaged" in sentence) == (3, True)
    assert not (root / "x").exists()
