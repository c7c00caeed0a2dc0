"""`heads`: the logs that a folder stores, and where each ends."""

from __future__ import annotations

from itertools import groupby

from peer.commands.invocation import Invocation
from store.branches import Branch
from store.ids import DeviceId, LibraryId
from store.sqlite_rows import LibraryRows
from tools.looking.documents import Document, device_document, short_device
from tools.looking.folder import Inspected


def gather_heads(inspected: Inspected) -> list[Document]:
    """A document for each library."""
    names = inspected.device_names()
    return [_library(inspected, library, names) for library in inspected.libraries]


def show_heads(invocation: Invocation, documents: list[Document]) -> None:
    """The same for people: a table for each library, a row for each tip."""
    if not documents:
        invocation.say("No library is stored here yet.")
    for document in documents:
        invocation.say(f"library {document['library']}: {document['entries']} entries in {len(document['logs'])} logs")
        invocation.table(
            ("log", "device", "seq", "tip", "branches"),
            [
                (log["log"][:10], short_device(log), tip["seq"], tip["name"][:10], len(log["branches"]))
                for log in document["logs"]
                for tip in log["tips"]
            ],
        )


def _library(inspected: Inspected, library: LibraryId, names: dict[DeviceId, str]) -> Document:
    with inspected.database.read() as connection:
        rows = LibraryRows(connection, library)
        branches = sorted(rows.branches().values(), key=lambda branch: (branch.log, branch.first_seq, branch.key))
        logs = [_log(list(found), names) for _, found in groupby(branches, key=lambda branch: branch.log)]
        return {"library": library.hex(), "entries": rows.count, "logs": logs}


def _log(branches: list[Branch], names: dict[DeviceId, str]) -> Document:
    return {
        "log": branches[0].log.hex(),
        **device_document(branches[0].author, names),
        "tips": sorted(
            ({"seq": branch.last_seq, "name": branch.tip.hex()} for branch in branches), key=lambda tip: (tip["seq"], tip["name"])
        ),
        "branches": [
            {"from": branch.first_seq, "to": branch.last_seq, "tip": branch.tip.hex(), "device": branch.author.hex()} for branch in branches
        ],
    }
