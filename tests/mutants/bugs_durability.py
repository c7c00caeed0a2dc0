"""Bugs that a power cut, a kill or a full disk brings to light."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

BLOBS = "tests/unit/store/test_file_blobs.py"
DATABASE = "tests/unit/store/test_database.py"
COPYING = "tests/unit/peer/originals/test_copying.py"
INTERRUPTIONS = "tests/unit/peer/importing/test_interruptions.py"
PLACING = "tests/unit/peer/importing/test_placing.py"

DURABILITY = (
    Mutant(
        name="file-not-synced",
        what="the contents of a blob, a rendition or a note are left to the system to write out some day",
        file="store/durable.py",
        before="            os.fsync(file.fileno())\n",
        after="",
        suspects=(BLOBS,),
    ),
    Mutant(
        name="folder-not-synced",
        what="the name of a blob or a rendition is left to the system to write out some day",
        file="store/durable.py",
        before="        os.fsync(descriptor)\n",
        after="        pass\n",
        suspects=(BLOBS,),
    ),
    Mutant(
        name="blob-named-before-synced",
        what="a blob gets its name although its folder was never synced, and is acknowledged",
        file="store/file_blobs.py",
        before="                temporary.unlink(missing_ok=True)\n            sync_folder(path.parent)\n",
        after="                temporary.unlink(missing_ok=True)\n",
        suspects=(BLOBS,),
    ),
    Mutant(
        name="new-folder-not-synced",
        what="a new folder may be gone after a power cut, with all that was stored and acknowledged in it",
        file="store/durable.py",
        before="    sync_folder(folder.parent)\n",
        after="",
        suspects=("tests/unit/store/test_durable.py", BLOBS),
    ),
    Mutant(
        name="original-not-synced",
        what="an imported file is committed before its bytes have reached the disk",
        file="peer/originals/copying.py",
        before="    os.fsync(writer.fileno())\n",
        after="",
        suspects=(COPYING, "tests/unit/peer/importing/test_full_disk.py"),
    ),
    Mutant(
        name="original-place-not-synced",
        what="the place of an original in the tree may be gone after a power cut, although the table says that it is there",
        file="peer/originals/copying.py",
        before="        sync_folder(destination.parent)\n",
        after="",
        suspects=(COPYING,),
    ),
    Mutant(
        name="original-not-read-back",
        what="a copy that the disk mangled counts as the file that was imported",
        file="peer/originals/copying.py",
        before="                if _checksum_from_disk(path) != checksum:\n",
        after="                if not checksum:\n",
        suspects=(COPYING,),
    ),
    Mutant(
        name="download-committed-before-durable",
        what="a downloaded original counts as held before its bytes have reached the disk",
        file="peer/library/segments.py",
        before="            os.fsync(descriptor)\n",
        after="",
        suspects=("tests/unit/peer/library/test_segments.py",),
    ),
    Mutant(
        name="rendition-committed-before-durable",
        what="a thumbnail or preview counts as held before its bytes have reached the disk",
        file="peer/library/placing.py",
        before="        write_synced(temporary, data)\n",
        after="        temporary.write_bytes(data)\n",
        suspects=("tests/unit/peer/importing/test_full_disk.py", PLACING, INTERRUPTIONS),
    ),
    Mutant(
        name="commit-not-synced",
        what="a commit survives a crash of the program, and not a power cut",
        file="store/database.py",
        before='"PRAGMA synchronous=FULL"',
        after='"PRAGMA synchronous=NORMAL"',
        suspects=(DATABASE,),
    ),
    Mutant(
        name="nothing-synced",
        what="the database never asks the disk to keep anything",
        file="store/database.py",
        before='"PRAGMA synchronous=FULL"',
        after='"PRAGMA synchronous=OFF"',
        suspects=(DATABASE,),
    ),
    Mutant(
        name="record-committed-before-entry",
        what="a nested block is committed at once, so that half of a transaction survives a crash",
        file="store/database.py",
        before='_NESTED = "SAVEPOINT nested", "RELEASE nested", ("ROLLBACK TO nested", "RELEASE nested")',
        after='_NESTED = "SELECT 1", "SELECT 1", ("SELECT 1",)',
        suspects=(DATABASE,),
    ),
    Mutant(
        name="leftovers-of-imports-never-cleared",
        what="what a killed import left behind lies in the incoming folder for ever",
        file="peer/importing/pipeline.py",
        before="        clear_leftovers(self._library)\n",
        after="",
        suspects=(INTERRUPTIONS,),
    ),
    Mutant(
        name="leftovers-of-blobs-never-cleared",
        what="what a killed relay was writing lies in its incoming folder for ever",
        file="store/file_blobs.py",
        before='            clear_abandoned(root / "incoming")\n',
        after="",
        suspects=(BLOBS,),
    ),
    Mutant(
        name="placing-not-finished",
        what="a file whose rename into the tree was interrupted stays in the incoming folder",
        file="peer/library/placing.py",
        before="    for held in library.held.incoming():\n        with contextlib.suppress(",
        after="    for held in list[HeldFile]():\n        with contextlib.suppress(",
        suspects=(INTERRUPTIONS, PLACING),
    ),
)
