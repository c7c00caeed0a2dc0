"""Whether the stored seen reports are whole: what is deleted for good, or pruned, rests on what they say."""

from __future__ import annotations

from peer.library.findings import Findings
from peer.library.library import Library
from store.errors import RefusedError
from store.seen import parse_seen, verify_seen


def check_reports(library: Library, findings: Findings) -> None:
    """Each has the form of one and the signature of its device."""
    roster = library.roster()
    with library.database.read() as connection:
        query = "SELECT s.raw FROM log_seen s JOIN log_library l ON l.id = s.library WHERE l.name = ? ORDER BY s.device"
        raws = [bytes(raw) for (raw,) in connection.execute(query, (library.id,)).fetchall()]
    for raw in raws:
        try:
            report = parse_seen(raw)
            verify_seen(report, roster.known_key(report.device) or b"")
        except RefusedError as error:
            findings.problems.append(f"seen reports: one is damaged ({error})")
