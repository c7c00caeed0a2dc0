"""What a device may do in its library: a member writes; one that was removed, or was never let in, reads what it has."""

from __future__ import annotations

from peer.errors import NotAllowedError
from store.ids import DeviceId
from store.roster import Roster

REMOVED = (
    "This device was removed from the library. Everything that it has stays here and readable; it gets nothing new, and nothing that is changed "
    "on it reaches the other devices, so changes are refused."
)
NO_MEMBER = "This device isn't a member of the library yet, or not any more: what it has stays readable, and changes are refused."
_JOIN_AGAIN = (
    "To use it in the library again, invite it as a new device: `calotype invite` on a member, `calotype join` into another folder here."
)
_SYNC = "Sync with a device that is a member, then try again."


class NotMemberHereError(NotAllowedError):
    """This device may not write into the library. Nothing was changed."""


def why_not_member(roster: Roster, device: DeviceId) -> str:
    """A sentence; empty for a member."""
    if roster.is_member(device):
        return ""
    return REMOVED if device in roster.former else NO_MEMBER


def require_membership(roster: Roster, device: DeviceId) -> None:
    """``NotMemberHereError`` unless ``device`` may write."""
    reason = why_not_member(roster, device)
    if reason:
        raise NotMemberHereError(f"{reason} Nothing was changed.", hint=_JOIN_AGAIN if device in roster.former else _SYNC)
