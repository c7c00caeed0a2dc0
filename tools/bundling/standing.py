"""How the sync of a device stood, in numbers: no address, name, path or reason."""

from __future__ import annotations

from peer.library.instants import iso_utc
from tools.bundling.times import Moments
from tools.looking.documents import Document
from tools.looking.folder import Inspected


def nodes_in(inspected: Inspected, moments: Moments) -> list[Document]:
    """A node each: ``kind`` ("relay" or "peer"), ``last_contact`` (ISO time, shifted like the others; null: never), ``cursor`` and ``pushed``: up to which
    arrival number this device has what it has, and the other way round; ``waiting_uploads``."""
    query = """
        SELECT n.device, n.last_contact, n.cursor, n.pushed, (SELECT count(*) FROM upload u WHERE u.node = n.id) FROM node n ORDER BY n.id
    """
    with inspected.database.read() as connection:
        rows = connection.execute(query).fetchall()
    return [
        {
            "kind": "relay" if device is None else "peer",
            "last_contact": None if contact is None else iso_utc(moments.moment(contact)),
            "cursor": cursor,
            "pushed": pushed,
            "waiting_uploads": uploads,
        }
        for device, contact, cursor, pushed, uploads in rows
    ]


def queues_in(inspected: Inspected) -> Document:
    """``uploads``, ``downloads``: by priority (1 thumbnails, 2 previews, 3 originals) how many wait, and how many of them failed before."""
    found: Document = {}
    with inspected.database.read() as connection:
        for queue, query in _QUEUES.items():
            rows = connection.execute(query).fetchall()
            found[queue] = [{"priority": priority, "waiting": waiting, "failed": failed} for priority, waiting, failed in rows]
    return found


_QUEUES = {
    "uploads": "SELECT priority, count(*), sum(tries > 0) FROM upload GROUP BY priority ORDER BY priority",
    "downloads": "SELECT priority, count(*), sum(tries > 0) FROM download GROUP BY priority ORDER BY priority",
}
