"""Making the listings of a library anew that an older version of the program wrote: it knew less of what records say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.record import Content, read
from store.ids import RecordId

if TYPE_CHECKING:
    from peer.library.library import Library

PROJECTED = "projected"
"""In ``Meta``: the version of the listings."""

VERSION = 4
PAGE = 500


def bring_up_to_date(library: Library) -> None:
    """Once after the program was updated, in many transactions; killed, it begins again."""
    if library.meta.get_int(PROJECTED) >= VERSION or library.is_loading:
        return
    page: dict[RecordId, Content] = {}
    for record, state in library.records.all():
        page[record] = read(state)
        if len(page) >= PAGE:
            library.projection.update(page, set())
            page = {}
    library.projection.update(page, set())
    library.meta.put_int(PROJECTED, VERSION)
