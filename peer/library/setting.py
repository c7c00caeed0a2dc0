"""What ``calotype set`` does: assignments to any number of photos, as one action.

What is shown as one photo may consist of several assets, and shows rating and keywords of a part where it has none itself
(``crdt.folding.compose``). So what takes something away does it in all parts, and a keyword joins those that are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crdt.asset import view_asset
from crdt.record import EMPTY
from peer.library import edits
from peer.library.actions import Action
from peer.library.assignments import AddKeyword, Assignment, RemoveKeyword, SetField, field_of
from peer.library.authoring import Edit
from peer.library.library import Library
from peer.library.queries import Queries
from store.ids import RecordId


def set_fields(library: Library, assets: Sequence[RecordId], assignments: Sequence[Assignment]) -> None:
    """All of ``assignments`` for all of ``assets``, or nothing. The last one of a field counts."""
    queries = Queries(library.database)
    label = ", ".join(dict.fromkeys(field_of(each) for each in assignments))
    with library.database.write():
        chosen = [edit for asset in dict.fromkeys(assets) for edit in _edits(library, queries.parts(asset), assignments)]
        library.change(chosen, action=Action(label))


def _edits(library: Library, parts: Sequence[RecordId], assignments: Sequence[Assignment]) -> Iterator[Edit]:
    if len(parts) == 1:
        yield edits.set_fields(parts[0], assignments)
        return
    views = {part: view_asset(library.records.content(part) or EMPTY) for part in parts}
    with_keywords = next((part for part in parts if views[part].keywords), parts[0])
    for part in parts:
        own = [
            each
            for each in assignments
            if _concerns(each, shown=part == parts[0], keywords=part == with_keywords, rated=bool(views[part].rating))
        ]
        if own:
            yield edits.set_fields(part, own)


def _concerns(assignment: Assignment, *, shown: bool, keywords: bool, rated: bool) -> bool:
    match assignment:
        case AddKeyword():
            return keywords
        case RemoveKeyword():
            return True
        case SetField(field="rating", value=None | 0):
            return shown or rated
        case _:
            return shown
