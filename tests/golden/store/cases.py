"""What is pinned: one entry of each kind, every control body, a certificate, a seen report, heads. All keys are fixed.

``python -m tests.golden.store.cases`` writes the files of cases that have none yet; a file that exists is never written
again: a released format stays readable for ever.
"""

from __future__ import annotations

from pathlib import Path

from store.bodies import (
    Checkpoint,
    Claim,
    Packages,
    Release,
    Remove,
    Settled,
)
from store.entries import Entry, EntryKind
from store.heads import Heads, Tip
from store.ids import MASTER, EntryHash, EpochId, LogId
from tests.fleet.authors import Author, FleetLibrary, dep_of, filler, filler_blob, make_library

FOLDER = Path(__file__).parent
HEX_DIGITS_A_LINE = 128


def library_with_one_device() -> tuple[FleetLibrary, Author]:
    """The library that all cases are of."""
    library = make_library("golden")
    return library, library.author("anna")


def entries() -> dict[EntryKind, Entry]:
    """One entry of each kind, in a causal order."""
    library, anna = library_with_one_device()
    made = {EntryKind.GENESIS: library.genesis, EntryKind.CERTIFICATE: library.certify(anna), EntryKind.OPEN: anna.open_log()}
    change = made[EntryKind.CHANGE] = anna.change(b"an opaque body", deps=[dep_of(library.genesis)])
    report = anna.report(Heads({anna.log: [Tip(change.seq, change.name)]}), counter=3)
    for body, kind in (
        (
            Packages(epoch=library.epoch, packages=((MASTER, filler("package", 1168)), (anna.device, b"another")), earlier=b"e"),
            EntryKind.PACKAGES,
        ),
        (
            Remove(
                devices=(anna.device,),
                pins=Heads({anna.log: [Tip(change.seq, change.name)]}),
                epoch=EpochId(filler("next epoch", 16)),
                packages=((MASTER, b"package"),),
                earlier=b"earlier",
            ),
            EntryKind.REMOVE,
        ),
        (
            Checkpoint(heads=library.heads(), records=1_000_000, blobs=(filler_blob("states 0"), filler_blob("states 1"))),
            EntryKind.CHECKPOINT,
        ),
        (Settled(checkpoint=EntryHash(filler("checkpoint", 32)), reports=(report,)), EntryKind.SETTLED),
        (Release(blobs=(filler_blob("x"), filler_blob("y"))), EntryKind.RELEASE),
        (Claim(blobs=(filler_blob("x"),), releases=(EntryHash(filler("release", 32)),)), EntryKind.CLAIM),
    ):
        made[kind] = anna.control(kind, body)
    return made


def control_bodies() -> dict[EntryKind, bytes]:
    """The body of each control entry."""
    return {kind: entry.body for kind, entry in entries().items() if kind is not EntryKind.CHANGE}


def heads() -> Heads:
    """Two logs, one of them with two tips."""
    first, second = LogId(filler("first", 16)), LogId(filler("second", 16))
    tips = [Tip(seq, EntryHash(filler(f"tip {seq}", 32))) for seq in (0, 23, 24, 2**40)]
    return Heads({first: tips[:1], second: tips[1:]})


def cases() -> dict[str, bytes]:
    """The bytes of each case by its file's name."""
    library, anna = library_with_one_device()
    anna.number = 0
    made = {f"entry-{kind.name.lower()}": entry.raw for kind, entry in entries().items()}
    made |= {f"body-{kind.name.lower()}": body for kind, body in control_bodies().items()}
    made["certificate-by-master"] = library.certificate(anna).raw
    made["certificate-by-device"] = library.certificate(library.author("bert"), by=anna).raw
    made["seen-report"] = anna.report(heads(), counter=3).raw
    made["heads"] = heads().encode()
    return made


def read(name: str) -> bytes:
    """The pinned bytes of a case."""
    return bytes.fromhex((FOLDER / f"{name}.hex").read_text("ascii"))


def main() -> None:
    for name, raw in cases().items():
        path = FOLDER / f"{name}.hex"
        if not path.exists():
            digits = raw.hex()
            lines = [digits[start : start + HEX_DIGITS_A_LINE] for start in range(0, len(digits), HEX_DIGITS_A_LINE)]
            path.write_text("\n".join(lines) + "\n", "ascii")


if __name__ == "__main__":
    main()
