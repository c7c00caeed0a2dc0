"""Certificates and anchors made from device keys alone: who is believed, and who isn't."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from peer.lan.tls import Credentials, anchor, choosing_context, client_context, server_context, signer_of
from tests.unit.peer.lan.handshakes import Pair, odd_certificate, pem_of, trusting_anybody

PRIVATE = {name: bytes([n]) * 32 for n, name in enumerate(("anna", "bert", "eve"), start=1)}
PUBLIC = {name: Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw() for name, private in PRIVATE.items()}
ANNA, BERT, EVE = (Ed25519PrivateKey.from_private_bytes(PRIVATE[name]) for name in ("anna", "bert", "eve"))


def credentials(name: str) -> Credentials:
    return Credentials.issue(PRIVATE[name], Random(name).randbytes)


def client(name: str, *trusted: str) -> ssl.SSLContext:
    return client_context(credentials(name), [PUBLIC[each] for each in trusted])


def server(name: str, *trusted: str) -> ssl.SSLContext:
    return server_context(credentials(name), [PUBLIC[each] for each in trusted])


def issuer(name: str) -> x509.Name:
    """How certificates name a signing key."""
    return x509.load_der_x509_certificate(anchor(PUBLIC[name])).subject


def test_two_that_trust_each_other_meet_and_know_whom_they_met() -> None:
    pair = Pair(client("anna", "bert", "eve"), server("bert", "eve", "anna"))
    pair.shake()
    assert pair.client.version() == "TLSv1.3"
    assert signer_of(pair.server_certificate(), PUBLIC.values()) == PUBLIC["bert"]
    assert signer_of(pair.client_certificate(), PUBLIC.values()) == PUBLIC["anna"]


@pytest.mark.parametrize(
    ("caller", "callers_trust", "servers_trust"), [("eve", "bert", "anna"), ("anna", "eve", "anna"), ("eve", "eve", "bert")]
)
def test_nobody_else_gets_in(caller: str, callers_trust: str, servers_trust: str) -> None:
    assert Pair(client(caller, callers_trust), server("bert", servers_trust)).is_refused()


def test_who_trusts_nobody_meets_nobody() -> None:
    assert Pair(client("anna"), server("bert", "anna")).is_refused()
    assert Pair(client("anna", "bert"), server("bert")).is_refused()


def test_a_client_without_a_certificate() -> None:
    assert Pair(trusting_anybody(), server("bert", "anna")).is_refused()


def test_an_older_tls(tmp_path: Path) -> None:
    certificate, key = odd_certificate(issuer("anna"), ANNA)
    old = trusting_anybody(folder=tmp_path, pem=pem_of(key, certificate))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert Pair(old, server("bert", "anna")).is_refused()


def test_no_session_can_be_resumed() -> None:
    bert = server("bert", "anna")
    caller = client("anna", "bert")
    pair = Pair(caller, bert)
    pair.shake()
    pair.server.write(b"x")
    assert pair.client.read(1) == b"x"  # whatever the server sends after its handshake was taken in by now
    assert pair.client.session is None or not pair.client.session.has_ticket
    assert not pair.client.session_reused


def test_one_s_own_certificate_of_another_key_is_not_enough(tmp_path: Path) -> None:
    for certificate, key in (
        odd_certificate(issuer("anna"), EVE),  # names anna, signed by eve
        odd_certificate(issuer("eve"), EVE),
        odd_certificate(issuer("anna"), EVE, subject=issuer("anna"), ca=True, key=EVE),
    ):
        assert Pair(trusting_anybody(folder=tmp_path, pem=pem_of(key, certificate)), server("bert", "anna")).is_refused()


@pytest.mark.parametrize(
    "period",
    [
        (datetime(2001, 1, 1, tzinfo=UTC), datetime(2002, 1, 1, tzinfo=UTC)),
        (datetime(9990, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_certificate_that_says_itself_that_it_isn_t_valid_now(tmp_path: Path, period: tuple[datetime, datetime]) -> None:
    certificate, key = odd_certificate(issuer("anna"), ANNA, period=period)
    assert Pair(trusting_anybody(folder=tmp_path, pem=pem_of(key, certificate)), server("bert", "anna")).is_refused()


def test_another_kind_of_key_that_a_member_vouches_for_is_as_good(tmp_path: Path) -> None:
    certificate, key = odd_certificate(issuer("anna"), ANNA, key=ec.generate_private_key(ec.SECP256R1()))
    pair = Pair(trusting_anybody(folder=tmp_path, pem=pem_of(key, certificate)), server("bert", "anna"))
    pair.shake()
    assert signer_of(pair.client_certificate(), [PUBLIC["anna"]]) == PUBLIC["anna"]


def test_a_member_can_t_make_others_of_a_member_s_name(tmp_path: Path) -> None:
    """Eve is a member too, and puts a certificate of her own between herself and a name that isn't hers."""
    between, key_between = odd_certificate(issuer("eve"), EVE, subject=issuer("anna"), ca=True)
    last, key = odd_certificate(issuer("anna"), key_between)
    pair = Pair(trusting_anybody(folder=tmp_path, pem=pem_of(key, last, between)), server("bert", "anna", "eve"))
    assert pair.is_refused() or signer_of(pair.client_certificate(), [PUBLIC["anna"], PUBLIC["eve"]]) is None


def test_signer_of_what_nobody_vouches_for() -> None:
    own, _ = odd_certificate(issuer("anna"), EVE)
    weak, _ = odd_certificate(issuer("anna"), ec.generate_private_key(ec.SECP256R1()), algorithm=SHA256())
    for certificate in (None, b"", b"\x30\x03\x02\x01\x01", own.public_bytes(Encoding.DER), weak.public_bytes(Encoding.DER)):
        assert signer_of(certificate, [PUBLIC["anna"]]) is None


def test_a_key_that_is_none_hurts_only_itself() -> None:
    """A member may certify any 32 bytes."""
    bert = server_context(credentials("bert"), [b"\xff" * 32, bytes(32), PUBLIC["anna"]])
    Pair(client("anna", "bert"), bert).shake()


def test_a_server_that_chooses_shows_nothing_to_who_asks_for_the_wrong_name() -> None:
    chosen = server("bert", "anna")
    front = choosing_context(lambda name: chosen if name == "right" else None)
    Pair(client("anna", "bert"), front, "right").shake()
    for name in ("wrong", None):
        pair = Pair(trusting_anybody(), front, name)
        with pytest.raises(ssl.SSLWantReadError):
            pair.client.do_handshake()
        with pytest.raises(ssl.SSLError):
            pair.server.do_handshake()
        assert len(pair.to_client.read()) < 50  # an alert, no more


def test_certificates_name_nobody() -> None:
    certificate = x509.load_pem_x509_certificate(credentials("anna").pem)
    assert len(certificate.subject) == 0
    assert [len(str(each.value)) for each in certificate.issuer] == [32]
    assert [extension.oid.dotted_string for extension in certificate.extensions] == ["2.5.29.19"]


def test_private_keys_are_in_no_text_and_no_file() -> None:
    issued = credentials("anna")
    assert b"ENCRYPTED PRIVATE KEY" in issued.pem
    assert issued.password not in repr(issued)
    assert PRIVATE["anna"] not in issued.pem


def test_golden_anchor() -> None:
    """Everything about it follows from the key but the signature, which nobody looks at."""
    golden = Path(__file__).parents[3] / "golden" / "lan" / "anchor.hex"
    assert anchor(PUBLIC["anna"]).hex() == golden.read_text("ascii").strip()
