"""What a photo shows where its own field says nothing: sidecar, file, the parts that are folded into it (PROTOCOL.md sections 6.1, 6.6). Pure.

``caption``, ``rating``, ``taken``, ``location`` and keywords are read from what people wrote first, then from the sidecar, then from the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from crdt.asset import AssetView, view_asset
from crdt.facts import Exif
from crdt.fields import fields_of, read_register, read_set
from crdt.keys import Family
from crdt.record import Content
from crdt.schema import KEYWORD, SCHEMAS, WITHOUT
from store.ids import RecordId, RecordKind
from tools.reasons.fields import FieldName


class Source(StrEnum):
    """Where what is shown comes from. ``NOTHING``: nowhere, so it is empty."""

    WRITTEN = "written"
    SIDECAR = "sidecar"
    FILE = "file"
    PART = "part"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the photo shows for a field. ``part``: the record that it comes from, where it isn't its own. ``is_hidden``: a keyword of the files that the
    person took away. ``value`` in the form that ``crdt.asset`` gives."""

    value: Any
    source: Source
    part: RecordId | None = None
    is_hidden: bool = False


_MEMBERS: Mapping[str, tuple[str, Any]] = {
    "caption": ("caption", ""),
    "rating": ("rating", 0),
    "taken": ("taken", None),
    "location": ("gps", None),
}
"""Of each field that falls back: the member of what was extracted, and what is shown without any."""


def shown_for(name: FieldName, content: Content, parts: Sequence[tuple[RecordId, AssetView]]) -> Shown | None:
    """What an asset with this content shows, with the parts that are folded into it; ``None`` for fields that don't fall back."""
    if name.family is Family.REGISTER and name.name in _MEMBERS:
        return _of_register(name.name, content, parts)
    if name.family is Family.SET and name.name == KEYWORD.name and name.element is not None:
        return _of_keyword(name.element, content, parts)
    return None


def _of_register(field: str, content: Content, parts: Sequence[tuple[RecordId, AssetView]]) -> Shown:
    member, empty = _MEMBERS[field]
    view = view_asset(content)
    reading = read_register(fields_of(content), SCHEMAS[RecordKind.ASSET].register(field))
    own: Any = getattr(view, field)
    if reading is not None and (reading.value is not None or field == "location") and (own or field != "rating"):
        return Shown(value=own, source=Source.WRITTEN)
    if field == "rating" and not own:
        for record, part in parts:
            if part.rating:
                return Shown(value=part.rating, source=Source.PART, part=record)
    if reading is not None and reading.value is not None:
        return Shown(value=own, source=Source.WRITTEN)
    source = _source(view, lambda extracted: getattr(extracted, member) is not None and getattr(extracted, member) == own)
    return Shown(value=own if source is not Source.NOTHING else empty, source=source)


def _of_keyword(word: str, content: Content, parts: Sequence[tuple[RecordId, AssetView]]) -> Shown:
    view, fields = view_asset(content), fields_of(content)
    if word in view.keywords:
        is_own = word in read_set(fields, KEYWORD)
        source = Source.WRITTEN if is_own else Source.SIDECAR if view.sidecar.keywords else Source.FILE
        return Shown(value=word, source=source)
    if not view.keywords:
        giving = next(((record, part) for record, part in parts if part.keywords), None)
        if giving is not None and word in giving[1].keywords:
            return Shown(value=word, source=Source.PART, part=giving[0])
    extracted = view.sidecar.keywords or view.exif.keywords
    return Shown(value=None, source=Source.NOTHING, is_hidden=word in extracted and word in read_set(fields, WITHOUT))


def _source(view: AssetView, gives: Any) -> Source:
    extracted: Sequence[tuple[Exif, Source]] = ((view.sidecar, Source.SIDECAR), (view.exif, Source.FILE))
    return next((source for each, source in extracted if gives(each)), Source.NOTHING)
