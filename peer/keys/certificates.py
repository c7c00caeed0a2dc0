"""Issuing certificates: how the master or a member makes a device a member (PROTOCOL.md section 3.2)."""

from __future__ import annotations

from peer.keys.identity import Identity
from peer.keys.wrapping import check_public
from store.certificates import Certificate, assemble_certificate, certificate_to_sign
from store.ids import LibraryId


def issue_certificate(signer: Identity, *, library: LibraryId, signing_key: bytes, wrapping_key: bytes) -> Certificate:
    """The device with these public keys (32 and 1,216 bytes) vouched for by ``signer``.

    Raises ``WrappingError`` when no package could be made to the wrapping key, ``RefusedError`` when the signing key has a wrong length.
    """
    check_public(wrapping_key)
    to_sign = certificate_to_sign(library=library, signing_key=signing_key, wrapping_key=wrapping_key, signer=signer.id)
    return assemble_certificate(to_sign, signer.sign(to_sign))
