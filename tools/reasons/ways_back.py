"""The command that brings a value back that isn't read. Pure.

A command is only given when it does exactly that: what it says is read by the parser that `calotype` reads it with, and compared with the value. Where no
command does, there is none.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crdt.keys import Family
from crdt.schema import EDIT, EDITS
from crdt.trash import TRASHED
from crdt.values import Value
from peer.errors import UsageError
from peer.library.assignments import FIELDS, AddKeyword, RemoveKeyword, SetField, parse_assignments
from peer.library.editing import parse_edits
from store.ids import FileHash, RecordKind
from tools.reasons.fields import FieldName
from tools.reasons.played import Deed, FieldWrite
from tools.reasons.rules import Fate

LONGEST = 400
"""Characters of a command that is given to be copied."""
_FULL_TURN = 360


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What commands name.

    ``id``: of the record, as short as it may be; ``sides``: how many of the values in conflict each device wrote, by what it is called in a command;
    ``current``: the value that is read; ``files``: those that can be restored as versions; ``is_folded``: it is shown as part of another photo, to which
    commands for photos turn instead.
    """

    kind: RecordKind
    id: str
    name: FieldName
    current: Value
    sides: Mapping[str, int]
    files: frozenset[FileHash] = frozenset()
    is_folded: bool = False


def way_back(subject: Subject, write: FieldWrite, fate: Fate, device: str) -> str | None:
    """What makes the value of this write the one that is read, or does again what it did; ``None`` where no command does."""
    command = _settling(subject, write, device) if fate is Fate.CONFLICT else _doing_again(subject, write, fate)
    if command is None or len(command) > LONGEST or not command.isprintable():
        return None
    return command


def keeping(subject: Subject) -> str:
    """What settles an open conflict as it is shown now."""
    return f"calotype resolve {subject.id} {subject.name.name} --winner"


def _settling(subject: Subject, write: FieldWrite, device: str) -> str | None:
    if subject.name.name == TRASHED.name:
        wanted = "restored" if write.value is None else "trashed"
        return f"calotype resolve {subject.id} {TRASHED.name} --value {wanted}"
    if subject.sides.get(device) != 1:
        return _doing_again(subject, write, Fate.REPLACED)
    return f"calotype resolve {subject.id} {subject.name.name} --device {shlex.quote(device)}"


def _doing_again(subject: Subject, write: FieldWrite, fate: Fate) -> str | None:
    if fate in (Fate.VOID, Fate.WAITING, Fate.IGNORED, Fate.PURGED):
        return None
    make = _MAKERS.get(subject.kind)
    return None if make is None else make(subject, write)


def _of_asset(subject: Subject, write: FieldWrite) -> str | None:
    name = subject.name
    if name.family is Family.DERIVED or (subject.is_folded and name.name != TRASHED.name):
        return None
    if name.family is Family.SET:
        return _of_set(subject, write)
    if write.deed is not Deed.SET:
        return None
    if name.name == TRASHED.name:
        return f"calotype {'restore-photo' if write.value is None else 'trash'} {subject.id}"
    if name.name in FIELDS:
        return _set(subject, name.name, write.value)
    if name.name.startswith(EDIT.name):
        return _edit(subject, name.part, write.value)
    if name.name == "primary" and isinstance(write.value, bytes) and write.value in subject.files:
        return f"calotype restore-version {subject.id} {write.value.hex()[:12]}"
    return None


def _of_set(subject: Subject, write: FieldWrite) -> str | None:
    name, element = subject.name, subject.name.element or ""
    is_add = write.deed is Deed.SET
    if name.name == "keyword":
        text = f"keyword{'+=' if is_add else '-='}{element}"
        expected = AddKeyword(word=element) if is_add else RemoveKeyword(word=element)
        return f"calotype set {subject.id} {shlex.quote(text)}" if _parses(lambda: parse_assignments([text]) == (expected,)) else None
    if name.name == "album":
        return f"calotype album {'add' if is_add else 'remove'} {name.spoken_element} {subject.id}"
    return None


def _set(subject: Subject, field: str, value: Value) -> str | None:
    text = f"{field}={_as_argument(value)}"
    if not _parses(lambda: parse_assignments([text]) == (SetField(field=field, value=value),)):
        return None
    return f"calotype set {subject.id} {shlex.quote(text)}"


def _edit(subject: Subject, parameter: str, value: Value) -> str | None:
    if parameter not in EDITS:
        return None
    if parameter == "rotate" and value is not None:
        turned = (_turns(value) - _turns(subject.current)) % _FULL_TURN
        return f"calotype edit {subject.id} --rotate {turned}" if turned else None
    text = ",".join(map(_as_argument, value)) if isinstance(value, list) else _as_argument(value)
    if not _parses(lambda: parse_edits({parameter: text}) == {parameter: value}):
        return None
    return f"calotype edit {subject.id} --{parameter} {shlex.quote(text)}"


def _turns(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _of_album(subject: Subject, write: FieldWrite) -> str | None:
    match subject.name.name, write.value:
        case TRASHED.name, None:
            return f"calotype album restore {subject.id}"
        case TRASHED.name, _:
            return f"calotype album delete {subject.id}"
        case "title", str() as title if title == title.strip() and title:
            return f"calotype album rename {subject.id} {shlex.quote(title)}"
        case "cover", bytes() as photo:
            return f"calotype album cover {subject.id} {photo[1:].hex()}"
        case "cover", None:
            return f"calotype album cover {subject.id} --none"
        case _:
            return None


def _of_device(subject: Subject, write: FieldWrite) -> str | None:
    if subject.name.name == "name" and isinstance(write.value, str) and write.value.strip():
        return f"calotype devices rename {subject.id} {shlex.quote(write.value)}"
    return None


def _as_argument(value: Value) -> str:
    """A value as people type it."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case dict() if set(value) == {"t"}:
            return str(value["t"])
        case list():
            return ",".join(map(_as_argument, value))
        case _:
            return str(value)


def _parses(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (UsageError, ValueError):
        return False


_MAKERS: Mapping[RecordKind, Callable[[Subject, FieldWrite], str | None]] = {
    RecordKind.ASSET: _of_asset,
    RecordKind.ALBUM: _of_album,
    RecordKind.DEVICE: _of_device,
}
