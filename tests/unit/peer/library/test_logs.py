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
