"""`export-yjs RECORD FILE`: the state of a record as an update that Yjs reads."""

from __future__ import annotations

from dataclasses import dataclass

from crdt.lib0 import MalformedUpdateError
from crdt.state import read_state
from peer.errors import IntegrityError, UsageError
from peer.library.meta import Meta
from peer.library.records import RecordTable
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.looking.lookup import find_record, record_name


@dataclass(frozen=True, kw_only=True)
class Exported:
    """``update``: Yjs v1, in the canonical form of PROTOCOL.md section 6.4, so two devices that show the same export the same bytes."""

    update: bytes
    document: Document


def gather_yjs(inspected: Inspected, text: str) -> Exported:
    """The state of the record that ``text`` names. ``UsageError`` where there is none to export, ``IntegrityError`` where it is damaged.

    The document: ``record``, ``kind``, ``root`` (name of the root map), ``bytes``, ``keys`` (live ones), ``clients``, ``deleted`` (items).
    """
    if inspected.library_folder is None:
        raise UsageError(
            "A relay's records are sealed: they can be exported from a device's folder only.", hint="Name a device's folder with --library."
        )
    record = find_record(inspected.database, text)
    raw = RecordTable(inspected.database, Meta(inspected.database)).state(record)
    if raw is None:
        raise UsageError(
            f"{record_name(record)} was purged: it has no state any more.",
            hint=f"`calotype-inspect why {record_name(record)} trashed` says by whom.",
        )
    try:
        state = read_state(raw)
        update = state.encode()
    except MalformedUpdateError as error:
        raise IntegrityError(
            f"{record_name(record)} is damaged: {error}. Nothing was written.", hint="`calotype verify --deep` says what else is."
        ) from error
    keys = sum(1 for _ in state.live())
    document = {
        "record": record.body.hex(),
        "kind": record.kind.name.lower(),
        "root": "r",
        "bytes": len(update),
        "keys": keys,
        "clients": len(state.clients),
        "deleted": sum(map(len, state.clients.values())) - keys,
    }
    return Exported(update=update, document=document)
