"""What makes two runs of one seed the same: trio's order of tasks, hashing, and the few places that ask the system for randomness themselves.

Python's hashing of bytes and strings is fixed by the environment of a process, so a run is started in one where it is (``hashing_is_fixed``).
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random
from unittest.mock import patch
from uuid import UUID

import trio._core._run as trio_run
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from peer.keys.errors import WrappingError
from peer.keys.wrapping import WRAPPING_OVERHEAD, WrappingKeys
from store.signatures import WRAPPING_KEY_BYTES

NO_NONCE = bytes(12)


def hashing_is_fixed() -> bool:
    """Whether sets and dicts of this process have the same order in every run."""
    return os.environ.get("PYTHONHASHSEED") == "0"


def begin_again_with_fixed_hashing() -> None:
    """This program once more, in this process's place, with hashing that is the same in every run."""
    if not hashing_is_fixed():
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, "PYTHONHASHSEED": "0"})


@contextmanager
def deterministic(seed: str) -> Iterator[None]:
    """Inside the block everything that would differ from run to run comes from ``seed``."""
    names = Random(f"{seed}/names")
    with ExitStack() as stack:
        stack.enter_context(patch.object(trio_run, "_ALLOW_DETERMINISTIC_SCHEDULING", True))
        stack.enter_context(patch.object(trio_run, "_r", Random(f"{seed}/tasks")))
        stack.enter_context(patch("store.scratch.uuid.uuid4", lambda: UUID(bytes=names.randbytes(16), version=4)))
        stack.enter_context(patch("peer.keys.packages.wrap", _wrap))
        stack.enter_context(patch.object(WrappingKeys, "unwrap", _unwrap))
        yield


def _wrap(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """In place of HPKE, which draws its ephemeral keys itself: as long, and as useless for who holds another key, but no secret from who knows the
    public key. That packages are sealed is shown by the tests of ``peer.keys``; here it matters who gets one."""
    assert len(public) == WRAPPING_KEY_BYTES
    key = hashlib.sha256(b"simulated wrapping" + public).digest()
    sealed = AESGCM(key).encrypt(NO_NONCE, plaintext, info)
    return hashlib.shake_256(b"simulated encapsulation" + public + sealed).digest(WRAPPING_OVERHEAD - 16) + sealed


def _unwrap(keys: WrappingKeys, wrapped: bytes, info: bytes) -> bytes:
    key = hashlib.sha256(b"simulated wrapping" + keys.public).digest()
    try:
        return AESGCM(key).decrypt(NO_NONCE, wrapped[WRAPPING_OVERHEAD - 16 :], info)
    except (InvalidTag, ValueError) as error:
        raise WrappingError("A package doesn't open.") from error
