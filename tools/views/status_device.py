"""The status of a device's library: by its own program's functions where its keys are there, as far as tables tell where they aren't."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from peer.errors import CalotypeError
from peer.library.health import library_status
from peer.library.instants import iso_utc
from peer.library.meta import Meta
from peer.library.nodes import NodeKind
from peer.library.queries import Queries
from peer.library.queues import DownloadQueue, Stuck, UploadQueue
from peer.library.waiting import WaitingTable
from store.errors import DamagedError
from store.ids import DeviceId, LibraryId, LogId
from store.roster import Roster
from tools.looking.device import library_of
from tools.looking.documents import Document, device_document
from tools.looking.folder import Inspected
from tools.looking.held_back import held_back, lag_by_device
from tools.looking.problems import is_of_database
from tools.looking.spelling import spell_age, spell_count, spell_entries, spell_list
from tools.views.nodes import IN_SYNC, LACKS, Nodes, what_it_lacks

_SEALED_MEMBERS = ("converged", "digest", "storage", "recovered", "held_back_by", "disagreeing", "standing", "copied")
"""Members that take the device's keys, or what only its own program has."""


def device_status(inspected: Inspected, library: LibraryId, *, now: int) -> Document:
    """All members of `calotype status --json` (CLI.md), with these differences and additions:

    ``sealed``: why there are no keys, else empty. Without keys ``converged``, ``digest``, ``storage``, ``recovered``, ``held_back_by``, ``disagreeing``,
    ``standing`` and ``copied`` are null. ``nodes``: relays and all other devices, with what each lacks in entries and bytes, and as of when
    (``tools.views.nodes``). ``device_name``. ``loading``: a checkpoint is being taken in. ``waiting``: what holds entries back, by kind, with the
    number of entries (`pending` says more, so the member of that name isn't here); ``detached``: entries whose predecessors aren't here,
    ``missing``: how many these are; ``unseen``: stored entries that weren't looked at yet.
    """
    log = inspected.log(library)
    roster = log.roster()
    held = held_back(inspected, library)
    answer = _with_keys(inspected)
    document = _without_keys(inspected, roster, answer) if isinstance(answer, str) else answer
    this = None if document["device"] is None else DeviceId.parse(document["device"])
    lag = lag_by_device(held, roster, log.heads())
    nodes = Nodes(inspected=inspected, library=library, roster=roster, this=this, behind=lag)
    document |= device_document(this, inspected.device_names()) | {
        "folder": "device",
        "library": library.hex(),
        "as_of": iso_utc(now),
        "nodes": nodes.documents(),
        "loading": Meta(inspected.database).get("loading") is not None,
        "waiting": dict(Counter(cause.kind.value for ends in held.ends.values() for cause in ends)),
        "detached": sum(each.is_detached for each in held.entries.values()),
        "missing": len(held.missing),
        "unseen": held.unseen,
    }
    in_sync = _is_in_sync(document)
    return {"summary": _summary(document, in_sync), "in_sync": in_sync} | document


def _with_keys(inspected: Inspected) -> Document | str:
    """What the device's own program says, or why it can't be asked."""
    try:
        library = library_of(inspected)
    except CalotypeError as error:
        return error.message
    try:
        status = library_status(library, None).to_json()
    except (CalotypeError, DamagedError, ValueError, LookupError, TypeError) as error:
        if isinstance(error, DamagedError) and is_of_database(error) and inspected.problems.passes_on:
            raise
        inspected.problems.note(f"what the device's own program would say can't be told: {error}")
        return "what is damaged keeps the device's own program from telling more"
    del status["pending"]
    return {**status, "sealed": ""}


def _without_keys(inspected: Inspected, roster: Roster, reason: str) -> Document:
    database, log = inspected.database, inspected.log(roster.library)
    own_log = Meta(database).get("log")
    device = None if own_log is None else roster.logs.get(LogId(own_log))
    uploads, downloads, waiting = UploadQueue(database), DownloadQueue(database), WaitingTable(database)
    assets, trashed = Queries(database).count()
    forked = {log_id: tips for log_id, tips in log.heads().items() if len(tips) > 1}
    with database.read() as connection:
        previews, void = (int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in ("preview_wanted", "void"))  # noqa: S608
    return dict.fromkeys(_SEALED_MEMBERS) | {
        "sealed": reason,
        "device": None if device is None else device.hex(),
        "member": None if device is None else roster.is_member(device),
        "assets": assets,
        "trashed": trashed,
        "entries": log.count(),
        "pending_count": waiting.counted(),
        "set_aside": waiting.set_aside(),
        "uploads": uploads.count()[0],
        "upload_bytes": uploads.count()[1],
        "downloads": downloads.count()[0],
        "download_bytes": downloads.count()[1],
        "previews": previews,
        "stuck": [_stuck(each) for each in (*uploads.stuck(), *downloads.stuck())],
        "void": void,
        "forks": len(forked),
        "forked_logs": [
            {"log": log_id.hex(), "tips": [{"seq": tip.seq, "entry": tip.name.hex()} for tip in tips]} for log_id, tips in forked.items()
        ],
    }


def _stuck(item: Stuck) -> Document:
    return {"item": item.item, "reason": item.reason, "next_try": iso_utc(item.next_try) if item.next_try else None}


def _is_in_sync(document: Document) -> bool:
    """This device is a member, nothing is held back here, nothing is to come, relays have everything, and where there is no relay some device has."""
    if document["member"] is False:
        return False
    here = document["pending_count"], document["unseen"], document["missing"], document["downloads"], document["loading"]
    if any(here) or document["disagreeing"] or any(node["behind"] for node in document["nodes"]):
        return False
    relays = [node for node in document["nodes"] if node["kind"] == NodeKind.RELAY]
    if relays:
        return all(relay["state"] == IN_SYNC for relay in relays)
    members = [node for node in document["nodes"] if node["member"]]
    return not members or any(node["state"] == IN_SYNC for node in members)


def _summary(document: Document, in_sync: bool) -> str:
    nodes = document["nodes"]
    held = list(_held_back_here(document))
    others = [node for node in nodes if node["member"] is not False]
    behind = [f"behind {_called(node)} by at least {spell_entries(node['behind'], None)}" for node in nodes if node["behind"]]
    lacking = [f"{_called(node)} lacks {what_it_lacks(node)}" for node in others if node["state"] == LACKS and what_it_lacks(node)]
    unknown = [
        f"which entries {_called(node)} has isn't known" for node in nodes if node["kind"] == NodeKind.RELAY and node["ahead"] is None
    ]
    to_come = [f"{spell_count(document['downloads'], 'file')} still to come"] if document["downloads"] else []
    open_points = [*held, *behind, *to_come, *lacking, *unknown]
    if not in_sync:
        return f"Not in sync: {'; '.join(open_points)}." if open_points else "Not in sync: no other device is known to have everything."
    agreeing = [node for node in others if node["state"] == IN_SYNC]
    if not agreeing:
        return "All is here. No relay is configured and no other device was met: nobody else has it."
    last = max(agreeing, key=lambda node: str(node["as_of"]))
    sentence = (
        f"In sync with {spell_list([_called(node) for node in agreeing])}, last contact {spell_age(last['as_of'], now=document['as_of'])}."
    )
    return f"{sentence} Elsewhere: {'; '.join(lacking)}." if lacking else sentence


def _held_back_here(document: Document) -> Iterator[str]:
    if document["member"] is False:
        yield "this device is no member of the library, so it gets nothing new and nothing gets out"
    if document["disagreeing"]:
        yield f"{spell_list(document['disagreeing'])} saw the same changes and shows another library"
    if document["loading"]:
        yield "a checkpoint is being taken in"
    if document["pending_count"]:
        yield f"{spell_entries(document['pending_count'], None)} held back, see `calotype-inspect pending`"
    if document["unseen"]:
        yield f"{spell_entries(document['unseen'], None)} not looked at yet"


def _called(node: Document) -> str:
    return f"relay {node['name']}" if node["kind"] == NodeKind.RELAY else str(node["name"])
