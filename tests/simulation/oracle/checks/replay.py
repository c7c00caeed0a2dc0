"""The order of arrival makes no difference (DESIGN.md section 1, goal 2): the entries once more, by production code, in another causal order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

from peer.library.library import PEER_SCHEMA, Library
from peer.library.meta import Meta
from store.database import Database
from store.entries import Entry
from store.log import Status
from store.sqlite_log import LOG_SCHEMA
from tests.simulation.oracle.case import Case
from tests.simulation.oracle.evidence import Complaint, DeviceEvidence

MOST_AT_ONCE = 40
NOWHERE = Path("/dev/null")
"""Where no notes are (``peer.library.instance``)."""


def check_replay(case: Case, random: Random) -> Iterator[Complaint]:
    """A new library that gets the archive's entries, pruned ones too, in an order of chance has the digest that all should have.

    What doesn't count for lack of anybody who built on it is left out, or comes when the removal is known: a device that had applied it before
    would take it up by an entry of its own, and this one writes none.
    """
    if not case.group.devices:
        return
    device = random.choice(case.group.devices)
    with closing(_empty_copy(device)) as replica:
        for portion in _portions(_order(case, random), random):
            for outcome in replica.receive([entry.raw for entry in portion]):
                if outcome.status not in (Status.STORED, Status.KNOWN):
                    yield Complaint(
                        kind="replay-refused",
                        sentence=f"In another order an entry is refused or waits that all have: {outcome.detail or outcome.status.name}.",
                    )
        if bytes(replica.records.digest()) != case.digest:
            records = dict(replica.records.all())
            missing = sorted(case.model.records.keys() - records.keys())
            named = f", without {case.name(missing[0])}" if missing else ""
            yield Complaint(
                kind="replay",
                sentence=f"The same entries in another causal order make another library{named} (with the keys of {device.name}).",
            )


def _empty_copy(device: DeviceEvidence) -> Library:
    library = device.library
    database = Database(":memory:", [LOG_SCHEMA, PEER_SCHEMA])
    Meta(database).put("library", library.id)
    return Library(library.folder, database, library.keys, library.id, library.clock, library.randomness, notes=NOWHERE)


def _order(case: Case, random: Random) -> list[Entry]:
    counting = case.graph.names(case.model.counting)
    if random.random() < 0.5:
        return case.graph.any_causal_order(counting, random)
    order = case.graph.any_causal_order(set(case.graph.number), random)
    control = [entry for entry in order if entry.epoch is None]
    return [*control, *order]


def _portions(order: list[Entry], random: Random) -> Iterator[list[Entry]]:
    start = 0
    while start < len(order):
        size = random.randint(1, MOST_AT_ONCE)
        yield order[start : start + size]
        start += size
