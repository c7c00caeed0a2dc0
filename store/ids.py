"""Identifiers as types: parsed once at the edge, short when printed, never a bare ``bytes`` in a signature.

Pure. Layouts are those of PROTOCOL.md section 2.
"""

from __future__ import annotations

import base64
import hashlib
from enum import IntEnum
from typing import ClassVar, Self

SHORT_HEX_DIGITS = 10


class Id(bytes):
    """A fixed-length byte string. Equal to, and hashed like, the same plain ``bytes``."""

    SIZE: ClassVar[int]

    def __new__(cls, value: bytes) -> Self:
        if len(value) != cls.SIZE:
            raise ValueError(f"a {cls.__name__} has {cls.SIZE} bytes, not {len(value)}")
        return super().__new__(cls, value)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The id that ``text`` (hexadecimal, full length) names; ``ValueError`` when it names none."""
        return cls(bytes.fromhex(text))

    @classmethod
    def from_base64(cls, text: str) -> Self:
        """The id from base64url without padding; ``ValueError`` when it isn't the one canonical spelling."""
        value = cls(base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
        if value.base64() != text:
            raise ValueError("not canonical base64url")
        return value

    def base64(self) -> str:
        """base64url without padding, the spelling used inside record keys."""
        return base64.urlsafe_b64encode(self).rstrip(b"=").decode("ascii")

    def short(self) -> str:
        """The first digits, for people."""
        return self.hex()[:SHORT_HEX_DIGITS]

    def __str__(self) -> str:
        return self.hex()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.short()}…)"


class LibraryId(Id):
    """SHA-256("calotype library" | master signing key | master wrapping key)."""

    SIZE = 32

    @classmethod
    def of(cls, signing_key: bytes, wrapping_key: bytes) -> Self:
        return cls(hashlib.sha256(b"calotype library" + signing_key + wrapping_key).digest())

    def master_log(self) -> LogId:
        return LogId(self[: LogId.SIZE])


class DeviceId(Id):
    """First 16 bytes of SHA-256("calotype device" | signing key | wrapping key)."""

    SIZE = 16

    @classmethod
    def of(cls, signing_key: bytes, wrapping_key: bytes) -> Self:
        return cls(hashlib.sha256(b"calotype device" + signing_key + wrapping_key).digest()[: cls.SIZE])


class LogId(Id):
    """Random; the master log has the first 16 bytes of the library id."""

    SIZE = 16


class EntryHash(Id):
    """SHA-256 of an entry's header: the entry's name."""

    SIZE = 32


class EpochId(Id):
    """First 16 bytes of SHA-256("calotype epoch" | secret)."""

    SIZE = 16

    @classmethod
    def of(cls, secret: bytes) -> Self:
        return cls(hashlib.sha256(b"calotype epoch" + secret).digest()[: cls.SIZE])


class BlobId(Id):
    """SHA-256 of the sealed bytes."""

    SIZE = 32

    @classmethod
    def of(cls, sealed: bytes) -> Self:
        return cls(hashlib.sha256(sealed).digest())


class FileHash(Id):
    """SHA-256 of a file's bytes."""

    SIZE = 32


class StoreId(Id):
    """Random; new whenever a node's stores were created or restored."""

    SIZE = 16


class RecordKind(IntEnum):
    """First byte of a record id."""

    ASSET = 1
    ALBUM = 2
    DEVICE = 3
    LIBRARY = 4


class RecordId(Id):
    """One byte of kind, then 16 bytes."""

    SIZE = 17

    def __new__(cls, value: bytes) -> Self:
        record = super().__new__(cls, value)
        RecordKind(record[0])
        return record

    @classmethod
    def make(cls, kind: RecordKind, body: bytes) -> Self:
        return cls(bytes([kind]) + body)

    @classmethod
    def asset(cls, primary: FileHash, generation: int = 0) -> Self:
        """The asset whose primary file is ``primary``; ``generation`` counts how often it was purged."""
        name = bytes(primary)
        if generation:
            name = hashlib.sha256(name + generation.to_bytes(4, "big")).digest()
        return cls.make(RecordKind.ASSET, name[:16])

    @property
    def kind(self) -> RecordKind:
        return RecordKind(self[0])

    @property
    def body(self) -> bytes:
        """The 16 bytes after the kind."""
        return bytes(self[1:])


LIBRARY_RECORD = RecordId.make(RecordKind.LIBRARY, bytes(16))
NO_ENTRY = EntryHash(bytes(32))
MASTER = DeviceId(bytes(16))
"""Stands for the master key where a device id names a signer or a recipient."""
