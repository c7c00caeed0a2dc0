"""Nothing is pruned but below a settled checkpoint that all active devices acknowledged, and what is left answers every question about descent
(PROTOCOL.md sections 3.5 and 3.6)."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from peer.library.checkpoints.table import differing
from store.bodies import Certification, Settled, parse_control
from store.entries import Dep, EntryKind
from store.ids import DeviceId, EntryHash
from store.log import SettledCheckpoint
from store.signatures import is_signed
from tests.simulation.oracle.archive import Pruning
from tests.simulation.oracle.case import Case
from tests.simulation.oracle.evidence import Complaint, DeviceEvidence
from tests.simulation.oracle.stored import StoredLog, stored_log

ACTIVE_MS = 90 * 24 * 3_600_000
LEAST_AGREEING = 2
PAIRS = 40
PRUNABLE = (EntryKind.CHANGE, EntryKind.CHECKPOINT, EntryKind.SETTLED)


def check_stubs(case: Case) -> Iterator[Complaint]:
    """Each entry without bytes, on a device or a relay, is of a kind that a checkpoint stands for, and lies below a settled one."""
    stores = [(device.name, case.log(device), device.library.log.settled()) for device in case.group.devices]
    stores += [(relay.name, stored_log(relay.log), relay.log.settled()) for relay in case.group.relays]
    for name, log, settled in stores:
        yield from _check_stubs(case, name, log, settled)


def check_prunings(case: Case) -> Iterator[Complaint]:
    """When something was pruned, every device that was active then, by what the store knew, acknowledged one of the settled checkpoints there,
    and pruning went by more than one device's word."""
    for pruning in case.archive.prunings:
        if not any(_is_agreed(case, pruning, checkpoint) for checkpoint in pruning.settled):
            yield Complaint(kind="pruned-early", sentence=f"{pruning.store} gave entries up without the word of all active devices.")


def check_settlements(case: Case) -> Iterator[Complaint]:
    """The words that settle a checkpoint are signed by those whose they are."""
    keys = _signing_keys(case)
    settled = {each.settled for device in case.group.devices for each in device.library.log.settled()}
    for name in sorted(settled & case.graph.number.keys()):
        body = parse_control(case.graph.entries[case.graph.number[name]])
        assert isinstance(body, Settled)
        for report in body.reports:
            if not is_signed(report.statement, report.signature, keys.get(report.device, b"")):
                yield Complaint(
                    kind="settled-by-nobody",
                    sentence=f"A checkpoint counts as settled by a word of {case.name(report.device)} that isn't signed.",
                )


def check_descent(case: Case, random: Random) -> Iterator[Complaint]:
    """Some pairs of entries: whether one comes before the other in its log, and in the causal past, is what the raw headers say."""
    for device in case.group.devices:
        if not device.library.is_loading:
            yield from _check_descent(case, device, random)


def check_comparisons(case: Case) -> Iterator[Complaint]:
    """No device found an honest checkpoint to say something else than it has."""
    for device in case.group.devices:
        for name, reason in differing(device.library):
            if name not in case.graph or case.is_honest(name):
                yield Complaint(kind="checkpoint-differs", sentence=f"{device.name} doesn't agree with a checkpoint: {reason}.")


def _check_stubs(case: Case, name: str, log: StoredLog, settled: tuple[SettledCheckpoint, ...]) -> Iterator[Complaint]:
    covered: set[EntryHash] = set().union(*(case.graph.below(each.covered) for each in settled))
    for stub in sorted(log.stubs & case.graph.number.keys()):
        if stub not in covered:
            yield Complaint(kind="pruned-too-much", sentence=f"{name} gave up {case.name(stub)}, which no settled checkpoint there covers.")
        elif case.graph.entries[case.graph.number[stub]].kind not in PRUNABLE:
            yield Complaint(kind="pruned-too-much", sentence=f"{name} gave up {case.name(stub)}, which is needed for ever.")


def _is_agreed(case: Case, pruning: Pruning, checkpoint: SettledCheckpoint) -> bool:
    agreeing = {report.device for report in pruning.reports if report.checkpoint == checkpoint.checkpoint} | checkpoint.acknowledged_by
    now = pruning.now or max((report.time for report in pruning.reports), default=0)
    asked = {device for device in pruning.members if _was_known(case, device, checkpoint)}
    active = {report.device for report in pruning.reports if report.time >= now - ACTIVE_MS} & asked
    unheard = asked - {report.device for report in pruning.reports} - agreeing
    enough = len(agreeing & pruning.members) >= LEAST_AGREEING or (not pruning.is_device and not unheard)
    return active <= agreeing and enough


def _was_known(case: Case, device: DeviceId, checkpoint: SettledCheckpoint) -> bool:
    """Whether who settled it had the device's certificate: of those that came later nothing could be asked."""
    if checkpoint.settled not in case.graph:
        return False
    past = case.graph.names(case.graph.past[case.graph.number[checkpoint.settled]])
    return any(certified == device and name in past for name, certified in _certificates(case))


def _certificates(case: Case) -> Iterator[tuple[EntryHash, DeviceId]]:
    for entry in case.graph.entries:
        if entry.kind is EntryKind.CERTIFICATE:
            body = parse_control(entry)
            assert isinstance(body, Certification)
            yield entry.name, body.certificate.device


def _signing_keys(case: Case) -> dict[DeviceId, bytes]:
    bodies = (parse_control(entry) for entry in case.graph.entries if entry.kind is EntryKind.CERTIFICATE)
    return {body.certificate.device: body.certificate.signing_key for body in bodies if isinstance(body, Certification)}


def _check_descent(case: Case, device: DeviceEvidence, random: Random) -> Iterator[Complaint]:
    arrivals = case.book(device).arrival
    applied = [entry for entry in case.graph.entries if entry.name in arrivals]
    log = device.library.log
    with device.library.database.read():
        for _ in range(PAIRS if applied else 0):
            first, second = random.choice(applied), random.choice(applied)
            is_before = first is second or case.graph.is_before(first.name, second.name)
            if device.library.past_of([second.name]).contains(arrivals[first.name]) != is_before:
                yield Complaint(
                    kind="descent",
                    sentence=f"{device.name} is wrong about whether {case.name(second.name)} knew of {case.name(first.name)}.",
                )
            in_log = first.log == second.log and first.name in case.graph.chain(second.name)
            if log.is_ancestor(first.name, Dep(second.log, second.seq, second.name)) != in_log:
                yield Complaint(
                    kind="descent",
                    sentence=f"{device.name} is wrong about whether {case.name(second.name)} follows {case.name(first.name)}.",
                )
