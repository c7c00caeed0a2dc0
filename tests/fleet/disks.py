"""Copies of devices: a library's folder that is copied or put back from a backup, with or without what the machine keeps outside of it."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path

from peer.layout import LibraryFolder
from peer.library.instance import Instance, state_folder
from peer.library.library import PEER_SCHEMA, Library
from peer.library.meta import Meta
from store.database import Database
from store.sqlite_log import LOG_SCHEMA
from tests.fleet.libraries import MovedClock


class Machine:
    """A machine with one library folder and its notes outside. The library isn't open while it is copied."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def folder(self) -> LibraryFolder:
        return LibraryFolder(self.root / "library")

    @property
    def notes(self) -> Path:
        return self.root / "notes"

    def open(self, clock: MovedClock) -> Library:
        """The library as it lies on this machine, with notes of this machine."""
        return Library.open(self.folder, clock=clock, notes=self.notes)

    def back_up(self, to: Path) -> None:
        """The whole machine, library and notes."""
        shutil.copytree(self.root, to)

    def put_back(self, backup: Path, *, whole_disk: bool) -> None:
        """The library's folder as it was; with ``whole_disk`` the notes too, as with the disk of a virtual machine."""
        for part in ("library", "notes") if whole_disk else ("library",):
            shutil.rmtree(self.root / part, ignore_errors=True)
            if (backup / part).exists():
                shutil.copytree(backup / part, self.root / part)


def at_home(folder: LibraryFolder) -> LibraryFolder:
    """A copied folder as if it had always been there: with a note about it on this machine."""
    database = Database(folder.database, [LOG_SCHEMA, PEER_SCHEMA])
    with closing(database):
        place = Instance(folder, Meta(database), state_folder())
        with database.write():
            place.renew(os.urandom)
    return folder


def clone_folder(machine: Machine, to: Path) -> Machine:
    """Another machine with a copy of the library's folder and nothing else."""
    other = Machine(to)
    shutil.copytree(machine.folder.root, other.folder.root)
    return other
