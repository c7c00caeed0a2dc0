"""The codec byte in front of a change body: 0 as it is, 2 one zstd frame (PROTOCOL.md section 3.1)."""

from __future__ import annotations

import sys

from peer.keys.errors import BodyError, UnknownCodecError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PLAIN = 0
ZSTD = 2
MAX_PLAIN_BYTES = 8 * 1024 * 1024
_MAX_WINDOW_LOG = 23
"""A window of 8 MiB: nothing that is allowed needs a larger one, and a frame can't make the decoder reserve more."""


def pack(plain: bytes) -> bytes:
    """``plain`` behind its codec byte, compressed when that makes it shorter."""
    if len(plain) > MAX_PLAIN_BYTES:
        raise BodyError(f"A change of {len(plain)} bytes is too large; {MAX_PLAIN_BYTES} are allowed.")
    compressed = zstd.compress(plain)
    if len(compressed) < len(plain):
        return bytes([ZSTD]) + compressed
    return bytes([PLAIN]) + plain


def unpack(packed: bytes) -> bytes:
    """What was packed, at most 8 MiB. Raises ``BodyError``, ``UnknownCodecError``; memory stays bounded whatever the frame says."""
    codec = packed[0] if packed else None
    if codec == PLAIN:
        plain = packed[1:]
    elif codec == ZSTD:
        plain = _decompress(packed[1:])
    else:
        raise UnknownCodecError(f"A change body with codec {codec}, which this version doesn't know.")
    if len(plain) > MAX_PLAIN_BYTES:
        raise BodyError(f"A change body holds more than {MAX_PLAIN_BYTES} bytes.")
    return plain


def _decompress(frame: bytes) -> bytes:
    decompressor = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _MAX_WINDOW_LOG})
    try:
        plain = decompressor.decompress(frame, max_length=MAX_PLAIN_BYTES + 1)
    except zstd.ZstdError as error:
        raise BodyError("A change body is no valid zstd frame.") from error
    if len(plain) <= MAX_PLAIN_BYTES and (not decompressor.eof or decompressor.unused_data):
        raise BodyError("A change body is not exactly one zstd frame.")
    return plain
