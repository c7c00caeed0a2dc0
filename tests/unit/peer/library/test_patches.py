"""Patches: whatever bytes, what is made is what was wanted, or it is refused."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.facts import Source, Way
from peer.library import patches
from peer.library.patches import MAX_CHAIN, PatchError, apply_patch, chain_length, make_patch, unpack_patch
from store.ids import BlobId, FileHash

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

KIB = 1024


def noise(size: int, seed: int = 1) -> bytes:
    return Random(seed).randbytes(size)


def unpacked(patch: bytes, base: bytes, size: int) -> bytes:
    parts: list[bytes] = []
    unpack_patch(patch, base, size=size, write=parts.append)
    return b"".join(parts)


def name(data: bytes) -> FileHash:
    return FileHash(hashlib.sha256(data).digest())


@settings(max_examples=150, deadline=None)
@given(st.binary(min_size=0, max_size=4000), st.binary(min_size=0, max_size=4000))
def test_a_patch_makes_the_result_or_there_is_none(base: bytes, result: bytes) -> None:
    patch = make_patch(base, result)
    if patch is not None:
        assert len(patch) * 2 < len(result)
        assert unpacked(patch, base, len(result)) == result


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 60_000), st.binary(max_size=200)), max_size=5))
def test_pieces_that_moved_are_found(seed: int, moves: list[tuple[int, int, bytes]]) -> None:
    base = noise(64 * KIB, seed)
    result = b"".join(new + base[start:end] for start, end, new in moves) + base
    patch = make_patch(base, result)
    assert patch is not None
    assert unpacked(patch, base, len(result)) == result


def test_a_rewritten_header_of_5_mb_costs_little() -> None:
    base = noise(5 * KIB * KIB)
    result = noise(30 * KIB, 2) + base[4 * KIB :]
    patch = make_patch(base, result)
    assert patch is not None
    assert len(patch) < 35 * KIB


def test_what_is_another_file_gets_no_patch() -> None:
    assert make_patch(noise(100 * KIB), noise(100 * KIB, 2)) is None


def test_files_that_are_too_large_get_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "MAX_PATCHED_BYTES", 1000)
    base = noise(1001)
    assert make_patch(base, base) is None
    assert make_patch(base[:1000], base[:1000]) is not None


def test_half_the_size_is_too_much() -> None:
    base = noise(10 * KIB)
    assert make_patch(base, base[:5000] + noise(5200, 2)) is None
    assert make_patch(base, base[:6000] + noise(5000, 2)) is not None


class TestHostile:
    BASE = noise(50 * KIB)
    RESULT = b"header" + BASE[100:]

    def patch(self) -> bytes:
        patch = make_patch(self.BASE, self.RESULT)
        assert patch is not None
        return patch

    @pytest.mark.parametrize("size", [0, 1, len(RESULT) - 1, len(RESULT) + 1])
    def test_another_number_of_bytes(self, size: int) -> None:
        with pytest.raises(PatchError):
            unpacked(self.patch(), self.BASE, size)

    def test_a_bomb_is_stopped_at_the_announced_size(self) -> None:
        bomb = bytes([2]) + zstd.compress(bytes(300 * KIB * KIB), level=1)
        written: list[int] = []
        with pytest.raises(PatchError):
            unpack_patch(bomb, self.BASE, size=1000, write=lambda part: written.append(len(part)))
        assert sum(written) <= 1000

    def test_a_window_that_is_too_large(self) -> None:
        options: dict[int, int] = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
        compressor = zstd.ZstdCompressor(options=options)
        frame = compressor.compress(self.RESULT) + compressor.flush()
        with pytest.raises(PatchError):
            unpacked(bytes([2]) + frame, self.BASE, len(self.RESULT))

    def test_something_behind_it(self) -> None:
        with pytest.raises(PatchError):
            unpacked(self.patch() + b"x", self.BASE, len(self.RESULT))

    @pytest.mark.parametrize("patch", [b"", b"\x02", b"\x00" + RESULT, b"\x03abc", b"\x02(\xb5/\xfd"])
    def test_no_patch(self, patch: bytes) -> None:
        with pytest.raises(PatchError):
            unpacked(patch, self.BASE, len(self.RESULT))

    @settings(max_examples=100, deadline=None)
    @given(st.integers(0, 10_000), st.integers(1, 255))
    def test_a_changed_byte_never_makes_a_file_that_is_kept(self, place: int, change: int) -> None:
        patch = bytearray(self.patch())
        patch[place % len(patch)] ^= change
        try:
            made = unpacked(bytes(patch), self.BASE, len(self.RESULT))
        except PatchError:
            return
        assert len(made) == len(self.RESULT)

    def test_of_another_base(self, tmp_path: Path) -> None:
        base, target = tmp_path / "base", tmp_path / "target"
        base.write_bytes(noise(50 * KIB, 9))
        with pytest.raises(PatchError):
            apply_patch(self.patch(), base, target, size=len(self.RESULT), wanted=name(self.RESULT))
        assert not target.exists()

    def test_applied_to_its_base(self, tmp_path: Path) -> None:
        base, target = tmp_path / "base", tmp_path / "target"
        base.write_bytes(self.BASE)
        target.write_bytes(b"left by a kill")
        apply_patch(self.patch(), base, target, size=len(self.RESULT), wanted=name(self.RESULT))
        assert target.read_bytes() == self.RESULT


def chain(length: int) -> dict[FileHash, tuple[Source, ...]]:
    """File 0 has blobs of its own; each other is a patch of the one before."""
    blob = (BlobId(bytes(32)),)
    files = [FileHash(bytes([n]) * 32) for n in range(length + 1)]
    sources: dict[FileHash, tuple[Source, ...]] = {files[0]: (Source(size=1, way=Way.BLOBS, blobs=blob),)}
    return sources | {file: (Source(size=1, way=Way.PATCH, blobs=blob, base=files[n]),) for n, file in enumerate(files[1:])}


@pytest.mark.parametrize("length", range(MAX_CHAIN + 1))
def test_the_length_of_a_chain(length: int) -> None:
    assert chain_length(chain(length), FileHash(bytes([length]) * 32)) == length


def test_a_chain_that_is_too_long_or_goes_round_or_ends_nowhere() -> None:
    sources = chain(MAX_CHAIN + 1)
    assert chain_length(sources, FileHash(bytes([MAX_CHAIN + 1]) * 32)) is None
    one, two = FileHash(b"a" * 32), FileHash(b"b" * 32)
    blob = (BlobId(bytes(32)),)
    round_about = {one: (Source(size=1, way=Way.PATCH, blobs=blob, base=two),), two: (Source(size=1, way=Way.PATCH, blobs=blob, base=one),)}
    assert chain_length(round_about, one) is None
    assert chain_length({}, one) is None


def test_the_shortest_way_counts() -> None:
    sources = chain(3)
    last = FileHash(bytes([3]) * 32)
    sources[last] = (*sources[last], Source(size=1, way=Way.BLOBS, blobs=(BlobId(bytes(32)),)))
    assert chain_length(sources, last) == 0
