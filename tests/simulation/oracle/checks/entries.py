"""Every stored entry is applied, void by a rule, or waits with a reason that still holds; and none that was stored is ever gone (DESIGN.md sections 5, 1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from peer.library.waiting import Why
from store.ids import EntryHash, EpochId
from tests.simulation.oracle.bodies import Change
from tests.simulation.oracle.case import Case
from tests.simulation.oracle.evidence import Complaint, DeviceEvidence
from tests.simulation.oracle.stored import StoredLog, Wait, stored_log

SHOWN = 5


def check_archive(case: Case) -> Iterator[Complaint]:
    """The archive knows the bytes of all that stores have: else nothing below is worth much."""
    if case.group.unknown:
        yield Complaint(
            kind="archive-gap", sentence=f"{len(case.group.unknown)} entries were written and pruned before the archive was told of them."
        )


def check_durability(case: Case) -> Iterator[Complaint]:
    """What was committed stays, on devices and relays, in and outside of the group: as an entry, or as the stub of one."""
    logs = [(device.name, case.log(device)) for device in case.evidence.devices]
    logs += [(relay.name, stored_log(relay.log)) for relay in case.evidence.relays]
    for name, log in logs:
        for entry in _some(case.archive.of(name) - log.names):
            yield Complaint(kind="entry-vanished", sentence=f"{name} had stored {case.name(entry)}, and has it no more.")


def check_everyone_has_everything(case: Case) -> Iterator[Complaint]:
    """Who has met has stored the same; a relay lacks only what a settled checkpoint stands for (PROTOCOL.md section 3)."""
    expected = set(case.graph.number)
    for device in case.group.devices:
        attached = set(case.log(device).attached.values())
        for entry in _some(expected - attached):
            yield Complaint(kind="entry-missing", sentence=f"{device.name} doesn't have {case.name(entry)}, which others have.")
    below = case.settled_below()
    for relay in case.group.relays:
        if relay.is_whole:
            for entry in _some(expected - below - stored_log(relay.log).names):
                yield Complaint(kind="entry-missing", sentence=f"{relay.name} doesn't have {case.name(entry)}, which devices have.")


def check_states(case: Case) -> Iterator[Complaint]:
    """Each entry is applied exactly when the model says so, and what isn't waits for something that still isn't there."""
    for device in case.group.devices:
        if not device.library.is_loading:
            yield from _check_states(case, device, case.log(device))


def _check_states(case: Case, device: DeviceEvidence, log: StoredLog) -> Iterator[Complaint]:
    book = case.book(device)
    stored = set(log.attached.values()) & case.graph.number.keys()
    for name in _some(stored - book.applied - book.waiting.keys()):
        yield Complaint(kind="entry-forgotten", sentence=f"On {device.name} {case.name(name)} is neither applied nor waits.")
    for name in _some(book.applied & book.waiting.keys()):
        yield Complaint(kind="entry-twice-booked", sentence=f"On {device.name} {case.name(name)} is applied and waits as well.")
    for name in _some(book.applied - case.model.applied_names):
        yield Complaint(**_wrongly_applied(case, device, name))
    for name in _some(case.model.applied_names - book.applied):
        wait = book.waiting.get(name)
        reason = "" if wait is None else f": {wait.reason}"
        yield Complaint(kind="not-applied", sentence=f"{device.name} has not applied {case.name(name)}, which counts{reason}.")
    for name in sorted(book.waiting):
        if (problem := _why_wrong(case, device, log, name, book.waiting[name])) is not None:
            yield Complaint(
                kind="reason-gone", sentence=f"On {device.name} {case.name(name)} waits ({book.waiting[name].reason}), {problem}."
            )


def _wrongly_applied(case: Case, device: DeviceEvidence, name: EntryHash) -> dict[str, str]:
    if name in case.graph and not case.model.counting >> case.graph.number[name] & 1:
        sentence = (
            f"{device.name} has applied {case.name(name)}, written by a removed device beyond its pin, on which nothing that counts builds."
        )
        return {"kind": "removed-counts", "sentence": sentence}
    return {"kind": "wrongly-applied", "sentence": f"{device.name} has applied {case.name(name)}, which nobody should be able to apply."}


def _why_wrong(case: Case, device: DeviceEvidence, log: StoredLog, name: EntryHash, wait: Wait) -> str | None:
    """A clause, when the reason doesn't hold any more."""
    if name in log.detached.values():
        return None if name not in case.graph else "but what it builds on is here"
    if not wait.reason:
        return "and no reason is given"
    match Why(wait.code):
        case Why.REMOVED:
            return "but it counts" if name in case.graph and case.model.counting >> case.graph.number[name] & 1 else None
        case Why.PARENT:
            return None if wait.needs in case.book(device).waiting else "but that one doesn't wait"
        case Why.KEY:
            return _why_no_key(case, device, EpochId(wait.needs))
        case Why.DETACHED:
            return "but it is attached"
        case Why.VERSION if name in case.graph and not case.is_honest(name):
            return None
        case _:
            return "and nothing in this world can be the cause"


def _why_no_key(case: Case, device: DeviceEvidence, epoch: EpochId) -> str | None:
    if epoch in device.library.keyring():
        return "but the key is here"
    others = [other.name for other in case.group.devices if epoch in other.library.keyring()]
    return f"but {others[0]} has the key and could have given it" if others else None


def check_acknowledged(case: Case) -> Iterator[Complaint]:
    """Every acknowledged change is visible, or superseded by one that saw it, or an open conflict (which is visible, too)."""
    yield from _some_of(_of_members(case))
    for device in case.group.devices:
        if not device.library.is_loading:
            yield from _some_of(_invisible(case, device))


def _of_members(case: Case) -> Iterator[Complaint]:
    """Changes of honest members count, can be read, and are void in no record."""
    for entry in case.graph.entries:
        author = case.author(entry.name)
        if author not in case.group.roster.members or author in case.evidence.hostile:
            continue
        if not case.model.applied >> case.graph.number[entry.name] & 1:
            yield Complaint(
                kind="change-lost",
                sentence=f"{case.name(entry.name)} by {case.name(author)}, who is a member, can't be applied by anybody.",
            )
        for name, record in case.model.voids():
            if name == entry.name:
                what = "all of it" if record is None else case.name(record)
                yield Complaint(
                    kind="honest-void",
                    sentence=f"{case.name(name)} by {case.name(author)} is void ({what}): {case.model.void[name, record]}.",
                )


def _invisible(case: Case, device: DeviceEvidence) -> Iterator[Complaint]:
    """By the entries themselves: what each set, and which later ones say that it is deleted."""
    contents = case.contents(device)
    for record, model in case.model.records.items():
        content = contents.get(record)
        for place, item in model.items.items():
            seen_by = [each for each in model.deleted.get(place, ()) if case.graph.past[each] >> item.entry & 1]
            is_visible = content is not None and item.key in content.live
            if not seen_by and not is_visible:
                name = case.graph.entries[item.entry].name
                field = item.key.rpartition("/")[0]
                yield Complaint(
                    kind="change-invisible",
                    sentence=f"{case.name(name)} set {field} of {case.name(record)}: nobody took it back, and {device.name} doesn't show it.",
                )


def check_purges(case: Case) -> Iterator[Complaint]:
    """A record that devices have is gone only when an entry says so: nothing is deleted without a deletion."""
    touched = {record for change in case.changes.values() if isinstance(change, Change) for record in change.purges}
    for device in case.group.devices:
        for record in sorted(set(device.library.records.purged()) - touched)[:SHOWN]:
            yield Complaint(kind="purge-by-nobody", sentence=f"On {device.name} {case.name(record)} is purged, and no entry purges it.")


def _some(names: Iterable[EntryHash]) -> list[EntryHash]:
    return sorted(names)[:SHOWN]


def _some_of(complaints: Iterator[Complaint]) -> Iterator[Complaint]:
    for _, complaint in zip(range(SHOWN), complaints, strict=False):
        yield complaint
