"""What ``calotype edit`` understands: parameters by name, as text. Pure but for the vocabulary of changes that it makes.

All parameters of one command are one change of the record, and what has its value already isn't written again. ``rotate`` turns by so much more; all
others are set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from crdt.asset import revert_edits
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.fields import read_register
from crdt.schema import EDIT, EDITS
from crdt.values import Value, canonical
from peer.errors import UsageError
from peer.library.authoring import Edit
from peer.rendering.filters import FILTERS
from peer.rendering.parameters import SLIDERS
from peer.rendering.reading import MAX_NAME_CHARACTERS
from store.ids import RecordId

NOTHING = "none"
"""The word that takes a parameter away."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_SWITCHES: Final = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
_FULL_TURN = 360
_SHOWN_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class _Form:
    """How a parameter is written."""

    parse: Callable[[str], Value]
    expects: str
    example: str


def parse_edits(texts: Mapping[str, str]) -> dict[str, Value]:
    """The values of parameters that were given as text, null for those that are to be taken away; ``rotate`` is by how much to turn.

    ``UsageError`` with a hint for the first that is wrong, and when there is none at all.
    """
    if not texts:
        raise UsageError(
            "Nothing was given to edit.", hint="For example: calotype edit 3f2a --exposure 20; `calotype edit --help` lists all."
        )
    return {name: _parse(name, text) for name, text in texts.items()}


def edit_photo(asset: RecordId, changes: Mapping[str, Value]) -> Edit:
    """``changes`` as ``parse_edits`` gives them, as one change; nothing is written that is so already."""

    def change(draft: Draft, stamp: Stamp) -> None:
        for name, value in changes.items():
            _set(draft, name, _turned(draft, value) if name == "rotate" else value)

    return Edit(asset, change)


def revert_photo(asset: RecordId) -> Edit:
    """All parameters away: the picture is as imported."""
    return Edit(asset, lambda draft, stamp: revert_edits(draft))


def _set(draft: Draft, name: str, value: Value) -> None:
    reading = read_register(draft.fields, EDITS[name])
    is_settled = reading is None or reading.conflict is None
    if not is_settled or (None if reading is None else reading.cell.value) != value:
        draft.set(EDIT.name + name, value)


def _turned(draft: Draft, by: Value) -> Value:
    """The quarter turns that a picture has, and ``by`` more."""
    if by is None:
        return None
    reading = read_register(draft.fields, EDITS["rotate"])
    before = 0 if reading is None or reading.value is None else int(reading.value)
    assert isinstance(by, int)
    return (before + by) % _FULL_TURN or None


def _parse(name: str, text: str) -> Value:
    form = _FORMS.get(name)
    if form is None:
        raise UsageError(
            f"There is no parameter {name[:_SHOWN_CHARACTERS]!r}. Nothing was changed.", hint=f"Known are {', '.join(_FORMS)}."
        )
    if text.strip().lower() == NOTHING:
        return None
    try:
        value = canonical(form.parse(text.strip()))
        if name != "rotate":
            EDITS[name].parse(value)
    except ValueError as error:
        shown = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
        raise UsageError(
            f"--{name} {shown} isn't understood. Nothing was changed.",
            hint=f"It takes {form.expects}, or `none`. For example: {form.example}",
        ) from error
    return value


def _number(text: str) -> float:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError("no number")
    return float(text)


def _slider(text: str) -> Value:
    """0 is as good as none, and is what a person means who puts a slider back."""
    return _number(text) or None


def _crop(text: str) -> Value:
    x, y, width, height = (_number(part.strip()) for part in text.split(","))
    if x + width > 1 + 1e-9 or y + height > 1 + 1e-9:
        raise ValueError("the crop reaches beyond the picture")
    return None if (x, y, width, height) == (0, 0, 1, 1) else [x, y, width, height]


def _rotate(text: str) -> Value:
    degrees = _number(text)
    if degrees % 90:
        raise ValueError("no quarter turns")
    return int(degrees) % _FULL_TURN


def _flip(text: str) -> Value:
    return "hv" if text.lower() == "vh" else text.lower()


def _switch(text: str) -> Value:
    if text.lower() not in _SWITCHES:
        raise ValueError("neither yes nor no")
    return _SWITCHES[text.lower()] or None


def _filter(text: str) -> Value:
    """Also one that this version doesn't know: another may, and it is skipped until then."""
    if not text or len(text) > MAX_NAME_CHARACTERS or not text.isprintable():
        raise ValueError("no name")
    return text.lower()


_FORMS: Final[Mapping[str, _Form]] = {
    "crop": _Form(_crop, "left, top, width and height in fractions of the original", "--crop 0.1,0.1,0.8,0.8"),
    "rotate": _Form(_rotate, "quarter turns in degrees, clockwise", "--rotate 90"),
    "flip": _Form(_flip, "h, v or hv", "--flip h"),
    "straighten": _Form(_slider, "-45 to 45 degrees, clockwise", "--straighten -1.5"),
    **{name: _Form(_slider, "a number from -100 to 100", f"--{name} 20") for name in SLIDERS},
    "monochrome": _Form(_switch, "yes or no", "--monochrome yes"),
    "filter": _Form(_filter, f"a name: {', '.join(FILTERS)}", "--filter noir"),
}
