"""What lies on this device and what elsewhere, in numbers that add up: ``calotype policy`` and ``status``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peer.library.damage import DAMAGED
from peer.library.free_space import DiskSpace, disk_space
from peer.library.library import Library

WHEREABOUTS = ("here", "elsewhere", "nowhere")

# Each file of the assets counts once. Here: recorded as held; elsewhere: some record tells how to get it; nowhere: nothing is known but its hash, so
# that nobody knows its size either.
_SUMS = """
    SELECT CASE WHEN held.file IS NOT NULL THEN 'here' WHEN needed.size IS NOT NULL THEN 'elsewhere' ELSE 'nowhere' END AS place,
        count(*), sum(coalesce(held.size, needed.size, 0))
    FROM (SELECT file, max(size) AS size FROM asset_file GROUP BY file) AS needed LEFT JOIN held USING (file) GROUP BY place
"""


@dataclass(frozen=True, slots=True)
class Amount:
    """So many files, of so many bytes together."""

    files: int
    size: int

    def to_json(self) -> dict[str, int]:
        return {"files": self.files, "bytes": self.size}


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """``originals`` by whereabouts; they add up to all files of the assets. ``wanted``: those of them that are queued. ``given_up``: those that were here
    and are kept by others now; ``damaged``: what had rotted here and lies in the recovery folder."""

    originals: dict[str, Amount]
    wanted: Amount
    given_up: int
    pinned: int
    thumbnails: Amount
    previews: Amount
    disk: DiskSpace
    damaged: int

    @property
    def all_originals(self) -> Amount:
        amounts = self.originals.values()
        return Amount(sum(each.files for each in amounts), sum(each.size for each in amounts))

    def to_json(self) -> dict[str, Any]:
        return {
            "all": self.all_originals.to_json(),
            **{place: amount.to_json() for place, amount in self.originals.items()},
            "wanted": self.wanted.to_json(),
            "given_up": self.given_up,
            "pinned": self.pinned,
            "previews": self.previews.to_json(),
            "pictures": self.thumbnails.to_json(),
            "damaged": self.damaged,
            "disk_free": self.disk.free,
            "disk_reserve": self.disk.reserve,
            "disk_short": self.disk.lacks > 0,
        }


def storage_of(library: Library) -> Storage:
    """The sums now; one pass over the files of the assets."""
    with library.database.read() as connection:
        found = {place: Amount(files, size) for place, files, size in connection.execute(_SUMS).fetchall()}
        totals = {what: Amount(files, size) for what, files, size in connection.execute("SELECT what, files, bytes FROM total").fetchall()}
        given_up, pinned = (int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in ("evicted", "pinned"))  # noqa: S608
    return Storage(
        originals={place: found.get(place, Amount(0, 0)) for place in WHEREABOUTS},
        wanted=totals["wanted"],
        given_up=given_up,
        pinned=pinned,
        thumbnails=totals["thumbnail"],
        previews=totals["preview"],
        disk=disk_space(library.folder.root),
        damaged=len(list((library.folder.recovered / DAMAGED).glob("*"))),
    )
