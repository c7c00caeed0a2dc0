"""``relay add``: making a library at home at a relay."""

from __future__ import annotations

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
from store.entries import EntryKind

REGISTRATION_BYTES = 1024 * 1024


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
    """The genesis, and what is stored after it up to this device's certificate, in causal order, as far as a registration may hold it.

    A device that was certified late in a long history can't bring all that with it: the relay then learns of its membership from
    the library's first device, whose certificate comes right after the genesis.
    """
    raws: list[bytes] = []
    first_certificate = 0
    for arrived in library.log.after(0, limit_bytes=REGISTRATION_BYTES)[: MAX_REGISTRATION_ENTRIES + 1]:
        raws.append(arrived.entry.raw)
        if arrived.entry.kind is not EntryKind.CERTIFICATE:
            continue
        first_certificate = first_certificate or len(raws)
        body = parse_control(arrived.entry)
        if isinstance(body, Certification) and body.certificate.device == library.device:
            return raws[0], raws[1:]
    return raws[0], raws[1:first_certificate]
