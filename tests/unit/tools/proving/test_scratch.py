"""What is kept between the passes, and that nobody else sees it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from crdt.clock import Stamp
from store.ids import FileHash, RecordId
from tools.proving.scratch import Change, Maker, open_scratch

STAMP = Stamp(bytes(8))


def record(number: int) -> RecordId:
    return RecordId.asset(FileHash(bytes([number]) * 32))


def maker(arrival: int) -> Maker:
    return Maker(arrival, 1, arrival, 1000 + arrival, STAMP)


def test_changes_come_back_by_record_in_the_order_of_arrival() -> None:
    with open_scratch() as scratch:
        scratch.put_changes(maker(1), [(record(2), b"first"), (record(1), b"other")], [])
        scratch.put_changes(maker(2), [(record(2), b"second")], [record(3)])
        scratch.index_changes()
        assert scratch.changes(record(2)) == [Change(maker(1), b"first"), Change(maker(2), b"second")]
        assert scratch.records(b"", 10) == [record(1), record(2)]
        assert scratch.records(record(1), 10) == [record(2)]
        assert list(scratch.purged()) == [record(3)]
        assert scratch.purges(b"", b"\xff") == {record(3): [2]}


def test_states_of_a_checkpoint_are_records_too() -> None:
    with open_scratch() as scratch:
        scratch.put_base(record(1), b"state")
        scratch.put_base_purge(record(4))
        scratch.index_changes()
        assert scratch.records(b"", 10) == [record(1)]
        assert (scratch.base(record(1)), scratch.base(record(2))) == (b"state", None)
        assert scratch.is_purged(record(4))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="asks the system for open files")
def test_the_file_has_no_name_and_holds_nothing_readable() -> None:
    """Large enough to leave the cache."""
    caption = b"what people wrote " * 1000
    with open_scratch() as scratch:
        for number in range(1, 2000):
            scratch.put_changes(maker(number), [(record(number % 250), caption)], [])
        scratch.index_changes()
        files = list(temporary_files())
        written = [path.read_bytes() for path in files]
        assert all("(deleted)" in str(path.readlink()) for path in files)
        assert sum(map(len, written)) > 1_000_000
        assert not any(b"what people wrote" in content for content in written)


def temporary_files() -> Iterator[Path]:
    """Those that SQLite has open in this process."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - descriptors, not files
        path = Path("/proc/self/fd", name)
        with suppress(FileNotFoundError):  # the listing's own
            if "etilqs_" in str(path.readlink()):
                yield path
