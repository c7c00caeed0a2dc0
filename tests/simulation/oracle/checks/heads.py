"""Heads are the same everywhere, and seen reports say what is true (DESIGN.md sections 2 and 5; PROTOCOL.md section 3.4)."""

from __future__ import annotations

from collections.abc import Iterator

from peer.library.epochs import valid_epoch
from store.heads import Heads, Tip
from store.ids import DeviceId
from store.seen import SeenReport
from store.sqlite_log import SqliteLogStore
from tests.simulation.oracle.case import Case
from tests.simulation.oracle.evidence import Complaint
from tests.simulation.oracle.stored import stored_log


def check_heads(case: Case) -> Iterator[Complaint]:
    """Stored heads are the tips of the archive's graph; applied heads those of what is applied. A relay may lack what a checkpoint stands for."""
    stored, applied = case.graph.heads(), _applied_heads(case)
    for device in case.group.devices:
        if device.library.log.heads() != stored:
            yield Complaint(kind="heads", sentence=f"{device.name} says that the logs end elsewhere than they do.")
        if device.library.applied_heads() != applied:
            yield Complaint(kind="applied-heads", sentence=f"{device.name} says that it has applied something else than it has.")
    below = case.settled_below()
    for relay in case.group.relays:
        theirs = set(relay.log.heads().tips())
        lacking = [tip for log, tip in stored.tips() if (log, tip) not in theirs and tip.name not in below]
        if relay.is_whole and lacking:
            yield Complaint(
                kind="heads", sentence=f"{relay.name} says that the logs end elsewhere than they do: not at {case.name(lacking[0].name)}."
            )


def check_reports(case: Case) -> Iterator[Complaint]:
    """A report that a node keeps covers only what that node stores, and what its device has applied; one that covers all says the right digest."""
    for device in case.group.devices:
        yield from _reports_at(case, device.name, device.library.log)
    for relay in case.group.relays:
        yield from _reports_at(case, relay.name, relay.log)


def check_reports_came(case: Case) -> Iterator[Complaint]:
    """Everybody knows what everybody has applied: else nothing would ever be settled or pruned. The newest report of each member is at
    every node, and covers all that is applied. None is written without an epoch to write under, and somebody begins one (PROTOCOL.md section 3.3)."""
    if any(device.library.is_loading for device in case.group.devices):
        return
    if len(case.group.devices) == 1 and not case.group.relays:
        return  # a report is made for somebody
    without = [device.name for device in case.group.devices if valid_epoch(device.library) is None]
    for name in without:
        yield Complaint(kind="no-epoch", sentence=f"There is no epoch that {name} can write under, and nobody has begun one.")
    if without:
        return
    everything = set(_applied_heads(case).tips())
    stores = [(device.name, device.library.log) for device in case.group.devices]
    stores += [(relay.name, relay.log) for relay in case.group.relays if relay.is_whole]
    for name, log in stores:
        covered = {report.device: set(report.heads.tips()) for report in log.seen()}
        for device in case.group.devices:
            if not covered.get(device.library.device, set()) >= everything:
                yield Complaint(kind="report-behind", sentence=f"{name} doesn't know that {device.name} has applied everything.")


def _reports_at(case: Case, name: str, log: SqliteLogStore) -> Iterator[Complaint]:
    there = stored_log(log).names | case.settled_below()
    for report in log.seen():
        unknown = [tip for _, tip in report.heads.tips() if tip.name not in there and tip.name not in case.archive.lost]
        if unknown:
            yield Complaint(
                kind="report-ahead", sentence=f"{name} keeps a report of {_who(case, report)} that covers what {name} doesn't store."
            )
        if report.device not in case.evidence.hostile:
            yield from _check_report(case, name, report)


def _check_report(case: Case, name: str, report: SeenReport) -> Iterator[Complaint]:
    for device in case.group.devices:
        applied = case.book(device).applied
        false = [tip for _, tip in report.heads.tips() if tip.name not in applied and tip.name not in case.archive.lost]
        if device.library.device == report.device and false:
            yield Complaint(
                kind="report-false", sentence=f"A report of {_who(case, report)}, kept by {name}, covers what {device.name} hasn't applied."
            )
        digest = device.library.digest_in(report)
        if report.heads == device.library.applied_heads() and digest is not None and digest != case.digest:
            yield Complaint(
                kind="report-digest", sentence=f"A report of {_who(case, report)}, kept by {name}, covers all and has another digest."
            )
            return


def _who(case: Case, report: SeenReport) -> str:
    return case.name(DeviceId(report.device))


def _applied_heads(case: Case) -> Heads:
    entries = [case.graph.entries[case.graph.number[name]] for name in case.model.applied_names]
    followed = {entry.previous for entry in entries}
    return Heads.of((entry.log, Tip(entry.seq, entry.name)) for entry in entries if entry.name not in followed)
