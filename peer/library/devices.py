"""The devices of a library as people know them: ``calotype devices``."""

from __future__ import annotations

from typing import Any

from peer.joining.messages import check_name
from peer.library.authoring import Edit
from peer.library.coverage import uncovered
from peer.library.instants import iso_utc_or_none
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.writers import Writers
from store.ids import DeviceId, RecordId, RecordKind
from store.seen import SeenReport

ACTIVE_MS = 90 * 24 * 3600 * 1000
"""A device that reported within ninety days is active."""


def device_rows(library: Library) -> list[dict[str, Any]]:
    """A row for each device with the fields of CLI.md, this one first and then by name; removed ones among them (``member`` is false).

    ``behind``: entries here that its newest report doesn't cover, ``None`` without a report; of this device: those that it can't apply
    yet. ``clock_skew``: milliseconds that its last stamp was ahead, when that was suspicious, else 0.
    """
    described = Queries(library.database).device_names()
    reports = {report.device: report for report in library.log.seen()}
    roster = library.roster()
    known = {
        library.device,
        *roster.devices,
        *(device for removal in roster.removals for device in removal.devices if device in roster.former),
    }
    known |= {DeviceId(device) for device in described}
    rows = [_row(library, device, described.get(bytes(device)), reports.get(device)) for device in known]
    return sorted(rows, key=lambda row: (not row["this"], row["name"], row["id"]))


def rename_device(library: Library, device: DeviceId, name: str) -> None:
    """Call a device ``name`` everywhere. Raises ``UnusableNameError``."""
    check_name(name)
    library.change([Edit(RecordId.make(RecordKind.DEVICE, device), lambda draft, _: draft.set("name", name))])


def _row(library: Library, device: DeviceId, described: tuple[str, str, str] | None, report: SeenReport | None) -> dict[str, Any]:
    this = device == library.device
    name, model, policy = described or ("", "", "everything")
    return {
        "id": device.hex(),
        "name": name or device.short(),
        "model": model,
        "this": this,
        "member": library.roster().is_member(device),
        "active": library.roster().is_member(device) and (this or _is_active(library, report)),
        "last_seen": iso_utc_or_none(None if report is None else report.time),
        "policy": policy,
        "behind": library.waiting_count() if this else None if report is None else uncovered(library, report.heads, by=device),
        "clock_skew": _clock_skew(library, device),
    }


def _is_active(library: Library, report: SeenReport | None) -> bool:
    """Whether a device with this newest report is one that others wait for."""
    return report is not None and report.time >= library.hlc.physical() - ACTIVE_MS


def _clock_skew(library: Library, device: DeviceId) -> int:
    with library.database.read() as connection:
        ahead = dict(connection.execute("SELECT log, milliseconds FROM clock_ahead").fetchall())
    return max((int(ahead.get(bytes(log), 0)) for log in library.roster().logs_of(device)), default=0)


def disagreeing_devices(library: Library) -> list[str]:
    """Names of the members that say to have applied exactly what is applied here, and yet have another digest: a convergence problem."""
    heads, digest, writers = library.applied_heads(), bytes(library.records.digest()), Writers(library)
    others = library.roster().devices.keys() - {library.device}
    reports = (report for report in library.log.seen() if report.device in others and report.heads == heads)
    return [writers.known(report.device).name for report in reports if library.digest_in(report) not in (None, digest)]
