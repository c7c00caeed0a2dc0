"""Entries and what they are made of: control bodies, certificates, seen reports, heads."""

from __future__ import annotations

from collections.abc import Mapping

from store.bodies import Certification, Settled, parse_body, parse_control
from store.certificates import Certificate, parse_certificate
from store.encoding import MalformedError, decode, encode
from store.entries import MAX_DEPS, Dep, EntryKind, make_prefix, parse_entry, seal_entry
from store.errors import RefusedError
from store.heads import MAX_TIPS, Heads, Range, missing
from store.ids import EntryHash, LogId
from store.seen import SeenReport, make_statement, newer, parse_seen
from tests.fuzz.seeds import GOLDEN, golden_hex
from tests.fuzz.structure import mutated_cbor, selected
from tests.fuzz.target import Target, promise
from tests.fuzz.targets.resealing import entry_changed, library

_FORM = frozenset({"malformed", "too-deep", "too-large", "unknown-version"})
_ENTRY_CODES = _FORM | {"bad-hash", "bad-chain"}


def entry(data: bytes) -> None:
    """An accepted entry has one encoding, and its fields are what its bytes say."""
    try:
        parsed = parse_entry(data)
    except RefusedError as error:
        promise(error.code in _ENTRY_CODES, f"refused as {error.code}")
        return
    promise(parsed.raw == data, "another encoding of the same entry")
    prefix = make_prefix(
        kind=parsed.kind,
        library=parsed.library,
        log=parsed.log,
        seq=parsed.seq,
        previous=parsed.previous,
        deps=parsed.deps,
        epoch=parsed.epoch,
    )
    promise(prefix == parsed.prefix, "another encoding of the same prefix")
    promise(len(parsed.deps) <= MAX_DEPS, "too many deps")
    promise(len(parsed.needs) == len(parsed.deps) + (parsed.seq > 0), "an entry that doesn't need what it names")
    if parsed.kind is not EntryKind.CHANGE:
        try:
            promise(parse_control(parsed).encode() == parsed.body, "another encoding of the same body")
        except RefusedError as error:
            promise(error.code in _FORM, f"a body refused as {error.code}")


def control_body(data: bytes) -> None:
    """An accepted control body has one encoding; what is signed in it keeps its bytes."""
    if not data or not 0 < data[0] <= max(EntryKind):
        return
    kind, body = EntryKind(data[0]), data[1:]
    try:
        parsed = parse_body(kind, body)
    except RefusedError as error:
        promise(error.code in _FORM, f"refused as {error.code}")
        return
    promise(parsed.encode() == body, "another encoding of the same body")
    match parsed:
        case Certification():
            _check_certificate(parsed.certificate)
        case Settled():
            for report in parsed.reports:
                _check_report(report)
        case _:
            pass


def certificate(data: bytes) -> None:
    """An accepted certificate has one encoding, and signs what it shows."""
    try:
        parsed = parse_certificate(data)
    except RefusedError as error:
        promise(error.code in _FORM, f"refused as {error.code}")
        return
    promise(parsed.raw == data, "another encoding of the same certificate")
    _check_certificate(parsed)


def _check_certificate(parsed: Certificate) -> None:
    fields = [bytes(parsed.library), parsed.signing_key, parsed.wrapping_key, bytes(parsed.signer)]
    promise(encode(["calotype certificate", 1, *fields]) == parsed.to_sign, "it signs something else than it shows")


def seen_report(data: bytes) -> None:
    """An accepted seen report has one encoding, and signs what it shows."""
    try:
        parsed = parse_seen(data)
    except RefusedError as error:
        promise(error.code in _FORM, f"refused as {error.code}")
        return
    promise(parsed.raw == data, "another encoding of the same report")
    _check_report(parsed)


def _check_report(parsed: SeenReport) -> None:
    promise(make_statement(parsed.digest_context, parsed.sealed_digest) == parsed.statement, "it signs something else than it shows")
    promise(not newer(parsed, parsed), "a report that is newer than itself")


def heads(data: bytes) -> None:
    """Accepted heads have one encoding, and what is missing between two of them are ranges of the first's logs."""
    try:
        wires = decode(data, limit=1 << 20, depth=5)
        if type(wires) is not list or len(wires) != 2:
            return
        ours, theirs = (Heads.from_wire(wire) for wire in wires)
    except MalformedError:
        return
    promise([ours.to_wire(), theirs.to_wire()] == wires, "another encoding of the same heads")
    promise(Heads.decode(ours.encode()) == ours, "heads that aren't read as they are written")
    promise(sum(map(len, ours.values())) <= MAX_TIPS, "too many tips")
    promise(missing(ours, ours) == (), "something is missing where all is there")
    promise(missing(ours, Heads()) == tuple(Range(log, -1) for log in ours), "not all is missing where nothing is there")
    ranges = missing(ours, theirs)
    promise([each.log for each in ranges] == sorted({each.log for each in ranges} & set(ours)), "ranges of logs that aren't ours")
    for log, tips in ours.items():
        has_all = set(tips) <= set(theirs.get(log, ()))
        promise(not has_all or all(each.log != log for each in ranges), "a log is missing whose tips are there")


def _entry_seeds() -> Mapping[str, bytes]:
    """One of each kind, and a change that names entries of three other logs."""
    golden = golden_hex(*(f"store/entry-{kind.name.lower()}" for kind in EntryKind))()
    change = parse_entry(golden["entry-change"])
    deps = [Dep(LogId(bytes([each] * LogId.SIZE)), each, EntryHash(bytes([each] * EntryHash.SIZE))) for each in range(3)]
    prefix = make_prefix(
        kind=change.kind,
        library=change.library,
        log=change.log,
        seq=change.seq,
        previous=change.previous,
        deps=deps,
        epoch=change.epoch,
    )
    return {**golden, "deps": seal_entry(prefix, b"sealed", library()[1].keys.sign).raw}


def _control_seeds() -> Mapping[str, bytes]:
    kinds = [kind for kind in EntryKind if kind is not EntryKind.CHANGE]
    bodies = golden_hex(*(f"store/body-{kind.name.lower()}" for kind in kinds))()
    return {f"body-{kind.name.lower()}": bytes([kind]) + bodies[f"body-{kind.name.lower()}"] for kind in kinds}


def _heads_seeds() -> Mapping[str, bytes]:
    some = Heads.decode(bytes.fromhex((GOLDEN / "store" / "heads.hex").read_text("ascii")))
    behind = Heads({log: tips[:1] for log, tips in some.items()})
    pairs = {"same": (some, some), "behind": (some, behind), "ahead": (behind, some), "empty": (some, Heads())}
    return {name: encode([ours.to_wire(), theirs.to_wire()]) for name, (ours, theirs) in pairs.items()}


TARGETS = (
    Target(
        name="entry",
        check=entry,
        seeds=_entry_seeds,
        mutate=entry_changed,
    ),
    Target(name="control-body", check=control_body, seeds=_control_seeds, mutate=selected(mutated_cbor)),
    Target(
        name="certificate",
        check=certificate,
        seeds=golden_hex("store/certificate-by-device", "store/certificate-by-master"),
        mutate=mutated_cbor,
    ),
    Target(name="seen-report", check=seen_report, seeds=golden_hex("store/seen-report"), mutate=mutated_cbor),
    Target(name="heads", check=heads, seeds=_heads_seeds, mutate=mutated_cbor),
)
