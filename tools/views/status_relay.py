"""The status of one library in a relay's folder: what it stores, which device has seen how much of it, and what is to be deleted."""

from __future__ import annotations

from collections.abc import Mapping

from peer.library.instants import iso_utc, iso_utc_or_none
from relay.accounts import LibraryAccount
from relay.release_book import Trashed
from relay.sqlite_accounts import SqliteLibraries
from relay.sqlite_releases import SqliteReleases
from store.ids import DeviceId, LibraryId
from store.releases import Witness
from store.roster import Roster
from store.seen import SeenReport
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.looking.gaps import Gaps
from tools.looking.held_back import held_back
from tools.looking.reports import seen_reports
from tools.looking.spelling import spell_ago, spell_count, spell_entries, spell_list

SHOWN_BLOBS = 20
_NEWEST = "SELECT max(received) FROM (SELECT received FROM log_entry WHERE library = ?1 ORDER BY arrival DESC LIMIT 1)"
_LAST_WRITTEN = """
    SELECT b.author, max(e.received) FROM log_library l JOIN log_branch b ON b.library = l.id
    JOIN log_entry e ON e.branch = b.id AND e.seq = b.last_seq WHERE l.name = ? GROUP BY b.author
"""
_SESSIONS = "SELECT device, max(expires) FROM relay_session WHERE library = ? AND expires > ? GROUP BY device"


def relay_status(inspected: Inspected, library: LibraryId, *, now: int) -> Document:
    """Sizes in bytes, times in ISO 8601.

    ``registered``, ``quota``, ``blobs``, ``blob_bytes``, ``entry_quota``, ``entry_bytes``: the account; all null for a library that never registered.
    ``entries`` (all that are stored), ``pruned_entries`` (of these, those without bytes), ``pruned_bytes``, ``detached``, ``missing`` (what detached
    ones build on), ``forks``. ``newest_entry``: when the last one came, by this relay's clock. ``devices``: the members, each with ``device``,
    ``reported`` (its newest report, by its clock), ``newest_entry`` (when the last one that it wrote came here; null: none did), ``heard_ms`` (running
    time since anything new was heard of it, counted in steps of 15 minutes; null: never), ``session_until``
    (null: it is not signed in), ``behind`` and ``behind_bytes`` (entries here that its report doesn't cover; null without a report). ``removed``:
    devices that aren't members any more. ``wanted``: blobs that were found damaged or gone and are asked back, the first of them in
    ``wanted_blobs``. ``releases``: ``open`` ones, the ``blobs`` that they wait for, ``cancelled`` blobs. ``trash_blobs``, ``trash_bytes``.
    ``running_ms``: for how long this relay ran. ``in_sync``: every member reported all that is here.
    """
    log, roster = inspected.log(library), inspected.log(library).roster()
    book, accounts = SqliteReleases(inspected.database), SqliteLibraries(inspected.database)
    figures, running = log.figures(), book.running()
    wanted = accounts.wanted(library, limit=1_000_000)
    newest = _newest(inspected, library)
    devices = _devices(inspected, library, roster, book.witnesses(library), running=running, now=now)
    in_sync = all(device["behind"] == 0 for device in devices)
    document = {
        "folder": "relay",
        "library": library.hex(),
        "as_of": iso_utc(now),
        **_account(accounts.account(library)),
        "entries": figures.entries,
        "pruned_entries": figures.stubs,
        "pruned_bytes": figures.pruned_bytes,
        "detached": figures.detached,
        "missing": len(held_back(inspected, library).missing),
        "forks": sum(len(tips) > 1 for tips in log.heads().values()),
        "newest_entry": iso_utc_or_none(newest),
        "devices": devices,
        "removed": sorted(device.hex() for device in roster.former),
        "wanted": len(wanted),
        "wanted_blobs": [blob.hex() for blob in wanted[:SHOWN_BLOBS]],
        "releases": _releases(book, library),
        **_trash(book.trashed(library)),
        "running_ms": running,
    }
    return {"summary": _summary(document, newest, in_sync=in_sync, now=now), "in_sync": in_sync} | document


def _devices(
    inspected: Inspected, library: LibraryId, roster: Roster, witnesses: Mapping[DeviceId, Witness], *, running: int, now: int
) -> list[Document]:
    reports, gaps = seen_reports(inspected, library), Gaps(inspected, library, roster)
    with inspected.database.read() as connection:
        sessions = {DeviceId(device): expires for device, expires in connection.execute(_SESSIONS, (library, now))}
        wrote = {DeviceId(device): received for device, received in connection.execute(_LAST_WRITTEN, (library,))}
    return [
        _device(device, reports.get(device), gaps)
        | {
            "newest_entry": iso_utc_or_none(wrote.get(device)),
            "heard_ms": max(running - witnesses[device].heard_at, 0) if device in witnesses else None,
            "session_until": iso_utc_or_none(sessions.get(device)),
        }
        for device in sorted(roster.devices)
    ]


def _device(device: DeviceId, report: SeenReport | None, gaps: Gaps) -> Document:
    lacked = None if report is None else gaps.lacked(report.heads, by=device)
    return {
        "device": device.hex(),
        "reported": iso_utc_or_none(None if report is None else report.time),
        "behind": None if lacked is None else lacked.entries,
        "behind_bytes": None if lacked is None else lacked.bytes,
    }


def _account(account: LibraryAccount | None) -> Document:
    if account is None:
        return dict.fromkeys(("registered", "quota", "blobs", "blob_bytes", "entry_quota", "entry_bytes"))
    return {
        "registered": iso_utc(account.registered_at),
        "quota": account.quota,
        "blobs": account.blobs,
        "blob_bytes": account.blob_bytes,
        "entry_quota": account.entry_quota,
        "entry_bytes": account.entry_bytes,
    }


def _releases(book: SqliteReleases, library: LibraryId) -> Document:
    open_ones = book.open_releases(library)
    return {
        "open": len(open_ones),
        "blobs": sum(release.blobs - release.cancelled for release in open_ones),
        "cancelled": book.cancelled(library),
    }


def _trash(trashed: Trashed) -> Document:
    return {"trash_blobs": trashed.blobs, "trash_bytes": trashed.bytes}


def _newest(inspected: Inspected, library: LibraryId) -> int | None:
    with inspected.database.read() as connection:
        row = connection.execute("SELECT id FROM log_library WHERE name = ?", (library,)).fetchone()
        return None if row is None else connection.execute(_NEWEST, row).fetchone()[0]


def _summary(document: Document, newest_entry: int | None, *, in_sync: bool, now: int) -> str:
    devices = document["devices"]
    silent = [device["device"][:10] for device in devices if device["behind"] is None]
    lacking = [f"{each['device'][:10]} lacks {spell_entries(each['behind'], each['behind_bytes'])}" for each in devices if each["behind"]]
    points = [
        *([f"{spell_count(document['wanted'], 'blob')} damaged or gone, asked back from the devices"] if document["wanted"] else []),
        *([f"{spell_entries(document['detached'], None)} without what they build on"] if document["detached"] else []),
        *lacking,
        *([f"{spell_list(silent)} reported nothing yet"] if silent else []),
    ]
    newest = f"the newest entry came {spell_ago(newest_entry, now=now)}"
    if not devices:
        return "No device is a member of this library yet."
    if in_sync:
        sentence = f"All is seen by {spell_count(len(devices), 'device')}: {spell_entries(document['entries'], None)}"
        return f"{sentence}; {'; '.join(points)}." if points else f"{sentence}; {newest}."
    return f"Not everything is everywhere: {'; '.join(points)}."
