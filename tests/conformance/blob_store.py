"""The suite of ``store.blobs.BlobStore``: inherit from the class and give the fixture ``store``."""

from __future__ import annotations

import pytest

from store.blobs import MAX_BLOB_BYTES, BlobInfo, BlobStore
from store.errors import RefusedError
from store.ids import BlobId
from tests.fleet.authors import NOW, filler


class BlobStoreConformance:
    @pytest.fixture
    def store(self) -> BlobStore:
        """A store without blobs; overridden by each implementation."""
        raise NotImplementedError

    def test_an_empty_store_answers_everything(self, store: BlobStore) -> None:
        absent = BlobId.of(b"absent")
        assert store.get(absent) is None
        assert store.info(absent) is None
        assert list(store.blobs()) == []
        assert not store.delete(absent)
        assert store.total_bytes() == 0

    def test_what_was_put_comes_back(self, store: BlobStore) -> None:
        for length in (0, 1, 100_000, MAX_BLOB_BYTES):
            sealed = filler("blob", length)
            blob = BlobId.of(sealed)
            assert store.put(blob, sealed, now=NOW + length)
            assert store.get(blob) == sealed
            assert store.info(blob) == BlobInfo(blob=blob, size=length, stored_at=NOW + length)

    def test_putting_again_changes_nothing(self, store: BlobStore) -> None:
        blob = BlobId.of(b"sealed")
        assert store.put(blob, b"sealed", now=NOW)
        assert not store.put(blob, b"sealed", now=NOW + 1000)
        assert store.info(blob) == BlobInfo(blob=blob, size=6, stored_at=NOW)
        assert store.total_bytes() == 6

    def test_all_blobs_are_listed_once_in_order(self, store: BlobStore) -> None:
        sizes = {BlobId.of(filler("blob", length)): length for length in range(50)}
        for blob, length in sizes.items():
            store.put(blob, filler("blob", length), now=NOW)
        assert [(info.blob, info.size) for info in store.blobs()] == sorted(sizes.items())
        assert store.total_bytes() == sum(sizes.values())

    def test_deleting_is_final_and_idempotent(self, store: BlobStore) -> None:
        keep, drop = BlobId.of(b"keep"), BlobId.of(b"drop")
        store.put(keep, b"keep", now=NOW)
        store.put(drop, b"drop", now=NOW)
        assert store.total_bytes() == 8
        assert store.delete(drop)
        assert not store.delete(drop)
        assert store.get(drop) is None
        assert [info.blob for info in store.blobs()] == [keep]
        assert store.total_bytes() == 4
        assert store.put(drop, b"drop", now=NOW)
        assert store.total_bytes() == 8

    @pytest.mark.parametrize("sealed", [b"other bytes", b"", b"sealed\0"])
    def test_bytes_that_the_name_doesn_t_name_are_refused(self, store: BlobStore, sealed: bytes) -> None:
        blob = BlobId.of(b"sealed")
        with pytest.raises(RefusedError) as caught:
            store.put(blob, sealed, now=NOW)
        assert caught.value.code == "bad-hash"
        assert store.get(blob) is None
        assert store.total_bytes() == 0

    def test_a_blob_that_is_too_long_is_refused(self, store: BlobStore) -> None:
        sealed = bytes(MAX_BLOB_BYTES + 1)
        with pytest.raises(RefusedError) as caught:
            store.put(BlobId.of(sealed), sealed, now=NOW)
        assert caught.value.code == "too-large"
        assert list(store.blobs()) == []
