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
MAX_PLAIN_BYTES = 2 * 1024 * 1024
"""Authors write at most a fifth of it; a larger limit would only let a member fill the disks of others with little."""

MAX_WINDOW_BYTES = 8 * 1024 * 1024
"""Nothing that is allowed needs a larger one, and a frame can't make the decoder reserve more."""

_MAGIC = b"\x28\xb5\x2f\xfd"
_SINGLE_SEGMENT, _RESERVED, _DICTIONARY = 0x20, 0x18, 0x03
_SMALLEST_WINDOW_LOG = 10


def pack(plain: bytes) -> bytes:
    """``plain`` behind its codec byte, compressed when that makes it shorter."""
    if len(plain) > MAX_PLAIN_BYTES:
        raise BodyError(f"A change of {len(plain)} bytes is too large; {MAX_PLAIN_BYTES} are allowed.")
    compressed = zstd.compress(plain)
    if len(compressed) < len(plain):
        return bytes([ZSTD]) + compressed
    return bytes([PLAIN]) + plain


def unpack(packed: bytes) -> bytes:
    """What was packed, at most 2 MiB. Raises ``BodyError``, ``UnknownCodecError``; memory stays bounded whatever the frame says."""
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
    _check_header(frame)
    decompressor = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: MAX_WINDOW_BYTES.bit_length() - 1})
    try:
        plain = decompressor.decompress(frame, max_length=MAX_PLAIN_BYTES + 1)
    except zstd.ZstdError as error:
        raise BodyError("A change body is no valid zstd frame.") from error
    if len(plain) <= MAX_PLAIN_BYTES and (not decompressor.eof or decompressor.unused_data):
        raise BodyError("A change body is not exactly one zstd frame.")
    return plain


def _check_header(frame: bytes) -> None:
    """What decoders judge differently is judged here, because a void body has to be void everywhere (RFC 8878, section 3.1.1.1).

    Some know the formats before the first standard one, and skippable frames count or don't; how large a window may be depends on
    whether a decoder finds room for all of the content at once.
    """
    if len(frame) < len(_MAGIC) + 2 or not frame.startswith(_MAGIC):
        raise BodyError("A change body is no zstd frame.")
    descriptor, window = frame[len(_MAGIC)], frame[len(_MAGIC) + 1]
    if descriptor & (_RESERVED | _DICTIONARY):
        raise BodyError("A change body is a zstd frame with a dictionary, or of a later form.")
    if not descriptor & _SINGLE_SEGMENT:
        base = 1 << _SMALLEST_WINDOW_LOG + (window >> 3)
        if base + base // 8 * (window & 7) > MAX_WINDOW_BYTES:
            raise BodyError(f"A change body is a zstd frame with a window of more than {MAX_WINDOW_BYTES} bytes.")
