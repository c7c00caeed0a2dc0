"""The formats of version 1 are these bytes: they are written like that, and what is written like that is read."""

from __future__ import annotations

import hashlib

import cbor2
import pytest

from store.bodies import parse_body
from store.certificates import parse_certificate, verify_certificate
from store.entries import EntryKind, parse_entry, verify_signature
from store.heads import Heads
from store.ids import MASTER
from store.seen import parse_seen, verify_seen
from tests.fleet.authors import NOW, filler
from tests.golden.store import cases

KINDS = sorted(EntryKind)


def test_every_case_is_pinned_and_nothing_else() -> None:
    assert {path.stem for path in cases.FOLDER.glob("*.hex")} == set(cases.cases())


@pytest.mark.parametrize("name", sorted(cases.cases()))
def test_it_is_written_like_that(name: str) -> None:
    assert cases.cases()[name].hex() == cases.read(name).hex()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name.lower())
def test_entries_are_read(kind: EntryKind) -> None:
    library, anna = cases.library_with_one_device()
    entry = parse_entry(cases.read(f"entry-{kind.name.lower()}"))
    assert entry == cases.entries()[kind]
    by_master = kind in (EntryKind.GENESIS, EntryKind.CERTIFICATE)
    verify_signature(entry, library.master_keys.signing_key if by_master else anna.keys.signing_key)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not EntryKind.CHANGE], ids=lambda kind: kind.name.lower())
def test_control_bodies_are_read(kind: EntryKind) -> None:
    raw = cases.read(f"body-{kind.name.lower()}")
    assert parse_body(kind, raw).encode() == raw


def test_certificates_are_read() -> None:
    library, anna = cases.library_with_one_device()
    by_master = parse_certificate(cases.read("certificate-by-master"))
    assert (by_master.library, by_master.device, by_master.signer) == (library.id, anna.device, MASTER)
    verify_certificate(by_master, library.master_keys.signing_key)
    by_device = parse_certificate(cases.read("certificate-by-device"))
    assert (by_device.device, by_device.signer) == (library.author("bert").device, anna.device)
    verify_certificate(by_device, anna.keys.signing_key)


def test_a_seen_report_is_read() -> None:
    library, anna = cases.library_with_one_device()
    report = parse_seen(cases.read("seen-report"))
    assert (report.library, report.device, report.number, report.counter) == (library.id, anna.device, 0, 3)
    assert (report.heads, report.checkpoint, report.epoch) == (cases.heads(), None, library.epoch)
    verify_seen(report, anna.keys.signing_key)


def test_heads_are_read() -> None:
    assert Heads.decode(cases.read("heads")) == cases.heads()


def test_the_protocol_s_own_words_make_the_same_bytes() -> None:
    """Entry, certificate and report once more, from PROTOCOL.md sections 3 to 3.4 and without this package's encoders."""
    library, anna = cases.library_with_one_device()
    entries = cases.entries()

    def dumps(value: object) -> bytes:
        return cbor2.dumps(value, canonical=True)

    change, opened, genesis = (entries[kind] for kind in (EntryKind.CHANGE, EntryKind.OPEN, EntryKind.GENESIS))
    deps = [[bytes(library.id[:16]), 0, bytes(genesis.name)]]
    prefix = dumps([1, 0, bytes(library.id), bytes(change.log), 1, bytes(opened.name), deps, bytes(library.epoch)])
    header = dumps([prefix, hashlib.sha256(b"an opaque body").digest(), 14])
    raw = dumps([header, anna.keys.sign(b"calotype entry" + header), b"an opaque body"])
    assert raw == cases.read("entry-change")
    assert change.name == hashlib.sha256(header).digest()

    inner = dumps(["calotype certificate", 1, bytes(library.id), anna.keys.signing_key, anna.keys.wrapping_key, bytes(16)])
    assert dumps([inner, library.master_keys.sign(inner)]) == cases.read("certificate-by-master")

    heads = [[bytes(log), [[tip.seq, bytes(tip.name)] for tip in tips]] for log, tips in sorted(cases.heads().items())]
    sealed_digest = filler("sealed digest", 64)
    statement = dumps(
        ["calotype seen", 1, bytes(library.id), bytes(anna.device), 0, 3, heads, b"", bytes(library.epoch), NOW, sealed_digest]
    )
    assert dumps([statement, anna.keys.sign(statement)]) == cases.read("seen-report")
