"""TLS of a gallery that other machines reach: a certificate that this device makes for itself, once.

No authority vouches for a private address, so a browser asks its person at the first visit. What it shows then has to be the fingerprint that
`calotype run` prints. The key stays in the library's private folder, in a file that nobody else may read.
"""

from __future__ import annotations

import hashlib
import os
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import trio
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from peer.layout import LibraryFolder
from relay.server import Admitted, Control, NotAdmittedError

LASTS = timedelta(days=820)
"""Browsers refuse certificates that are valid for longer."""

HANDSHAKE_SECONDS = 10.0
_NAME = "gallery-{host}.pem"


class TlsGuard:
    """Every connection begins with TLS."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    @asynccontextmanager
    async def admit(self, stream: trio.SocketStream, control: Control) -> AsyncGenerator[Admitted]:
        secured = trio.SSLStream(stream, self._context, server_side=True, https_compatible=True)
        try:
            with trio.fail_after(HANDSHAKE_SECONDS):
                await secured.do_handshake()
        except (trio.BrokenResourceError, trio.TooSlowError) as error:
            raise NotAdmittedError from error
        yield Admitted(stream=secured)


def gallery_context(folder: LibraryFolder, host: str) -> tuple[ssl.SSLContext, bytes]:
    """The context for a gallery at the address ``host``, and its certificate (DER). Made when there is none, or it is nearly over."""
    path = folder.private / _NAME.format(host=host.replace(":", "-"))
    certificate = _stored(path)
    if certificate is None:
        _write_private(path, _make(host))
        certificate = _stored(path)
    assert certificate is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(path)
    return context, certificate.public_bytes(Encoding.DER)


def fingerprint_of(certificate: bytes) -> str:
    """As browsers show it: SHA-256 in hexadecimal, by pairs."""
    return hashlib.sha256(certificate).digest().hex(":").upper()


def _stored(path: Path) -> x509.Certificate | None:
    with suppress(FileNotFoundError, ValueError):
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        if certificate.not_valid_after_utc - datetime.now(UTC) > timedelta(days=30):
            return certificate
    return None


def _make(host: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Calotype gallery")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, SHA256())
    )
    return certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_private(path: Path, content: bytes) -> None:
    partial = path.with_suffix(".part")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    partial.replace(path)
