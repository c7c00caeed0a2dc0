"""What the inspector says is true: it knows the log and the stored state, and computes one from the other by another implementation of records."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from crdt.fields import Fields, fields_of, read_register
from crdt.record import read
from crdt.schema import SCHEMAS
from store.ids import RecordId
from tests.simulation.oracle.case import Case
from tests.simulation.oracle.evidence import Complaint, DeviceEvidence
from tools.looking.folder import Inspected
from tools.looking.lookup import record_name
from tools.looking.problems import Problems
from tools.replaying.pasts import Pasts
from tools.views.verify import Thoroughness, gather_verify
from tools.views.why import gather_why

SHOWN = 5
RECORDS = 4
"""Of one device, whose pasts are gone through."""


def check_inspector(case: Case, random: Random) -> Iterator[Complaint]:
    """Of one device: it proves everything, and the pasts of some records end in what is stored."""
    candidates = [device for device in case.group.devices if not device.library.is_loading]
    if not candidates:
        return
    device = random.choice(candidates)
    records = sorted(record for record, _ in device.library.records.all())
    chosen = random.sample(records, min(RECORDS, len(records)))
    problems, complaints = _looked_at(device, chosen)
    for sentence in [*complaints, *problems][:SHOWN]:
        yield Complaint(kind="inspector", sentence=f"the inspector, on {device.name}: {sentence}.")


def _looked_at(device: DeviceEvidence, records: list[RecordId]) -> tuple[list[str], list[str]]:
    """What it finds, and what it gets wrong."""
    library, complaints = device.library, list[str]()
    with library.database.read():
        inspected = Inspected(
            root=library.folder.root, database=library.database, libraries=(library.id,), library_folder=library.folder, problems=Problems()
        )
        gather_verify(inspected, how=Thoroughness(processes=0))
        pasts = Pasts(inspected, library.id)
        for record in records:
            past, state = pasts.of(record), library.records.state(record)
            steps = list(past.steps())
            if state is None:
                continue
            if past.end().content != read(state):
                complaints.append(f"the {len(steps)} steps of {record.body.hex()[:10]} end in something else than is stored")
            complaints += _wrong_reasons(inspected, record, fields_of(read(state)))
    return inspected.problems.found, complaints


def _wrong_reasons(inspected: Inspected, record: RecordId, fields: Fields) -> Iterator[str]:
    """Of each register that has a value: the write that is said to have won is the one that is read."""
    for name in sorted(fields.registers):
        register = SCHEMAS[record.kind].find_register(name)
        reading = None if register is None else read_register(fields, register, name.removeprefix(register.name))
        if reading is None:
            continue
        told = gather_why(inspected, record_name(record), name, now=0)
        writes = {write["number"]: write for write in told["writes"]}
        winner = writes.get(told["winner"])
        if winner is None or winner["writer"] != reading.cell.writer:
            yield f"why {record_name(record)[:16]} {name} names {winner and winner['writer']}, and {reading.cell.writer} is read"
