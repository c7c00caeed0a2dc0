"""The private keys of this device. They are made here, kept in one file, and never travel."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Self

from peer.keys.errors import DeviceKeyFileError
from peer.keys.identity import SIGNING_BYTES, Identity
from peer.keys.keyfile import MAX_BYTES, read_secret, write_secret
from peer.keys.wrapping import WrappingKeys
from peer.seams import Randomness
from store.encoding import MalformedError, decode, encode
from store.ids import DeviceId

_KIND = "calotype device keys"
_VERSION = 1


class DeviceKeys(Identity):
    """Signing and wrapping keys of one device.

    File: ``CBOR(["calotype device keys", 1, device, signing private (32), wrapping private (96)])``, mode 0600. The id is
    there so that a damaged key is noticed and never taken for another device.
    """

    @classmethod
    def generate(cls, random: Randomness) -> Self:
        return cls(random(SIGNING_BYTES), WrappingKeys.generate(random))

    @cached_property
    def device(self) -> DeviceId:
        return DeviceId.of(self.signing_key, self.wrapping_key)

    @property
    def id(self) -> DeviceId:
        return self.device

    def save(self, path: Path) -> None:
        """Keep the keys at ``path``, durably and whole, and never over other keys. Raises ``DeviceKeyFileError``, ``NoSpaceLeftError``."""
        write_secret(path, encode([_KIND, _VERSION, self.device, self.signing_private, self.wrapping.private]))

    @classmethod
    def load(cls, path: Path) -> Self:
        """The keys at ``path``; ``DeviceKeyFileError`` when they are missing, open to other users, damaged or of a newer version."""
        content = read_secret(path)
        try:
            kind, version, *fields = decode(content, limit=MAX_BYTES)
            if kind != _KIND:
                raise MalformedError("another kind of file")
            if version == _VERSION:
                return cls._parse(*fields)
        except (MalformedError, ValueError, TypeError):
            # without the cause: it could quote the bytes
            raise DeviceKeyFileError(
                f"The device keys at {path} are damaged. The library's photos and changes are not affected.",
                hint="Bring the file back from a backup, or join the library again as a new device.",
            ) from None
        raise DeviceKeyFileError(
            f"The device keys at {path} were written by a newer version of Calotype.", hint="Update Calotype on this device."
        )

    @classmethod
    def _parse(cls, device: bytes, signing_private: bytes, wrapping_private: bytes) -> Self:
        keys = cls(signing_private, WrappingKeys(wrapping_private))
        if keys.device != device:
            raise MalformedError("the keys are not those of the device")
        return keys
