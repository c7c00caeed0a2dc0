"""`roster`: who could read and write when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from relay.data_folder import DataFolder
from store.database import Database
from tests.unit.peer.library.household import make_household
from tests.unit.tools.folders import Pair, fill_relay, raws_of
from tests.unit.tools.running import Inspect


def roster_of(inspect: Inspect, folder: Path) -> Any:
    return inspect("roster", "--library", folder, "--json").document()


def by_name(document: Any) -> dict[str, Any]:
    return {device["device_name"]: device for device in document["devices"]}


def test_who_let_whom_in(inspect: Inspect, root: Path, pair: Pair) -> None:
    document = roster_of(inspect, root / "laptop")
    assert document["created"].startswith("2023-11-14T")
    devices = by_name(document)
    assert {name: device["certified"][0]["by"]["device_name"] for name, device in devices.items()} == {
        "laptop": "master key",
        "phone": "laptop",
    }
    assert all(device["member"] and not device["removed"] and device["pins"] is None for device in devices.values())
    assert [each["log"] for each in devices["laptop"]["logs"]] == [str(pair.laptop.own_log().hex())]  # type: ignore[union-attr]
    assert "laptop and phone may read and write." in inspect("roster", "--library", root / "laptop").out.replace("\n", " ").replace(
        "phone and laptop", "laptop and phone"
    )


def test_an_epoch_names_its_readers(inspect: Inspect, root: Path, pair: Pair) -> None:
    (epoch,) = roster_of(inspect, root / "laptop")["epochs"]
    assert {reader["device_name"] for reader in epoch["readers"]} == {"laptop", "phone", "master key"}
    assert (epoch["is_written"], epoch["by_removal"], epoch["members_without"]) == (True, False, [])


def test_a_removed_device_keeps_what_it_could_read(inspect: Inspect, tmp_path: Path) -> None:
    with make_household(tmp_path) as house:
        house.remove("anna", "carl")
        document = roster_of(inspect, tmp_path / "anna")
        carl = by_name(document)["carl"]
        (removed,) = carl["removed"]
        assert (carl["member"], removed["counts"], removed["by"]["device_name"]) == (False, True, "anna")
        heads = house["anna"].applied_heads()
        own = house["carl"].own_log()
        assert own is not None
        assert carl["pins"] == [{"log": own.hex(), "seq": heads[own][0].seq, "name": heads[own][0].name.hex()}]
        before, after = document["epochs"]
        names = [{reader["device_name"] for reader in epoch["readers"]} for epoch in (before, after)]
        assert names == [{"anna", "bert", "carl", "master key"}, {"anna", "bert", "master key"}]
        assert [(each["is_written"], each["by_removal"]) for each in (before, after)] == [(False, False), (True, True)]
        said = inspect("roster", "--library", tmp_path / "anna").out
        assert "carl was removed." in " ".join(said.split())


def test_a_removal_by_who_was_removed_has_no_effect(inspect: Inspect, tmp_path: Path) -> None:
    with make_household(tmp_path) as house:
        house.remove("anna", "carl", phrase=True)
        house.remove("carl", "bert")
        house["anna"].receive(raws_of(house["carl"]))
        bert = by_name(roster_of(inspect, tmp_path / "anna"))["bert"]
        assert bert["member"]
        assert [each["counts"] for each in bert["removed"]] in ([], [False])


def test_a_relay_tells_the_same_without_names(inspect: Inspect, root: Path, pair: Pair) -> None:
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    here, there = roster_of(inspect, root / "laptop"), roster_of(inspect, root / "relay")
    assert [device["device"] for device in there["devices"]] == [device["device"] for device in here["devices"]]
    assert {device["device_name"] for device in there["devices"]} == {None}
    assert [epoch["epoch"] for epoch in there["epochs"]] == [epoch["epoch"] for epoch in here["epochs"]]
    assert here["master_fingerprint"] == there["master_fingerprint"]


def test_a_relay_without_libraries(inspect: Inspect, tmp_path: Path) -> None:
    with DataFolder(tmp_path / "relay").opened() as database:
        assert isinstance(database, Database)
    assert "No library is stored here yet." in inspect("roster", "--library", tmp_path / "relay").out
