"""What the processes of a proof are given to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from tools.proving.entry_work import EntryRow, EntryWork, SeenEntry
from tools.proving.record_work import ProvenRecords, RecordPortion, RecordWork


@dataclass(frozen=True, kw_only=True)
class Work:
    """One library's entries and records, portion by portion."""

    entries: EntryWork
    records: RecordWork = field(default_factory=RecordWork)

    def __call__(self, portion: list[EntryRow] | RecordPortion) -> list[SeenEntry] | ProvenRecords:
        return self.records(portion) if isinstance(portion, RecordPortion) else self.entries(portion)
