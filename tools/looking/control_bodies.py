"""Bodies of control entries as documents. They are clear, so this needs no keys; of packages only sizes are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from peer.library.instants import iso_utc
from store.bodies import (
    Certification,
    Checkpoint,
    Claim,
    Genesis,
    Open,
    Packaged,
    Packages,
    Release,
    Remove,
    Settled,
    parse_control,
)
from store.entries import Entry
from store.heads import Heads
from store.ids import DeviceId, Id
from tools.looking.documents import Document, entry_document

DescribeDevice: TypeAlias = Callable[[DeviceId], Document]


def control_document(entry: Entry, device: DescribeDevice) -> Document:
    """The body of a control entry; ``RefusedError`` when it isn't one of its kind."""
    match parse_control(entry):
        case Genesis() as body:
            return {"master_signing_key": body.signing_key.hex(), "library": body.library.hex(), "time": iso_utc(body.time)}
        case Open() as body:
            return {**device(body.device), "number": body.number, "log_before": body.log_before and body.log_before.hex()}
        case Certification(certificate=certificate):
            signing_key = certificate.signing_key.hex()
            return {**device(certificate.device), "signing_key": signing_key, "signer": device(certificate.signer)}
        case Packages() as body:
            return {"epoch": body.epoch.hex(), "recipients": _recipients(body.packages, device), "earlier_bytes": len(body.earlier)}
        case Remove() as body:
            return {
                "devices": [device(each) for each in body.devices],
                "pins": _heads(body.pins),
                "epoch": body.epoch.hex(),
                "recipients": _recipients(body.packages, device),
                "earlier_bytes": len(body.earlier),
            }
        case Checkpoint() as body:
            return {"heads": _heads(body.heads), "records": body.records, "blobs": _ids(body.blobs)}
        case Settled() as body:
            reports = [{**device(report.device), "number": report.number, "counter": report.counter} for report in body.reports]
            return {"checkpoint": body.checkpoint.hex(), "reports": reports}
        case Release() as body:
            return {"blobs": _ids(body.blobs)}
        case Claim() as body:
            return {"blobs": _ids(body.blobs), "releases": _ids(body.releases)}


def _recipients(packages: Packaged, device: DescribeDevice) -> list[Document]:
    return [{**device(recipient), "bytes": len(package)} for recipient, package in packages]


def _heads(heads: Heads) -> list[Document]:
    return [entry_document(log, tip.seq, tip.name) for log, tip in heads.tips()]


def _ids(ids: Sequence[Id]) -> list[str]:
    return [each.hex() for each in ids]
