"""Which rule decides what a field says (PROTOCOL.md sections 6 and 8), from the writes of it and who had seen whom. Pure.

Causality decides first: a value that somebody saw and replaced is out. What is left was written concurrently. Then:

    register   the highest (stamp, writer) is read; others that mean something else are open conflicts; of positions never
    set        an element is there while anything that anybody added of it stands
    derived    the highest (stamp, writer) is read, never a conflict
    trashed    as a register; and what somebody did without knowing of it contests it

Values of another type than the field's are passed over before all of that. A purge ends the record. The rules here name what ``crdt.fields`` does, and the
tests hold that they name the same winner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from crdt.fields import Derived, ElementSet, Register
from crdt.keys import Family
from crdt.parsing import WrongTypeError
from crdt.trash import TRASHED
from tools.reasons.fields import FieldName
from tools.reasons.played import Deed, FieldWrite


class Rule(StrEnum):
    """What decided."""

    NEVER_WRITTEN = "never-written"
    ONLY_WRITE = "only-write"
    REPLACED = "replaced"
    LATER_STAMP = "later-stamp"
    SAME_STAMP = "same-stamp"
    EQUAL_VALUES = "equal-values"
    HIGHEST_STAMP = "highest-stamp"
    PASSED_OVER = "passed-over"
    NOTHING_READABLE = "nothing-readable"
    TAKEN_BACK = "taken-back"
    ADD_WINS = "add-wins"
    ADDED_AGAIN = "added-again"
    ADDED_BY_ANOTHER = "added-by-another"
    REMOVED = "removed"
    CONTESTED = "contested"
    PURGED = "purged"
    UNKNOWN_FIELD = "unknown-field"


SENTENCES: dict[Rule, str] = {
    Rule.NEVER_WRITTEN: "Nobody wrote it, so nothing competes.",
    Rule.ONLY_WRITE: "There is one write, so nothing competes.",
    Rule.REPLACED: "Causality decides first: who writes a field replaces the values that it had seen there.",
    Rule.LATER_STAMP: "The later stamp wins among concurrent values; the others stay as open conflicts until somebody decides.",
    Rule.SAME_STAMP: "Among concurrent values with equal stamps the greater client id wins, so that all devices choose the same.",
    Rule.EQUAL_VALUES: "Equal values are no conflict.",
    Rule.HIGHEST_STAMP: "Never a conflict: the highest stamp counts.",
    Rule.PASSED_OVER: "A value that isn't of the field's type is passed over, in the same way on every device.",
    Rule.NOTHING_READABLE: "All that stands there isn't of the field's type, and is passed over in the same way on every device.",
    Rule.TAKEN_BACK: "Whoever takes back what it wrote where nothing stood before leaves nothing there.",
    Rule.ADD_WINS: "Add wins over a concurrent remove: a removal takes away only what it had seen.",
    Rule.ADDED_AGAIN: "It was added again by somebody who had seen that it was removed.",
    Rule.ADDED_BY_ANOTHER: "Who takes back what it added leaves what others added.",
    Rule.REMOVED: "A removal takes away what it had seen, and it had seen all that was added.",
    Rule.CONTESTED: "Something stands in it that who trashed it hadn't seen: contested, so it is shown and never purged until somebody decides.",
    Rule.PURGED: "Purge wins: a purged record takes no writes any more, whoever made them whenever.",
    Rule.UNKNOWN_FIELD: "This version doesn't know the field: a newer one wrote it. It is kept, and not read.",
}


class Fate(StrEnum):
    """What became of one write."""

    WINNER = "winner"
    CONFLICT = "conflict"
    EQUAL = "equal"
    OUTRANKED = "outranked"
    ALTERNATIVE = "alternative"
    IGNORED = "ignored"
    REPLACED = "replaced"
    REMOVED = "removed"
    OVERRULED = "overruled"
    SUPERSEDED = "superseded"
    CONTESTS = "contests"
    PURGED = "purged"
    VOID = "void"
    WAITING = "waiting"
    BEYOND = "beyond"
    UNKNOWN = "unknown"


LOST = frozenset(
    {Fate.CONFLICT, Fate.OUTRANKED, Fate.IGNORED, Fate.REPLACED, Fate.REMOVED, Fate.OVERRULED, Fate.PURGED, Fate.BEYOND, Fate.VOID}
)
"""Fates of writes whose value isn't what is read."""

IsBefore = Callable[[int, int], bool]
"""Whether the author of the second write, by their numbers, had seen the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``winner`` is the number of the write that is read, or that took away or purged what stood there; ``None`` where nothing did."""

    rule: Rule
    winner: int | None
    fates: dict[int, Fate]


def decide(name: FieldName, writes: Sequence[FieldWrite], is_before: IsBefore, *, is_purged: bool) -> Verdict:
    """What decided, and what became of each write."""
    fates = {write.number: fate for write in writes if (fate := _without_effect(write)) is not None}
    counting = [write for write in writes if write.number not in fates]
    if is_purged:
        return _purged(counting, fates)
    fates |= {write.number: Fate.CONTESTS for write in counting if write.deed is Deed.CONTEST}
    fates |= {write.number: Fate.REPLACED for write in counting if write.deed is Deed.SET and not write.is_live}
    standing = sorted((write for write in counting if write.is_live), key=_rank, reverse=True)
    if name.spec is None:
        fates |= {write.number: Fate.UNKNOWN for write in standing}
        return Verdict(rule=Rule.UNKNOWN_FIELD, winner=None, fates=fates)
    readable = [write for write in standing if _is_readable(name.spec, write)]
    fates |= {write.number: Fate.IGNORED for write in standing if write not in readable}
    if name.family is Family.SET:
        return _of_set(counting, standing, readable, fates, is_before)
    removals = [write for write in counting if write.deed is Deed.REMOVE]
    fates |= {write.number: Fate.SUPERSEDED for write in removals}
    if not readable:
        return _of_nothing(standing, counting, removals, fates)
    return _of_values(name, readable, fates)


def _without_effect(write: FieldWrite) -> Fate | None:
    if write.void:
        return Fate.VOID
    if write.waiting:
        return Fate.BEYOND if write.is_beyond else Fate.WAITING
    return None


def _purged(counting: Sequence[FieldWrite], fates: dict[int, Fate]) -> Verdict:
    purge = next((write for write in counting if write.deed is Deed.PURGE), None)
    fates |= {write.number: Fate.EQUAL if write.deed is Deed.PURGE else Fate.PURGED for write in counting}
    if purge is not None:
        fates[purge.number] = Fate.WINNER
    return Verdict(rule=Rule.PURGED, winner=None if purge is None else purge.number, fates=fates)


def _of_values(name: FieldName, readable: Sequence[FieldWrite], fates: dict[int, Fate]) -> Verdict:
    """Of a register or a derived field."""
    winner, *others = readable
    fates[winner.number] = Fate.WINNER
    conflicts = isinstance(name.spec, Register) and name.spec.conflicts
    for write in others:
        fates[write.number] = _beside(name, winner, write) if conflicts else Fate.OUTRANKED
    return Verdict(rule=_rule_of_values(name, winner, others, fates, conflicts=conflicts), winner=winner.number, fates=fates)


def _beside(name: FieldName, winner: FieldWrite, other: FieldWrite) -> Fate:
    assert isinstance(name.spec, Register), "only these have conflicts"
    return Fate.EQUAL if name.spec.meaning(other.value) == name.spec.meaning(winner.value) else Fate.CONFLICT


def _rule_of_values(name: FieldName, winner: FieldWrite, others: Sequence[FieldWrite], fates: dict[int, Fate], *, conflicts: bool) -> Rule:
    rivals = [write for write in others if fates[write.number] is Fate.CONFLICT]
    if name.stem.endswith(f"/{TRASHED.name}") and winner.value is not None and (rivals or Fate.CONTESTS in fates.values()):
        return Rule.CONTESTED
    if rivals:
        return Rule.SAME_STAMP if rivals[0].stamp == winner.stamp else Rule.LATER_STAMP
    if others:
        return Rule.EQUAL_VALUES if conflicts else Rule.HIGHEST_STAMP
    if winner.replaced:
        return Rule.REPLACED
    return Rule.PASSED_OVER if Fate.IGNORED in fates.values() else Rule.ONLY_WRITE


def _of_nothing(
    standing: Sequence[FieldWrite], counting: Sequence[FieldWrite], removals: Sequence[FieldWrite], fates: dict[int, Fate]
) -> Verdict:
    """No value that can be read stands there."""
    if standing:
        return Verdict(rule=Rule.NOTHING_READABLE, winner=None, fates=fates)
    if not counting:
        return Verdict(rule=Rule.NEVER_WRITTEN, winner=None, fates=fates)
    fates |= {write.number: Fate.REMOVED for write in counting if fates[write.number] is Fate.REPLACED}
    if not removals:
        return Verdict(rule=Rule.TAKEN_BACK, winner=None, fates=fates)
    fates[removals[-1].number] = Fate.WINNER
    return Verdict(rule=Rule.TAKEN_BACK, winner=removals[-1].number, fates=fates)


def _of_set(
    counting: Sequence[FieldWrite],
    standing: Sequence[FieldWrite],
    readable: Sequence[FieldWrite],
    fates: dict[int, Fate],
    is_before: IsBefore,
) -> Verdict:
    removals = [write for write in counting if write.deed is Deed.REMOVE]
    if not readable:
        fates |= {write.number: Fate.SUPERSEDED for write in removals}
        verdict = _of_nothing(standing, counting, removals, fates)
        return verdict if verdict.rule is not Rule.TAKEN_BACK else Verdict(rule=Rule.REMOVED, winner=verdict.winner, fates=verdict.fates)
    winner, *others = readable
    fates |= {write.number: Fate.EQUAL if write.value == winner.value else Fate.ALTERNATIVE for write in others}
    fates[winner.number] = Fate.WINNER
    rules = set()
    for removal in removals:
        fates[removal.number], rule = _of_removal(removal, readable, is_before)
        rules.add(rule)
    for rule in (Rule.ADD_WINS, Rule.ADDED_BY_ANOTHER, Rule.ADDED_AGAIN):
        if rule in rules:
            return Verdict(rule=rule, winner=winner.number, fates=fates)
    rule = Rule.EQUAL_VALUES if others else Rule.REPLACED if winner.replaced else Rule.ONLY_WRITE
    return Verdict(rule=rule, winner=winner.number, fates=fates)


def _of_removal(removal: FieldWrite, adds: Sequence[FieldWrite], is_before: IsBefore) -> tuple[Fate, Rule]:
    """A removal of an element that is there nevertheless."""
    if any(is_before(add.number, removal.number) for add in adds):
        return Fate.OVERRULED, Rule.ADDED_BY_ANOTHER
    if all(is_before(removal.number, add.number) for add in adds):
        return Fate.SUPERSEDED, Rule.ADDED_AGAIN
    return Fate.OVERRULED, Rule.ADD_WINS


def _is_readable(spec: Register[object] | ElementSet[object, object] | Derived[object], write: FieldWrite) -> bool:
    try:
        spec.parse(write.value)
    except WrongTypeError:
        return False
    return True


def _rank(write: FieldWrite) -> tuple[bytes, str]:
    return write.rank
