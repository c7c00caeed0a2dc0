"""Patches that came from elsewhere, applied to a file that is here."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from peer.library.patches import PatchError, make_patch, unpack_patch
from tests.fuzz.target import Target, promise

_BASE = Random(1).randbytes(3000)
_RESULT = b"another header" + _BASE[100:2000] + bytes(200) + _BASE[2000:]


def patch(data: bytes) -> None:
    """Whatever a patch says, exactly the announced number of bytes comes out, or none of it counts."""
    for size in (len(_RESULT), 1):
        made: list[int] = []
        try:
            unpack_patch(data, _BASE, size=size, write=lambda part, made=made: made.append(len(part)))  # type: ignore[misc]
        except PatchError:
            promise(sum(made) <= size, "more was written than announced")
            continue
        promise(sum(made) == size, "another number of bytes")


def _seeds() -> Mapping[str, bytes]:
    made = make_patch(_BASE, _RESULT)
    assert made is not None
    return {"patch": made, "one byte": make_patch(_BASE, _BASE) or made}


TARGETS = (Target(name="patch", check=patch, seeds=_seeds),)
