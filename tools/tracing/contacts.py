"""Who could be asked where something has got to, and in whose name: what the folder of a device says about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from peer.errors import CalotypeError
from peer.keys.device import DeviceKeys
from peer.library.nodes import NodeKind, NodeTable
from peer.place import Place
from store.ids import DeviceId, LibraryId
from tools.looking.folder import Inspected
from tools.tracing.folders import clock_correction
from tools.tracing.hearsay import relay_key
from tools.tracing.model import Sight

PLACES = 3
"""Where a device was met last is tried, so many places of it."""
_UNMET = "this device never met it on a local network, so nobody knows where to ask"


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A node that the folder's node table knows; ``places`` of a device, the last one first."""

    key: str
    name: str
    kind: NodeKind
    url: str
    public_key: bytes = field(repr=False)
    device: DeviceId | None
    places: tuple[Place, ...]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks. ``members``: whom it believes on the local network, by their signing keys. ``correction``: as in ``Sight``."""

    library: LibraryId
    correction: int
    keys: DeviceKeys = field(repr=False)
    members: Mapping[bytes, DeviceId] = field(repr=False)


def contacts_of(inspected: Inspected) -> list[Contact]:
    """Relays and devices that were met."""
    table, names = NodeTable(inspected.database), inspected.device_names()
    return [
        Contact(
            key=relay_key(node) if node.device is None else node.device.hex(),
            name=node.url if node.device is None else names.get(node.device) or node.device.short(),
            kind=node.kind,
            url=node.url,
            public_key=node.key,
            device=node.device,
            places=tuple(place for place, _ in table.places(node.number)[:PLACES]),
        )
        for node in table.all()
    ]


def caller_of(inspected: Inspected, library: LibraryId) -> Caller | str:
    """The device whose folder it is, or why it can't ask."""
    if inspected.library_folder is None:
        return "a relay has no key of a device, and can't ask anybody"
    try:
        keys = DeviceKeys.load(inspected.library_folder.device_key)
    except CalotypeError as error:
        return error.message
    members = sorted(inspected.log(library).roster().devices.values(), key=lambda member: member.device, reverse=True)
    return Caller(
        library=library,
        correction=clock_correction(inspected),
        keys=keys,
        members={member.signing_key: member.device for member in members},
    )


def unmet(sights: Iterable[Sight], contacts: Sequence[Contact]) -> list[Sight]:
    """The other devices that can't be asked, because nobody knows where they are."""
    met = {contact.key for contact in contacts}
    return [
        Sight(key=sight.key, name=sight.name, kind=sight.kind, device=sight.device, reached=False, reason=_UNMET)
        for sight in sights
        if not sight.is_this and sight.key not in met
    ]
