"""Ids: types with a length, one spelling each."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.ids import LIBRARY_RECORD, DeviceId, FileHash, LibraryId, LogId, RecordId, RecordKind


@given(st.binary(min_size=16, max_size=16))
def test_spellings_round_trip(value: bytes) -> None:
    log = LogId(value)
    assert LogId.parse(str(log)) == LogId.from_base64(log.base64()) == log == value
    assert len(log.base64()) == 22
    assert str(log).startswith(log.short())


@pytest.mark.parametrize("text", ["", "00", "zz" * 16, "0" * 31, "0" * 33])
def test_texts_that_name_no_id(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        LogId.parse(text)


@pytest.mark.parametrize("text", ["A" * 21, "A" * 21 + "B", "A" * 22 + "=", "A" * 21 + "=", "é" * 22])
def test_base64_has_one_spelling(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        LogId.from_base64(text)


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_lengths_are_checked(length: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        DeviceId(bytes(length))


def test_derived_ids() -> None:
    library = LibraryId.of(b"s", b"w")
    assert library == hashlib.sha256(b"calotype librarysw").digest()
    assert library.master_log() == library[:16]
    assert DeviceId.of(b"s", b"w") == hashlib.sha256(b"calotype devicesw").digest()[:16]


def test_assets_of_each_generation_are_different_records() -> None:
    file = FileHash(bytes(range(32)))
    generations = [RecordId.asset(file, generation) for generation in range(3)]
    assert generations[0] == bytes([RecordKind.ASSET]) + file[:16]
    assert generations[2].body == hashlib.sha256(file + b"\0\0\0\2").digest()[:16]
    assert len(set(generations)) == 3
    assert {record.kind for record in generations} == {RecordKind.ASSET}


def test_records_have_a_kind() -> None:
    assert LIBRARY_RECORD.kind is RecordKind.LIBRARY
    with pytest.raises(ValueError, match="RecordKind"):
        RecordId(bytes(17))
