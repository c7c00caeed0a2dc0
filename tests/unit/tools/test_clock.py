"""`clock`: the right device is blamed, and nobody for having been away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.fleet.authors import make_library as make_authors
from tests.fleet.libraries import MovedClock, add_photo, admit, edit, exchange, make_library
from tests.unit.tools.folders import fill_relay, raws_of
from tests.unit.tools.running import Inspect
from tools.looking.folder import look_into
from tools.text.clock import show_clocks
from tools.views.clock import gather_clock

HOUR = 3_600_000


def clock_of(folder: Path, *, now: int) -> Any:
    (document,) = look_into(folder, lambda inspected: gather_clock(inspected, now=now)).result
    return document


def by_name(document: Any) -> dict[str, Any]:
    return {device["device_name"]: device for device in document["devices"]}


def test_clocks_that_are_right(inspect: Inspect, tmp_path: Path) -> None:
    clock = MovedClock()
    anna = make_library(tmp_path / "anna", clock=clock)
    bert = admit(anna, tmp_path / "bert")
    photo = add_photo(bert, "sea")
    exchange(anna, bert)
    document = clock_of(tmp_path / "anna", now=clock.now())
    assert document["ahead"] == []
    for device in document["devices"]:
        assert (device["ahead_ms"], device["flagged_ms"], device["suspicious"]) == (0, 0, False)
    assert document["here"]["offset_ms"] == 0
    assert "All clocks look right" in inspect("clock", "--library", tmp_path / "anna").out
    edit(anna, photo, rating=1)
    anna.close()
    bert.close()


def test_a_clock_that_is_ahead(inspect: Inspect, tmp_path: Path) -> None:
    right = MovedClock()
    wrong = MovedClock(right.now() + HOUR)
    anna = make_library(tmp_path / "anna", clock=right)
    bert = admit(anna, tmp_path / "bert", clock=wrong)
    photo = add_photo(bert, "sea")
    edit(bert, photo, caption="cliffs")
    exchange(anna, bert)
    edit(anna, photo, rating=2)  # after it has seen what came out of the future
    document = clock_of(tmp_path / "anna", now=right.now())
    devices = by_name(document)
    assert [(name, device["suspicious"]) for name, device in sorted(devices.items())] == [("anna", False), ("bert", True)]
    assert devices["bert"]["ahead_ms"] >= HOUR
    assert devices["bert"]["flagged_ms"] >= HOUR
    assert {each["device_name"] for each in document["ahead"]} == {"bert"}
    said = inspect("clock", "--library", tmp_path / "anna").out
    assert "Ahead of time: bert (by 60 min)." in said
    assert "stamped ahead of their arrival" in said
    anna.close()
    bert.close()


def test_who_was_away_is_not_blamed(tmp_path: Path) -> None:
    """Entries that came late look like those of a clock that is behind: that is a bound, and no accusation."""
    clock = MovedClock()
    anna = make_library(tmp_path / "anna", clock=clock)
    bert = admit(anna, tmp_path / "bert")
    add_photo(bert, "sea")
    clock.pass_by(5 * HOUR)
    exchange(anna, bert)
    device = by_name(clock_of(tmp_path / "anna", now=clock.now()))["bert"]
    assert (device["ahead_ms"], device["suspicious"]) == (0, False)
    assert 0 <= device["behind_at_most_ms"] <= 5 * HOUR
    anna.close()
    bert.close()


def test_a_clock_that_was_put_back_here(tmp_path: Path) -> None:
    """Stamps go on where they were: they never run backwards."""
    clock = MovedClock()
    anna = make_library(tmp_path / "anna", clock=clock)
    add_photo(anna, "sea")
    document = clock_of(tmp_path / "anna", now=clock.now() - HOUR)
    assert document["here"]["ahead_ms"] >= HOUR
    anna.close()


def test_what_is_said_of_it(capsys: Any, tmp_path: Path) -> None:
    clock = MovedClock()
    anna = make_library(tmp_path / "anna", clock=clock)
    add_photo(anna, "sea")
    show_clocks([clock_of(tmp_path / "anna", now=clock.now() - HOUR)])
    assert "This device stamps 60 min ahead of now" in capsys.readouterr().out
    anna.close()


def test_of_a_relay_only_reports_tell(inspect: Inspect, tmp_path: Path) -> None:
    anna = make_library(tmp_path / "anna")
    add_photo(anna, "sea")
    fill_relay(tmp_path / "relay", anna.id, raws_of(anna))
    document = inspect("clock", "--library", tmp_path / "relay", "--json").document()
    (device,) = document["devices"]
    assert (device["looked_at"], device["ahead_ms"], device["suspicious"]) == (0, None, False)
    assert document["here"] is None
    assert document["sealed"]
    assert "stamps can't be looked at here" in inspect("clock", "--library", tmp_path / "relay").out
    anna.close()


def test_forked_logs_are_named(tmp_path: Path) -> None:
    library = make_authors()
    anna = library.join("anna")
    clone = anna.fork()
    anna.change()
    clone.change()
    fill_relay(tmp_path / "relay", library.id, library.raws())
    (device,) = clock_of(tmp_path / "relay", now=0)["devices"]
    assert device["forked"] == [anna.log.hex()]
