"""``relay add``: making a library at home at a relay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from peer.errors import CalotypeError, NotAllowedError, UnreachableNodeError, UsageError
from peer.library.library import Library
from peer.seams import RunBlocking
from relay.client import HttpNode
from relay.errors import AddressError, NetworkFaultError, SyncError, TokenInvalidError
from relay.messages import Registration
from relay.messages.limits import MAX_REGISTRATION_ENTRIES
from relay.session import greet
from store.bodies import Certification, parse_control
from store.entries import Entry, EntryKind
from store.ids import DeviceId
from store.log import Arrived

PAGE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredAt:
    """The relay's address in its one spelling, its key, and the room that it gives, in bytes."""

    url: str
    key: bytes
    quota: int


async def register_library(library: Library, url: str, token: str, run_blocking: RunBlocking) -> RegisteredAt:
    """Register at the relay with the operator's token, and remember the relay with its key."""
    genesis, members = await run_blocking(membership_entries, library)
    try:
        async with HttpNode(with_scheme(url), run_blocking=run_blocking) as node:
            greeting = await greet(node, pinned_key=None, clock=library.clock, randomness=library.randomness)
            registered = await node.register(Registration(token=token, genesis=genesis, entries=tuple(members)))
            address = node.url
    except AddressError as error:
        raise UsageError(f"{url}: {error.message}.") from error
    except TokenInvalidError as error:
        raise NotAllowedError(
            "The relay doesn't know this token, or it was used up. Nothing was changed.", hint="Ask the relay's operator for a new one."
        ) from error
    except NetworkFaultError as error:
        raise UnreachableNodeError(
            f"{url} could not be reached: {error.message}. Nothing was changed.", hint="Check the address and the network."
        ) from error
    except SyncError as error:
        raise CalotypeError(f"The relay refused: {error.message}. Nothing was changed.") from error
    if registered.library != library.id:
        raise CalotypeError("The relay answered for another library. Nothing was changed.")
    await run_blocking(library.hlc.discipline, greeting.clock_offset)
    await run_blocking(library.nodes.add, address, greeting.hello.key)
    return RegisteredAt(url=address, key=greeting.hello.key, quota=registered.quota)


def with_scheme(url: str) -> str:
    """What a person types, as an address: https, or http on this machine, where nothing was said."""
    text = url.strip()
    if "://" in text:
        return text
    host = text.partition("/")[0].rpartition(":")[0] or text
    return f"http://{text}" if host in ("localhost", "127.0.0.1", "[::1]") else f"https://{text}"


def membership_entries(library: Library) -> tuple[bytes, list[bytes]]:
    """The genesis, and what proves that this device is a member: its certificate, those of who vouched for it up to the master, and what opens the
    logs that they lie in. Each counts for a node without what was written before it, so a device that was certified late in a long history
    brings no more than one that was there from the start."""
    control = {each.entry.name: each.entry for each in _control_entries(library)}
    genesis = next(entry for entry in control.values() if entry.kind is EntryKind.GENESIS)
    vouching = set(_vouching(library))
    certificates = [entry for entry in control.values() if _certified(entry) in vouching]
    logs = {entry.log for entry in certificates}
    opens = [entry for entry in control.values() if entry.kind is EntryKind.OPEN and entry.log in logs]
    raws = [entry.raw for entry in control.values() if entry in certificates or entry in opens]
    return genesis.raw, raws[:MAX_REGISTRATION_ENTRIES]


def _control_entries(library: Library) -> Iterator[Arrived]:
    arrival = 0
    while page := library.log.control(arrival, limit_bytes=PAGE_BYTES):
        yield from page
        arrival = page[-1].arrival


def _vouching(library: Library) -> Iterator[tuple[DeviceId, DeviceId]]:
    """This device and who certified it, then that one and who certified it, and so on."""
    roster = library.roster()
    member = roster.devices.get(library.device)
    while member is not None:
        yield member.device, member.certified_by
        member = roster.devices.get(member.certified_by) or roster.former.get(member.certified_by)


def _certified(entry: Entry) -> tuple[DeviceId, DeviceId] | None:
    """Who is certified by an entry, and by whom."""
    body = parse_control(entry) if entry.kind is EntryKind.CERTIFICATE else None
    return (body.certificate.device, body.certificate.signer) if isinstance(body, Certification) else None
