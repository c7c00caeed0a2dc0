"""Bugs between nodes: sessions, queues, blobs, and what a relay acknowledges."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

CURSORS = "tests/unit/peer/engine/test_cursors.py"
FAULTS = "tests/unit/peer/engine/test_faults.py"
SYNC = "tests/unit/peer/engine/test_sync.py"
TRANSFERS = "tests/unit/peer/engine/test_transfers.py"
HOLDERS = "tests/unit/peer/engine/test_holders.py"
SERVICE = "tests/unit/relay/test_service.py"
PLANNING = "tests/unit/peer/library/test_upload_planning.py"

TRANSFER_BUGS = (
    Mutant(
        name="cursor-before-entries",
        what="the cursor moves over entries of an announced portion although they were not stored",
        file="peer/engine/session.py",
        before="                    if isinstance(item, PullEnd):\n                        await self._receive(portion)\n",
        after="                    if isinstance(item, PullEnd):\n                        await self._receive(portion[:-1])\n",
        suspects=(SYNC, CURSORS, FAULTS),
    ),
    Mutant(
        name="numbers-trusted-blindly",
        what="whether all came is never looked up in the node's heads, so that a folder put back by hand hides entries behind numbers",
        file="peer/engine/session.py",
        before="        return await self._run(lambda: heads.unknown(self._library.log.has))\n",
        after="        return frozenset()\n",
        suspects=(CURSORS,),
    ),
    Mutant(
        name="others-entries-not-passed-on",
        what="what came from another device while connected is never brought to a relay that lacks it",
        file="peer/engine/session.py",
        before="        if others:\n            self._compare_soon(unsure=True)\n",
        after="",
        suspects=("tests/unit/peer/engine/test_neighbours.py", SYNC),
    ),
    Mutant(
        name="restored-relay-unnoticed",
        what="what a relay had before it was restored is taken for what it has",
        file="peer/library/nodes.py",
        before="            changed = row is not None and row[0] != bytes(store)\n",
        after="            changed = row is not None and row[0] is None\n",
        suspects=("tests/unit/peer/library/test_nodes.py", FAULTS),
    ),
    Mutant(
        name="restored-relay-gets-no-blobs",
        what="a relay that was restored from a backup never gets back the blobs that it lost",
        file="peer/library/upload_planning.py",
        before="        queue_everything(library, node)\n",
        after="        library.uploads.hurry(node)\n",
        suspects=(FAULTS, PLANNING),
    ),
    Mutant(
        name="wanted-blob-not-sent",
        what="a relay that found a blob damaged asks for it, and nobody sends it",
        file="peer/engine/session.py",
        before="                        await self._run(queue_again, self._library, self._node.number, blobs)\n",
        after="",
        suspects=(TRANSFERS, HOLDERS, FAULTS),
    ),
    Mutant(
        name="upload-done-before-acknowledged",
        what="a blob leaves the queue before the relay has acknowledged it",
        file="peer/engine/uploads.py",
        before=(
            "                await self._api.put_blob(sealed.id, sealed.sealed)\n"
            "            await self._run(self._library.uploads.done, self._node.number, [upload.blob])\n"
        ),
        after=(
            "                await self._run(self._library.uploads.done, self._node.number, [upload.blob])\n"
            "                await self._api.put_blob(sealed.id, sealed.sealed)\n"
        ),
        suspects=(TRANSFERS, FAULTS),
    ),
    Mutant(
        name="failed-upload-dropped",
        what="a blob whose upload failed once is never sent",
        file="peer/library/queues.py",
        before='"UPDATE upload SET tries = tries + 1, reason = ?, next_try = ? WHERE node = ? AND blob = ?", (reason, next_try, node, blob)',
        after='"DELETE FROM upload WHERE ?1 = ?1 AND ?2 = ?2 AND node = ? AND blob = ?", (reason, next_try, node, blob)',
        suspects=(TRANSFERS, FAULTS),
    ),
    Mutant(
        name="failed-download-dropped",
        what="a file that no node in reach has is never fetched",
        file="peer/library/queues.py",
        before='connection.executemany("UPDATE download SET tries = tries + 1, reason = ?, next_try = ? WHERE file = ?", rows)',
        after='connection.executemany("DELETE FROM download WHERE file = ?", [(file,) for _, _, file in rows])',
        suspects=(TRANSFERS, HOLDERS, FAULTS),
    ),
    Mutant(
        name="never-tried-again",
        what="the wait after a failure has no bound",
        file="peer/engine/scheduler.py",
        before="    delay = min(FIRST_DELAY_MS * 2 ** min(tries - 1, 20), LONGEST_DELAY_MS)\n",
        after="    delay = LONGEST_DELAY_MS * 10_000\n",
        suspects=("tests/unit/peer/engine/test_scheduler.py", FAULTS),
    ),
    Mutant(
        name="blob-accepted-without-hash",
        what="a store keeps any bytes under a blob's name",
        file="store/blobs.py",
        before="    if not is_intact(blob, sealed):\n        raise",
        after="    if blob == sealed:\n        raise",
        suspects=("tests/unit/store/test_file_blobs.py", "tests/unit/store/test_memory.py"),
    ),
    Mutant(
        name="damaged-blob-served",
        what="a blob that rotted on the disk is served under its name",
        file="store/file_blobs.py",
        before="        if not is_intact(blob, sealed):\n",
        after="        if blob == sealed:\n",
        suspects=("tests/unit/store/test_file_blobs.py",),
    ),
    Mutant(
        name="held-before-verified",
        what="an original counts as held before its SHA-256 was compared",
        file="peer/library/placing.py",
        before="    if found != download.file:\n",
        after="    if not found:\n",
        suspects=(TRANSFERS, "tests/unit/peer/engine/test_hostile_members.py"),
    ),
    Mutant(
        name="rendition-not-verified",
        what="any bytes that a member sealed count as the thumbnail that a record names",
        file="peer/engine/downloads.py",
        before="        if hashlib.sha256(plain).digest() != file:\n",
        after="        if not plain:\n",
        suspects=(TRANSFERS, "tests/unit/peer/engine/test_hostile_members.py"),
    ),
    Mutant(
        name="relay-acknowledges-before-stored",
        what="a relay notes a blob as held before it has written it, and a full disk leaves the note",
        file="relay/library_service.py",
        before=(
            "        self._parts.blobs.put(blob, sealed, now=now)\n"
            "        if self._parts.releases is None:\n"
            "            return self._parts.libraries.add_blob(self._library, blob, len(sealed), now=now)\n"
            "        with self._parts.libraries.atomic():\n"
        ),
        after=(
            "        if self._parts.releases is None:\n"
            "            return self._parts.libraries.add_blob(self._library, blob, len(sealed), now=now)\n"
            "        self._parts.libraries.add_blob(self._library, blob, len(sealed), now=now)\n"
            "        with self._parts.libraries.atomic():\n"
        ),
        suspects=(SERVICE, "tests/unit/relay/test_http_app.py"),
    ),
    Mutant(
        name="relay-forgets-damage",
        what="a relay goes on saying that it holds a blob that it found damaged",
        file="relay/library_service.py",
        before="            raise _LostBlobError(blob, self._parts.libraries.forget_blob(blob))\n",
        after="            raise _LostBlobError(blob, ())\n",
        suspects=(SERVICE, FAULTS),
    ),
    Mutant(
        name="cursor-of-another-store",
        what="a node takes a cursor of the stores that it had before it was restored",
        file="relay/library_service.py",
        before="        if cursor is not None and cursor.store == self._parts.store and cursor.arrival <= self._log.arrival():\n",
        after="        if cursor is not None and cursor.arrival <= self._log.arrival():\n",
        suspects=(SERVICE,),
    ),
)
