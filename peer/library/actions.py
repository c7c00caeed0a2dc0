"""What a person does at once: one action, taken back as a whole. Pure.

Whoever writes into the library says so with ``Library.change(…, action=…)``:

- nothing: the change is an action by itself, and what it is called follows from its fields;
- ``Action(label)``: the same, with a name;
- ``Action(label, id=…)``: part of a larger one, whose entries all carry this batch id, over as many transactions as it takes;
- ``BY_PROGRAM``: nobody's action (an import, what follows from one): it can't be undone.

The id of an action is the batch id of its entries. One that fits into a single entry needs none there, and has that entry's random bytes as
its id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Action:
    """``undoes``: the id of the action that this one takes back; ``is_undo``: and that wasn't an undo itself, else it does something again."""

    label: str = ""
    id: bytes = b""
    undoes: bytes | None = None
    is_undo: bool = False
    undoable: bool = True


UNNAMED: Final = Action()
BY_PROGRAM: Final = Action(undoable=False)
