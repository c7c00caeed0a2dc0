"""The types that a library takes, and what becomes of everything else. Pure.

The content decides, the extension only helps: a PNG named ``.jpg`` is a PNG, a text named ``.jpg`` isn't a picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from peer.media.signatures import HEAD_BYTES, describe, sniff

__all__ = ["HEAD_BYTES", "TYPES", "Kind", "MediaType", "Reject", "identify", "junk_reason"]


class Kind(StrEnum):
    """The derived field ``kind`` (PROTOCOL.md section 6.1)."""

    PHOTO = "photo"
    VIDEO = "video"
    RAW = "raw"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaType:
    """A type of file. ``media`` is its media type, ``extensions`` the usual ones in lower case, the best first."""

    name: str
    kind: Kind
    media: str
    extensions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Not imported, and why. ``expected``: nobody would have expected it to be (system files, sidecars)."""

    reason: str
    expected: bool = False


def _types(kind: Kind, rows: tuple[tuple[str, str, str], ...]) -> dict[str, MediaType]:
    return {name: MediaType(name=name, kind=kind, media=media, extensions=tuple(extensions.split())) for name, media, extensions in rows}


TYPES: Mapping[str, MediaType] = {
    **_types(
        Kind.PHOTO,
        (
            ("JPEG", "image/jpeg", "jpg jpeg jpe jfif mpo"),
            ("PNG", "image/png", "png apng"),
            ("HEIC", "image/heic", "heic heics hif"),
            ("HEIF", "image/heif", "heif heifs"),
            ("WebP", "image/webp", "webp"),
            ("AVIF", "image/avif", "avif avifs"),
            ("TIFF", "image/tiff", "tif tiff"),
            ("GIF", "image/gif", "gif"),
        ),
    ),
    **_types(
        Kind.RAW,
        (
            ("CR2", "image/x-canon-cr2", "cr2"),
            ("CR3", "image/x-canon-cr3", "cr3"),
            ("CRW", "image/x-canon-crw", "crw"),
            ("NEF", "image/x-nikon-nef", "nef"),
            ("NRW", "image/x-nikon-nrw", "nrw"),
            ("ARW", "image/x-sony-arw", "arw"),
            ("SR2", "image/x-sony-sr2", "sr2"),
            ("SRF", "image/x-sony-srf", "srf"),
            ("DNG", "image/x-adobe-dng", "dng"),
            ("RAF", "image/x-fuji-raf", "raf"),
            ("ORF", "image/x-olympus-orf", "orf"),
            ("RW2", "image/x-panasonic-rw2", "rw2 rwl raw"),
            ("RWL", "image/x-leica-rwl", "rwl"),
            ("PEF", "image/x-pentax-pef", "pef"),
            ("SRW", "image/x-samsung-srw", "srw"),
            ("ERF", "image/x-epson-erf", "erf"),
            ("KDC", "image/x-kodak-kdc", "kdc"),
            ("DCR", "image/x-kodak-dcr", "dcr"),
            ("3FR", "image/x-hasselblad-3fr", "3fr"),
            ("FFF", "image/x-hasselblad-fff", "fff"),
            ("IIQ", "image/x-phaseone-iiq", "iiq"),
            ("MEF", "image/x-mamiya-mef", "mef"),
            ("MOS", "image/x-leaf-mos", "mos"),
            ("MRW", "image/x-minolta-mrw", "mrw"),
            ("X3F", "image/x-sigma-x3f", "x3f"),
        ),
    ),
    **_types(
        Kind.VIDEO,
        (
            ("MP4", "video/mp4", "mp4 lrv"),
            ("MOV", "video/quicktime", "mov qt"),
            ("M4V", "video/x-m4v", "m4v"),
            ("3GP", "video/3gpp", "3gp 3g2"),
            ("AVI", "video/x-msvideo", "avi"),
            ("MKV", "video/x-matroska", "mkv"),
            ("WebM", "video/webm", "webm"),
            ("MTS", "video/mp2t", "mts m2ts m2t ts tod"),
            ("MPEG", "video/mpeg", "mpg mpeg mod vob"),
            ("WMV", "video/x-ms-wmv", "wmv asf"),
        ),
    ),
    **_types(
        Kind.OTHER,
        (
            ("PSD", "image/vnd.adobe.photoshop", "psd psb"),
            ("BMP", "image/bmp", "bmp dib"),
            ("SVG", "image/svg+xml", "svg"),
            ("JPEG XL", "image/jxl", "jxl"),
            ("JPEG 2000", "image/jp2", "jp2 j2k jpf jpx"),
            ("OpenEXR", "image/x-exr", "exr"),
        ),
    ),
}
"""All types by name."""

_BY_EXTENSION: Mapping[str, MediaType] = {extension: known for known in reversed(list(TYPES.values())) for extension in known.extensions}

_SIDECARS: Mapping[str, str] = {
    "xmp": "an XMP sidecar",
    "aae": "an Apple edit sidecar",
    "pp3": "a RawTherapee sidecar",
    "dop": "a DxO sidecar",
    "cos": "a Capture One sidecar",
    "on1": "an ON1 sidecar",
}
_JUNK_NAMES = frozenset(
    {
        ".ds_store",
        "thumbs.db",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "desktop.ini",
        ".picasa.ini",
        "picasa.ini",
        ".nomedia",
        ".localized",
        "icon\r",
    }
)


def junk_reason(name: str) -> str | None:
    """Why a file of this name is left behind unread, or ``None``."""
    if name.lower() in _JUNK_NAMES or name.startswith("._"):
        return "a file of the operating system, not a picture"
    return "a hidden file" if name.startswith(".") else None


def identify(head: bytes, name: str) -> MediaType | Reject:
    """The type of the file that begins with ``head`` (``HEAD_BYTES`` are enough) and is called ``name``. Never raises."""
    junk = junk_reason(name)
    if junk is not None:
        return Reject(reason=junk, expected=True)
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    sidecar = _SIDECARS.get(extension)
    if sidecar is not None:
        return Reject(reason=f"{sidecar}: sidecars aren't imported", expected=True)
    if not head:
        return Reject(reason="the file is empty")
    known = TYPES.get(sniff(head, extension) or "")
    if known is not None:
        return known
    claimed = _BY_EXTENSION.get(extension)
    if claimed is not None:
        return Reject(reason=f"named .{extension}, but what it contains isn't {claimed.name}: it looks like {describe(head)}")
    return Reject(reason=f"not a photo or video of a known type: it looks like {describe(head)}")
