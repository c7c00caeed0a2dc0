"""What a device notes beside its records, compared with what its entries say: what was applied, under which client ids, and which updates are void."""

from __future__ import annotations

from peer.library.record_checks import PROJECTIONS
from store.ids import LibraryId, LogId, RecordId, RecordKind
from tools.looking.folder import Inspected
from tools.proving.beside import beside
from tools.proving.findings import Findings
from tools.proving.scratch import Scratch

_UNACCOUNTED = """
    SELECT b.log, e.seq, e.name FROM log_library l JOIN log_entry e ON e.library = l.id JOIN log_branch b ON b.id = e.branch
    LEFT JOIN past p ON p.arrival = e.arrival AND p.name = e.name LEFT JOIN waiting w ON w.arrival = e.arrival
    WHERE l.name = ? AND e.arrival <= ? AND (p.name IS NULL) = (w.name IS NULL) ORDER BY e.arrival
"""
_MADE_UP = """
    SELECT p.name FROM past p LEFT JOIN log_library l ON l.name = ?
    LEFT JOIN log_entry e ON e.library = l.id AND e.arrival = p.arrival AND e.name = p.name WHERE e.name IS NULL ORDER BY p.arrival
"""


def check_ids(inspected: Inspected, findings: Findings) -> None:
    """What stands under an id that no record has is passed over everywhere else."""
    kinds = ", ".join(f"x'{kind:02x}'" for kind in RecordKind)
    with inspected.database.read() as connection:
        for table in ("record", "purged", *PROJECTIONS):
            query = f"SELECT count(*) FROM {table} WHERE length(record) <> ? OR substr(record, 1, 1) NOT IN ({kinds})"  # noqa: S608 - names are ours
            (count,) = connection.execute(query, (RecordId.SIZE,)).fetchone()
            if count:
                findings.add("record", f"the table {table} has {count:,} rows under ids that no record has", table=table)


def check_bookkeeping(inspected: Inspected, library: LibraryId, findings: Findings, *, looked_at: int) -> None:
    """Every entry that was looked at is applied or waits; what counts as applied is stored."""
    with inspected.database.read() as connection:
        for log, seq, name in connection.execute(_UNACCOUNTED, (library, looked_at)):
            sentence = f"entry {LogId(log).short()}:{seq}: it is neither noted as applied nor as waiting, or as both"
            findings.add("bookkeeping", sentence, log=log.hex(), seq=seq, name=name.hex())
        for (name,) in connection.execute(_MADE_UP, (library,)):
            findings.add("bookkeeping", f"entry {name.hex()[:10]}: it counts as applied, and isn't stored", name=name.hex())


def check_voids(inspected: Inspected, scratch: Scratch, findings: Findings) -> None:
    """Void updates and client ids are those that a replay finds. Of purged records nothing is compared: whether their updates were judged at all depends on
    which entry came first."""
    with inspected.database.read() as connection:
        stored = connection.execute("SELECT arrival, record, reason FROM void ORDER BY arrival, record")
        for found, noted in beside(scratch.voids(), stored, lambda each: (each[0], each[1])):
            arrival, record, reason = found or noted or (0, b"", "")
            if (found is None) != (noted is None) and not (record and scratch.is_purged(record)):
                what = "it is void, and isn't noted as that" if noted is None else "it is noted as void, and counts"
                findings.add("void", f"{_place(inspected, arrival)}: {what} ({reason})", record=record.hex()[2:] or None)
        clients = connection.execute("SELECT arrival, client FROM client ORDER BY arrival")
        for made, known in beside(scratch.clients(), clients, lambda each: each[0]):
            if made != known:
                arrival = (made or known or (0, 0))[0]
                findings.add("bookkeeping", f"{_place(inspected, arrival)}: its client id is noted wrongly, or not at all")


def _place(inspected: Inspected, arrival: int) -> str:
    with inspected.database.read() as connection:
        query = "SELECT b.log, e.seq FROM log_entry e JOIN log_branch b ON b.id = e.branch WHERE e.arrival = ?"
        row = connection.execute(query, (arrival,)).fetchone()
    return f"the entry that arrived as number {arrival}" if row is None else f"entry {LogId(row[0]).short()}:{row[1]}"
