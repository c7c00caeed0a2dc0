"""What a device shows a relay that has never heard of its library."""

from __future__ import annotations

from pathlib import Path

from peer.engine.registering import membership_entries
from store.log import Status
from store.memory import MemoryLogStore
from tests.fleet.libraries import START, add_photo, admit, exchange, make_library


def test_a_device_that_was_certified_late_shows_who_vouched_for_it(tmp_path: Path) -> None:
    anna = make_library(tmp_path / "anna")
    bert = admit(anna, tmp_path / "bert")
    for number in range(80):
        add_photo(bert, str(number))
    carla = admit(bert, tmp_path / "carla", name="carla", seed=3)
    exchange(anna, bert, carla)
    for library in (anna, bert, carla):
        genesis, members = membership_entries(library)
        assert len(members) <= 6
        relay = MemoryLogStore(library.id)
        assert {outcome.status for outcome in relay.append([genesis, *members], now=START)} == {Status.STORED}
        assert relay.roster().is_member(library.device)
