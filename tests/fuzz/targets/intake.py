"""A store that is offered entries and reports: the fuzzer's are signed by members, so that they reach what is behind the signature."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from store.entries import Entry, EntryKind
from store.errors import RefusedError
from store.heads import Heads
from store.log import Status
from store.memory import MemoryLogStore
from tests.fleet.authors import NOW
from tests.fuzz.structure import mutated_cbor
from tests.fuzz.target import Target, promise
from tests.fuzz.targets.resealing import entry_changed, library, resigned_report, then
from tests.golden.store import cases

_THERE = (EntryKind.GENESIS, EntryKind.CERTIFICATE, EntryKind.OPEN, EntryKind.CHANGE)
_KEPT = (Status.STORED, Status.KNOWN)


@cache
def _entries() -> Mapping[EntryKind, Entry]:
    return cases.entries()


def _store(*first: bytes) -> MemoryLogStore:
    """What the golden library begins with; ``first`` is offered in the same batch, before it."""
    store = MemoryLogStore(library()[0].id)
    store.append([*first, *(_entries()[kind].raw for kind in _THERE)], now=NOW)
    return store


def intake(data: bytes) -> None:
    """What is refused or waits changes nothing, what is stored is served as it came, and the order within a batch doesn't matter."""
    store = _store()
    before = store.heads(), store.arrival(), store.count(), store.roster()
    (outcome,) = store.append([data], now=NOW)
    promise((outcome.status is Status.REFUSED) == (outcome.code is not None), "a refusal without its name, or a name without one")
    if outcome.status in _KEPT:
        assert outcome.name is not None
        arrived = store.get(outcome.name)
        promise(arrived is not None and arrived.entry.raw == data, "stored, and not served as it came")
        promise(store.append([data], now=NOW)[0].status is Status.KNOWN, "stored, and not known")
    else:
        promise((store.heads(), store.arrival(), store.count(), store.roster()) == before, "not stored, and something changed")
    together = _store(data)
    promise((together.heads(), together.roster()) == (store.heads(), store.roster()), "the order within a batch decides what there is")


def report_intake(data: bytes) -> None:
    """A seen report is kept once, and only one that its device signed and whose entries are stored."""
    store = _store()
    try:
        is_new = store.put_seen(data, now=NOW)
    except RefusedError:
        promise(not store.seen(), "refused, and kept")
        return
    promise([each.raw for each in store.seen()] == [data] * is_new, "kept, and not served as it came")
    promise(not store.put_seen(data, now=NOW), "new a second time")


def _reports() -> Mapping[str, bytes]:
    anna = library()[1]
    reports = {"all": anna.report(_store().heads(), counter=1), "nothing": anna.report(Heads(), counter=2)}
    return {name: report.raw for name, report in reports.items()}


TARGETS = (
    Target(
        name="intake",
        check=intake,
        seeds=lambda: {kind.name.lower(): made.raw for kind, made in _entries().items()},
        mutate=entry_changed,
    ),
    Target(name="report-intake", check=report_intake, seeds=_reports, mutate=then(mutated_cbor, resigned_report)),
)
