"""What relays pass on of the other devices: their seen reports, which nobody else can have signed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from peer.library.nodes import NodeKind
from store.errors import RefusedError
from store.ids import DeviceId, LibraryId
from store.seen import SeenReport, newer, parse_seen, verify_seen
from tools.tracing.model import Sight, State, Step, Subject, TracedEntry


def newest_reports(raws: Iterable[bytes], library: LibraryId, members: Mapping[bytes, DeviceId]) -> dict[DeviceId, SeenReport]:
    """Of each member the newest; what isn't a member's report of this library is passed over."""
    keys = {device: key for key, device in members.items()}
    newest: dict[DeviceId, SeenReport] = {}
    for raw in raws:
        try:
            report = parse_seen(raw)
            if report.library != library or report.device not in keys:
                continue
            verify_seen(report, keys[report.device])
        except RefusedError:
            continue
        known = newest.get(report.device)
        if known is None or newer(report, known):
            newest[report.device] = report
    return newest


def reported_sights(subject: Subject, reports: Mapping[DeviceId, SeenReport], relay: str) -> list[Sight]:
    """A sight of each device whose report covers something of what is followed."""
    sights = []
    for device, report in reports.items():
        seen = Step(state=State.DONE, time=report.time, is_bound=True, known_by=f"its seen report, which {relay} has")
        steps = {entry.name: replace(seen) for entry in subject.entries if _covers(report, entry)}
        if steps:
            sights.append(Sight(key=device.hex(), name=device.short(), kind=NodeKind.PEER, device=device, stored=steps, applied=steps))
    return sights


def _covers(report: SeenReport, entry: TracedEntry) -> bool:
    """Of a log with branches only the very entry is certain; of others all that lies below a tip."""
    tips = report.heads.get(entry.log, ())
    if len(tips) > 1 or entry.has_branches:
        return any(tip.name == entry.name for tip in tips)
    return any(tip.seq >= entry.seq for tip in tips)
