"""`roster`: who could read and write when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from relay.data_folder import DataFolder
from store.database import Database
from store.ids import EpochId
from tests.fleet.authors import filler, make_library
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
        said = inspect("roster", "--library", tmp_path / "anna").out
        for each in bert["removed"]:
            assert (each["counts"], each["by"]["device_name"]) == (False, "carl")
            assert each["reason"]
        assert said.count("removed by carl, without effect: ") == len(bert["removed"])


def test_a_removal_without_effect_says_why(inspect: Inspect, tmp_path: Path) -> None:
    library = make_library()
    anna, bert, carl = (library.join(name) for name in ("anna", "bert", "carl"))
    library.remove(anna, knows=[library.entries[-1]])
    anna.sees(library.entries[-1])
    library.remove(bert, by=anna)
    fill_relay(tmp_path / "relay", library.id, library.raws())
    document = roster_of(inspect, tmp_path / "relay")
    devices = {device["device"]: device for device in document["devices"]}
    (removed,) = devices[anna.device.hex()]["removed"]
    assert (removed["counts"], removed["reason"], removed["by"]["device_name"]) == (True, "", "master key")
    (void,) = devices[bert.device.hex()]["removed"]
    assert (void["counts"], void["by"]["device"]) == (False, anna.device.hex())
    assert void["reason"]
    assert devices[bert.device.hex()]["member"]
    assert devices[carl.device.hex()]["removed"] == []
    assert f"removed by {anna.device.hex()[:10]}, without effect: " in inspect("roster", "--library", tmp_path / "relay").out


def test_of_two_that_opened_the_same_log_the_one_who_signed_is_named(inspect: Inspect, tmp_path: Path) -> None:
    library = make_library()
    anna, bert = library.join("anna"), library.join("bert")
    bert.open_log(log=anna.log)
    dora, emil = library.author("dora"), library.author("emil")
    deeds = {dora: anna, emil: bert}
    for device, by in deeds.items():
        library.certify(device, by=by)
        library.packages([device.device], by=by, epoch=EpochId(filler(by.name, EpochId.SIZE)))
    fill_relay(tmp_path / "relay", library.id, library.raws())
    document = roster_of(inspect, tmp_path / "relay")
    begun = {epoch["epoch"]: epoch["by"]["device"] for epoch in document["epochs"]}
    assert [begun[filler(by.name, EpochId.SIZE).hex()] for by in deeds.values()] == [anna.device.hex(), bert.device.hex()]


def test_what_came_before_what_it_builds_on_has_no_time_yet(inspect: Inspect, tmp_path: Path) -> None:
    library = make_library()
    anna = library.join("anna")
    anna.change()
    bert = library.join("bert")
    fill_relay(tmp_path / "relay", library.id, [entry.raw for entry in library.entries if entry.log != anna.log])
    devices = {device["device"]: device for device in roster_of(inspect, tmp_path / "relay")["devices"]}
    (log,) = devices[bert.device.hex()]["logs"]
    assert (log["log"], log["received"]) == (bert.log.hex(), None)
    assert "not attached" in inspect("roster", "--library", tmp_path / "relay").out


def test_a_member_without_a_key_is_named(inspect: Inspect, tmp_path: Path) -> None:
    library = make_library()
    library.join("anna")
    bert = library.author("bert")
    library.certify(bert)
    fill_relay(tmp_path / "relay", library.id, library.raws())
    (epoch,) = roster_of(inspect, tmp_path / "relay")["epochs"]
    assert [device["device"] for device in epoch["members_without"]] == [bert.device.hex()]
    assert "1 member without it" in inspect("roster", "--library", tmp_path / "relay").out


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
