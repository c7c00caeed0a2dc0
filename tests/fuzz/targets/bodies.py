"""What is sealed: change bodies and their packing, small sealed things, blobs, packages and the secrets in them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from peer.keys.blobs import open_blob, seal_segment
from peer.keys.change_body import MAX_PURGES, MAX_UPDATES, ChangeBody
from peer.keys.codec import MAX_PLAIN_BYTES, pack, unpack
from peer.keys.device import DeviceKeys
from peer.keys.epochs import Epoch, Keyring
from peer.keys.errors import BodyError, UnsealError, WrappingError
from peer.keys.packages import open_earlier, open_package, seal_earlier
from peer.keys.sealing import open_sealed, seal
from peer.keys.wrapping import WrappingKeys
from store.bodies import MAX_EARLIER_BYTES
from store.encoding import encode
from store.ids import EpochId, LibraryId
from tests.fuzz.mutation import mutated_bytes
from tests.fuzz.seeds import golden_json
from tests.fuzz.structure import Door, behind, mutated_cbor
from tests.fuzz.target import Target, promise

_EPOCH = Epoch(bytes(range(32)))
_KEYRING = Keyring([_EPOCH])
_LIBRARY = LibraryId(bytes(32))
_KEY = bytes(range(32, 64))
_AAD = b"what it belongs to"


def change_body(data: bytes) -> None:
    """An accepted change body has one encoding, names each record once, and keeps its limits."""
    try:
        parsed = ChangeBody.decode(data)
    except BodyError:
        return
    promise(parsed.encode() == data, "another encoding of the same body")
    records = [record for record, _ in parsed.updates] + list(parsed.purges)
    promise(len(set(records)) == len(records), "a record is named twice")
    promise(len(parsed.updates) <= MAX_UPDATES and len(parsed.purges) <= MAX_PURGES, "more than allowed")


def packed_body(data: bytes) -> None:
    """Whatever a frame says, what is unpacked is bounded, and packs and unpacks to itself."""
    try:
        plain = unpack(data)
    except BodyError:
        return
    promise(len(plain) <= MAX_PLAIN_BYTES, "more than allowed was unpacked")
    promise(unpack(pack(plain)) == plain, "it isn't unpacked as it was packed")


def sealed(data: bytes) -> None:
    """What opens is what sealing the same gives, byte for byte; it opens for nothing else."""
    try:
        plaintext = open_sealed(_KEY, "fuzz", _AAD, data)
    except UnsealError:
        return
    promise(seal(_KEY, "fuzz", _AAD, plaintext) == data, "two seals of the same bytes")
    for key, purpose, aad in ((bytes(32), "fuzz", _AAD), (_KEY, "other", _AAD), (_KEY, "fuzz", b"")):
        try:
            open_sealed(key, purpose, aad, data)
        except UnsealError:
            continue
        promise(False, "it opens for another key, purpose or place")


def blob(data: bytes) -> None:
    """A blob that opens is what sealing its segment gives, byte for byte."""
    try:
        segment = open_blob(_KEYRING, data)
    except UnsealError:
        return
    promise(seal_segment(_EPOCH, segment).sealed == data, "two seals of the same segment")


def earlier(data: bytes) -> None:
    """Earlier secrets that open are sorted, and are what sealing them gives, byte for byte."""
    try:
        found = open_earlier(_EPOCH, library=_LIBRARY, sealed=data)
    except (UnsealError, BodyError):
        return
    promise(len(data) <= MAX_EARLIER_BYTES or not found, "more than allowed")
    if found and _EPOCH not in found:
        promise(seal_earlier(_EPOCH, library=_LIBRARY, known=Keyring(found)) == data, "two seals of the same secrets")


def package(data: bytes) -> None:
    """A package opens to the secret of its epoch or not at all."""
    library, epoch, recipient = _recipient()
    try:
        opened = open_package(data, library=library, epoch=epoch, recipient=recipient)
    except WrappingError:
        return
    promise(opened.id == epoch, "a package holds another secret than that of its epoch")


@cache
def _recipient() -> tuple[LibraryId, EpochId, DeviceKeys]:
    golden = golden_json("keys/package")
    keys = DeviceKeys(bytes.fromhex(golden["signing_private"]), WrappingKeys(bytes.fromhex(golden["wrapping_private"])))
    return LibraryId.parse(golden["library"]), EpochId.parse(golden["epoch"]), keys


def _package_seeds() -> Mapping[str, bytes]:
    golden = golden_json("keys/package")
    return {name: bytes.fromhex(golden[name]) for name in ("package", "master_package")}


def _bodies() -> Mapping[str, bytes]:
    golden = golden_json("keys/body")
    return {name: bytes.fromhex(golden[name]["encoded"]) for name in ("plain", "zstd")}


def _unpacked(data: bytes) -> bytes | None:
    try:
        return unpack(data)
    except BodyError:
        return None


def _unsealed(data: bytes) -> bytes | None:
    try:
        return open_sealed(_KEY, "fuzz", _AAD, data)
    except UnsealError:
        return None


def _segment(data: bytes) -> bytes | None:
    try:
        return open_blob(_KEYRING, data)
    except UnsealError:
        return None


def _secrets(data: bytes) -> bytes | None:
    try:
        return open_sealed(_EPOCH.earlier_key, "earlier", _LIBRARY + _EPOCH.id, data)
    except UnsealError:
        return None


def _seal_secrets(plaintext: bytes) -> bytes:
    return seal(_EPOCH.earlier_key, "earlier", _LIBRARY + _EPOCH.id, plaintext)


TARGETS = (
    Target(name="change-body", check=change_body, seeds=_bodies, mutate=mutated_cbor),
    Target(
        name="packed-body",
        check=packed_body,
        seeds=lambda: {"short": pack(b"x"), "long": pack(b"calotype" * 99), "nothing": pack(b"")},
        mutate=behind(Door(_unpacked, pack), mutated_bytes),
    ),
    Target(
        name="sealed",
        check=sealed,
        seeds=lambda: {"text": seal(_KEY, "fuzz", _AAD, b"text"), "nothing": seal(_KEY, "fuzz", _AAD, b"")},
        mutate=behind(Door(_unsealed, lambda plain: seal(_KEY, "fuzz", _AAD, plain)), mutated_bytes),
    ),
    Target(
        name="blob",
        check=blob,
        seeds=lambda: {"segment": seal_segment(_EPOCH, b"a segment").sealed},
        mutate=behind(Door(_segment, lambda segment: seal_segment(_EPOCH, segment or b"\0").sealed), mutated_bytes),
    ),
    Target(
        name="earlier",
        check=earlier,
        seeds=lambda: {str(count): _seal_secrets(encode([bytes([each] * 32) for each in range(count)])) for count in range(4)},
        mutate=behind(Door(_secrets, _seal_secrets), mutated_cbor),
    ),
    Target(name="package", check=package, seeds=_package_seeds),
)
