"""Device certificates (PROTOCOL.md section 3.2): the two keys of a device, vouched for by the master or by a member. Pure.

A certificate by itself proves only that its signer signed it; whether that counts is the roster's to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from store.encoding import decode, encode
from store.errors import RefusedError, refusing
from store.ids import DeviceId, LibraryId
from store.shapes import array, identifier, octets, versioned
from store.signatures import SIGNATURE_BYTES, SIGNING_KEY_BYTES, WRAPPING_KEY_BYTES, is_signed

MAX_CERTIFICATE_BYTES = 4096
_LABEL = "calotype certificate"
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """``signer`` (``MASTER`` for the master key) says that ``device`` belongs to ``library``."""

    library: LibraryId
    signing_key: bytes
    wrapping_key: bytes = field(repr=False)
    signer: DeviceId
    to_sign: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def device(self) -> DeviceId:
        return DeviceId.of(self.signing_key, self.wrapping_key)

    @property
    def raw(self) -> bytes:
        """The bytes that travel."""
        return encode([self.to_sign, self.signature])


def certificate_to_sign(*, library: LibraryId, signing_key: bytes, wrapping_key: bytes, signer: DeviceId) -> bytes:
    """What the signer signs, with Ed25519 and as it is: its first field keeps it apart from everything else that is signed."""
    return encode([_LABEL, _VERSION, library, signing_key, wrapping_key, signer])


def assemble_certificate(to_sign: bytes, signature: bytes) -> Certificate:
    """The certificate of what was signed and the signature over it; same ``RefusedError`` as ``parse_certificate``."""
    return parse_certificate(encode([to_sign, signature]))


def parse_certificate(raw: bytes) -> Certificate:
    """``RefusedError``: `malformed`, `too-large`, `too-deep`, `unknown-version`. The signature is not verified here."""
    with refusing("certificate"):
        to_sign, signature = array(decode(raw, limit=MAX_CERTIFICATE_BYTES, depth=1), 2)
        values = decode(octets(to_sign), limit=MAX_CERTIFICATE_BYTES, depth=1)
        library, signing_key, wrapping_key, signer = versioned(values, _VERSION, 6, label=_LABEL)
        return Certificate(
            library=identifier(LibraryId, library),
            signing_key=octets(signing_key, exactly=SIGNING_KEY_BYTES),
            wrapping_key=octets(wrapping_key, exactly=WRAPPING_KEY_BYTES),
            signer=identifier(DeviceId, signer),
            to_sign=to_sign,
            signature=octets(signature, exactly=SIGNATURE_BYTES),
        )


def verify_certificate(certificate: Certificate, signer_key: bytes) -> None:
    """``RefusedError`` (`bad-signature`) unless the owner of ``signer_key`` (Ed25519, 32 bytes) signed it."""
    if not is_signed(certificate.to_sign, certificate.signature, signer_key):
        raise RefusedError("bad-signature", f"the certificate of device {certificate.device.short()} isn't signed by its signer")
