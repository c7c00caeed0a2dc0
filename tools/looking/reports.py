"""The newest seen report of each device, as far as each can be read."""

from __future__ import annotations

from store.errors import RefusedError
from store.ids import DeviceId, LibraryId
from store.seen import SeenReport, parse_seen
from tools.looking.folder import Inspected

_REPORTS = "SELECT s.device, s.raw FROM log_seen s JOIN log_library l ON l.id = s.library WHERE l.name = ? ORDER BY s.device"


def seen_reports(inspected: Inspected, library: LibraryId) -> dict[DeviceId, SeenReport]:
    """One that is damaged is noted as a problem, and left out."""
    with inspected.database.read() as connection:
        rows = connection.execute(_REPORTS, (library,)).fetchall()
    reports: dict[DeviceId, SeenReport] = {}
    for device, raw in rows:
        try:
            reports[DeviceId(device)] = parse_seen(raw)
        except (RefusedError, ValueError) as error:
            inspected.problems.note(f"the seen report of device {bytes(device).hex()[:10]} is damaged in the database: {error}")
    return reports
