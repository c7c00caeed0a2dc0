"""Client ids keep the order that decides between equal stamps."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.client import MAX_CLIENT, client_id, writer
from crdt.clock import Stamp
from store.ids import DeviceId, EntryHash, EpochId, FileHash, LibraryId, LogId, RecordId, RecordKind
from tests.unit.peer.keys.seeded import Seeded
from tools.bundling.errors import CannotBeMadeAgainError
from tools.bundling.identifiers import Entries, Things, ordinal

STAMP = Stamp.of(1_700_000_000_000)
LOG = LogId(b"\x11" * 16)
FILE = FileHash(bytes(range(32)))


def things() -> Things:
    record = RecordId.asset(FILE, 2)
    random = Seeded("things")
    logs, epochs = [LogId(bytes([n]) * 16) for n in range(9)], [EpochId(bytes([n]) * 16) for n in range(9)]
    devices = [DeviceId(bytes([n]) * 16) for n in range(1, 4)]
    return Things(library=LibraryId(b"\x22" * 32), logs=logs, epochs=epochs, devices=devices, files={FILE}, photos={record}, random=random)


@given(one=st.integers(0, MAX_CLIENT), other=st.integers(0, MAX_CLIENT))
def test_ordinals_are_in_the_order_of_writers(one: int, other: int) -> None:
    assert (ordinal(one) < ordinal(other)) == (writer(one) < writer(other))
    assert 0 <= ordinal(one) <= MAX_CLIENT


@given(clients=st.sets(st.integers(0, MAX_CLIENT), min_size=1, max_size=20))
def test_writers_of_one_stamp_keep_their_order(clients: set[int]) -> None:
    entries = Entries(things(), {STAMP: clients}, Seeded("entries"))
    names = {client: EntryHash(client.to_bytes(32, "big")) for client in clients}
    for client in sorted(clients, key=lambda each: each * 7919 % 1009):
        made, random = entries.placed(client, STAMP, log=LOG, previous=names[client], other=STAMP)
        assert made == client_id(LOG, names[client], STAMP, random) == entries.client(client)
    in_order = sorted(clients, key=writer)
    assert [entries.writer(writer(client)) for client in in_order] == sorted(entries.writer(writer(client)) for client in in_order)


def test_one_client_id_of_two_places_cant_be_made_again() -> None:
    entries = Entries(things(), {STAMP: {5}}, os.urandom)
    entries.placed(5, STAMP, log=LOG, previous=EntryHash(b"\1" * 32), other=STAMP)
    with pytest.raises(CannotBeMadeAgainError):
        entries.placed(5, STAMP, log=LOG, previous=EntryHash(b"\2" * 32), other=STAMP)


def test_a_photos_id_follows_from_its_file_whatever_its_generation() -> None:
    made = things()
    assert made.file(FILE) != FILE
    assert made.record(RecordId.asset(FILE)) == RecordId.asset(made.file(FILE))
    assert made.record(RecordId.asset(FILE, 2)) == RecordId.asset(made.file(FILE), 2)
    unknown = RecordId.make(RecordKind.ASSET, b"\x77" * 16)
    assert made.record(unknown) == made.record(unknown) != unknown


def test_logs_epochs_and_devices_keep_their_order() -> None:
    made = things()
    logs = [made.log(LogId(bytes([n]) * 16)) for n in range(9)]
    epochs = [made.epoch(EpochId(bytes([n]) * 16)).id for n in range(9)]
    devices = [made.device(DeviceId(bytes([n]) * 16)) for n in range(1, 4)]
    assert (logs, epochs, devices) == (sorted(logs), sorted(epochs), sorted(devices))
