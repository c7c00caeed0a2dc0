"""What the checks work with: the evidence, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from crdt.record import Content, EngineError, read
from peer.keys.epochs import Keyring
from peer.library.library import Library
from store.entries import EntryKind
from store.ids import DeviceId, EntryHash, RecordId
from tests.simulation.oracle.bodies import Change, Closed, all_keys, open_change
from tests.simulation.oracle.evidence import DeviceEvidence, Evidence, Named
from tests.simulation.oracle.group import Group, find_group
from tests.simulation.oracle.model import LibraryModel
from tests.simulation.oracle.needs import NeededFile, needed_files
from tests.simulation.oracle.stored import Bookkeeping, StoredLog, bookkeeping, stored_log


class Case:
    """One judgement. What several checks need is computed once."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.archive = evidence.archive
        self.group: Group = find_group(evidence)
        self.graph = self.group.graph
        self.keyring: Keyring = all_keys(device.library.keyring() for device in self.group.devices)
        self.changes: dict[EntryHash, Change | Closed] = {
            entry.name: open_change(entry, self.keyring) for entry in self.graph.entries if entry.kind is EntryKind.CHANGE
        }
        self.model = LibraryModel(self.graph, self.group.roster, self.changes)
        self._logs: dict[str, StoredLog] = {}
        self._books: dict[str, Bookkeeping] = {}
        self._contents: dict[str, dict[RecordId, Content]] = {}

    def name(self, named: Named) -> str:
        """As the story calls it."""
        return self.evidence.names(named)

    def named(self, record: bytes) -> str:
        """A record by the bytes of its id."""
        return self.name(RecordId(record))

    def log(self, device: DeviceEvidence) -> StoredLog:
        if device.name not in self._logs:
            self._logs[device.name] = stored_log(device.library.log)
        return self._logs[device.name]

    def book(self, device: DeviceEvidence) -> Bookkeeping:
        if device.name not in self._books:
            self._books[device.name] = bookkeeping(device.library)
        return self._books[device.name]

    def author(self, name: EntryHash) -> DeviceId:
        return self.graph.author[self.graph.number[name]]

    def is_honest(self, name: EntryHash) -> bool:
        return self.author(name) not in self.evidence.hostile

    def settled_below(self) -> set[EntryHash]:
        """What settled checkpoints stand for, as far as some device of the group knows of them."""
        covered = {checkpoint.covered for device in self.group.devices for checkpoint in device.library.log.settled()}
        return set().union(*(self.graph.below(heads) for heads in covered))

    def contents(self, device: DeviceEvidence) -> dict[RecordId, Content]:
        """Every record that can be read."""
        if device.name not in self._contents:
            self._contents[device.name] = dict(_readable(device.library))
        return self._contents[device.name]

    @cached_property
    def needed(self) -> list[NeededFile]:
        """The files of all that lives."""
        return needed_files(self.model)

    @cached_property
    def digest(self) -> bytes:
        """What everybody should have."""
        return self.model.digest().to_bytes(16, "big")


def _readable(library: Library) -> Iterator[tuple[RecordId, Content]]:
    for record, state in library.records.all():
        try:
            yield record, read(state)
        except EngineError:
            continue  # ``check_stored_digest`` says so
