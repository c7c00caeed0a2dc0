"""The formats of the files in a bundle are pinned: every released one stays readable."""

from __future__ import annotations

import json
from pathlib import Path

from store.ids import DeviceId, LibraryId, LogId
from tools.bundling.history import Arrival, History
from tools.bundling.manifest import BundleKind, Manifest, parse_manifest

GOLDEN = Path(__file__).parents[3] / "golden" / "tools" / "bundle.json"

HISTORY = History(
    library=LibraryId(bytes(range(32))),
    device=DeviceId(bytes(range(16))),
    log=LogId(bytes(range(16, 32))),
    number=2,
    arrivals=(
        Arrival(received=946_684_800_000, applied=True, raw=b"an entry"),
        Arrival(received=946_684_860_000, applied=False, raw=b"another"),
    ),
    reports=(b"a report",),
)
MANIFEST = Manifest(
    kind=BundleKind.ANONYMISED,
    programs={"calotype": "0.1.0", "pycrdt": "0.14.13"},
    schemas={"log": 2, "peer": 4},
    records=["asset:000102030405060708090a0b0c0d0e0f"],
    counts={"entries": 2, "given_up": 0, "logs": 1, "devices": 1, "epochs": 1, "reports": 1},
    shows={"records": 1, "live_keys": 3, "conflicts": 1, "digest": "00" * 16},
    nodes=[{"kind": "relay", "last_contact": None, "cursor": 3, "pushed": 2, "waiting_uploads": 1}],
    queues={"uploads": [{"priority": 1, "waiting": 1, "failed": 0}], "downloads": []},
    problems=0,
)


def golden() -> dict[str, str]:
    content = json.loads(GOLDEN.read_text("utf-8"))
    assert isinstance(content, dict)
    return content


def test_the_history_is_encoded_as_ever() -> None:
    assert HISTORY.encode().hex() == golden()["history"]
    assert History.decode(bytes.fromhex(golden()["history"])) == HISTORY


def test_a_device_that_never_began_a_log() -> None:
    encoded = bytes.fromhex(golden()["history_without_log"])
    history = History(library=HISTORY.library, device=HISTORY.device, log=None, number=0, arrivals=(), reports=())
    assert history.encode() == encoded
    assert History.decode(encoded) == history


def test_the_manifest_is_written_as_ever() -> None:
    assert MANIFEST.encode().decode() == golden()["manifest"]
    assert parse_manifest(golden()["manifest"].encode()) == MANIFEST
