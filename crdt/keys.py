"""The grammar of record keys (PROTOCOL.md section 6). Pure.

    v/<field>/<writer>            register
    s/<set>/<element>/<writer>    set
    d/<name>/<writer>             derived

The *stem* of a key is all that stands before its last slash: what the key is about, without who wrote it.

A set's element is text. In a key it stands as it is, except for what would be ambiguous there: ``/`` and ``%``, and bytes that
are no UTF-8 (file names; ``surrogateescape``, PEP 383), each as ``%XX``. Every element has exactly one spelling, and
``parse_key`` refuses the others. Writers normalise to NFC first; the grammar doesn't ask for NFC, because what is NFC depends on the
Unicode tables of the program, and every device must judge a key alike.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple

from crdt.client import WRITER_LENGTH

MAX_NAME_BYTES = 64
MAX_ELEMENT_BYTES = 1024
"""After escaping. A file name of 255 bytes fits, whatever its bytes are."""

_NAME = r"[a-z][a-z0-9_]*(?::[A-Za-z0-9_-]+)?"
_WRITER = r"[A-Za-f][A-Za-z0-9_-]{8}"
_ELEMENT = r"(?:[^/%\ud800-\udfff]|%(?:2F|25|[89A-F][0-9A-F]))+"
_KEY = re.compile(rf"(?:([vd])/({_NAME})|s/({_NAME})/({_ELEMENT}))/({_WRITER})")
_FIELD_NAME = re.compile(_NAME)
_ESCAPE = re.compile(rb"%([0-9A-F]{2})")


class Family(StrEnum):
    """The kind of field that a key belongs to; its first character."""

    REGISTER = "v"
    SET = "s"
    DERIVED = "d"


_FAMILIES = {family.value: family for family in Family}


class KeyFormatError(ValueError):
    """Text that is no key, or a name or element that can't be part of one."""


class Key(NamedTuple):
    """A parsed key. ``element`` is the text that it stands for, ``None`` outside sets."""

    family: Family
    name: str
    element: str | None
    writer: str


def parse_key(text: str) -> Key:
    """The parts of ``text``; ``KeyFormatError`` when it doesn't follow the grammar."""
    match = _KEY.fullmatch(text)
    if match is None:
        raise KeyFormatError("a key doesn't follow the grammar")
    family, name, set_name, element, writer = match.groups()
    if len(name or set_name) > MAX_NAME_BYTES:
        raise KeyFormatError(f"a name in a key is longer than {MAX_NAME_BYTES} bytes")
    if element is None:
        return Key(_FAMILIES[family], name, None, writer)
    if len(element) > MAX_ELEMENT_BYTES or len(element.encode()) > MAX_ELEMENT_BYTES:
        raise KeyFormatError(f"an element in a key is longer than {MAX_ELEMENT_BYTES} bytes")
    return Key(Family.SET, set_name, unescape(element), writer)


def register_stem(field: str) -> str:
    """The stem of a register's keys; ``KeyFormatError`` when ``field`` can't name one."""
    return f"{Family.REGISTER.value}/{_checked_name(field)}"


def derived_stem(name: str) -> str:
    """The stem of a derived field's keys; ``KeyFormatError`` when ``name`` can't name one."""
    return f"{Family.DERIVED.value}/{_checked_name(name)}"


def set_stem(name: str, element: str) -> str:
    """The stem of the keys of ``element`` in a set; ``KeyFormatError`` when it is empty, too long or no text."""
    return f"{Family.SET.value}/{_checked_name(name)}/{escape(element)}"


def set_prefix(name: str) -> str:
    """What the stems of all elements of a set begin with."""
    return f"{Family.SET.value}/{_checked_name(name)}/"


def stem_of(key: str) -> str:
    """The stem of a well-formed key."""
    return key[: -WRITER_LENGTH - 1]


def escape(element: str) -> str:
    """The one spelling of ``element`` inside a key: NFC, ambiguous characters and bytes that are no UTF-8 escaped."""
    try:
        text = element.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
        escaped = _spelled(unicodedata.normalize("NFC", text))
    except UnicodeEncodeError as error:
        raise KeyFormatError("an element holds half of a surrogate pair") from error
    if not escaped:
        raise KeyFormatError("an element is empty")
    if len(escaped.encode()) > MAX_ELEMENT_BYTES:
        raise KeyFormatError(f"an element is longer than {MAX_ELEMENT_BYTES} bytes")
    return escaped


def unescape(escaped: str) -> str:
    """The element that ``escaped`` spells; ``KeyFormatError`` when it is not the one spelling."""
    if "%" not in escaped:
        return escaped
    raw = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), escaped.encode())
    text = raw.decode("utf-8", "surrogateescape")
    if _spelled(text) != escaped:
        raise KeyFormatError("an element in a key is escaped in another way than agreed")
    return text


def _spelled(text: str) -> str:
    escaped = text.replace("%", "%25").replace("/", "%2F")
    if escaped.isascii():
        return escaped
    return "".join([f"%{ord(c) - 0xDC00:02X}" if "\udc80" <= c <= "\udcff" else c for c in escaped])


def _checked_name(name: str) -> str:
    if len(name) > MAX_NAME_BYTES or _FIELD_NAME.fullmatch(name) is None:
        raise KeyFormatError(f"a field can't be called {name[:MAX_NAME_BYTES]!r}")
    return name
