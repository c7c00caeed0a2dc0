"""The answer in one sentence, and a clause for each write. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crdt.keys import Family
from crdt.trash import TRASHED
from peer.library.shown import shown
from store.ids import RecordKind
from tools.looking.documents import SHORT_VALUE, short_value
from tools.looking.spelling import spell_list, spell_span
from tools.reasons.fallbacks import Shown, Source
from tools.reasons.fields import FieldName
from tools.reasons.played import Deed, FieldWrite
from tools.reasons.rules import Fate, Rule, Verdict

_SHORT_BYTES = 8
_SOURCES = {Source.SIDECAR: "the sidecar says so", Source.FILE: "the file itself says so", Source.PART: "a part of the photo says so"}
_KINDS = {RecordKind.ASSET: "The photo", RecordKind.ALBUM: "The album", RecordKind.DEVICE: "The device", RecordKind.LIBRARY: "The library"}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What sentences are made of. ``who``: a device's name by the number of a write."""

    kind: RecordKind
    name: FieldName
    writes: Sequence[FieldWrite]
    verdict: Verdict
    shown: Shown | None
    who: Callable[[int], str]

    def of(self, number: int) -> FieldWrite:
        return next(write for write in self.writes if write.number == number)

    def with_fate(self, *fates: Fate) -> list[FieldWrite]:
        return [write for write in self.writes if self.verdict.fates[write.number] in fates]

    def names(self, writes: Sequence[FieldWrite]) -> str:
        return spell_list(list(dict.fromkeys(self.who(write.number) for write in writes)))


def spoken(name: FieldName, write: FieldWrite) -> str:
    """What a write says, in a line of bounded length."""
    if write.deed is Deed.PURGE:
        return "purged for good"
    if write.deed is Deed.CONTEST:
        return f"changed {spell_list([_short(field) for field in write.changed])}"
    if write.deed is Deed.REMOVE:
        return "removed" if name.family is Family.SET else "taken back"
    if name.name == TRASHED.name:
        return "restored" if write.value is None else "into the trash"
    if name.family is Family.SET and write.value is None:
        return "added"
    return quoted(name, write.value)


def quoted(name: FieldName, value: object) -> str:
    """A value of the field: text in quotes, bytes in hexadecimal, all else as in JSON."""
    if isinstance(value, str):
        return f"“{value if len(value) <= SHORT_VALUE else value[: SHORT_VALUE - 1] + '…'}”"
    if value is None:
        return "none"
    if isinstance(value, bytes):
        return value.hex() if len(value) <= _SHORT_BYTES else f"{value[:_SHORT_BYTES].hex()}…"
    return short_value(shown(name.name, value))  # type: ignore[arg-type]


def answer(said: Said) -> str:
    """Why the field reads as it does."""
    if said.verdict.rule is Rule.PURGED:
        return f"{_KINDS[said.kind]} was deleted for good{_by(said, ' because {} purged it')}, so {said.name.label} is gone with it."
    if said.name.family is Family.SET:
        return _of_element(said)
    if said.name.name == TRASHED.name:
        return _of_trash(said)
    return _of_value(said)


def _by(said: Said, text: str) -> str:
    winner = said.verdict.winner
    return "" if winner is None else text.format(said.who(winner))


def _of_value(said: Said) -> str:
    label, rule, winner = said.name.label, said.verdict.rule, said.verdict.winner
    if said.shown is not None and said.shown.source is not Source.WRITTEN:
        return _fallen_back(said, said.shown)
    match rule:
        case Rule.NEVER_WRITTEN:
            return f"{label} is empty because nobody wrote it."
        case Rule.UNKNOWN_FIELD:
            return f"{label} isn't read because this version doesn't know it; {said.names(said.with_fate(Fate.UNKNOWN)) or 'somebody'} wrote it."
        case Rule.NOTHING_READABLE:
            return f"{label} is empty because what {said.names(said.with_fate(Fate.IGNORED))} wrote isn't of its type."
        case Rule.TAKEN_BACK:
            return f"{label} is empty because {_by(said, '{}') or 'somebody'} took back what was written."
    assert winner is not None, "all other rules have one"
    return f"{label} is {spoken(said.name, said.of(winner))} because {_because(said, said.of(winner))}."


def _because(said: Said, winner: FieldWrite) -> str:
    name, rule, who = said.name, said.verdict.rule, said.who(winner.number)
    match rule:
        case Rule.LATER_STAMP | Rule.SAME_STAMP:
            rivals = said.with_fate(Fate.CONFLICT)
            beside = spell_list([f"{said.who(rival.number)}'s {spoken(name, rival)}" for rival in reversed(rivals)])
            if rule is Rule.SAME_STAMP:
                return f"{who} wrote it without having seen {beside}, and of equal stamps the greater client id wins"
            apart = winner.stamp.millis - max(rival.stamp.millis for rival in rivals)
            by = f"by {spell_span(apart)}" if apart >= 1000 else f"by {apart} ms" if apart else "by its counter"
            return f"{who} wrote it without having seen {beside}, and the later stamp wins ({by})"
        case Rule.EQUAL_VALUES:
            return f"{said.names([winner, *said.with_fate(Fate.EQUAL)])} wrote the same: equal values are no conflict"
        case Rule.HIGHEST_STAMP:
            others = said.with_fate(Fate.OUTRANKED)
            beside = spell_list([f"{said.who(other.number)}'s {spoken(name, other)}" for other in reversed(others)])
            return f"{who} wrote it with a higher stamp than {beside}: never a conflict"
        case Rule.PASSED_OVER:
            return f"{who} wrote it; what {said.names(said.with_fate(Fate.IGNORED))} wrote beside it isn't of the field's type and is passed over"
        case Rule.REPLACED:
            before = [said.of(number) for number in winner.replaced]
            seen = spell_list([f"{_whose(said, winner, write)} {spoken(name, write)}" for write in before])
            return f"{who} wrote it after seeing {seen}"
        case _:
            return f"{who} wrote it, and nothing else stands there"


def _whose(said: Said, winner: FieldWrite, write: FieldWrite) -> str:
    return "its own" if said.who(write.number) == said.who(winner.number) else f"{said.who(write.number)}'s"


def _fallen_back(said: Said, shown_value: Shown) -> str:
    label = said.name.label
    winner = None if said.verdict.winner is None else said.of(said.verdict.winner)
    if said.verdict.rule is Rule.NEVER_WRITTEN:
        written = "nobody wrote it"
    elif winner is None or winner.deed is Deed.REMOVE:
        written = "nothing that was written stands there"
    else:
        written = f"{said.who(winner.number)} wrote {spoken(said.name, winner)}"
    if shown_value.source is Source.NOTHING:
        return f"{label} is empty because {written}, and neither a sidecar nor the file says anything."
    return f"{label} is {quoted(said.name, _plain(shown_value.value))} because {_SOURCES[shown_value.source]}, and {written}."


def _plain(value: object) -> object:
    """Places come as objects of their own."""
    return value.value() if hasattr(value, "value") else value


def _of_element(said: Said) -> str:
    name, rule, verdict = said.name, said.verdict.rule, said.verdict
    element = f"{name.name} “{_short(name.spoken_element)}”"
    if said.shown is not None and verdict.rule in (Rule.NEVER_WRITTEN, Rule.REMOVED) and said.shown.source is not Source.NOTHING:
        added = "nobody wrote it" if verdict.rule is Rule.NEVER_WRITTEN else f"{_by(said, '{}') or 'somebody'} removed what was added here"
        return f"{element} is there because {_SOURCES.get(said.shown.source, 'it stands there')}, and {added}."
    if said.shown is not None and said.shown.is_hidden:
        return f"{element} isn't there: the files say it, but a person took it away (without:{_short(name.spoken_element)})."
    match rule:
        case Rule.NEVER_WRITTEN:
            return f"{element} isn't there because nobody added it."
        case Rule.UNKNOWN_FIELD:
            return f"{element} isn't read because this version doesn't know the set {name.name}."
        case Rule.NOTHING_READABLE:
            return f"{element} isn't there because what {said.names(said.with_fate(Fate.IGNORED))} wrote isn't of its type."
        case Rule.REMOVED:
            by = _by(said, "{} removed it, having seen all that was added") or "it was removed by an entry that isn't known here any more"
            return f"{element} isn't there because {by}."
    assert verdict.winner is not None, "all other rules have one"
    who = said.who(verdict.winner)
    match rule:
        case Rule.ADD_WINS:
            removers = said.names(said.with_fate(Fate.OVERRULED))
            return f"{element} is there because {who} added it and {removers} removed it without having seen that: add wins over a concurrent remove."
        case Rule.ADDED_BY_ANOTHER:
            removers = said.names(said.with_fate(Fate.OVERRULED))
            return f"{element} is there because {who} added it, and {removers} took away only what somebody else had added."
        case Rule.ADDED_AGAIN:
            removers = said.names(said.with_fate(Fate.SUPERSEDED))
            return f"{element} is there because {who} added it again after seeing that {removers} removed it."
        case Rule.EQUAL_VALUES:
            adders = said.names([said.of(verdict.winner), *said.with_fate(Fate.EQUAL, Fate.ALTERNATIVE)])
            return f"{element} is there because {adders} added it: once is enough, and together no conflict."
        case _:
            return f"{element} is there because {who} added it, and nobody removed it."


def _of_trash(said: Said) -> str:
    subject, rule, winner = _KINDS[said.kind], said.verdict.rule, said.verdict.winner
    if winner is None or rule is Rule.TAKEN_BACK:
        return (
            f"{subject} isn't in the trash because nobody put it there."
            if winner is None
            else f"{subject} isn't in the trash: that was taken back."
        )
    who, value = said.who(winner), said.of(winner).value
    rivals = said.with_fate(Fate.CONFLICT, Fate.CONTESTS)
    against = spell_list([f"{said.who(write.number)} {_did(said.name, write)}" for write in rivals])
    if value is None:
        reason = f"{who} restored it"
        if rivals:
            return f"{subject} isn't in the trash because {reason} with the later stamp; {against} without knowing of that."
        return f"{subject} isn't in the trash because {reason} after seeing that it was trashed."
    if rule is Rule.CONTESTED:
        return f"{subject} is in the trash because {who} trashed it, contested: {against}, not seen when it was trashed."
    together = said.with_fate(Fate.EQUAL)
    if together:
        return f"{subject} is in the trash because {said.names([said.of(winner), *together])} trashed it, which is no conflict."
    return f"{subject} is in the trash because {who} trashed it, having seen all that was done to it."


def _did(name: FieldName, write: FieldWrite) -> str:
    if write.deed is Deed.CONTEST:
        return spoken(name, write)
    return "restored it" if write.value is None else "trashed it"


def _short(text: str) -> str:
    return text if len(text) <= SHORT_VALUE else text[: SHORT_VALUE - 1] + "…"


_CLAUSES = {
    Fate.CONFLICT: "loses, open conflict",
    Fate.EQUAL: "the same, no conflict",
    Fate.OUTRANKED: "outranked by a higher stamp",
    Fate.ALTERNATIVE: "stands beside it, as another way",
    Fate.IGNORED: "passed over: not of the field's type",
    Fate.SUPERSEDED: "written again since",
    Fate.CONTESTS: "contests: who trashed it hadn't seen that",
    Fate.PURGED: "gone: the record was purged",
    Fate.BEYOND: "doesn't count: a removed device wrote it beyond the end that counts",
    Fate.UNKNOWN: "kept, not read",
}


def fate_clause(said: Said, write: FieldWrite) -> str:
    """What became of one write, as the rest of a line about it."""
    fate = said.verdict.fates[write.number]
    match fate:
        case Fate.WINNER:
            return "wins" if write.deed in (Deed.SET, Deed.PURGE) else "decides"
        case Fate.REPLACED | Fate.REMOVED:
            by = " and ".join(f"#{other.number}" for other in said.writes if write.number in other.replaced)
            return f"{fate.value} by {by}" if by else f"{fate.value} by an entry that isn't known here"
        case Fate.OVERRULED:
            return "loses: it hadn't seen the add" if said.verdict.rule is Rule.ADD_WINS else "takes away only what it had added"
        case Fate.VOID:
            return f"void: {write.void}"
        case Fate.WAITING:
            return f"not applied here yet: {write.waiting}"
        case _:
            return _CLAUSES[fate]
