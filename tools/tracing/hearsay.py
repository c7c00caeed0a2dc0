"""What a folder knows of the other nodes without asking them: who wrote an entry, what devices reported, what was sent and acknowledged, what is queued.

It is never more than is true by now, and most often has no times, or only such before which something happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from sqlite3 import Connection

from peer.library.instants import iso_utc
from peer.library.nodes import Node, NodeKind, NodeTable
from store.entries import Dep
from store.ids import DeviceId
from store.seen import SeenReport
from tools.looking.folder import Inspected
from tools.looking.reports import seen_reports
from tools.looking.spelling import spell_time
from tools.tracing.folders import own_device, policy_of, unwanted
from tools.tracing.model import UNKNOWN, Sight, State, Step, Subject, TracedEntry, TracedFile

BY_WRITING = "it wrote it"
BY_REPORT = "its seen report"
BY_ACKNOWLEDGING = "it acknowledged it to this device"
_QUEUED = "SELECT count(*), max(reason), max(next_try) FROM upload WHERE node = ? AND file = ?"


def heard_of(inspected: Inspected, subject: Subject) -> list[Sight]:
    """Of all nodes but the one whose folder this is: relays, then devices by name."""
    nodes = NodeTable(inspected.database).all() if inspected.library_folder is not None else []
    relays = [_relay(inspected, subject, node) for node in nodes if node.kind is NodeKind.RELAY]
    return [*relays, *_devices(inspected, subject, {node.device: node for node in nodes if node.device is not None})]


def relay_key(node: Node) -> str:
    """By which what others say of a relay is put together with what this folder says."""
    return node.url if node.store is None else node.store.hex()


def _relay(inspected: Inspected, subject: Subject, node: Node) -> Sight:
    with inspected.database.read() as connection:
        files = {file.file: _uploaded(connection, node, file) for file in subject.files}
    return Sight(
        key=relay_key(node),
        name=node.url,
        kind=NodeKind.RELAY,
        address=node.url,
        stored={entry.name: _acknowledged(node, entry) for entry in subject.entries},
        files=files,
    )


def _acknowledged(node: Node, entry: TracedEntry) -> Step:
    if node.store is not None and entry.arrival and entry.arrival <= node.pushed:
        return Step(state=State.DONE, known_by=BY_ACKNOWLEDGING)
    return Step(state=State.NOT_YET, reason=_not_sent(node))


def _not_sent(node: Node) -> str:
    if node.last_contact is None:
        return "it never answered so far"
    return f"as far as this device knows; it was in touch with it last at {spell_time(iso_utc(node.last_contact))}"


def _uploaded(connection: Connection, node: Node, file: TracedFile) -> Step:
    count, reason, next_try = connection.execute(_QUEUED, (node.number, file.file)).fetchone()
    if count:
        parts = "one part of it is" if count == 1 else f"{count} parts of it are"
        return Step(state=State.WAITING, reason=f"{parts} queued to be sent there" + (f": {reason}" if reason else ""), next_try=next_try)
    promise = connection.execute("SELECT verified, until FROM promise WHERE node = ? AND file = ?", (node.number, file.file)).fetchone()
    if promise is not None:
        return Step(
            state=State.DONE,
            known_by=f"it proved it at {spell_time(iso_utc(promise[0]))}, and keeps it until {spell_time(iso_utc(promise[1]))}",
        )
    is_here = connection.execute("SELECT 1 FROM held WHERE file = ?", (file.file,)).fetchone() is not None
    if is_here and node.store is not None:
        return Step(state=State.DONE, known_by=BY_ACKNOWLEDGING)
    return UNKNOWN


# Devices


def _devices(inspected: Inspected, subject: Subject, met: Mapping[DeviceId, Node]) -> Iterator[Sight]:
    roster, names = inspected.log(subject.library).roster(), inspected.device_names()
    reports = seen_reports(inspected, subject.library)
    this = None if inspected.library_folder is None else own_device(inspected, subject.library)
    authors = {entry.author for entry in subject.entries if entry.author in roster.devices or entry.author in roster.former}
    known = (roster.devices.keys() | {author for author in authors if author is not None}) - {this}
    for device in sorted(known, key=lambda each: (names.get(each) or "", each)):
        covers = _coverage(inspected, subject, reports.get(device))
        node = met.get(device)
        policy = ""
        if inspected.library_folder is not None:
            with inspected.database.read() as connection:
                policy = policy_of(connection, device)
        yield Sight(
            key=device.hex(),
            name=names.get(device) or device.short(),
            kind=NodeKind.PEER,
            device=device,
            policy=policy,
            stored={entry.name: _stored(entry, device, covers, node) for entry in subject.entries},
            applied={entry.name: _applied(entry, device, covers, reports.get(device)) for entry in subject.entries},
            files={file.file: _wanted(file, policy) for file in subject.files},
        )


def _coverage(inspected: Inspected, subject: Subject, report: SeenReport | None) -> Callable[[TracedEntry], Step | None]:
    """Whether a report covers an entry: the step, or nothing."""
    log = inspected.log(subject.library)

    def step(entry: TracedEntry) -> Step | None:
        if report is None:
            return None
        tips = report.heads.get(entry.log, ())
        if any(tip.name == entry.name or log.is_ancestor(entry.name, Dep(entry.log, tip.seq, tip.name)) for tip in tips):
            return Step(state=State.DONE, time=report.time, is_bound=True, known_by=BY_REPORT)
        return None

    return step


def _stored(entry: TracedEntry, device: DeviceId, covers: Callable[[TracedEntry], Step | None], node: Node | None) -> Step:
    if entry.author == device:
        return Step(state=State.DONE, time=entry.written, known_by=BY_WRITING)
    reported = covers(entry)
    if reported is not None:
        return reported
    if node is not None and node.store is not None and 0 < entry.arrival <= node.pushed:
        return Step(state=State.DONE, known_by=BY_ACKNOWLEDGING)
    return UNKNOWN


def _applied(entry: TracedEntry, device: DeviceId, covers: Callable[[TracedEntry], Step | None], report: SeenReport | None) -> Step:
    if entry.author == device:
        return Step(state=State.DONE, time=entry.written, known_by=BY_WRITING)
    reported = covers(entry)
    if reported is not None:
        return reported
    why = (
        "it has reported nothing so far"
        if report is None
        else f"its newest report, of {spell_time(iso_utc(report.time))}, doesn't cover it"
    )
    return Step(state=State.UNKNOWN, reason=why)


def _wanted(file: TracedFile, policy: str) -> Step:
    reason = unwanted(file, policy)
    return Step(state=State.UNWANTED, reason=reason, known_by="its policy") if reason else UNKNOWN
