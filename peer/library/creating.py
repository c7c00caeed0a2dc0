"""A new library: its master keys, its first device, its first epoch."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from platform import system

from crdt.clock import Stamp
from crdt.draft import Draft
from peer.errors import UsageError
from peer.joining.messages import check_name
from peer.keys.certificates import issue_certificate
from peer.keys.device import DeviceKeys
from peer.keys.epochs import Epoch, Keyring
from peer.keys.master import MasterKeys
from peer.keys.packages import make_packages
from peer.keys.phrase import new_phrase
from peer.layout import LibraryFolder
from peer.library.authoring import Edit
from peer.library.library import PEER_SCHEMA, Library
from peer.library.meta import Meta
from peer.seams import Clock, Randomness, SystemClock, system_randomness
from store.bodies import Certification, Genesis
from store.database import Database
from store.entries import EntryKind
from store.ids import RecordId, RecordKind
from store.sqlite_log import LOG_SCHEMA


def create_library(
    folder: LibraryFolder, name: str, *, clock: Clock | None = None, randomness: Randomness = system_randomness, notes: Path | None = None
) -> tuple[Library, str]:
    """The library, opened, and its recovery phrase, which is kept nowhere. Refuses a folder that holds a library."""
    check_name(name)
    prepare_folder(folder)
    clock = clock or SystemClock()
    phrase = new_phrase(randomness)
    master = MasterKeys.from_phrase(phrase)
    keys = DeviceKeys.generate(randomness)
    epoch = Epoch.generate(randomness)
    folder.create()
    keys.save(folder.device_key)
    library = Library.create(folder, keys, master.library, clock=clock, randomness=randomness, notes=notes)
    certificate = issue_certificate(master, library=master.library, signing_key=keys.signing_key, wrapping_key=keys.wrapping_key)
    recipients = {master.id: master.wrapping_key, keys.id: keys.wrapping_key}
    with library.database.write():
        author = library.master_author(master)
        author.control(
            EntryKind.GENESIS, Genesis(signing_key=master.signing_key, wrapping_key=master.wrapping_key, time=clock.now()).encode()
        )
        author.control(EntryKind.CERTIFICATE, Certification(certificate=certificate).encode())
        author.control(EntryKind.PACKAGES, make_packages(epoch, library=library.id, recipients=recipients, known=Keyring([epoch])).encode())
        begin_as(library, name)
    return library, phrase


def prepare_folder(folder: LibraryFolder) -> None:
    """The folder is free: it holds no library, or one that was never finished (a creation or joining that a power cut ended, say), which is
    cleared away. ``UsageError`` otherwise."""
    if not folder.exists():
        return
    if not _is_unfinished(folder):
        raise UsageError(f"{folder.root} holds a library already. Nothing was changed.", hint="Choose another folder with --library.")
    shutil.rmtree(folder.private)


def _is_unfinished(folder: LibraryFolder) -> bool:
    """Whether this device never began a log here. Without a database only a key that was never used may lie here: who has lost theirs has more."""
    if not folder.database.exists():
        return not any(path.is_file() and path != folder.device_key for path in folder.private.rglob("*"))
    database = Database(folder.database, [LOG_SCHEMA, PEER_SCHEMA])
    with closing(database):
        return Meta(database).get("log") is None


def begin_as(library: Library, name: str) -> None:
    """This device's log, and its description for the others."""

    def describe(draft: Draft, stamp: Stamp) -> None:
        draft.set("name", name)
        draft.set("model", system())

    with library.database.write():
        library.begin_log()
        library.change([Edit(RecordId.make(RecordKind.DEVICE, library.device), describe)])
