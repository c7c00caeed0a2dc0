"""What counts as a value of metadata, whoever says it: each function gives a plain value within its bounds, or ``None``. Pure.

All text is NFC and printable. Whether the values of one file together fit into a record is for ``fields`` to see to.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

from crdt.facts import MAX_KEYWORDS
from crdt.keys import KeyFormatError, escape
from crdt.values import Value

Metadata = dict[str, Value]
"""Members of ``crdt.facts.Exif`` in the form that records keep."""

MAX_TEXT = 120
MAX_KEYWORD_CHARACTERS = 255
MAX_CAPTION_BYTES = 8 * 1024
MAX_RATING = 5

_ALTITUDES = (-12_000.0, 100_000.0)

_BOILERPLATE = re.compile(
    r"""(?:olympus|konica[ ]minolta|minolta|samsung|kodak|pentax|casio|medion|vivitar|nikon|canon|sony|panasonic|fujifilm|epson|jenoptik|praktica
        |digital[ ]still|hp|ricoh)?[ ]?digital[ ](?:still[ ])?camera
    |sony[ ]dsc|dcim|dsc|<?(?:digimax|kenox|samsung)[ ][^>]*>?|exif_jpeg_picture|jpeg[ ]picture|picture|default|untitled|maker:[a-z]+.*
    |binary[ ]comment|user[ ]?comments?|applemark|lead[ ]technologies.*|created[ ]with[ ]gimp|ascii|charset=.*|(?:cof|oznor|hdrpl|rptwf|vhdr|edf|mde)""",
    re.VERBOSE | re.ASCII,
)
"""What cameras and programs write where people would put a caption, in lower case."""


def line(value: str, most: int = MAX_TEXT) -> str | None:
    """One line of at most ``most`` characters."""
    return unicodedata.normalize("NFC", " ".join(_printable(value).split()))[:most].strip() or None


def caption(value: str) -> str | None:
    """What a person wrote under a picture; not what a camera puts there by itself."""
    text = prose(value)
    return None if text is None or _BOILERPLATE.fullmatch(text.lower()) else text


def prose(value: str) -> str | None:
    """Lines of text, cut where there are more than 8 KiB."""
    rows = [" ".join(_printable(row).split()) for row in re.split(r"\r\n|[\r\n]", value[: 2 * MAX_CAPTION_BYTES])]
    text = unicodedata.normalize("NFC", "\n".join(rows)).strip()
    return text.encode()[:MAX_CAPTION_BYTES].decode("utf-8", "ignore").strip() or None


def keywords(words: Iterable[str]) -> list[str] | None:
    """The words that can be elements of a set, each once, in their order; no more than a record keeps."""
    lines = (line(word, MAX_KEYWORD_CHARACTERS + 1) for word in words)
    found = dict.fromkeys(keyword for keyword in lines if keyword is not None and _is_keyword(keyword))
    return list(found)[:MAX_KEYWORDS] or None


def rating(value: float | None) -> int | None:
    """Stars, 0 to 5. Less than none means rejected, which is no number of stars."""
    return int(value) if value is not None and math.isfinite(value) and value in range(MAX_RATING + 1) else None


def orientation(value: float | None) -> int | None:
    """An EXIF orientation, 1 to 8."""
    return int(value) if value is not None and math.isfinite(value) and value in range(1, 9) else None


def between(value: float | None, least: float, most: float) -> float | None:
    """``value`` with six significant digits when it lies between the bounds."""
    if value is None or not least <= value <= most:
        return None
    return tidy(float(f"{value:.6g}"))


def angle(parts: Sequence[float], reference: str, letters: str, most: int) -> float | None:
    """Degrees, minutes and seconds as one signed number; ``letters`` names the positive and the negative direction.

    Receivers that give decimal degrees leave the rest zero.
    """
    sign = reference.strip().upper()[:1]
    if not sign or sign not in letters or not 1 <= len(parts) <= 3 or not all(math.isfinite(part) and part >= 0 for part in parts):
        return None
    degrees = sum(part / 60**power for power, part in enumerate(parts))
    if degrees > most:
        return None
    return tidy(round(-degrees if sign == letters[1] else degrees, 7))


def position(latitude: float | None, longitude: float | None, height: float | None, *, below_sea: bool) -> list[float] | None:
    """``[latitude, longitude]`` in degrees (north and east positive), with the altitude in metres where it is known."""
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):  # 0, 0 is what receivers write without a fix
        return None
    altitude = between(height, 0, _ALTITUDES[1])
    if altitude is None:
        return [latitude, longitude]
    above_sea = max(-altitude, _ALTITUDES[0]) if below_sea else altitude
    return [latitude, longitude, tidy(round(above_sea, 2))]


def tidy(value: float) -> float:
    """A number without a fraction as ``int``, the form that records keep (PROTOCOL.md section 6.3)."""
    return int(value) if float(value).is_integer() else value


def _is_keyword(word: str) -> bool:
    try:
        escape(word)
    except KeyFormatError:
        return False
    return len(word) <= MAX_KEYWORD_CHARACTERS


def _printable(value: str) -> str:
    if value.isprintable():
        return value
    return "".join(character if unicodedata.category(character)[0] not in "CZ" else " " for character in value)
