"""Certificates, by the master and by a member."""

from __future__ import annotations

import pytest

from peer.keys.certificates import issue_certificate
from peer.keys.errors import WrappingError
from peer.keys.master import MasterKeys
from store.certificates import parse_certificate, verify_certificate
from store.errors import RefusedError
from store.ids import MASTER, LibraryId
from tests.unit.peer.keys.seeded import device, golden, master

LIBRARY = LibraryId(bytes(32))


def test_certificates_are_pinned() -> None:
    pinned = golden("certificate")
    keys, first, second = MasterKeys.from_phrase(pinned["phrase"]), device("golden"), device("golden other")
    by_master = issue_certificate(keys, library=keys.library, signing_key=first.signing_key, wrapping_key=first.wrapping_key)
    by_device = issue_certificate(first, library=keys.library, signing_key=second.signing_key, wrapping_key=second.wrapping_key)
    assert by_master.raw.hex() == pinned["by_master"]
    assert by_device.raw.hex() == pinned["by_device"]
    assert (by_master.device.hex(), by_device.device.hex()) == (pinned["device"], pinned["other_device"])


def test_the_signer_is_named_and_verifies() -> None:
    keys, first, second = master(), device("a"), device("b")
    by_master = issue_certificate(keys, library=LIBRARY, signing_key=first.signing_key, wrapping_key=first.wrapping_key)
    by_member = issue_certificate(first, library=LIBRARY, signing_key=second.signing_key, wrapping_key=second.wrapping_key)
    assert (by_master.signer, by_member.signer) == (MASTER, first.device)
    verify_certificate(parse_certificate(by_master.raw), keys.signing_key)
    verify_certificate(parse_certificate(by_member.raw), first.signing_key)
    with pytest.raises(RefusedError):
        verify_certificate(by_member, keys.signing_key)


def test_a_key_that_can_receive_no_package_is_not_certified() -> None:
    with pytest.raises(WrappingError):
        issue_certificate(master(), library=LIBRARY, signing_key=device("a").signing_key, wrapping_key=b"\xff" * 1216)


def test_a_signing_key_of_a_wrong_length_is_not_certified() -> None:
    with pytest.raises(RefusedError):
        issue_certificate(master(), library=LIBRARY, signing_key=b"short", wrapping_key=device("a").wrapping_key)
