"""`conflicts`: what is undecided, why that is shown which is, and what settles it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from peer.layout import LibraryFolder
from peer.library.conflicts import OfDevice, all_conflicts, resolve
from peer.library.trashing import trash_assets
from store.ids import LIBRARY_RECORD, FileHash, RecordId, RecordKind
from tests.unit.tools.folders import PHOTO, Pair, change
from tests.unit.tools.running import Inspect

ALBUM = RecordId.make(RecordKind.ALBUM, b"\x3f" * 16)


def both(pair: Pair, field: str, ours: Any, theirs: Any, record: RecordId = PHOTO) -> tuple[Any, Any]:
    entries = (
        change(pair.laptop, lambda draft: draft.set(field, ours), record),
        change(pair.phone, lambda draft: draft.set(field, theirs), record),
    )
    pair.exchange()
    return entries


def listed(inspect: Inspect, root: Path, *words: str) -> list[Any]:
    return inspect("conflicts", *words, "--library", root / "laptop", "--json").documents()


def test_conflicts_of_all_kinds_of_records_with_their_entries(inspect: Inspect, root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.set("primary", b"\x3f" * 32))
    change(pair.laptop, lambda draft: draft.set("rating", 1))
    pair.exchange()
    mine, theirs = both(pair, "rating", 4, 5)
    both(pair, "title", "Sea", "Lake", ALBUM)
    both(pair, "retention", 60, 90, LIBRARY_RECORD)
    documents = listed(inspect, root)
    assert [(each["record"], each["field"], each["kind"]) for each in documents] == [
        ("asset", "rating", "values"),
        ("album", "title", "values"),
        ("library", "retention", "values"),
    ]
    for document, conflict in zip(documents, all_conflicts(pair.laptop), strict=True):
        plain = conflict.to_json()
        assert {name: document[name] for name in plain if name not in ("winner", "others")} == {
            name: value for name, value in plain.items() if name not in ("winner", "others")
        }
        assert plain["winner"].items() <= document["winner"].items()
    rating, *_ = documents
    (other,) = rating["others"]
    assert (rating["winner"]["entry"]["name"], other["entry"]["name"]) == (theirs.name.hex(), mine.name.hex())
    assert [seen["value"] for seen in other["seen"]] == [1]
    assert "made last" in rating["rule"]


def test_the_command_settles_it(inspect: Inspect, root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.set("primary", b"\x3f" * 32))
    pair.exchange()
    both(pair, "rating", 4, 5)
    ((document),) = listed(inspect, root, PHOTO.body.hex()[:8])
    assert document["winner"]["settle"] == f"calotype resolve {PHOTO.body.hex()[:10]} rating --winner"
    command, device = document["others"][0]["settle"].rsplit(" ", 1)
    said = inspect("conflicts", "--library", root / "laptop").out.splitlines()
    for side in (document["winner"], *document["others"]):
        assert f"      {side['settle']}  takes {side['value']}" in said
    assert command == f"calotype resolve {PHOTO.body.hex()[:10]} rating --device"
    resolve(pair.laptop, PHOTO, "rating", OfDevice(device))
    assert listed(inspect, root) == []
    assert inspect("conflicts", "--library", root / "laptop").out == "No open conflicts.\n"


def test_a_contested_trash(inspect: Inspect, root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.set("primary", b"\x3f" * 32))
    pair.exchange()
    trash_assets(pair.laptop, [PHOTO])
    entry = change(pair.phone, lambda draft: draft.set("caption", "keep me"))
    pair.exchange()
    (document,) = listed(inspect, root)
    assert (document["kind"], document["winner"]["value"]) == ("trash", "trashed")
    (against,) = document["others"]
    assert (against["entry"]["name"], against["changed"]) == (entry.name.hex(), ["caption"])
    assert against["settle"] == f"calotype resolve {PHOTO.body.hex()[:10]} trashed --value restored"
    said = inspect("conflicts", "--library", root / "laptop").out
    assert "1 open conflict in 1 record." in said
    assert '"restored" (caption)' in said


def test_who_edits_what_is_in_the_trash_is_not_said_to_know_nothing_of_that(inspect: Inspect, root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.set("primary", b"\x3f" * 32))
    pair.exchange()
    trash_assets(pair.laptop, [PHOTO])
    change(pair.laptop, lambda draft: draft.set("caption", "seen in the trash"))
    change(pair.phone, lambda draft: draft.set("rating", 1))
    pair.exchange()
    said = inspect("conflicts", "--library", root / "laptop").out
    rows = [line.split("\t") for line in said.splitlines() if line.startswith("beside")]
    assert [(row[1], row[-1]) for row in rows] == [
        ('"restored" (rating)', "unseen by who trashed it"),
        ('"restored" (caption)', "unseen by who trashed it"),
    ]
    assert "hadn't seen it trashed" not in said
    restoring = f"calotype resolve {PHOTO.body.hex()[:10]} trashed --value restored"
    assert said.count(restoring) == 1
    why = inspect("why", PHOTO.body.hex(), "trashed", "--library", root / "laptop", "--json").document()
    assert why["rule"]["id"] == "contested"
    assert "without knowing" not in why["rule"]["sentence"]
    (edited,) = (write for write in why["writes"] if write["changed"] == ["caption"])
    assert why["winner"] in edited["seen"]


def test_a_damaged_record_does_not_hide_the_others(inspect: Inspect, root: Path, pair: Pair) -> None:
    other = RecordId.asset(FileHash(b"\x77" * 32))
    for record in (PHOTO, other):
        change(pair.laptop, lambda draft: draft.set("primary", b"\x3f" * 32), record)
    pair.exchange()
    for record in (PHOTO, other):
        both(pair, "rating", 4, 5, record)
    pair.close()
    with closing(sqlite3.connect(LibraryFolder(root / "laptop").database)) as connection:
        connection.execute("UPDATE record SET state = x'01ff00' WHERE record = ?", (PHOTO,))
        connection.commit()
    said = inspect("conflicts", "--library", root / "laptop", "--json")
    assert said.code == 3
    assert said.out.count('"field": "rating"') == 1
    assert other.body.hex() in said.out
    assert f"asset:{PHOTO.body.hex()} is damaged" in said.out
