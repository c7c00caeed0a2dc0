"""What happens next with what is held back, and what a person can do. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tools.looking.documents import Document, short_device
from tools.looking.held_back import CauseKind
from tools.looking.spelling import spell_list

_LOST = "No node is known to have it. If every device that had it is lost, what builds on it stays held back; all else goes on without it."


def advice_on(kind: CauseKind, *, holders: Sequence[Document], is_given: bool, is_relay: bool) -> tuple[str, str]:
    """(What will happen, what a person can do.) ``is_given``: this device was given a package that doesn't open."""
    names = [short_device(holder) for holder in holders if holder["is_member"] and holder["device_name"] != "master key"]
    match kind:
        case CauseKind.ENTRY if is_relay:
            return "The next device that syncs and has it brings it.", _let_them_sync(names) or _LOST
        case CauseKind.ENTRY:
            return "It comes with the next sync with a node that has it, and what waits for it goes on by itself.", _let_them_sync(
                names
            ) or _LOST
        case CauseKind.KEY if is_given:
            return (
                "Nothing by itself: this device was given the key, but what it was given doesn't open.",
                "Remove this device and let it join again as a new one: `calotype devices remove`, `calotype invite`. Nothing is lost.",
            )
        case CauseKind.KEY:
            return (
                "A member that has the key gives it to this device as soon as it sees that it lacks it.",
                _let_them_sync(names)
                or "No member is known to have the key. The recovery phrase may open it: `calotype restore` in a new folder.",
            )
        case CauseKind.REMOVED:
            return (
                "Nothing, unless a member that had applied it, or built on it, syncs: then it counts.",
                "If it should count, make the change again on a member; `calotype-inspect entry` shows what it says.",
            )
        case CauseKind.ENGINE:
            return (
                "It is tried again whenever something else was applied, and when the peer starts.",
                "If it stays: `calotype verify --deep`, then `calotype-inspect bundle --anonymize` for a report of the fault.",
            )
        case CauseKind.VERSION:
            return "It is applied when the program on this device is new enough.", "Update Calotype on this device."
        case CauseKind.AGAIN:
            return "It is looked at again when the peer starts.", "Start it: `calotype run`, or `calotype sync`."
        case CauseKind.CIRCLE:
            return (
                "Nothing by itself: these entries wait for each other, which only rows of a damaged database do.",
                "`calotype verify --deep` finds what is damaged; joining again as a new device puts it right. The entries themselves are whole.",
            )


def _let_them_sync(names: Sequence[str]) -> str:
    return f"Let {spell_list(list(names))} sync: `calotype sync` there, then here." if names else ""
