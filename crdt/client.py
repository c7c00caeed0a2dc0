"""The CRDT client id of an entry, and its spelling inside keys (PROTOCOL.md sections 2 and 6). Pure.

Every entry writes under an id of its own, so that no two different changes ever share one, whatever was cloned, restored or
forked: two entries after the same predecessor differ in their random bytes.
"""

from __future__ import annotations

import hashlib

from crdt.clock import Stamp
from store.ids import EntryHash, LogId

CLIENT_BITS = 53
MAX_CLIENT = (1 << CLIENT_BITS) - 1
"""The largest id that the engine holds exactly."""

RANDOM_BYTES = 16
WRITER_LENGTH = 9

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_DIGIT = {character: digit for digit, character in enumerate(_ALPHABET)}
_SHIFTS = range(6 * (WRITER_LENGTH - 1), -1, -6)


def client_id(log: LogId, previous: EntryHash, stamp: Stamp, random: bytes) -> int:
    """The first 53 bits of SHA-256(log | previous | stamp | random); ``random`` has 16 bytes, else ``ValueError``."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"an entry has {RANDOM_BYTES} random bytes, not {len(random)}")
    digest = hashlib.sha256(log + previous + stamp + random).digest()
    return int.from_bytes(digest[:7], "big") >> (56 - CLIENT_BITS)


def writer(client: int) -> str:
    """``client`` as 54 bits, big-endian, in base64url: 9 characters."""
    if not 0 <= client <= MAX_CLIENT:
        raise ValueError("a client id has 53 bits")
    return "".join([_ALPHABET[client >> shift & 63] for shift in _SHIFTS])


def client_of(text: str) -> int:
    """The client id that ``writer`` spells as ``text``; ``ValueError`` for anything else."""
    if len(text) != WRITER_LENGTH:
        raise ValueError(f"a writer has {WRITER_LENGTH} characters")
    client = 0
    for character in text:
        digit = _DIGIT.get(character)
        if digit is None:
            raise ValueError("a writer is written in base64url")
        client = client << 6 | digit
    if client > MAX_CLIENT:
        raise ValueError("a client id has 53 bits")
    return client
