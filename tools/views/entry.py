"""`entry LOG:SEQ`: an entry from its envelope inwards, as far as the keys in the folder reach."""

from __future__ import annotations

import re
from functools import partial

from peer.errors import UsageError
from store.entries import Entry, EntryKind, is_signed_by
from store.errors import RefusedError
from store.ids import DeviceId, LibraryId
from store.roster import Roster
from tools.looking.contents import Contents
from tools.looking.control_bodies import DescribeDevice, control_document
from tools.looking.documents import Document, device_document, entry_document
from tools.looking.folder import Inspected
from tools.looking.lookup import find_log
from tools.looking.verdicts import verdict_of

_PLACE = re.compile(r"([0-9a-f]{1,32}):([0-9]{1,18})")


def gather_entries(inspected: Inspected, text: str) -> list[Document]:
    """A document for each entry at the place ``text``: several where the log has branches."""
    match = _PLACE.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"{text!r} names no entry.", hint="Write LOG:SEQ, the beginning of a log's id and a number: 9c1f:12.")
    library, log = find_log(inspected, match[1])
    entries = inspected.log(library).at(log, int(match[2]))
    if not entries:
        tips = inspected.log(library).heads()[log]
        raise UsageError(f"Log {log.short()} has no entry {match[2]}: it ends at {max(tip.seq for tip in tips)}.")
    contents = Contents.of(inspected, library)
    return [_entry(inspected, library, entry, contents) for entry in entries]


def _entry(inspected: Inspected, library: LibraryId, entry: Entry, contents: Contents) -> Document:
    names = inspected.device_names()
    document: Document = {
        "library": library.hex(),
        **entry_document(entry.log, entry.seq, entry.name),
        "kind": entry.kind.name.lower(),
        "previous": entry.previous.hex() if entry.seq else None,
        "deps": [entry_document(dep.log, dep.seq, dep.name) for dep in entry.deps],
        "epoch": None if entry.epoch is None else entry.epoch.hex(),
        "size": len(entry.raw),
        "body_size": len(entry.body),
        "signature": _signature(entry, inspected.log(library).roster(), names),
    }
    if inspected.library_folder is not None:
        document |= verdict_of(inspected.database, library, entry)
    if entry.kind is EntryKind.CHANGE:
        return document | contents.of_change(entry)
    return document | _control(entry, partial(device_document, names=names))


def _control(entry: Entry, device: DescribeDevice) -> Document:
    try:
        return {"control": control_document(entry, device)}
    except RefusedError as error:
        return {"control": None, "unreadable": str(error)}


def _signature(entry: Entry, roster: Roster, names: dict[DeviceId, str]) -> Document:
    """Whether any who opened this log signed the entry, and who."""
    authors = roster.authors.get(entry.log, ())
    for author in authors:
        if is_signed_by(entry, roster.known_key(author) or b""):
            return {"verified": True, **device_document(author, names), "reason": ""}
    reason = "not signed by who opened the log" if authors else "nobody known here opened this log"
    return {"verified": False, **device_document(None, names), "reason": reason}
