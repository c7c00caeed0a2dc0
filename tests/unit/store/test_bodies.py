"""Control bodies, certificates and seen reports: round trips, and strictness."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.bodies import MAX_EARLIER_BYTES, MAX_PACKAGE_BYTES, Claim, ControlBody, Genesis, Packages, Release, parse_body
from store.certificates import Certificate, assemble_certificate, certificate_to_sign, parse_certificate, verify_certificate
from store.encoding import encode
from store.entries import EntryKind
from store.errors import RefusedError
from store.ids import MASTER, BlobId, DeviceId, EpochId, LibraryId
from store.seen import make_digest_context, newer, parse_seen, verify_seen
from tests.fleet.authors import Keys
from tests.unit.store import strategies as of

EPOCH = EpochId(bytes(16))


@given(of.controls)
def test_round_trip(control: tuple[EntryKind, ControlBody]) -> None:
    kind, body = control
    assert parse_body(kind, body.encode()) == body


@settings(max_examples=150)
@given(of.controls, st.data())
def test_other_bytes_are_another_body_or_refused(control: tuple[EntryKind, ControlBody], data: st.DataObject) -> None:
    kind, body = control
    raw = bytearray(body.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        other = parse_body(kind, bytes(raw))
    except RefusedError:
        return
    assert other != body
    assert other.encode() == raw


@given(of.controls, st.sampled_from(EntryKind))
def test_no_body_is_taken_for_one_of_another_kind_with_other_bytes(control: tuple[EntryKind, ControlBody], kind: EntryKind) -> None:
    if kind is EntryKind.CHANGE:
        return
    raw = control[1].encode()
    try:
        body = parse_body(kind, raw)
    except RefusedError:
        return
    assert body.encode() == raw


def test_lists_are_written_sorted_and_read_only_sorted() -> None:
    first, second = BlobId(bytes(32)), BlobId(b"\1" * 32)
    assert Release(blobs=(second, first)).encode() == Release(blobs=(first, second)).encode()
    assert code_of(parse_body, EntryKind.RELEASE, encode([1, [second, first]])) == "malformed"
    assert code_of(parse_body, EntryKind.RELEASE, encode([1, [first, first]])) == "malformed"
    assert Claim(blobs=(second, first), releases=()).encode() == encode([1, [first, second], []])


def test_limits() -> None:
    device = DeviceId(b"d" * 16)
    for body, code in (
        (Packages(epoch=EPOCH, packages=((device, bytes(MAX_PACKAGE_BYTES + 1)),)), "too-large"),
        (Packages(epoch=EPOCH, packages=(), earlier=bytes(MAX_EARLIER_BYTES + 1)), "too-large"),
        (Packages(epoch=EPOCH, packages=tuple((DeviceId(number.to_bytes(16, "big")), b"") for number in range(1025))), "too-large"),
        (Packages(epoch=EPOCH, packages=((device, b"1"), (device, b"2"))), "malformed"),
    ):
        assert code_of(parse_body, EntryKind.PACKAGES, body.encode()) == code
    keys = Keys("x")
    for genesis in (
        Genesis(signing_key=keys.signing_key[:-1], wrapping_key=keys.wrapping_key, time=0),
        Genesis(signing_key=keys.signing_key, wrapping_key=keys.wrapping_key + b"x", time=0),
        Genesis(signing_key=keys.signing_key, wrapping_key=keys.wrapping_key, time=-1),
    ):
        assert code_of(parse_body, EntryKind.GENESIS, genesis.encode()) == "malformed"


class TestCertificates:
    keys = Keys("device")
    signer = Keys("signer")
    library = LibraryId(bytes(32))

    def certificate(self) -> Certificate:
        to_sign = certificate_to_sign(
            library=self.library, signing_key=self.keys.signing_key, wrapping_key=self.keys.wrapping_key, signer=MASTER
        )
        return assemble_certificate(to_sign, self.signer.sign(to_sign))

    def test_round_trip(self) -> None:
        certificate = self.certificate()
        assert parse_certificate(certificate.raw) == certificate
        assert certificate.device == self.keys.device
        assert (certificate.library, certificate.signer) == (self.library, MASTER)
        verify_certificate(certificate, self.signer.signing_key)

    @given(st.data())
    def test_bytes_that_were_changed_are_refused_or_not_signed(self, data: st.DataObject) -> None:
        raw = bytearray(self.certificate().raw)
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
        try:
            certificate = parse_certificate(bytes(raw))
        except RefusedError:
            return
        assert code_of(verify_certificate, certificate, self.signer.signing_key) == "bad-signature"

    def test_other_things_that_are_signed_are_no_certificates(self) -> None:
        for inner, code in (
            (["calotype seen", 1, self.library, self.keys.signing_key, self.keys.wrapping_key, MASTER], "malformed"),
            (["calotype certificate", 2, self.library, self.keys.signing_key, self.keys.wrapping_key, MASTER], "unknown-version"),
            (["calotype certificate", True, self.library, self.keys.signing_key, self.keys.wrapping_key, MASTER], "malformed"),
            (["calotype certificate", 1, self.library, self.keys.signing_key, self.keys.wrapping_key], "malformed"),
        ):
            assert code_of(parse_certificate, encode([encode(inner), bytes(64)])) == code
        assert code_of(parse_certificate, bytes(5000)) == "too-large"


class TestSeenReports:
    def test_round_trip(self) -> None:
        report = of.ANNA.report(counter=7)
        assert parse_seen(report.raw) == report
        assert (report.device, report.counter, report.heads) == (of.ANNA.device, 7, of.LIBRARY.heads())
        verify_seen(report, of.ANNA.keys.signing_key)
        assert report.digest_context == make_digest_context(
            library=of.LIBRARY.id,
            device=of.ANNA.device,
            number=0,
            counter=7,
            heads=of.LIBRARY.heads(),
            checkpoint=None,
            epoch=of.LIBRARY.epoch,
            time=report.time,
        )

    def test_number_then_counter_then_hash_decide(self) -> None:
        anna = of.ANNA.fork()
        reports = [anna.report(counter=counter) for counter in (1, 2)]
        anna.number += 1
        reports += [anna.report(counter=0)]
        same_numbers = [anna.report(anna.library.heads().without([log]), counter=1) for log in anna.library.heads()]
        reports += sorted(same_numbers, key=lambda report: hashlib.sha256(report.statement).digest())
        for index, older in enumerate(reports):
            assert not newer(older, older)
            for later in reports[index + 1 :]:
                assert newer(later, older)
                assert not newer(older, later)

    @given(st.data())
    def test_bytes_that_were_changed_are_refused_or_not_signed(self, data: st.DataObject) -> None:
        raw = bytearray(of.ANNA.report(counter=1).raw)
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
        try:
            report = parse_seen(bytes(raw))
        except RefusedError:
            return
        assert code_of(verify_seen, report, of.ANNA.keys.signing_key) == "bad-signature"


def code_of(action: Callable[..., object], *arguments: object) -> str:
    """The name by which it is refused."""
    with pytest.raises(RefusedError) as caught:
        action(*arguments)
    return caught.value.code
