"""Patches: a file as what has to be done to an older one (PROTOCOL.md section 4.1).

    patch = 2 | one zstd frame (RFC 8878), made with the older file, the base, as a raw prefix

Another program rewrote a header or a tag: everything else is found in the base, wherever it moved to (long distance matching). What a patch makes is
proven by nothing but the SHA-256 of the result. So whoever makes one applies it before anything relies on it, and whoever gets one compares before
the file counts as held.

Rules:

- A patch is used when it is smaller than half of what it makes.
- Base and result have at most 64 MiB: both lie in memory while a patch is made, and the base while it is applied.
- A frame's window is at most 64 MiB, and no more than the announced size is ever unpacked: a patch can't make its reader reserve more.
- A chain, from a file whose blobs are its own over its patches, is at most four patches long.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from crdt.facts import Source, Way
from store.durable import full_disk_translated
from store.ids import FileHash

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ZSTD = 2
MAX_PATCHED_BYTES = 64 * 1024 * 1024
MAX_CHAIN = 4
MIN_BASE_BYTES = 8
"""A shorter prefix is none for zstd."""

WINDOW_LOG = 26
_LEVEL = 9
"""With long distance matching all levels find what moved; this one takes 0.2 s for 50 MB, and is half the size of the third."""

_ENCODER_WINDOW_LOG = 27
"""The encoder looks for matches in base and result together."""

_STEP = 1024 * 1024

_COMPRESSION: dict[int, int] = {
    zstd.CompressionParameter.compression_level: _LEVEL,
    zstd.CompressionParameter.enable_long_distance_matching: 1,
    zstd.CompressionParameter.window_log: _ENCODER_WINDOW_LOG,
    zstd.CompressionParameter.checksum_flag: 0,
}


class PatchError(Exception):
    """A patch doesn't make the file that it should; the text says why, for people."""


def make_patch(base: bytes, result: bytes) -> bytes | None:
    """What makes ``result`` out of ``base``; ``None`` when that isn't worth it. It was applied and compared."""
    if len(base) < MIN_BASE_BYTES or not result or max(len(base), len(result)) > MAX_PATCHED_BYTES:
        return None
    frame = zstd.compress(result, options=_COMPRESSION, zstd_dict=_prefix(base))
    patch = bytes([ZSTD]) + frame
    return patch if len(patch) * 2 < len(result) and _makes(patch, base, result) else None


def _makes(patch: bytes, base: bytes, result: bytes) -> bool:
    position = 0

    def compare(part: bytes) -> None:
        nonlocal position
        if result[position : position + len(part)] != part:
            raise PatchError("it makes something else")
        position += len(part)

    try:
        unpack_patch(patch, base, size=len(result), write=compare)
    except PatchError:
        return False
    return position == len(result)


def unpack_patch(patch: bytes, base: bytes, *, size: int, write: Callable[[bytes], object]) -> None:
    """Give ``write`` the ``size`` bytes that ``patch`` makes out of ``base``, a MiB at a time. ``PatchError`` when it makes more, less, or nothing."""
    if max(len(base), size, len(patch)) > MAX_PATCHED_BYTES:
        raise PatchError("it is larger than patches may be")
    if len(base) < MIN_BASE_BYTES:
        raise PatchError("the older version that it is a patch of is too short to be one")
    if patch[:1] != bytes([ZSTD]):
        raise PatchError("it is stored as a patch of a kind that this version doesn't know")
    decompressor = zstd.ZstdDecompressor(zstd_dict=_prefix(base), options={zstd.DecompressionParameter.window_log_max: WINDOW_LOG})
    made, data = 0, patch[1:]
    try:
        while not decompressor.eof:
            part = decompressor.decompress(data, max_length=min(_STEP, size - made + 1))
            data = b""
            made += len(part)
            if made > size or (not part and decompressor.needs_input):
                raise PatchError("its patch makes another number of bytes")
            write(part)
    except zstd.ZstdError as error:
        raise PatchError("its patch is damaged, or is one of another file") from error
    if made != size or decompressor.unused_data:
        raise PatchError("its patch makes another number of bytes")


def apply_patch(patch: bytes, base: Path, target: Path, *, size: int, wanted: FileHash) -> None:
    """Write the file ``wanted`` of ``size`` bytes to ``target``, durably, out of ``patch`` and the file at ``base``.

    ``PatchError`` when something else comes out: then nothing is left at ``target``. ``OSError`` when the base can't be read or the disk is full.
    """
    if base.stat().st_size > MAX_PATCHED_BYTES:
        raise PatchError("it is larger than patches may be")
    before = base.read_bytes()
    found = hashlib.sha256()
    try:
        with full_disk_translated(), _created(target) as stream:

            def write(part: bytes) -> None:
                found.update(part)
                stream.write(part)

            unpack_patch(patch, before, size=size, write=write)
            if found.digest() != wanted:
                raise PatchError("its patch makes another file than the one that its record names")
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _created(path: Path) -> BinaryIO:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _prefix(base: bytes) -> tuple[zstd.ZstdDict, int]:
    return zstd.ZstdDict(base, is_raw=True).as_prefix


def chain_length(sources: Mapping[FileHash, tuple[Source, ...]], file: FileHash) -> int | None:
    """How many patches lie between ``file`` and a file whose blobs are its own, on the shortest way; ``None`` when there is no way that is short enough."""
    reached, length = {file}, 0
    seen = set(reached)
    while reached and length <= MAX_CHAIN:
        ways = [source for each in reached for source in sources.get(each, ())]
        if any(source.way is not Way.PATCH for source in ways):
            return length
        reached = {source.base for source in ways if source.base is not None} - seen
        seen |= reached
        length += 1
    return None
