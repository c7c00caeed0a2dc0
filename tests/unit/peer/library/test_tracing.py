"""What became of entries, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from peer.library.library import Library
from peer.library.tracing import entry_traces
from relay.messages import EntryTrace, Standing
from store.entries import Entry, EntryKind, make_prefix, seal_entry
from store.ids import EntryHash
from tests.fleet.libraries import START, MovedClock, add_photo, admit, exchange, give, make_library


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def anna(tmp_path: Path, clock: MovedClock) -> Iterator[Library]:
    library = make_library(tmp_path / "anna", clock=clock)
    yield library
    library.close()


@pytest.fixture
def bert(anna: Library, tmp_path: Path) -> Iterator[Library]:
    library = admit(anna, tmp_path / "bert")
    exchange(anna, library)
    yield library
    library.close()


def newest(library: Library) -> EntryHash:
    log = library.own_log()
    assert log is not None
    (tip,) = library.log.heads()[log]
    return tip.name


def of(library: Library, name: EntryHash) -> EntryTrace | None:
    return entry_traces(library.database, library.id, [name]).get(name)


def garbled(library: Library) -> Entry:
    """A change of this device that nobody can open, stored at its own end."""
    log = library.own_log()
    assert log is not None
    (tip,) = library.log.heads()[log]
    epoch = library.write_epoch().id
    prefix = make_prefix(kind=EntryKind.CHANGE, library=library.id, log=log, seq=tip.seq + 1, previous=tip.name, deps=(), epoch=epoch)
    return seal_entry(prefix, bytes(100), library.keys.sign)


def test_what_comes_is_applied_at_once(anna: Library, bert: Library, clock: MovedClock) -> None:
    add_photo(anna, "sea")
    name = newest(anna)
    clock.pass_by(700)
    assert of(bert, name) is None
    give(anna, bert)
    assert of(anna, name) == EntryTrace(standing=Standing.APPLIED, stored=START, applied=START)
    assert of(bert, name) == EntryTrace(standing=Standing.APPLIED, stored=START + 700, applied=START + 700)


def test_what_can_t_be_opened_is_void(anna: Library, bert: Library) -> None:
    entry = garbled(anna)
    bert.receive([entry.raw])
    assert of(bert, entry.name) == EntryTrace(standing=Standing.VOID, stored=START, applied=START)


def test_what_waited_was_applied_later(anna: Library, bert: Library, clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    add_photo(anna, "sea")
    name = newest(anna)
    keyring = bert.keyring()
    monkeypatch.setattr(bert.applier, "_keyring", dict)
    give(anna, bert)
    assert of(bert, name) == EntryTrace(standing=Standing.WAITING, stored=START)
    clock.pass_by(9000)
    monkeypatch.setattr(bert.applier, "_keyring", lambda: keyring)
    bert.applier.catch_up()
    assert of(bert, name) == EntryTrace(standing=Standing.APPLIED, stored=START, applied=START + 9000)


def test_what_is_detached_is_stored_only(anna: Library, bert: Library, clock: MovedClock, tmp_path: Path) -> None:
    add_photo(anna, "sea")
    admit(anna, tmp_path / "carla", name="carla", seed=3).close()
    (certificate,) = (
        each.entry
        for each in anna.log.control(0, limit_bytes=1 << 30)
        if each.entry.kind is EntryKind.CERTIFICATE and not bert.log.has(each.entry.name)
    )
    bert.receive([certificate.raw])
    trace = of(bert, certificate.name)
    assert trace is not None
    assert (trace.standing, trace.stored, trace.applied) == (Standing.WAITING, START, None)
    clock.pass_by(5000)
    give(anna, bert)
    assert of(bert, certificate.name) == EntryTrace(standing=Standing.APPLIED, stored=START + 5000, applied=START + 5000)
