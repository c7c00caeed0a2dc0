"""A relay is blind: nothing that it keeps can be read without the library's keys (DESIGN.md section 1, goal 3; PROTOCOL.md section 10)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from peer.keys.blobs import open_blob
from peer.keys.errors import MissingEpochError, UnsealError
from tests.simulation.oracle.case import Case
from tests.simulation.oracle.evidence import Complaint, RelayEvidence

LEAST_BYTES = 6
"""Shorter secrets turn up among random bytes by chance."""


def check_blindness(case: Case) -> Iterator[Complaint]:
    """No file of a relay has one of the secrets in it. Blobs that have the bytes of their name and open with the library's keys are
    ciphertext, and are passed over."""
    needles = sorted({needle for secret in case.evidence.secrets if len(needle := _as_bytes(secret)) >= LEAST_BYTES})
    for relay in case.evidence.relays:
        for path in sorted(path for path in relay.folder.root.rglob("*") if path.is_file()):
            contents = path.read_bytes()
            if _is_sealed(case, relay, path, contents):
                continue
            found = [needle for needle in needles if needle in contents]
            if found:
                place = path.relative_to(relay.folder.root).parts[0]
                yield Complaint(kind="plaintext", sentence=f"{relay.name} can read {found[0][:40]!r}: it stands in its {place}.")


def _as_bytes(secret: bytes | str) -> bytes:
    return secret.encode() if isinstance(secret, str) else secret


def _is_sealed(case: Case, relay: RelayEvidence, path: Path, contents: bytes) -> bool:
    if path.parent.parent != relay.folder.root / "blobs" or hashlib.sha256(contents).hexdigest() != path.name:
        return False
    try:
        open_blob(case.keyring, contents)
    except (MissingEpochError, UnsealError):
        return False
    return True
