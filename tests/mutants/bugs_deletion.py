"""Bugs that delete what somebody needs, or forget to delete what nobody does."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

PURGING = "tests/unit/peer/library/test_purging.py"
COMPOSING = "tests/unit/peer/library/test_composing.py"

DELETION = (
    Mutant(
        name="one-clock-decides",
        what="a clock that jumped ahead empties the trash",
        file="peer/library/retention.py",
        before="min(_since(trashed_at, int(row[0]), library.clock.now()), _since(trashed_at, int(row[1]), library.hlc.physical()))",
        after="_since(trashed_at, int(row[0]), library.clock.now())",
        suspects=(PURGING,),
    ),
    Mutant(
        name="trashed-again-not-anew",
        what="what was taken out of the trash and put into it again goes with the first time's deadline",
        file="peer/library/trash_notes.py",
        before="SET stamp = ?2, own = ?3, disciplined = ?4 WHERE stamp <> ?2",
        after="SET stamp = ?2 WHERE stamp <> ?2",
        suspects=(PURGING,),
    ),
    Mutant(
        name="nobody-waited-for",
        what="a photo is purged although a device that may have edited it hasn't heard that it is in the trash",
        file="peer/library/retention.py",
        before="self.left <= 0 and not self.contested and not self.unseen_by",
        after="self.left <= 0 and not self.contested",
        suspects=(PURGING,),
    ),
    Mutant(
        name="contested-is-purged",
        what="a photo that somebody edited meanwhile is purged",
        file="peer/library/retention.py",
        before="self.left <= 0 and not self.contested and not self.unseen_by",
        after="self.left <= 0 and not self.unseen_by",
        suspects=(PURGING,),
    ),
    Mutant(
        name="part-not-asked",
        what="a photo goes although what is folded into it isn't in the trash",
        file="peer/library/retention.py",
        before="        return asset.trashed is None or asset.contested\n",
        after="        return asset.contested\n",
        suspects=(PURGING, COMPOSING),
    ),
    Mutant(
        name="nothing-recovered",
        what="the bytes of a photo that somebody worked on vanish with a purge that didn't know of it",
        file="peer/library/applying.py",
        before="recover=recover, now=",
        after="recover=False, now=",
        suspects=(PURGING,),
    ),
    Mutant(
        name="needed-file-taken-away",
        what="the file of a purged photo goes although another photo needs it",
        file="peer/library/taking_away.py",
        before='    if connection.execute("SELECT 1 FROM asset_file WHERE file = ?", (file,)).fetchone():\n        return True\n',
        after="",
        suspects=(PURGING,),
    ),
    Mutant(
        name="needed-blob-released",
        what="relays are told to give up a blob that another photo names",
        file="peer/library/purging.py",
        before="sorted({*blobs} - needed_among(library.database, blobs))",
        after="sorted({*blobs})",
        suspects=(PURGING,),
    ),
    Mutant(
        name="loser-not-needed",
        what="only what is read counts as needed, not what stands in conflict with it",
        file="peer/library/needs.py",
        before="            elif key.startswith(_PICTURES):\n",
        after=(
            "            elif key.startswith(_PICTURES) and (cell.stamp, cell.writer) == max(\n"
            "                (other.stamp, other.writer) for name, other in content.live.items() if name.startswith(_PICTURES)\n"
            "            ):\n"
        ),
        suspects=(PURGING,),
    ),
    Mutant(
        name="release-not-claimed",
        what="a device says that it has seen a release of a blob that it needs, and doesn't claim it",
        file="peer/library/claims.py",
        before='                    _note(connection, "INSERT OR IGNORE INTO claim_due VALUES (?)", needed)\n',
        after="",
        suspects=(PURGING,),
    ),
    Mutant(
        name="late-need-not-claimed",
        what="a photo that comes to need a blob that was released before doesn't claim it",
        file="peer/library/needs.py",
        before='        connection.executemany("INSERT OR IGNORE INTO claim_due SELECT blob FROM released_blob WHERE blob = ?", fresh)\n',
        after="",
        suspects=(PURGING,),
    ),
    Mutant(
        name="index-alone-claimed",
        what="who needs a film with many parts claims the list of its parts and none of them",
        file="peer/library/claims.py",
        before="        if _any_is_index(library, due):",
        after="        if False:",
        suspects=(PURGING,),
    ),
    Mutant(
        name="part-left-behind",
        what="a photo goes into the trash and what is folded into it stays outside",
        file="peer/library/trashing.py",
        before="parts = {asset: queries.parts(asset) for asset in chosen}",
        after="parts = {asset: [asset] for asset in chosen}",
        suspects=(COMPOSING,),
    ),
    Mutant(
        name="neighbours-not-composed",
        what="what is shown as one isn't found out anew for photos that are linked with the one that changed",
        file="peer/library/projection.py",
        before="_compose(connection, linked_with(connection, group) - purged, views)",
        after="_compose(connection, group - purged, views)",
        suspects=(COMPOSING,),
    ),
)
