"""The file: a zip archive (APPNOTE 6.3) of a few files with known names, each with a size that it may have.

The same files give the same bytes: names sorted, one date, no attributes of whoever wrote it. What is read comes from anybody: nothing is unpacked by the
archive's word, only what is expected is read, into memory and up to its bound.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from tools.bundling.errors import BundleError
from tools.bundling.history import MAX_HISTORY_BYTES

MANIFEST: Final = "MANIFEST.json"
README: Final = "README.txt"
HISTORY: Final = "history.cbor"
DEVICE_KEY: Final = "device.key"
STRUCTURE: Final = "structure.json"

MAX_BYTES: Final[Mapping[str, int]] = {
    MANIFEST: 1024 * 1024,
    README: 64 * 1024,
    HISTORY: MAX_HISTORY_BYTES,
    DEVICE_KEY: 64 * 1024,
    STRUCTURE: 64 * 1024 * 1024,
}
"""The files that there may be, and how large each may get."""

_DATE = (1980, 1, 1, 0, 0, 0)
_REGULAR = 0o100644 << 16
_UNIX = 3
_LEVEL = 9
_END, _END_64 = 22, 20
"""Bytes of the record at the end of an archive, and of the one that stands before it in larger ones."""
_END_BEGINS, _END_64_BEGINS = b"PK\5\6", b"PK\6\7"
_MOST_DIRECTORY_BYTES = 4096
_ALLOWED_FLAGS = 0x800
"""Names in UTF-8, which writers may say of ASCII."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """The archive of ``files``, by name."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, _REGULAR, _UNIX
            archive.writestr(info, content)
    return stream.getvalue()


def unpack(path: Path) -> dict[str, bytes]:
    """The files in an archive. ``BundleError`` unless it is one as described."""
    try:
        with path.open("rb") as stream:
            _check_end(stream)
            with zipfile.ZipFile(stream) as archive:
                members = archive.infolist()
                _check(members)
                return {member.filename: _read(archive, member) for member in members}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise BundleError(f"{path} isn't a bundle, or it is damaged.") from error
    except OSError as error:
        raise BundleError(f"{path} can't be read: {error.strerror or 'it ends too early'}.") from error


def _check_end(stream: BinaryIO) -> None:
    """How many files there are said to be, before the module reads its way through them."""
    stream.seek(0, 2)
    length = stream.tell()
    stream.seek(max(length - _END - _END_64, 0))
    tail = stream.read()
    end = tail[-_END:]
    if len(end) < _END or not end.startswith(_END_BEGINS):
        raise BundleError("This file isn't a bundle: it doesn't end like one.")
    count, directory = int.from_bytes(end[10:12], "little"), int.from_bytes(end[12:16], "little")
    if tail.startswith(_END_64_BEGINS) or count > len(MAX_BYTES) or directory > _MOST_DIRECTORY_BYTES:
        raise BundleError("This file isn't a bundle: it holds more than a bundle does.")


def _check(members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    if len({*names}) != len(names):
        raise BundleError("This bundle holds a file twice.")
    for member in members:
        is_regular = member.external_attr >> 16 in (0, _REGULAR >> 16)
        is_plain = (
            is_regular and not member.flag_bits & ~_ALLOWED_FLAGS and member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        )
        if member.filename not in MAX_BYTES or member.orig_filename != member.filename or not is_plain:
            raise BundleError("This bundle holds something else than a bundle does.")


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    limit = MAX_BYTES[member.filename]
    with archive.open(member) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise BundleError(f"In this bundle {member.filename} is larger than it may be.")
    return content
