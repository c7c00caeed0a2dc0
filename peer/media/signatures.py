"""What the first bytes of a file say that it is. Pure.

Most formats begin with a fixed signature. Four families need one more look: ISO base media files (HEIC, AVIF, CR3, MP4, MOV)
name their brands in the first box (ISO/IEC 14496-12, 4.3), RIFF files their form (WebP, AVI), Matroska files their document
type, and TIFF files, which most RAW formats are, only differ by their extension or by a tag.
"""

from __future__ import annotations

import re
from typing import Literal

HEAD_BYTES = 4096
"""How much of a file's beginning ``sniff`` wants to see; it works with less."""

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"FUJIFILMCCD-RAW ", "RAF"),
    (b"IIRO", "ORF"),
    (b"IIRS", "ORF"),
    (b"MMOR", "ORF"),
    (b"IIU\x00", "RW2"),
    (b"\x00MRM", "MRW"),
    (b"FOVb", "X3F"),
    (b"II\x1a\x00\x00\x00HEAPCCDR", "CRW"),
    (b"8BPS\x00", "PSD"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"v/1\x01", "OpenEXR"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMV"),
    (b"\x00\x00\x01\xba", "MPEG"),
    (b"\x00\x00\x01\xb3", "MPEG"),
)

_BRANDS: dict[str, frozenset[bytes]] = {
    "AVIF": frozenset({b"avif", b"avis"}),
    "HEIC": frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}),
    "HEIF": frozenset({b"mif1", b"msf1", b"mif2", b"heif"}),
    "CR3": frozenset({b"crx "}),
    "MOV": frozenset({b"qt  "}),
    "M4V": frozenset({b"M4V ", b"M4VH", b"M4VP"}),
    "3GP": frozenset({b"3gp4", b"3gp5", b"3gp6", b"3gp7", b"3gr6", b"3gs7", b"3ge6", b"3ge7", b"3gg6", b"3g2a", b"3g2b", b"3g2c"}),
    "MP4": frozenset(
        {
            b"isom",
            b"iso2",
            b"iso3",
            b"iso4",
            b"iso5",
            b"iso6",
            b"iso8",
            b"mp41",
            b"mp42",
            b"mp71",
            b"avc1",
            b"dash",
            b"MSNV",
            b"mmp4",
            b"XAVC",
            b"f4v ",
        }
    ),
}
_NAME_OF_BRAND: dict[bytes, str] = {brand: name for name, brands in _BRANDS.items() for brand in brands}
_SOUND_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P ", b"F4A "})
_OLD_QUICKTIME_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_QUICKTIME_EXTENSIONS = frozenset({"mov", "qt", "mp4", "m4v"})

_MAX_BRANDS_BYTES = 512

_TIFF_HEADERS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_TIFF_RAW_EXTENSIONS = {
    extension: extension.upper()
    for extension in (
        "nef",
        "nrw",
        "arw",
        "sr2",
        "srf",
        "pef",
        "srw",
        "dng",
        "erf",
        "kdc",
        "dcr",
        "3fr",
        "fff",
        "iiq",
        "mef",
        "mos",
        "rwl",
        "cr2",
    )
}
_DNG_VERSION_TAG = 0xC612
_MAX_HEAD_TAGS = 256

_BMP_HEADER_SIZES = frozenset({12, 40, 52, 56, 64, 108, 124})
_SVG = re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?>(?:<!--.*?-->|<!DOCTYPE svg[^>]*>)\s*)*+<svg[\s>]", re.DOTALL)
"""Atomic: a comment ends where it first can. To try all ways in which comments could lie in each other takes a thousand years for 500 bytes."""

_TRANSPORT_STREAM_SYNC = 0x47
_TRANSPORT_STREAM_EXTENSIONS = frozenset({"mts", "m2ts", "m2t", "ts", "tod"})

_STRANGERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x1f\x8b", "a compressed file"),
    (b"7z\xbc\xaf\x27\x1c", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"ID3", "sound"),
    (b"fLaC", "sound"),
    (b"OggS", "sound"),
    (b"SQLite format 3\x00", "a database"),
    (b"\x00\x05\x16\x07", "a macOS resource file"),
)


def sniff(head: bytes, extension: str) -> str | None:
    """The name of the type (as in ``types.TYPES``) that ``head`` shows, or ``None``.

    ``extension`` (lower case, without a dot) only decides inside a family whose members begin alike.
    """
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    for recognise in (_tiff_family, _iso_media, _riff, _matroska, _bitmap, _transport_stream):
        found = recognise(head, extension)
        if found is not None:
            return found
    return "SVG" if _SVG.match(head[:HEAD_BYTES]) else None


def describe(head: bytes) -> str:
    """What a file that is no picture looks like, in words for a person."""
    for signature, words in _STRANGERS:
        if head.startswith(signature):
            return words
    if head[4:8] == b"ftyp" and head[8:12] in _SOUND_BRANDS:
        return "sound"
    if not head.strip(b"\x00"):
        return "nothing but zeros"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or (b"\x00" not in head and _is_text(head)):
        return "text"
    return "unknown data"


def _is_text(head: bytes) -> bool:
    try:
        head[: max(1, len(head) - 3)].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _iso_media(head: bytes, extension: str) -> str | None:
    kind = head[4:8]
    if kind in _OLD_QUICKTIME_BOXES:
        return "MOV" if extension in _QUICKTIME_EXTENSIONS else None
    if kind != b"ftyp":
        return None
    end = min(int.from_bytes(head[:4], "big"), len(head), _MAX_BRANDS_BYTES)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
    if brands[0] in _SOUND_BRANDS:
        return None
    names = [_NAME_OF_BRAND[brand] for brand in brands if brand in _NAME_OF_BRAND]
    # The major brand comes first and decides; the HEIF brands only say "some image", the codec's brand follows them.
    return next((name for name in names if name != "HEIF"), "HEIF" if names else None)


def _riff(head: bytes, _extension: str) -> str | None:
    if not head.startswith((b"RIFF", b"RIFX")):
        return None
    return {b"WEBP": "WebP", b"AVI ": "AVI"}.get(head[8:12])


def _matroska(head: bytes, _extension: str) -> str | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    beginning = head[:256]
    if b"webm" in beginning:
        return "WebM"
    return "MKV" if b"matroska" in beginning else None


def _tiff_family(head: bytes, extension: str) -> str | None:
    if not head.startswith(_TIFF_HEADERS):
        return None
    if head[8:11] == b"CR\x02":
        return "CR2"
    if _has_dng_version(head):
        return "DNG"
    return _TIFF_RAW_EXTENSIONS.get(extension, "TIFF")


def _has_dng_version(head: bytes) -> bool:
    """Whether the first directory, when it lies within ``head``, has the tag that every DNG has (DNG 1.7, chapter 4)."""
    order: Literal["little", "big"] = "little" if head.startswith(b"II") else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(head[at : at + size], order)

    directory = number(4, 4)
    count = min(number(directory, 2), _MAX_HEAD_TAGS)
    return any(number(directory + 2 + 12 * index, 2) == _DNG_VERSION_TAG for index in range(count))


def _bitmap(head: bytes, _extension: str) -> str | None:
    header_size = int.from_bytes(head[14:18], "little")
    return "BMP" if head.startswith(b"BM") and header_size in _BMP_HEADER_SIZES else None


def _transport_stream(head: bytes, extension: str) -> str | None:
    """MPEG transport streams: packets of 188 bytes, or 192 with a time code before each, that begin with a sync byte."""
    if extension not in _TRANSPORT_STREAM_EXTENSIONS:
        return None
    for first, step in ((0, 188), (4, 192)):
        syncs = head[first:HEAD_BYTES:step]
        if len(syncs) >= 3 and all(byte == _TRANSPORT_STREAM_SYNC for byte in syncs):
            return "MTS"
    return None
