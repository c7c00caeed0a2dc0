"""Packages: how an epoch's secret reaches every member, and the master (PROTOCOL.md section 3.3).

Anyone may write a package for anyone, so what is found in the log is tried, not trusted: a secret counts when its hash is the id of the
epoch. A package that doesn't open is passed over, because one bad package must never hide a good one.
"""

from __future__ import annotations

from collections.abc import Mapping

from peer.keys.epochs import Epoch, Keyring
from peer.keys.errors import BodyError, UnsealError, WrappingError
from peer.keys.identity import Identity
from peer.keys.sealing import open_sealed, seal
from peer.keys.wrapping import wrap
from store.bodies import MAX_EARLIER_BYTES, Packages
from store.encoding import decode, encode
from store.ids import DeviceId, EpochId, LibraryId
from store.roster import EpochInfo
from store.shapes import ascending, octets, several

_PURPOSE = "earlier"
_MAX_SECRETS = MAX_EARLIER_BYTES // 34


def make_package(epoch: Epoch, *, library: LibraryId, recipient: DeviceId, wrapping_key: bytes) -> bytes:
    """The epoch's secret for one recipient (or ``MASTER``) with that public key. Differs every time. Raises ``WrappingError``."""
    return wrap(wrapping_key, epoch.secret, _info(library, epoch.id, recipient))


def open_package(package: bytes, *, library: LibraryId, epoch: EpochId, recipient: Identity) -> Epoch:
    """The epoch that was packaged; ``WrappingError`` when it is for somebody else or is another secret."""
    secret = recipient.wrapping.unwrap(package, _info(library, epoch, recipient.id))
    if EpochId.of(secret) != epoch:
        raise WrappingError("A package holds another secret than that of its epoch.")
    return Epoch(secret)


def seal_earlier(epoch: Epoch, *, library: LibraryId, known: Keyring) -> bytes:
    """All secrets of ``known`` but that of ``epoch``; empty when there are none. Raises ``BodyError`` when they are too many."""
    secrets = sorted(each.secret for each in known.values() if each != epoch)
    if len(secrets) > _MAX_SECRETS:
        raise BodyError(f"{len(secrets)} earlier epochs don't fit into one entry; {_MAX_SECRETS} do.")
    return seal(epoch.earlier_key, _PURPOSE, library + epoch.id, encode(secrets)) if secrets else b""


def open_earlier(epoch: Epoch, *, library: LibraryId, sealed: bytes) -> tuple[Epoch, ...]:
    """The earlier epochs that were sealed under ``epoch``. Raises ``UnsealError``, ``BodyError``."""
    if not sealed:
        return ()
    try:
        plaintext = open_sealed(epoch.earlier_key, _PURPOSE, library + epoch.id, sealed)
        secrets = several(decode(plaintext, limit=MAX_EARLIER_BYTES, depth=1), octets, at_most=_MAX_SECRETS)
        ascending(secrets)
        return tuple(Epoch(secret) for secret in secrets)
    except ValueError:
        # without the cause: it could quote a secret
        raise BodyError("Earlier secrets that are not encoded as agreed.") from None


def make_packages(epoch: Epoch, *, library: LibraryId, recipients: Mapping[DeviceId, bytes], known: Keyring) -> Packages:
    """The body of a `packages` entry for ``recipients`` (id to public wrapping key). Who has a key that can't receive is left out."""
    packages = []
    for recipient, wrapping_key in sorted(recipients.items()):
        try:
            packages.append((recipient, make_package(epoch, library=library, recipient=recipient, wrapping_key=wrapping_key)))
        except WrappingError:
            continue  # one member's useless key must not keep the secret from the others
    return Packages(epoch=epoch.id, packages=tuple(packages), earlier=seal_earlier(epoch, library=library, known=known))


def open_packages(epochs: Mapping[EpochId, EpochInfo], *, library: LibraryId, recipient: Identity, known: Keyring | None = None) -> Keyring:
    """Every epoch of the roster that ``recipient`` can learn, and those of ``known``.

    First by packages of its own, then by the earlier secrets sealed under any epoch that it has, and so on until nothing new is found.
    """
    found = dict(known or {})
    for epoch, info in epochs.items():
        if epoch not in found:
            found.update(_from_packages(info, library, recipient))
    waiting = list(found.values())
    while waiting:
        epoch_known = waiting.pop()
        info_known = epochs.get(epoch_known.id)
        for sealed in info_known.earlier if info_known else ():
            fresh = {each.id: each for each in _tried_earlier(epoch_known, library, sealed) if each.id in epochs and each.id not in found}
            found.update(fresh)
            waiting.extend(fresh.values())
    return Keyring(found.values())


def _from_packages(info: EpochInfo, library: LibraryId, recipient: Identity) -> dict[EpochId, Epoch]:
    for package in info.recipients.get(recipient.id, ()):
        try:
            return {info.epoch: open_package(package, library=library, epoch=info.epoch, recipient=recipient)}
        except WrappingError:
            continue  # somebody may have made a better one
    return {}


def _tried_earlier(epoch: Epoch, library: LibraryId, sealed: bytes) -> tuple[Epoch, ...]:
    try:
        return open_earlier(epoch, library=library, sealed=sealed)
    except (UnsealError, BodyError):
        return ()  # another bundle, or a package, may say the same


def _info(library: LibraryId, epoch: EpochId, recipient: DeviceId) -> bytes:
    return b"calotype package" + library + epoch + recipient
