"""Descent within a log, asked while one thing is computed: nothing is looked up twice. Pure.

An object of this class lives no longer than the transaction whose rows it remembers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from store.admission import Stored
from store.branches import Branch, ancestry
from store.heads import Tip
from store.ids import EntryHash, LogId


class Ancestry:
    """``find`` knows attached entries and stubs; ``branches_of`` gives the branches of a log (it may give others too)."""

    def __init__(self, find: Callable[[EntryHash], Stored | None], branches_of: Callable[[LogId], Mapping[int, Branch]]) -> None:
        self._find = find
        self._branches_of = branches_of
        self._found: dict[EntryHash, Stored | None] = {}
        self._branches: dict[LogId, Mapping[int, Branch]] = {}

    def is_ancestor(self, name: EntryHash, log: LogId, tip: Tip) -> bool | None:
        """Whether the entry ``tip`` of ``log`` is ``name`` or follows it there, on whatever branch.

        ``None`` when that can't be known: one of them isn't attached here, or a settled checkpoint covers what lies between them.
        """
        first, second = self._stored(name), self._stored(tip.name)
        if first is None or second is None:
            return None
        if first.log != log or (second.log, second.position.seq) != (log, tip.seq):
            return False
        branches = self._log(log)
        step = second.position
        for step in ancestry(second.position, branches):
            if step.branch == first.position.branch:
                return first.position.seq <= step.seq
        begin = branches[step.branch].first_seq
        return None if first.position.seq < begin else False

    def _stored(self, name: EntryHash) -> Stored | None:
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _log(self, log: LogId) -> Mapping[int, Branch]:
        if log not in self._branches:
            self._branches[log] = self._branches_of(log)
        return self._branches[log]
