"""Removing devices: ``calotype devices remove`` (PROTOCOL.md section 3.2).

One control entry ends the membership of some devices: it pins the ends of what this device has applied of their logs, and begins an epoch
whose key they don't get. It is written into this device's log, or with the recovery phrase into the master log; what the master says outranks
what a device says that isn't in the master's past.

Removals are judged by which of them lie in the past of which, and that must be seen from control entries alone, because changes are
pruned one day. So a removal names all that were applied before it, although other entries that it names have them in their past.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from peer.errors import NotAllowedError, UsageError
from peer.keys.epochs import Epoch
from peer.keys.master import MasterKeys
from peer.library.applied import applied_branches, heads_by
from peer.library.epochs import note_packaged, packages_in_portions, recipient_keys
from peer.library.library import Library
from peer.library.writers import Writers
from store.bodies import Packages, Remove
from store.entries import Dep, EntryKind
from store.ids import DeviceId, EntryHash, EpochId, LogId
from store.sqlite_rows import LibraryRows

MAX_PINS = 4096
"""Ends that one removal names. Of a device that forked its logs more often than that, what isn't named counts all the same, because this
device's entries have it in their past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What was written: ``entry``, and the epoch that it begins."""

    devices: tuple[DeviceId, ...]
    entry: EntryHash
    epoch: EpochId


def find_devices(library: Library, texts: Iterable[str]) -> tuple[DeviceId, ...]:
    """The members that people mean: by name, by id, or by the beginning of one. ``UsageError`` for one that is unknown, ambiguous or removed."""
    return tuple(dict.fromkeys(_find(library, text) for text in texts))


def remove_devices(library: Library, devices: Collection[DeviceId], *, master: MasterKeys | None = None) -> Removed:
    """End the membership of ``devices``; with ``master``, in the name of the recovery phrase. ``NotAllowedError`` when this device isn't a
    member, or the phrase is that of another library."""
    if master is not None and master.library != library.id:
        raise NotAllowedError("This is the recovery phrase of another library. Nothing was changed.")
    with library.database.write():
        author = library.author() if master is None else library.master_author(master)
        epoch = Epoch.generate(library.randomness)
        remaining = {recipient: key for recipient, key in recipient_keys(library).items() if recipient not in devices}
        first, *others = packages_in_portions(library, epoch, remaining)
        entry = author.control(
            EntryKind.REMOVE, _body(library, devices, first).encode(), naming=_removals_before(library, but_of=author.log)
        )
        for more in others:
            author.control(EntryKind.PACKAGES, more.encode())
        note_packaged(library, epoch.id)
    return Removed(devices=tuple(sorted(devices)), entry=entry, epoch=epoch.id)


def _find(library: Library, text: str) -> DeviceId:
    roster, writers = library.roster(), Writers(library)
    wanted = text.strip().lower()
    known: dict[DeviceId, str] = {device: writers.known(device).name for device in {*roster.devices, *roster.former}}
    named = [device for device, name in known.items() if name.lower() == wanted]
    found = named or [device for device in known if wanted and device.hex().startswith(wanted)]
    members = [device for device in found if roster.is_member(device)] or found
    if len(members) != 1:
        problem = "More than one device is" if members else "No device is"
        raise UsageError(f"{problem} called {text!r}. Nothing was changed.", hint="See `calotype devices`.")
    if not roster.is_member(members[0]):
        raise UsageError(f"Device {known[members[0]]} was removed already. Nothing was changed.")
    return members[0]


def _body(library: Library, devices: Collection[DeviceId], packages: Packages) -> Remove:
    pins = heads_by(applied_branches(library.database, library.id), devices, at_most=MAX_PINS)
    return Remove(devices=tuple(sorted(devices)), pins=pins, epoch=packages.epoch, packages=packages.packages, earlier=packages.earlier)


def _removals_before(library: Library, *, but_of: LogId) -> tuple[Dep, ...]:
    """The removals that were applied here, but for those of the log that the new one goes into, which follow each other anyway. Of
    those that follow each other the last."""
    roster = library.roster()
    last: dict[int, Dep] = {}
    with library.database.read() as connection:
        rows = LibraryRows(connection, library.id)
        for removal in roster.removals:
            applied = connection.execute("SELECT 1 FROM past WHERE name = ?", (removal.name,)).fetchone()
            stored = rows.find(removal.name)
            if not applied or stored is None or stored.log == but_of:
                continue
            branch, seq = stored.position
            if branch not in last or last[branch].seq < seq:
                last[branch] = Dep(stored.log, seq, removal.name)
    return tuple(last.values())
