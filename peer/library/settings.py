"""What holds for the library on all devices; so far how long the trash lasts."""

from __future__ import annotations

from typing import Final

from crdt.record import EMPTY
from crdt.schema import RETENTION
from crdt.settings import view_settings
from peer.errors import UsageError
from peer.library.actions import Action
from peer.library.authoring import Edit
from peer.library.library import Library
from store.ids import LIBRARY_RECORD

RETENTION_DAYS: Final = (1, 36_500)


def retention_days(library: Library) -> int:
    """How many days the trash lasts."""
    return view_settings(library.records.content(LIBRARY_RECORD) or EMPTY).retention


def set_retention(library: Library, days: int) -> None:
    """The trash lasts so many days from now on, for what is in it too. ``UsageError``."""
    fewest, most = RETENTION_DAYS
    if not fewest <= days <= most:
        raise UsageError(f"The trash can last {fewest} to {most:,} days. Nothing was changed.")
    library.change([Edit(LIBRARY_RECORD, lambda draft, _: draft.set(RETENTION.name, days))], action=Action("days in the trash"))
