"""Entries and reports made whole again after a change: hash and length of a body, and the signature of whoever has to sign."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any

from store.encoding import MalformedError, decode, encode
from store.entries import MAX_ENTRY_BYTES
from tests.fleet.authors import Author, FleetLibrary
from tests.fuzz.chance import Chance
from tests.fuzz.structure import mutated_cbor
from tests.fuzz.target import Mutator
from tests.golden.store.cases import library_with_one_device

_LOG_IN_PREFIX = 3


@cache
def library() -> tuple[FleetLibrary, Author]:
    """The library of the golden entries, whose keys are fixed."""
    return library_with_one_device()


def then(inside: Mutator, made_whole: Callable[[bytes], bytes]) -> Mutator:
    """Mostly what comes out of ``inside`` is made whole again, so that it isn't refused for its hash or signature."""

    def mutate(data: bytes, chance: Chance) -> bytes:
        changed = inside(data, chance)
        return changed if chance.once_in(8) else made_whole(changed)

    return mutate


def entry_changed(data: bytes, chance: Chance) -> bytes:
    """In every other case its prefix, where it says most and which lies deepest; else anything of it. Made whole again."""
    return then(_prefix_changed if chance.once_in(2) else mutated_cbor, resealed_entry)(data, chance)


def _prefix_changed(data: bytes, chance: Chance) -> bytes:
    try:
        header, signature, body = decode(data, limit=MAX_ENTRY_BYTES, depth=1)
        prefix, *rest = decode(header, limit=MAX_ENTRY_BYTES, depth=1)
        return encode([encode([mutated_cbor(prefix, chance), *rest]), signature, body])
    except (MalformedError, ValueError, TypeError):
        return mutated_cbor(data, chance)


def resealed_entry(data: bytes) -> bytes:
    """``data`` with the right hash, length and signature; as it is when it has no place for them."""
    try:
        header, _, body = decode(data, limit=MAX_ENTRY_BYTES, depth=1)
        prefix = decode(header, limit=MAX_ENTRY_BYTES, depth=1)[0]
        whole = encode([prefix, hashlib.sha256(body).digest(), len(body)])
        return encode([whole, _signed(prefix, b"calotype entry" + whole), body])
    except (MalformedError, ValueError, TypeError, LookupError):
        return data


def resigned_report(data: bytes) -> bytes:
    """``data`` with the signature of the device over its statement; as it is when it has no place for it."""
    try:
        statement, _ = decode(data, limit=MAX_ENTRY_BYTES, depth=1)
        return encode([statement, library()[1].keys.sign(statement)])
    except (MalformedError, ValueError, TypeError):
        return data


def _signed(prefix: Any, message: bytes) -> bytes:
    fleet, anna = library()
    log = decode(prefix, limit=MAX_ENTRY_BYTES, depth=4)[_LOG_IN_PREFIX]
    keys = fleet.master_keys if log == fleet.id.master_log() else anna.keys
    return keys.sign(message)
