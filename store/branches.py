"""The shape of the logs that a store holds, small enough to answer questions of descent without walking entries. Pure.

A *branch* is an unbroken run of entries of one log. An entry extends the branch of its predecessor when that ends there;
otherwise it begins a branch whose parent is the predecessor's. So every branch ends in exactly one tip, every tip is the
end of a branch, and the ancestors of an entry in its log are: its branch up to it, the parent up to where the branch
began, and so on. An unforked log is one branch, whatever its length.

A node that trusts a settled checkpoint also stores entries whose predecessor lies below it and isn't here: such a branch has no
parent and says whom it *follows*. When that entry comes after all, its branch becomes the parent, and is then **continued** where
it ends: that end is no tip.

``lacking`` is ``store.heads.missing`` for a store that can look names up. Their tips that are stored here say exactly what
they have. Tips that aren't stored here lie above ours or on a branch that we don't have; the same two guesses, and the same
way out when they are wrong, as described there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from store.heads import Heads, Tip, may_lie_above
from store.ids import DeviceId, EntryHash, LogId


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Numbers ``first_seq`` to ``last_seq`` of ``log``; ``key`` and ``parent`` mean something only within one store."""

    key: int
    parent: int | None
    log: LogId
    author: DeviceId
    first_seq: int
    last_seq: int
    tip: EntryHash
    follows: EntryHash | None = None
    """The entry before the first one, if there is one and it isn't stored."""


class Position(NamedTuple):
    """Where a stored entry lies: its branch, and its number in the log."""

    branch: int
    seq: int


class BranchRange(NamedTuple):
    """The entries of a branch with a number above ``after_seq``."""

    branch: int
    after_seq: int


def heads_of(branches: Iterable[Branch]) -> Heads:
    """The tips of all branches."""
    return Heads.of((branch.log, Tip(branch.last_seq, branch.tip)) for branch in _ending(branches))


def _ending(branches: Iterable[Branch]) -> list[Branch]:
    """Those that no other continues."""
    all_of_them = list(branches)
    continued = {Position(branch.parent, branch.first_seq - 1) for branch in all_of_them if branch.parent is not None}
    return [branch for branch in all_of_them if Position(branch.key, branch.last_seq) not in continued]


def ancestry(position: Position, branches: Mapping[int, Branch]) -> Iterable[Position]:
    """For the branch of ``position`` and each that it came from: the newest entry there that is an ancestor, or itself."""
    key: int | None = position.branch
    seq = position.seq
    while key is not None:
        yield Position(key, seq)
        branch = branches[key]
        key, seq = branch.parent, branch.first_seq - 1


def is_ancestor_or_self(position: Position, of: Position, branches: Mapping[int, Branch]) -> bool:
    """Whether ``of`` follows ``position`` in their log, however far, or is it."""
    return any(step.branch == position.branch and step.seq >= position.seq for step in ancestry(of, branches))


def at_or_below(heads: Heads, branches: Mapping[int, Branch], find: Callable[[EntryHash], Position | None]) -> dict[int, int]:
    """For each branch with entries at or below the tips of ``heads``: the number of its newest one. Tips that aren't stored cover nothing."""
    reached: dict[int, int] = {}
    for _, tip in heads.tips():
        position = find(tip.name)
        for step in () if position is None else ancestry(position, branches):
            if step.seq <= reached.get(step.branch, -1):
                break
            reached[step.branch] = step.seq
    return reached


def lacking(branches: Mapping[int, Branch], theirs: Heads, find: Callable[[EntryHash], Position | None]) -> list[BranchRange]:
    """What to send to a node with the heads ``theirs``. ``find`` says where a name lies here, if it is stored."""
    by_log: dict[LogId, list[Branch]] = {}
    for branch in branches.values():
        by_log.setdefault(branch.log, []).append(branch)
    ranges: list[BranchRange] = []
    for log, ours in by_log.items():
        ranges.extend(_lacking_of_log(ours, theirs.get(log, ()), branches, find))
    return ranges


def _lacking_of_log(
    ours: list[Branch], theirs: tuple[Tip, ...], branches: Mapping[int, Branch], find: Callable[[EntryHash], Position | None]
) -> list[BranchRange]:
    known_tips = {branch.tip: Position(branch.key, branch.last_seq) for branch in ours}
    covered: dict[int, int] = {}
    unknown: list[int] = []
    for tip in theirs:
        position = known_tips.get(tip.name) or find(tip.name)
        if position is None:
            unknown.append(tip.seq)
            continue
        for step in ancestry(position, branches):
            covered[step.branch] = max(step.seq, covered.get(step.branch, -1))
    rest = [branch for branch in ours if covered.get(branch.key, -1) < branch.last_seq]
    if may_lie_above(sorted(branch.last_seq for branch in _ending(rest)), sorted(unknown)):
        return []
    return [BranchRange(branch.key, max(covered.get(branch.key, -1), branch.first_seq - 1)) for branch in rest]
