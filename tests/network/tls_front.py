"""The proxy that ends TLS before a relay on a network, with a certificate that only who is told trusts."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import trio
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.network.hosts import Host

READ_BYTES = 65536
ENDED = (OSError, trio.BrokenResourceError, trio.ClosedResourceError)


def write_certificate(path: Path, *addresses: str) -> ssl.SSLContext:
    """A self-signed one for a server at these addresses, in ``path``, and what a server needs that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test's relay")])
    now = datetime.now(UTC)
    alternatives = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address)) for address in addresses])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - timedelta(1), now + timedelta(1))
    certificate = builder.add_extension(alternatives, critical=False).sign(key, SHA256())
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    private = path.with_suffix(".key")
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path, private)
    return context


@asynccontextmanager
async def serving_tls(host: Host, target: int, authority: Path) -> AsyncIterator[int]:
    """On all of the host's addresses, for what listens on the host's loopback at ``target``; the port. ``authority``: where the certificate lies."""
    context = write_certificate(authority, host.ipv4, host.ipv6)
    listener = host.listen()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, partial(_pass_on, host, target, context), [listener])
        yield listener.socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def _pass_on(host: Host, target: int, context: ssl.SSLContext, outside: trio.SocketStream) -> None:
    near = trio.SSLStream(outside, context, server_side=True, https_compatible=True)
    try:
        await near.do_handshake()
        async with await host.connect("127.0.0.1", target) as far, trio.open_nursery() as nursery:
            nursery.start_soon(_forward, near, far, nursery.cancel_scope)
            nursery.start_soon(_forward, far, near, nursery.cancel_scope)
    except ENDED:
        return  # one of the two went away, or the other end speaks no TLS that we do
    finally:
        await trio.aclose_forcefully(outside)


async def _forward(source: trio.abc.ReceiveStream, sink: trio.abc.SendStream, both: trio.CancelScope) -> None:
    """Until either end closes: then both directions end, as HTTP connections do."""
    try:
        while chunk := await source.receive_some(READ_BYTES):
            await sink.send_all(chunk)
    except ENDED:
        pass
    both.cancel()
