"""Texts of records as listings have them. Pure."""

from __future__ import annotations

import unicodedata


def readable(name: str) -> str:
    """A file name or keyword as text: bytes that were no UTF-8 show as replacement characters."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def searchable(text: str) -> str:
    """``text`` as it is searched: without regard to case, width and the ways in which Unicode can spell a letter."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
