"""TLS between devices: certificates and trust anchors made from device keys alone (PROTOCOL.md section 7.3).

A device proves that it holds its signing key, and nothing else is in its certificate: no name, no machine, no library.

- Each time a device begins to serve or to dial it makes a *throw-away* Ed25519 key for TLS, and a certificate for it that its signing key signs. So the
  signing key itself never enters OpenSSL, which takes private keys from files only, and the file holds a key that is encrypted with a password
  that was never written down.
- Whom a side trusts is a set of public signing keys. For each it makes an *anchor*: a self-issued X.509 certificate of that key. Nobody but the
  key's owner could sign it, and nobody needs to: an anchor is trusted because it is in the set, its own signature is never looked at (RFC 5280
  section 6.1.1 (d)). OpenSSL then verifies the signature of the throw-away key's certificate with the anchor's key.
- A certificate names its issuer by a hash of the signing key, so that OpenSSL finds the anchor; and an anchor allows no certificates between
  itself and the last one. ``signer_of`` looks at the signature once more, by itself, and says whose certificate it was.
- Certificates say that they never expire (RFC 5280 section 4.1.2.5): clocks of devices may be wrong by years. They are worth as much as the roster says.

TLS 1.3 only. No tickets, so no resumption: every connection proves both keys anew, and who was removed has nothing to come back with.
"""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import NameOID, SignatureAlgorithmOID

from peer.seams import Randomness
from store.signatures import is_signed

_KEY_BYTES = 32
_NAME_BYTES = 16
_SERIAL_BYTES = 16
_ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
_NOBODY = Ed25519PrivateKey.from_private_bytes(bytes(_KEY_BYTES))
"""Signs anchors, since X.509 has no certificates without a signature."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A throw-away key, encrypted, and the certificate by which a signing key vouches for it."""

    pem: bytes = field(repr=False)
    password: str = field(repr=False)

    @classmethod
    def issue(cls, signing_private: bytes, randomness: Randomness) -> Self:
        """By the owner of a signing key (32 bytes)."""
        signer = Ed25519PrivateKey.from_private_bytes(signing_private)
        key = Ed25519PrivateKey.from_private_bytes(randomness(_KEY_BYTES))
        certificate = (
            _builder(x509.Name([]), signer.public_key().public_bytes_raw(), key.public_key())
            .serial_number(int.from_bytes(randomness(_SERIAL_BYTES), "big") >> 1 | 1)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(signer, None)
        )
        password = randomness(_KEY_BYTES).hex()
        encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
        return cls(certificate.public_bytes(Encoding.PEM) + encrypted, password)

    def load_into(self, context: ssl.SSLContext) -> None:
        """Show this certificate in connections of ``context``. Writes a file, which is gone when this returns."""
        with tempfile.TemporaryDirectory(prefix="calotype-") as folder:
            file = Path(folder, "credentials.pem")
            file.write_bytes(self.pem)
            context.load_cert_chain(file, password=self.password)


def server_context(credentials: Credentials, trusted: Iterable[bytes]) -> ssl.SSLContext:
    """For connections from owners of the ``trusted`` signing keys."""
    return _context(ssl.PROTOCOL_TLS_SERVER, credentials, trusted)


def client_context(credentials: Credentials, trusted: Iterable[bytes]) -> ssl.SSLContext:
    """For connections to owners of the ``trusted`` signing keys."""
    return _context(ssl.PROTOCOL_TLS_CLIENT, credentials, trusted)


def choosing_context(choose: Callable[[str | None], ssl.SSLContext | None]) -> ssl.SSLContext:
    """For a server: which context a connection gets is chosen by the name that the client asks for. ``None``: it is turned away, and has been
    shown nothing. ``choose`` must not raise."""
    context = _empty(ssl.PROTOCOL_TLS_SERVER)

    def by_name(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> int | None:
        chosen = choose(name)
        if chosen is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = chosen
        return None

    context.sni_callback = by_name
    return context


def signer_of(certificate: bytes | None, keys: Iterable[bytes]) -> bytes | None:
    """The one of these signing keys that vouches for a certificate (DER) that was shown; ``None`` when none of them does."""
    try:
        shown = x509.load_der_x509_certificate(certificate or b"")
        algorithm, issuer = shown.signature_algorithm_oid, shown.issuer
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if algorithm != SignatureAlgorithmOID.ED25519:
        return None
    named = (key for key in keys if _name(key) == issuer)
    return next((key for key in named if is_signed(shown.tbs_certificate_bytes, shown.signature, key)), None)


def anchor(key: bytes) -> bytes:
    """The certificate (DER) by which a signing key is trusted."""
    builder = _builder(_name(key), key, Ed25519PublicKey.from_public_bytes(key)).serial_number(1)
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(_NOBODY, None).public_bytes(Encoding.DER)
    )


def _builder(subject: x509.Name, issuer_key: bytes, key: Ed25519PublicKey) -> x509.CertificateBuilder:
    begin, end = _ALWAYS
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(_name(issuer_key)).public_key(key)
    return builder.not_valid_before(begin).not_valid_after(end)


def _name(key: bytes) -> x509.Name:
    digest = hashlib.sha256(b"calotype certificate" + key).digest()[:_NAME_BYTES]
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, digest.hex())])


def _context(side: int, credentials: Credentials, trusted: Iterable[bytes]) -> ssl.SSLContext:
    context = _empty(side)
    credentials.load_into(context)
    anchors = b"".join(anchor(key) for key in trusted)
    if anchors:
        context.load_verify_locations(cadata=anchors)
    return context


def _empty(side: int) -> ssl.SSLContext:
    """Trusts nobody and shows nothing."""
    context = ssl.SSLContext(side)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the name only opens the gate; who it is, the anchors say
    context.verify_mode = ssl.CERT_REQUIRED
    context.options |= ssl.OP_NO_TICKET
    if side == ssl.PROTOCOL_TLS_SERVER:
        context.num_tickets = 0
    return context
