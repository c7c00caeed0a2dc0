"""What a library needs before an engine works on it, in this order: whatever an earlier process was in the middle of is finished."""

from __future__ import annotations

from peer.library.giving_up import finish_giving_up
from peer.library.library import Library
from peer.library.placing import clear_leftovers, finish_placing


def make_ready(library: Library) -> None:
    """Finish or clear what a crash left, look again at what could not be applied, and begin another log if this is a copy. ``NoSpaceError``."""
    finish_placing(library)
    finish_giving_up(library)
    clear_leftovers(library)
    library.retry_waiting()
    library.go_on_after_copy()
