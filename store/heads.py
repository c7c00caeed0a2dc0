"""Heads, and what one node lacks of another's entries. Pure.

The tips of a log are its stored entries that no stored entry of the same log follows: one for each branch. Because an
entry is stored only after its predecessor, tips say everything about what a node stores of a log.

**What ``missing`` knows.** Two sets of tips are compared without looking at entries, so a tip of theirs that isn't one of
ours may be an ancestor of ours (they are behind), a descendant (they are ahead), or on a branch that we don't have.

- Tips that both have say: all that is below them is there. Without others of ours, they lack nothing.
- One tip each, theirs with the smaller number: taken as being behind. The range begins after their number.
- Otherwise their other tips can lie above ours only if each of ours finds one of its own with a higher number: two of our
  tips can't lie below one of theirs, because a log's entries below a tip form a chain. If so they are taken as being ahead;
  if not they certainly lack something, and since nobody can say from where on, the range is the whole log.

**Nothing is left out for ever.** The two guesses (behind, ahead) are wrong only when the log has branches of which each
side lacks one. Whoever pulled then still lacks some tip of the other: it asks again with that log left out of its own
heads (``Heads.without``), which makes the range the whole log. What it gets is stored, whatever it had before, because
entries that it has are recognised by name. So after two pulls the puller has all that the other had, and a puller that
sees no unknown tip (``Heads.unknown``) has it after one. A store that has its entries at hand guesses less: see
``store.branches``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from store.encoding import MalformedError, TooLongError, decode, encode
from store.entries import Dep
from store.ids import EntryHash, LogId
from store.shapes import array, ascending, identifier, number, several

MAX_TIPS = 65_536
MAX_HEADS_BYTES = 4 * 1024 * 1024
_DEPTH = 4


class Tip(NamedTuple):
    """The end of a branch of a log."""

    seq: int
    name: EntryHash


class Heads(Mapping[LogId, tuple[Tip, ...]]):
    """For each log its tips, sorted. Immutable; a log without tips isn't in it."""

    __slots__ = ("_logs",)

    def __init__(self, logs: Mapping[LogId, Iterable[Tip]] | None = None) -> None:
        sorted_tips = {log: tuple(sorted(set(tips))) for log, tips in sorted((logs or {}).items())}
        self._logs = {log: tips for log, tips in sorted_tips.items() if tips}

    @classmethod
    def of(cls, tips: Iterable[tuple[LogId, Tip]]) -> Heads:
        """The heads that consist of ``tips``."""
        logs: dict[LogId, list[Tip]] = {}
        for log, tip in tips:
            logs.setdefault(log, []).append(tip)
        return cls(logs)

    @classmethod
    def decode(cls, data: bytes) -> Heads:
        """From the wire form as bytes; ``MalformedError``."""
        return cls.from_wire(decode(data, limit=MAX_HEADS_BYTES, depth=_DEPTH))

    @classmethod
    def from_wire(cls, value: Any) -> Heads:
        """From ``[[log, [[seq, name], …]], …]``, sorted and without empty logs; ``MalformedError``."""
        logs = several(value, _parse_log, at_most=MAX_TIPS)
        ascending([log for log, _ in logs])
        if sum(len(tips) for _, tips in logs) > MAX_TIPS:
            raise TooLongError(f"more than {MAX_TIPS} tips")
        return cls(dict(logs))

    def to_wire(self) -> list[list[Any]]:
        """``[[log, [[seq, name], …]], …]``, sorted, of plain integers and bytes."""
        return [[bytes(log), [[tip.seq, bytes(tip.name)] for tip in tips]] for log, tips in self._logs.items()]

    def encode(self) -> bytes:
        """The wire form as bytes."""
        return encode(self.to_wire())

    def __getitem__(self, log: LogId) -> tuple[Tip, ...]:
        return self._logs[log]

    def __iter__(self) -> Iterator[LogId]:
        return iter(self._logs)

    def __len__(self) -> int:
        return len(self._logs)

    def __hash__(self) -> int:
        return hash(tuple(self._logs.items()))

    def __repr__(self) -> str:
        return f"Heads({sum(map(len, self._logs.values()))} tips of {len(self)} logs)"

    def tips(self) -> Iterator[tuple[LogId, Tip]]:
        """Every tip with its log."""
        for log, tips in self._logs.items():
            for tip in tips:
                yield log, tip

    def deps(self) -> tuple[Dep, ...]:
        """The tips as an entry names them."""
        return tuple(Dep(log, tip.seq, tip.name) for log, tip in self.tips())

    def without(self, logs: Collection[LogId]) -> Heads:
        """These heads without some logs: what to ask with, to be told everything about those."""
        return Heads({log: tips for log, tips in self._logs.items() if log not in logs})

    def unknown(self, is_stored: Callable[[EntryHash], bool]) -> frozenset[LogId]:
        """The logs of which some tip isn't stored, by ``is_stored``."""
        return frozenset(log for log, tip in self.tips() if not is_stored(tip.name))


class Range(NamedTuple):
    """All entries of ``log`` with a number above ``after_seq``; -1 for the whole log."""

    log: LogId
    after_seq: int


def missing(ours: Heads, theirs: Heads) -> tuple[Range, ...]:
    """What to send to a node with the heads ``theirs``; by the rules at the top of this module."""
    ranges = []
    for log, tips in ours.items():
        other = theirs.get(log, ())
        our_rest = sorted(tip.seq for tip in tips if tip not in other)
        their_rest = sorted(tip.seq for tip in other if tip not in tips)
        if not our_rest or may_lie_above(our_rest, their_rest):
            continue
        is_behind = len(tips) == len(other) == 1 and their_rest[0] < our_rest[0]
        ranges.append(Range(log, their_rest[0] if is_behind else -1))
    return tuple(ranges)


def may_lie_above(ours: list[int], theirs: list[int]) -> bool:
    """Whether each number of ``ours`` can have one of ``theirs``, its own, that is higher; both ascending."""
    highest = theirs[len(theirs) - len(ours) :]
    return len(highest) == len(ours) and all(low < high for low, high in zip(ours, highest, strict=True))


def _parse_log(value: Any) -> tuple[LogId, tuple[Tip, ...]]:
    log, tips = array(value, 2)
    parsed = several(tips, _parse_tip, at_most=MAX_TIPS)
    if not parsed:
        raise MalformedError("a log without a tip")
    ascending(parsed)
    return identifier(LogId, log), parsed


def _parse_tip(value: Any) -> Tip:
    seq, name = array(value, 2)
    return Tip(number(seq), identifier(EntryHash, name))
