"""What records say today, read without the engine."""

from __future__ import annotations

from crdt.lib0 import MalformedUpdateError
from crdt.state import RecordState, read_state
from peer.library.meta import Meta
from peer.library.records import RecordTable
from store.ids import RecordId
from tools.looking.folder import Inspected
from tools.looking.lookup import record_name
from tools.replaying.readings import Readings, readings_of


def stored_state(inspected: Inspected, record: RecordId) -> RecordState | None:
    """``None`` where there is none, and where it is damaged, which is noted as a problem."""
    state = RecordTable(inspected.database, Meta(inspected.database)).state(record)
    try:
        return None if state is None else read_state(state)
    except MalformedUpdateError as error:
        inspected.problems.note(f"{record_name(record)} is damaged: {error}")
        return None


def stored_readings(inspected: Inspected, record: RecordId) -> Readings:
    """Empty likewise."""
    state = stored_state(inspected, record)
    try:
        return {} if state is None else readings_of(record.kind, state.content())
    except MalformedUpdateError as error:
        inspected.problems.note(f"{record_name(record)} is damaged: {error}")
        return {}


def is_purged(inspected: Inspected, record: RecordId) -> bool:
    return RecordTable(inspected.database, Meta(inspected.database)).is_purged(record)
