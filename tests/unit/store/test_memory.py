"""The memory stores keep the contracts."""

from __future__ import annotations

from functools import partial

import pytest

from store.blobs import BlobStore
from store.memory import MemoryBlobStore, MemoryLogStore
from tests.conformance.blob_store import BlobStoreConformance
from tests.conformance.log_store import (
    LogStoreBranches,
    LogStoreConformance,
    LogStoreHostility,
    LogStoreReports,
    MakeStore,
)
from tests.conformance.log_store_stubs import LogStoreDetached, LogStoreSettled, LogStoreStubs


class TestMemoryLogStore(
    LogStoreConformance, LogStoreBranches, LogStoreHostility, LogStoreReports, LogStoreDetached, LogStoreStubs, LogStoreSettled
):
    @pytest.fixture
    def make_store(self) -> MakeStore:
        return MemoryLogStore

    @pytest.fixture
    def make_relay_store(self) -> MakeStore:
        return partial(MemoryLogStore, trusts_settled=True)


class TestMemoryBlobStore(BlobStoreConformance):
    @pytest.fixture
    def store(self) -> BlobStore:
        return MemoryBlobStore()
