"""Names in the readable tree: ``originals/YYYY/MM/NAME.EXT``. Pure.

A name is for people and is never identity. It must be a name on every system that the tree may be copied to, so it is the source's
name with as few changes as that takes:

- NFC; bytes that are no UTF-8 become percent escapes; emoji stay.
- Control characters, line separators, marks that turn the direction of text, and ``< > : " / \\ | ? *`` become ``_``.
- No name that Windows reserves, none that is hidden, none that ends in a dot or a space.
- At most 200 bytes of UTF-8; the extension is kept.
- Two names that differ only in case or Unicode form are the same name: the second gets a number, ``IMG_0042 (2).HEIC``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import PurePath, PurePosixPath

TREE = "originals"
UNDATED = "undated"
MAX_NAME_BYTES = 200

_FORBIDDEN = frozenset('<>:"/\\|?*')
_SEPARATING_OR_TURNING = frozenset("\u2028\u2029\u200e\u200f\u061c\ufeff") | {
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*", re.IGNORECASE)
_EXTENSION = re.compile(r"[A-Za-z0-9_-]{1,16}")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])-")
_NAMELESS = "unnamed"
_NEVER_LAST = " .\u200d"
"""Windows drops spaces and dots there; a joiner of emoji with nothing left to join is invisible."""


def choose_path(taken: str | None, source_name: str | bytes, is_taken: Callable[[PurePosixPath], bool]) -> PurePosixPath:
    """A free path, relative to the library's folder, for a file of this name that was taken at ``taken`` (ISO 8601; ``None``: unknown).

    ``is_taken`` must compare like ``collision_key``. It is asked a few times more than the logarithm of how many files share the name.
    """
    folder = folder_of(taken)
    name = safe_name(source_name)

    def is_free(number: int) -> bool:
        return not is_taken(folder / numbered(name, number))

    taken_number, free_number = 0, 1
    while not is_free(free_number):
        taken_number, free_number = free_number, free_number * 2
    while free_number - taken_number > 1:
        middle = (taken_number + free_number) // 2
        taken_number, free_number = (taken_number, middle) if is_free(middle) else (middle, free_number)
    return folder / numbered(name, free_number)


def folder_of(taken: str | None) -> PurePosixPath:
    """``originals/2024/07``, or ``originals/undated``."""
    month = _MONTH.match(taken or "")
    return PurePosixPath(TREE, month[1], month[2]) if month else PurePosixPath(TREE, UNDATED)


def collision_key(name: str) -> str:
    """Equal for names that some file system takes for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def safe_name(source_name: str | bytes) -> str:
    """The name in the tree of a file that was called ``source_name`` (``str`` as the operating system gives it, or its bytes)."""
    readable = source_name.decode("utf-8", "surrogateescape") if isinstance(source_name, bytes) else source_name
    name = unicodedata.normalize("NFC", "".join(_safe_character(character) for character in readable)).strip(" ").rstrip(_NEVER_LAST)
    if name.startswith("."):
        name = "_" + name[1:]
    if not name:
        return _NAMELESS
    fitted = _fitted(*split_extension(name))
    if _RESERVED.fullmatch(fitted.partition(".")[0]):  # only now: what was cut off may have hidden it
        return _fitted(*split_extension("_" + fitted))
    return fitted


def numbered(name: str, number: int) -> str:
    """``name`` for the first file of that name, ``NAME (2).EXT`` for the second, and so on; never longer than allowed."""
    if number == 1:
        return name
    stem, extension = split_extension(name)
    return _fitted(stem, f" ({number}){extension}")


def display(path: PurePath) -> str:
    """``path`` on one line, for messages: never fails to print, whatever bytes the name has."""
    return "".join(_visible(character) for character in str(path))


def split_extension(name: str) -> tuple[str, str]:
    """Stem, and extension with its dot; only what looks like an extension is one."""
    stem, dot, extension = name.rpartition(".")
    return (stem, dot + extension) if stem and _EXTENSION.fullmatch(extension) else (name, "")


def _visible(character: str) -> str:
    if "\ud800" <= character <= "\udfff" or unicodedata.category(character) in ("Cc", "Zl", "Zp"):
        return "".join(f"%{byte:02X}" for byte in _escaped_bytes(character))
    return character


def _safe_character(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return "".join(f"%{byte:02X}" for byte in _escaped_bytes(character))
    if character in _FORBIDDEN or character in _SEPARATING_OR_TURNING or unicodedata.category(character) == "Cc":
        return "_"
    return character


def _escaped_bytes(character: str) -> bytes:
    """UTF-8; a lone surrogate is the byte that it stands for (PEP 383), or, as in names on Windows, its own three bytes."""
    try:
        return character.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return character.encode("utf-8", "surrogatepass")


def _fitted(stem: str, ending: str) -> str:
    """``stem`` with as many whole characters as leave room for ``ending``, but at least one."""
    room = MAX_NAME_BYTES - len(ending.encode())
    return (stem.encode()[:room].decode("utf-8", "ignore").rstrip(_NEVER_LAST) or "_") + ending
