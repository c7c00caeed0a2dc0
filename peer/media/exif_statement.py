"""What EXIF directories say (EXIF 3.0, sections 4.6.4 to 4.6.6; the XP tags are Microsoft's). Pure.

Each value is checked by itself. What is absurd (an aperture of zero, latitude 91, orientation 9, a date in the year 0) is left out and never an
error. Of the MakerNote, whose form is each maker's own, only Apple's two names are read.
"""

from __future__ import annotations

from peer.media import plausible
from peer.media.apple import maker_note
from peer.media.capture_time import parse_gps_moment, parse_moment
from peer.media.exif import ExifDirectories
from peer.media.statement import Statement
from peer.media.tiff import ByteOrder, Directory

_DESCRIPTION, _MAKE, _MODEL, _ORIENTATION, _DATE_TIME, _RATING = 0x010E, 0x010F, 0x0110, 0x0112, 0x0132, 0x4746
_XP_COMMENT, _XP_KEYWORDS = 0x9C9C, 0x9C9E
_DATE_TIME_ORIGINAL, _DATE_TIME_DIGITIZED = 0x9003, 0x9004
_OFFSET, _OFFSET_ORIGINAL, _OFFSET_DIGITIZED = 0x9010, 0x9011, 0x9012
_FRACTION, _FRACTION_ORIGINAL, _FRACTION_DIGITIZED = 0x9290, 0x9291, 0x9292
_EXPOSURE_TIME, _APERTURE, _SENSITIVITY, _RECOMMENDED_INDEX, _FOCAL_LENGTH, _LENS = 0x829A, 0x829D, 0x8827, 0x8832, 0x920A, 0xA434
_MAKER_NOTE, _USER_COMMENT = 0x927C, 0x9286
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE, _ALTITUDE_REF, _ALTITUDE, _GPS_TIME, _GPS_DATE = 1, 2, 3, 4, 5, 6, 7, 29

_SENSITIVITY_OVERFLOW = 65_535
"""What cameras write into the 16-bit tag when the sensitivity is higher; another tag has it then."""

_MAX_COMMENT_BYTES = 64 * 1024
_MAX_MAKER_NOTE_BYTES = 1024 * 1024
_COMMENT_CODES = {b"ASCII\x00\x00\x00": "latin-1", b"JIS\x00\x00\x00\x00\x00": "iso2022_jp", bytes(8): "utf-8"}
_UNICODE_COMMENT = b"UNICODE\x00"

_NOWHERE = Directory(b"", "<", {}, 0)


def exif_statement(directories: ExifDirectories) -> Statement:
    """What the three directories say; nothing where they are absent."""
    main, exposure, gps = (directory or _NOWHERE for directory in (directories.main, directories.exposure, directories.gps))
    note = maker_note(exposure.raw(_MAKER_NOTE, limit=_MAX_MAKER_NOTE_BYTES))

    def moment(directory: Directory, date: int, offset: int, fraction: int) -> str | None:
        return parse_moment(directory.text(date), offset=exposure.text(offset), fraction=exposure.text(fraction))

    return Statement(
        taken=moment(exposure, _DATE_TIME_ORIGINAL, _OFFSET_ORIGINAL, _FRACTION_ORIGINAL),
        digitised=moment(exposure, _DATE_TIME_DIGITIZED, _OFFSET_DIGITIZED, _FRACTION_DIGITIZED),
        written=moment(main, _DATE_TIME, _OFFSET, _FRACTION),
        fix=parse_gps_moment(gps.text(_GPS_DATE), gps.numbers(_GPS_TIME)),
        orientation=plausible.orientation(main.number(_ORIENTATION)),
        make=plausible.line(main.text(_MAKE)),
        model=plausible.line(main.text(_MODEL)),
        lens=plausible.line(exposure.text(_LENS)),
        iso=plausible.between(_sensitivity(exposure), 1, 10_000_000),
        f=plausible.between(exposure.number(_APERTURE), 0.1, 1_000),
        exposure=plausible.between(exposure.number(_EXPOSURE_TIME), 1e-7, 1e6),
        focal=plausible.between(exposure.number(_FOCAL_LENGTH), 0.1, 100_000),
        position=_position(gps),
        caption=_caption(main, exposure),
        rating=plausible.rating(main.number(_RATING)),
        keywords=plausible.keywords(_wide_text(main, _XP_KEYWORDS).split(";")),
        content=note.content,
        burst=note.burst,
    )


def _sensitivity(exposure: Directory) -> float | None:
    sensitivity = exposure.number(_SENSITIVITY)
    return exposure.number(_RECOMMENDED_INDEX) if sensitivity == _SENSITIVITY_OVERFLOW else sensitivity


def _position(gps: Directory) -> list[float] | None:
    return plausible.position(
        plausible.angle(gps.numbers(_LATITUDE), gps.text(_LATITUDE_REF), "NS", 90),
        plausible.angle(gps.numbers(_LONGITUDE), gps.text(_LONGITUDE_REF), "EW", 180),
        gps.number(_ALTITUDE),
        below_sea=gps.number(_ALTITUDE_REF) == 1,
    )


def _caption(main: Directory, exposure: Directory) -> str | None:
    return (
        plausible.caption(main.text(_DESCRIPTION, limit=_MAX_COMMENT_BYTES))
        or plausible.caption(_wide_text(main, _XP_COMMENT))
        or plausible.caption(_user_comment(exposure.raw(_USER_COMMENT, limit=_MAX_COMMENT_BYTES), exposure.order))
    )


def _wide_text(directory: Directory, tag: int) -> str:
    return directory.raw(tag, limit=_MAX_COMMENT_BYTES).decode("utf-16-le", "replace").partition("\x00")[0]


def _user_comment(value: bytes, order: ByteOrder) -> str:
    """The text behind its eight-byte character code."""
    code, text = value[:8], value[8:]
    encoding = _wide_encoding(text, order) if code == _UNICODE_COMMENT else _COMMENT_CODES.get(code, "")
    return text.decode(encoding, "replace").partition("\x00")[0] if encoding else ""


def _wide_encoding(text: bytes, order: ByteOrder) -> str:
    """By its mark; else by where the zeros of Western letters stand, because writers disagree; else in the order of the block."""
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    first, second = text[0::2].count(0), text[1::2].count(0)
    little = second > first if first != second else order == "<"
    return "utf-16-le" if little else "utf-16-be"
