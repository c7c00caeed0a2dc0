"""What this device keeps: setting the policy, and bringing the queue of downloads in line with it.

The policy lives in the device's own record, so the other devices know it, and another one may have set it. Whoever finds that the queue was made under
another policy makes it anew: one pass over the assets, newest first, in pages. What was asked for by a person stays queued under every policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from crdt.asset import view_asset
from crdt.facts import Policy
from crdt.record import read
from crdt.values import MAX_WHOLE_NUMBER
from peer.errors import UsageError
from peer.library.authoring import Edit
from peer.library.library import Library
from peer.library.own_policy import EVERYTHING
from peer.library.queues import Download, Priority
from peer.library.wishes import Wishes, files_of_record, room
from store.encoding import encode
from store.ids import FileHash, RecordId, RecordKind

PAGE = 500
_MADE_UNDER = "policy"
"""In ``Meta``: the policy that the queue was made under; empty while it is being made anew."""

_SIZE = re.compile(r"(\d{1,16}(?:\.\d{1,6})?)\s*([kmgtp]?)(i?)b?", re.IGNORECASE | re.ASCII)
_POWERS = " kmgtp"


def parse_size(text: str) -> int:
    """Bytes, from ``50GB`` (powers of 1000), ``50GiB`` (of 1024) or plain digits. ``UsageError``."""
    found = _SIZE.fullmatch(text.strip())
    if found is None or (found[3] and not found[2]):
        raise UsageError(f"{text!r} is no size.", hint="Sizes are like 500MB, 50GB or 1.5TB; GiB and so on count in powers of 1024.")
    size = int(float(found[1]) * (1024 if found[3] else 1000) ** _POWERS.index(found[2].lower() or " "))
    if size > MAX_WHOLE_NUMBER:
        raise UsageError(f"{text!r} is more than any disk has.", hint="Sizes are like 500MB, 50GB or 1.5TB.")
    return size


def set_policy(library: Library, policy: Policy) -> None:
    """Keep this from now on, and tell the other devices."""
    if library.policy() != policy:
        record = RecordId.make(RecordKind.DEVICE, library.device)
        library.change([Edit(record, lambda draft, stamp: draft.set("policy", policy.value()))])
    follow_policy(library)


def follow_policy(library: Library) -> bool:
    """Make the queue of downloads what it has to be under the policy. True: it was made under another one. Killed in between, it is made again."""
    policy, before = library.policy(), library.meta.get(_MADE_UNDER)
    now = encode(policy.value())
    if before == now or (before is None and policy == EVERYTHING):
        return False
    with library.database.write():
        library.meta.put(_MADE_UNDER, b"")
        _drop_unwanted(library, policy)
    wishes = Wishes(library.database, library.downloads, library.policy)
    lacks_pictures = before in (b"", encode(Policy(keep="thumbnails").value())) and policy.keep != "thumbnails"
    for page in chain(_pictures(library) if lacks_pictures else (), _originals(library, policy)):
        wishes.add(page)
    with library.database.write():
        if library.policy() == policy:
            library.meta.put(_MADE_UNDER, now)
    return True


def _drop_unwanted(library: Library, policy: Policy) -> None:
    """Take out of the queue what is wanted by a policy that holds no longer, and forget what was given up if all is to come back."""
    with library.database.write() as connection:
        if policy.keep == "everything":
            connection.execute("DELETE FROM evicted WHERE path IS NULL")
            return
        least = Priority.ORIGINAL if policy.keep == "optimize" else Priority.PREVIEW
        pinned = (
            "record IN (SELECT record FROM pinned UNION SELECT part.record FROM asset AS part JOIN pinned ON part.folded = pinned.record)"
        )
        rows = connection.execute(f"SELECT file FROM download WHERE priority >= ? AND NOT asked AND NOT {pinned}", (int(least),)).fetchall()  # noqa: S608
        library.downloads.done(FileHash(row[0]) for row in rows)


def _originals(library: Library, policy: Policy) -> Iterator[list[Download]]:
    """The originals of all assets, the newest first; only as long as there is room for any."""
    after: tuple[str, bytes] = ("\U0010ffff", b"")
    while policy.keep != "thumbnails":
        with library.database.read() as connection:
            if policy.keep == "optimize" and room(connection, policy) <= 0:
                return
            assets = connection.execute(
                "SELECT moment, record FROM asset WHERE (moment, record) < (?, ?) ORDER BY moment DESC, record DESC LIMIT ?", (*after, PAGE)
            ).fetchall()
            files = [
                Download(file=FileHash(file), record=RecordId(record), size=size, priority=Priority.ORIGINAL)
                for _, record in assets
                for file, size in connection.execute(
                    "SELECT file, size FROM asset_file WHERE record = ? AND size IS NOT NULL ORDER BY role <> 'primary', role, file",
                    (record,),
                ).fetchall()
            ]
        yield files
        if len(assets) < PAGE:
            return
        after = assets[-1][0], bytes(assets[-1][1])


def _pictures(library: Library) -> Iterator[list[Download]]:
    """Thumbnails and previews of all assets, which only the records name."""
    page: list[Download] = []
    for record, state in library.records.all(RecordKind.ASSET):
        page += (each for each in files_of_record(record, view_asset(read(state))) if each.priority is not Priority.ORIGINAL)
        if len(page) >= PAGE:
            yield page
            page = []
    yield page
