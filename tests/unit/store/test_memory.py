"""The memory stores keep the contracts."""

from __future__ import annotations

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


class TestMemoryLogStore(LogStoreConformance, LogStoreBranches, LogStoreHostility, LogStoreReports):
    @pytest.fixture
    def make_store(self) -> MakeStore:
        return MemoryLogStore


class TestMemoryBlobStore(BlobStoreConformance):
    @pytest.fixture
    def store(self) -> BlobStore:
        return MemoryBlobStore()
