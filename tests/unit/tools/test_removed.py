"""What is said of a device that was removed, on its own folder and on those of the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from peer.library.removing import remove_devices
from tests.fleet.libraries import give, report
from tests.unit.tools.folders import Pair, change
from tests.unit.tools.nodes import RELAY, met_relay
from tests.unit.tools.running import Inspect


@pytest.fixture
def parted(pair: Pair) -> Pair:
    """In sync with each other and with a relay when the laptop removed the phone, which knows of it."""
    change(pair.phone, lambda draft: draft.set("caption", "Sea"))
    pair.exchange()
    report(pair.laptop, pair.phone)
    peer = pair.laptop.nodes.add_peer(pair.phone.device, bytes(32))
    remove_devices(pair.laptop, [pair.phone.device])
    give(pair.laptop, pair.phone)
    for library in (pair.laptop, pair.phone):
        library.downloads.done(library.downloads.files())
        met_relay(library)
    pair.laptop.nodes.advance(peer.number, cursor=1, pushed=pair.laptop.log.arrival(), now=pair.laptop.clock.now())
    return pair


def status(inspect: Inspect, folder: Path) -> Any:
    return inspect("status", "--library", folder, "--json").document()


def test_a_device_that_was_removed_is_in_sync_with_nobody(inspect: Inspect, root: Path, parted: Pair) -> None:
    for hides_keys in (False, True):
        if hides_keys:
            (root / "phone" / ".calotype" / "device.key").unlink()
        document = status(inspect, root / "phone")
        assert (document["member"], document["in_sync"]) == (False, False)
        assert document["summary"].startswith("Not in sync: this device is no member of the library")


def test_who_was_removed_is_nobody_to_be_in_sync_with(inspect: Inspect, root: Path, parted: Pair) -> None:
    document = status(inspect, root / "laptop")
    assert document["in_sync"]
    assert document["summary"].startswith(f"In sync with relay {RELAY}, last contact")
    change(parted.laptop, lambda draft: draft.set("caption", "Lake"))
    parted.laptop.nodes.advance(2, cursor=1, pushed=parted.laptop.log.arrival(), now=parted.laptop.clock.now())
    assert "phone" not in status(inspect, root / "laptop")["summary"]


def test_who_was_removed_has_nothing_to_sync_any_more(inspect: Inspect, root: Path, pair: Pair) -> None:
    remove_devices(pair.laptop, [pair.phone.device])
    change(pair.phone, lambda draft: draft.set("caption", "Sea"))
    said = inspect("verify", root / "phone", root / "laptop")
    assert said.code == 0
    assert said.out.startswith(
        "A and B lack something of each other. What both have is the same. That is no damage: A was removed from the library"
    )
    assert "sync" not in said.out.splitlines()[0]
    document = inspect("verify", root / "phone", root / "laptop", "--json").document()
    assert document["agreement"]["removed"] == ["a"]
