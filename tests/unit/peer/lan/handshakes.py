"""TLS without a network: two sides whose bytes are carried by hand. And certificates that no device would make."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))


class Pair:
    """A client and a server; ``shake`` carries bytes until both are done, and raises what either side raises."""

    def __init__(self, client: ssl.SSLContext, server: ssl.SSLContext, name: str | None = "name") -> None:
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = client.wrap_bio(to_client, to_server, server_hostname=name)
        self.server = server.wrap_bio(to_server, to_client, server_side=True)
        self.to_client, self.to_server = to_client, to_server

    def shake(self) -> None:
        is_done = [False, False]
        for _ in range(6):
            for n, side in enumerate((self.client, self.server)):
                if not is_done[n]:
                    try:
                        side.do_handshake()
                        is_done[n] = True
                    except ssl.SSLWantReadError:
                        continue
        assert all(is_done)

    def is_refused(self) -> bool:
        """Whether either side turns the other away."""
        try:
            self.shake()
        except ssl.SSLError:
            return True
        return False

    def server_certificate(self) -> bytes | None:
        return self.client.getpeercert(binary_form=True)

    def client_certificate(self) -> bytes | None:
        return self.server.getpeercert(binary_form=True)


def trusting_anybody(*, folder: Path | None = None, pem: bytes = b"") -> ssl.SSLContext:
    """A client that believes every server, and shows ``pem``, if any; written into ``folder`` for that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if folder is not None:
        path = folder / "stranger.pem"
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context


def odd_certificate(
    issuer: x509.Name,
    signer: Any,
    *,
    key: Any = None,
    subject: x509.Name | None = None,
    period: tuple[datetime, datetime] = ALWAYS,
    ca: bool = False,
    algorithm: Any = None,
) -> tuple[x509.Certificate, Any]:
    """A certificate and its private key, as somebody who holds ``signer`` could make it."""
    key = key or Ed25519PrivateKey.generate()
    builder = x509.CertificateBuilder().subject_name(subject or x509.Name([])).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(period[0]).not_valid_after(period[1])
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    return builder.sign(signer, algorithm), key


def pem_of(key: Any, *chain: x509.Certificate) -> bytes:
    private: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return b"".join(each.public_bytes(Encoding.PEM) for each in chain) + private
