"""What both devices do while they are apart, and what each rule then decides: the demo's promises.

Each merge has a photo of its own (``{photo}``). Its acts run in the order in which they stand here, one after the other, so "later" is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ALPHA, BETA = "alpha", "beta"
JOURNEY, PLANS = "Journey", "Plans"
EARLY_CAPTION, LATE_CAPTION = "Tram 28", "The tram up to Graça"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What one device shows after both met again."""

    photos: Mapping[str, Mapping[str, Any]]
    albums: Mapping[str, Mapping[str, Any]]
    conflicts: Sequence[Mapping[str, Any]]

    def others(self, photo: str, field: str) -> list[Any]:
        """The values that lost and are kept, in an open conflict of a field."""
        return [
            other["value"]
            for conflict in self.conflicts
            if (conflict["id"], conflict["field"]) == (photo, field)
            for other in conflict["others"]
        ]


@dataclass(frozen=True, kw_only=True)
class Act:
    """A command on one device."""

    device: str
    arguments: tuple[str, ...]

    def for_photo(self, photo: str) -> list[str]:
        return [argument.replace("{photo}", photo) for argument in self.arguments]


@dataclass(frozen=True, kw_only=True)
class Merge:
    """``before`` happens while both are in touch, ``apart`` while they aren't. ``holds`` says of what a device shows whether the rule was kept."""

    before: tuple[Act, ...] = ()
    apart: tuple[Act, ...]
    rule: str
    holds: Callable[[Shown, str], bool]

    def words(self, device: str) -> str:
        """What this device did, for the table."""
        return "; ".join(" ".join(act.for_photo("…")) for act in self.apart if act.device == device)


def _on(device: str, *arguments: str) -> Act:
    return Act(device=device, arguments=arguments)


def _both_apply(shown: Shown, photo: str) -> bool:
    row = shown.photos[photo]
    return row["favorite"] and row["rating"] == 4 and not row["conflicts"]


def _later_rating(shown: Shown, photo: str) -> bool:
    return shown.photos[photo]["rating"] == 2 and shown.others(photo, "rating") == [5]


def _later_caption(shown: Shown, photo: str) -> bool:
    return shown.photos[photo]["caption"] == LATE_CAPTION and shown.others(photo, "caption") == [EARLY_CAPTION]


def _keyword_stays(shown: Shown, photo: str) -> bool:
    row = shown.photos[photo]
    return row["keywords"] == ["sea", "summer"] and not row["conflicts"]


def _trashed_and_contested(shown: Shown, photo: str) -> bool:
    row = shown.photos[photo]
    return bool(row["trashed"]) and row["caption"] == "Keep this one" and row["contested"]


def _removed_from_album(shown: Shown, photo: str) -> bool:
    return not shown.photos[photo]["albums"]


def _album_in_trash(shown: Shown, photo: str) -> bool:
    album, row = shown.albums[PLANS], shown.photos[photo]
    return bool(album["trashed"]) and album["assets"] == 1 and album["conflicts"] == 1 and not row["trashed"]


MERGES: tuple[Merge, ...] = (
    Merge(
        apart=(_on(ALPHA, "set", "{photo}", "favorite=yes"), _on(BETA, "set", "{photo}", "rating=4")),
        rule="different things: both apply",
        holds=_both_apply,
    ),
    Merge(
        apart=(_on(ALPHA, "set", "{photo}", "rating=5"), _on(BETA, "set", "{photo}", "rating=2")),
        rule="the later rating wins; the other is kept as an open conflict",
        holds=_later_rating,
    ),
    Merge(
        apart=(_on(BETA, "set", "{photo}", f"caption={EARLY_CAPTION}"), _on(ALPHA, "set", "{photo}", f"caption={LATE_CAPTION}")),
        rule="the later caption wins; one command brings the other back",
        holds=_later_caption,
    ),
    Merge(
        before=(_on(ALPHA, "set", "{photo}", "keyword+=sea"),),
        apart=(_on(ALPHA, "set", "{photo}", "keyword-=sea", "keyword+=summer"), _on(BETA, "set", "{photo}", "keyword+=sea")),
        rule="adding wins over removing: the keyword stays",
        holds=_keyword_stays,
    ),
    Merge(
        apart=(_on(ALPHA, "trash", "{photo}"), _on(BETA, "set", "{photo}", "caption=Keep this one")),
        rule="in the trash, with the edit; contested, so it is never purged",
        holds=_trashed_and_contested,
    ),
    Merge(
        before=(_on(ALPHA, "album", "create", JOURNEY), _on(ALPHA, "album", "add", JOURNEY, "{photo}")),
        apart=(_on(ALPHA, "album", "remove", JOURNEY, "{photo}"), _on(BETA, "album", "move", JOURNEY, "{photo}", "--to", "0")),
        rule="removed: a move never brings a photo back",
        holds=_removed_from_album,
    ),
    Merge(
        before=(_on(ALPHA, "album", "create", PLANS),),
        apart=(_on(ALPHA, "album", "delete", PLANS), _on(BETA, "album", "add", PLANS, "{photo}")),
        rule="the album is in the trash, contested, with the photo in it; the photo isn't",
        holds=_album_in_trash,
    ),
)
CAPTION_MERGE = 2
"""The one whose loser is brought back."""
TRASH_MERGE = 4
"""The one whose photo is in the trash afterwards."""
