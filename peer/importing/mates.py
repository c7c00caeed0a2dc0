"""The other part of a Live Photo, wherever it came from: by Apple's content identifier, which both have in common."""

from __future__ import annotations

from peer.importing.grouping import MOTION
from peer.importing.holdings import Holdings
from peer.importing.joining import Earlier
from peer.library.library import Library
from store.ids import FileHash, RecordId

_FILMS = "SELECT record, primary_file FROM asset WHERE content = ? AND kind = 'video' AND folded IS NULL AND trashed IS NULL ORDER BY record LIMIT 1"
_STILLS = """
    SELECT record FROM asset WHERE content = ? AND kind IN ('photo', 'raw') AND folded IS NULL ORDER BY trashed IS NOT NULL, record LIMIT 16
"""
_SHOWN = "SELECT content FROM asset WHERE record = ? AND primary_file = ? AND folded IS NULL"


def content_shown(library: Library, holdings: Holdings, file: FileHash) -> str | None:
    """The identifier of a file that is here as a photo or film by itself, and not as part of another one."""
    record = holdings.asset_of(file)
    with library.database.read() as connection:
        row = connection.execute(_SHOWN, (record, file)).fetchone()
    return None if row is None else row[0]


def film_for(library: Library, content: str) -> Earlier | None:
    """The film that a still with this identifier lacks: one that is shown by itself here."""
    with library.database.read() as connection:
        row = connection.execute(_FILMS, (content,)).fetchone()
    return None if row is None else Earlier(record=RecordId(row[0]), file=FileHash(row[1]))


def still_for(library: Library, holdings: Holdings, content: str) -> RecordId | None:
    """The photo that lacks a film with this identifier; one in the trash when there is no other."""
    with library.database.read() as connection:
        rows = connection.execute(_STILLS, (content,)).fetchall()
    for row in rows:
        view = holdings.view(RecordId(row[0]))
        if view is not None and MOTION not in view.roles:
            return RecordId(row[0])
    return None
