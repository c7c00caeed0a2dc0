"""The library's settings (PROTOCOL.md section 6). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from crdt import schema
from crdt.fields import Conflict, fields_of, read_register
from crdt.record import Content

DEFAULT_RETENTION_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsView:
    """``retention``: days that the trash lasts. ``zone``: IANA name of the time zone for photos without one, ``None``: the machine's."""

    retention: int
    zone: str | None
    conflicts: tuple[Conflict, ...]


def view_settings(content: Content) -> SettingsView:
    """The read model of the library's record."""
    fields = fields_of(content)
    retention = read_register(fields, schema.RETENTION)
    zone = read_register(fields, schema.ZONE)
    return SettingsView(
        retention=DEFAULT_RETENTION_DAYS if retention is None else retention.value,
        zone=None if zone is None else zone.value,
        conflicts=schema.open_conflicts(fields, schema.LIBRARY_FIELDS),
    )
