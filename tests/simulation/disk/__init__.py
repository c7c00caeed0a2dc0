"""The disk of one simulated machine: what is on it after a power cut, when it is full, when it rots, and what backups bring back.

    with Disks(now=world_seconds) as disks:                  # one for the whole world: intercepts writes below the roots of its disks
        disk = disks.add(folder, random=Random(seed))        # an absolute folder without symbolic links in it; made if need be
        …the machine works below disk.root, with real files and real SQLite…

        disk.cut_power_at(7)                                 # before the 7th write operation from now; after=True: after it.
                                                             # survival=Survival.STRICT | KIND | MIXED (MIXED unless told)
        disk.cut_power()                                     # at once, from outside; nothing is raised; on a dead disk it does nothing
        disk.spare_power()                                   # a cut that was announced and hasn't come doesn't come
        disk.is_dead, disk.operations, disk.last_operation   # how many write operations there were, and which was the last ("link a file")
        disk.power_on()                                      # what survived is in the root's place again

        disk.room = 10_000                                   # so many bytes are left from now on; None (the beginning): no end of room
        disk.rot_blob() rot_file("*.jpg") rot_entry() rot_page()   # one bit; a sentence of what was hit, or "" when there was nothing to hit
        image = disk.image()                                 # a backup (``Image``): of a machine that is off, or of one that runs
        disk.put_back(image)                                 # whole; parts=["library"]: only these names below the root; the machine is off
        disk.clone_to(other, parts=["library"])              # the same onto another disk
        image.digest(), disk.digest()                        # of all names, modes and bytes: for tests
        disk.bounds()                                        # ``Bounds``: files, bytes, and what lies about (incoming, temporary, quarantine)

**Write operations** are: making, renaming, replacing, linking, removing a file or folder; opening a file for writing; fsync; chmod; truncate;
opening a database, switching its journal, BEGIN IMMEDIATE, COMMIT, and closing it. The power goes before or after one, never inside: what is inside
of one (half a file, half a commit) is what ``survival`` decides about.

**When the power goes**, ``PowerCutError`` (a ``BaseException``) comes out of the operation, what survives is decided at that moment, and the disk
is dead: each later write operation raises ``PowerCutError`` as well, the bytes that open files are given go nowhere, and reading goes on as if
nothing had happened. The machine's runner catches the error, cancels and *ends all tasks of the machine*, and then calls ``power_on``. It closes
nothing: ``power_on`` closes the connections that were left to SQLite, before it puts anything in place. That order matters, for SQLite and locks
remove files by name: what is closed, or cleaned up in a ``finally``, after ``power_on`` would hit the new files. File locks of the dead are no
hindrance, for the new files are others than those that they locked.

**What survives.** Contents of files are safe by fsync of the file, names by fsync of their folder, and what is in a folder no sooner than the folder's
own name. Of what wasn't synced STRICT keeps nothing (and names that were removed are back), KIND all, MIXED decides for each anew: names as before
or as after, renames and links wholly or not at all; contents as before, as after, half of them, or zeros. After ``WRITE_BACK_SECONDS`` of the
world's time the system has written everything out by itself. Modes and times are as they are. A file that stays as it is stays the same inode.
Of SQLite: what was committed by a connection with ``synchronous=FULL``; commits by another may be lost back to the last time that its write-ahead
log was taken over into the database. Its ``-shm`` never stays.

Folders are listed in the order of their names, and when files were last changed (``st_ctime`` in listings) is told in the world's time, after
``clocks.START_MS``. One process, one thread. Nothing here draws randomness from anywhere but the disk's ``random``.
"""

from tests.simulation.disk.bounds import Bounds
from tests.simulation.disk.disk import Disk
from tests.simulation.disk.images import Image
from tests.simulation.disk.interception import Disks
from tests.simulation.disk.names import WRITE_BACK_SECONDS
from tests.simulation.disk.survival import PowerCutError, Survival

__all__ = ["WRITE_BACK_SECONDS", "Bounds", "Disk", "Disks", "Image", "PowerCutError", "Survival"]
