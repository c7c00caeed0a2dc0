"""All spellings of private pieces, and where they can be found."""

from __future__ import annotations

import base64
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from peer.keys.codec import unpack
from peer.keys.errors import BodyError, UnsealError
from peer.keys.sealing import open_sealed
from peer.layout import LibraryFolder
from peer.library.library import Library

SHORTEST = 4
SHORTEST_IN_NOISE = 7
"""In sealed bytes four characters come by chance."""


def spellings(piece: str | bytes) -> set[bytes]:
    """``piece`` as bytes, in every form in which programs write texts and ids down."""
    if isinstance(piece, bytes):
        texts = {piece.hex(), base64.b64encode(piece).decode().rstrip("="), base64.urlsafe_b64encode(piece).decode().rstrip("=")}
        return {piece} | {each for text in texts for each in spellings(text)}
    forms = {unicodedata.normalize(form, piece) for form in ("NFC", "NFD")} | {piece}
    cased = {each for form in forms for each in (form, form.lower(), form.upper(), form.casefold())}
    encoded = {each.encode(encoding, "surrogateescape") for each in cased for encoding in ("utf-8",)}
    wide = {each.encode(encoding, "surrogatepass") for each in cased for encoding in ("utf-16-le", "utf-16-be")}
    escaped = {each.encode("unicode_escape", "surrogateescape") for each in cased} | {
        each.replace("/", "%2F").encode("utf-8", "replace") for each in cased
    }
    return encoded | wide | escaped


def texts_in(folder: Path) -> Iterator[str | bytes]:
    """Every text and every id in a library's database."""
    with closing(sqlite3.connect(LibraryFolder(folder).database)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            for row in connection.execute(f"SELECT * FROM {table}"):
                yield from (value for value in row if isinstance(value, (str, bytes)))


def opened_bodies(library: Library) -> Iterator[bytes]:
    """Whatever the device can open: the plain bodies of changes."""
    keyring = library.keyring()
    for arrived in library.log.after(0, limit_bytes=1 << 30):
        entry = arrived.entry
        epoch = None if entry.epoch is None else keyring.get(entry.epoch)
        if epoch is None:
            continue
        try:
            yield unpack(open_sealed(epoch.log_key, "body", entry.prefix, entry.body))
        except (UnsealError, BodyError):
            continue


def found(pieces: Iterable[str | bytes], places: Iterable[bytes], *, shortest: int) -> set[str | bytes]:
    """Those of ``pieces`` that stand anywhere in ``places``."""
    everywhere = b"\0\0\0".join(places)
    lower = everywhere.lower()
    return {
        piece
        for piece in pieces
        for spelling in spellings(piece)
        if len(spelling) >= shortest and (spelling in everywhere or spelling.lower() in lower)
    }
