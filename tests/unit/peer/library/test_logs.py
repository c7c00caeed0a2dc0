"""A device's own logs: one follows the other, and builds on all that was applied."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from peer.layout import LibraryFolder
from peer.library.authoring import Edit
from peer.library.creating import create_library
from peer.library.verifying import verify
from store.heads import Heads, Tip
from store.ids import EntryHash, LogId, RecordId, RecordKind
from tests.fleet.libraries import add_photo, admit, edit, exchange, give, make_library

ASSET = RecordId.make(RecordKind.ASSET, bytes(16))


def test_a_second_log_builds_on_the_first(tmp_path: Path) -> None:
    library, _ = create_library(LibraryFolder(tmp_path / "library"), "laptop", randomness=Random(1).randbytes)
    library.change([Edit(ASSET, lambda draft, stamp: draft.set("rating", 1))])
    first = library.own_log()
    assert first is not None
    (tip,) = library.log.heads()[first]
    library.begin_log()
    second = library.own_log()
    assert second is not None
    assert second != first
    (opening,) = library.log.at(second, 0)
    assert tip.name in {dep.name for dep in opening.deps}
    library.change([Edit(ASSET, lambda draft, stamp: draft.set("rating", 2))])
    content = library.records.content(ASSET)
    assert content is not None
    assert [cell.value for cell in content.live.values()] == [2]
    assert library.roster().log_numbers[second] == 1
    assert verify(library, deep=True).problems == []
    library.close()


def test_an_entry_names_all_that_was_applied_of_others(tmp_path: Path) -> None:
    anna = make_library(tmp_path / "anna")
    bert, carl = (admit(anna, tmp_path / name, name=name, seed=seed) for seed, name in ((2, "bert"), (3, "carl")))
    photo = add_photo(anna, "sea")
    exchange(anna, bert, carl)
    for number in range(3):
        edit(bert, photo, rating=number)
        edit(carl, photo, favorite=bool(number % 2))
    give(bert, anna)
    give(carl, anna)
    heads = {log: tips for log, tips in anna.log.heads().items() if log in (bert.own_log(), carl.own_log())}
    edit(anna, photo, caption="seen it all")
    own = anna.own_log()
    assert own is not None
    (tip,) = anna.log.heads()[own]
    written = anna.log.get(tip.name)
    assert written is not None
    assert {dep.name for dep in written.entry.deps} >= {tip.name for tips in heads.values() for tip in tips}
    assert len(heads) == 2
    for library in (anna, bert, carl):
        library.close()


def test_heads_that_no_report_can_hold_leave_the_device_without_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library, _ = create_library(LibraryFolder(tmp_path / "library"), "laptop", randomness=Random(1).randbytes)
    tips = Heads({LogId(number.to_bytes(16, "big")): [Tip(0, EntryHash(number.to_bytes(32, "big")))] for number in range(6000)})
    monkeypatch.setattr(library, "applied_heads", lambda: tips)
    assert library.report_seen() is None
    monkeypatch.undo()
    report = library.report_seen()
    assert report is not None
    assert report.counter == 1
    library.close()
