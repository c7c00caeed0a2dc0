"""`clock`: the right device is blamed, and nobody for having been away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from peer.layout import LibraryFolder
from relay.data_folder import DataFolder
from store.sqlite_log import SqliteLogStore
from tests.fleet.authors import NOW
from tests.fleet.authors import make_library as make_authors
from tests.fleet.libraries import MovedClock, add_photo, admit, edit, exchange, make_library, report
from tests.unit.tools.folders import fill_relay, raws_of
from tests.unit.tools.running import Inspect
from tools.looking.folder import look_into
from tools.text.clock import show_clocks
from tools.views.clock import gather_clock

MINUTE, HOUR = 60_000, 3_600_000


def clock_of(folder: Path, *, now: int) -> Any:
    (document,) = look_into(folder, lambda inspected: gather_clock(inspected, now=now)).result
    return document


def by_name(document: Any) -> dict[str, Any]:
    return {device["device_name"]: device for device in document["devices"]}


def test_clocks_that_are_right(inspect: Inspect, tmp_path: Path) -> None:
    clock = MovedClock()
    anna = make_library(tmp_path / "anna", clock=clock)
    assert "no change of another device is here" in inspect("clock", "--library", tmp_path / "anna").out
    bert = admit(anna, tmp_path / "bert")
    clock.pass_by(1000)
    add_photo(bert, "sea")
    exchange(anna, bert)
    document = clock_of(tmp_path / "anna", now=clock.now())
    assert document["ahead"] == []
    here, other = (by_name(document)[name] for name in ("anna", "bert"))
    assert (here["is_here"], here["ahead_ms"], here["behind_at_most_ms"], here["suspicious"]) == (True, None, None, False)
    assert (other["is_here"], other["ahead_ms"], other["behind_at_most_ms"], other["suspicious"]) == (False, 0, 0, False)
    assert (document["here"]["offset_ms"], document["here"]["perhaps_behind_ms"]) == (0, None)
    said = inspect("clock", "--library", tmp_path / "anna").out
    assert "All clocks look right" in said
    assert "bert\tnot ahead\tat most 0 s\tnever" in said
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
    assert "Wrong: the clock of bert (60 min ahead), or the one here is behind by as much" in said
    assert "stamped ahead of their arrival" in said
    anna.close()
    bert.close()


def test_who_was_away_is_not_blamed(inspect: Inspect, tmp_path: Path) -> None:
    """Entries that came late look like those of a clock that is behind: that is a bound, and no accusation."""
    clock = MovedClock()
    anna = make_library(tmp_path / "anna", clock=clock)
    bert = admit(anna, tmp_path / "bert")
    clock.pass_by(1000)
    add_photo(bert, "sea")
    clock.pass_by(5 * HOUR)
    exchange(anna, bert)
    device = by_name(clock_of(tmp_path / "anna", now=clock.now()))["bert"]
    assert (device["ahead_ms"], device["suspicious"], device["behind_at_most_ms"]) == (0, False, 5 * HOUR)
    said = inspect("clock", "--library", tmp_path / "anna").out
    assert "All clocks look right" in said
    assert "unknown: entries came 5 h late" in said
    anna.close()
    bert.close()


def test_stamps_that_follow_others_tell_nothing_of_a_clock_that_is_behind(inspect: Inspect, tmp_path: Path) -> None:
    """What a clock that is less than five minutes behind stamps after it has seen others is pushed up to theirs, and would pass for right."""
    right = MovedClock()
    anna = make_library(tmp_path / "anna", clock=right)
    bert = admit(anna, tmp_path / "bert", clock=MovedClock(right.now() - 3 * MINUTE))
    add_photo(bert, "sea")
    exchange(anna, bert)
    device = by_name(clock_of(tmp_path / "anna", now=right.now()))["bert"]
    assert device["looked_at"] == device["following"] > 0
    assert (device["ahead_ms"], device["behind_ms"], device["behind_at_most_ms"]) == (0, 0, None)
    assert "bert\tnot ahead\tunknown\t" in inspect("clock", "--library", tmp_path / "anna").out
    anna.close()
    bert.close()


def test_what_builds_on_ours_and_is_stamped_before_it_was_behind(inspect: Inspect, tmp_path: Path) -> None:
    right = MovedClock()
    anna = make_library(tmp_path / "anna", clock=right)
    bert = admit(anna, tmp_path / "bert", seed=2, clock=MovedClock(right.now() - HOUR))
    carl = admit(anna, tmp_path / "carl", name="carl", seed=3, clock=right)
    right.pass_by(1000)
    photo = add_photo(anna, "sea")
    exchange(anna, bert, carl)
    right.pass_by(2 * HOUR)
    edit(bert, photo, rating=3)
    edit(carl, photo, rating=4)
    exchange(anna, bert, carl)
    document = clock_of(tmp_path / "anna", now=right.now())
    devices = by_name(document)
    assert (devices["bert"]["behind_ms"], devices["bert"]["suspicious"]) == (HOUR + 1000, True)
    assert devices["bert"]["behind_at_most_ms"] >= HOUR
    assert (devices["carl"]["behind_ms"], devices["carl"]["suspicious"]) == (0, False)
    assert document["here"]["perhaps_ahead_ms"] is None
    assert "Wrong: the clock of bert (60 min behind). Set the clock right there" in inspect("clock", "--library", tmp_path / "anna").out
    slow = clock_of(tmp_path / "bert", now=right.now() - HOUR)
    assert {device["device_name"] for device in slow["devices"] if device["suspicious"]} == {"anna", "carl"}
    assert slow["here"]["perhaps_behind_ms"] > HOUR - MINUTE
    for library in (anna, bert, carl):
        library.close()


def test_all_others_that_are_behind_may_mean_that_the_clock_here_is_ahead(inspect: Inspect, tmp_path: Path) -> None:
    right = MovedClock()
    anna = make_library(tmp_path / "anna", clock=MovedClock(right.now() + HOUR))
    friends = [admit(anna, tmp_path / str(number), name=f"friend {number}", seed=number + 2, clock=right) for number in range(2)]
    photo = add_photo(anna, "sea")
    exchange(anna, *friends)
    for friend in friends:
        edit(friend, photo, rating=1)
    exchange(anna, *friends)
    here = clock_of(tmp_path / "anna", now=right.now() + HOUR)["here"]
    assert (here["perhaps_behind_ms"], here["perhaps_ahead_ms"]) == (None, HOUR)
    assert "The clock here looks ahead, by 60 min or more" in inspect("clock", "--library", tmp_path / "anna").out
    for library in (anna, *friends):
        library.close()


def test_who_follows_the_stamps_of_another_is_not_blamed_for_them(tmp_path: Path) -> None:
    """Stamps up to five minutes ahead move the clocks of those who see them: who looks from three minutes behind sees both more than that ahead."""
    right = MovedClock()
    carl = make_library(tmp_path / "carl", clock=MovedClock(right.now() - 3 * MINUTE))
    fast = admit(carl, tmp_path / "fast", name="fast", seed=2, clock=MovedClock(right.now() + 4 * MINUTE))
    bert = admit(carl, tmp_path / "bert", name="bert", seed=3, clock=right)
    exchange(carl, fast, bert)
    photo = add_photo(fast, "sea")
    exchange(fast, bert)
    edit(bert, photo, rating=3)
    exchange(carl, fast, bert)
    document = clock_of(tmp_path / "carl", now=right.now() - 3 * MINUTE)
    devices = by_name(document)
    assert {each["device_name"] for each in document["ahead"]} == {"fast", "bert"}
    assert devices["fast"]["ahead_ms"] >= 7 * MINUTE
    assert devices["bert"]["following"] > 0
    assert devices["bert"]["ahead_ms"] <= 3 * MINUTE
    for library in (carl, fast, bert):
        library.close()


@pytest.mark.parametrize(
    ("others", "sentence"),
    [(1, "or the one here is behind by as much: no third one tells."), (2, "The clock here looks behind, by 60 min or more")],
)
def test_when_all_others_are_ahead_it_may_be_the_clock_here(inspect: Inspect, tmp_path: Path, others: int, sentence: str) -> None:
    right = MovedClock()
    anna = make_library(tmp_path / "anna", clock=MovedClock(right.now() - HOUR))
    friends = [admit(anna, tmp_path / str(number), name=f"friend {number}", seed=number + 2, clock=right) for number in range(others)]
    for friend in friends:
        right.pass_by(1000)
        add_photo(friend, "sea")
    exchange(anna, *friends)
    here = clock_of(tmp_path / "anna", now=right.now() - HOUR)["here"]
    assert here["perhaps_behind_ms"] > HOUR
    assert here["perhaps_ahead_ms"] is None
    assert sentence in inspect("clock", "--library", tmp_path / "anna").out
    for library in (anna, *friends):
        library.close()


def test_one_that_agrees_with_the_clock_here_clears_it(inspect: Inspect, tmp_path: Path) -> None:
    right = MovedClock()
    anna = make_library(tmp_path / "anna", clock=right)
    bert = admit(anna, tmp_path / "bert", seed=2, clock=MovedClock(right.now() + HOUR))
    carl = admit(anna, tmp_path / "carl", name="carl", seed=3, clock=right)
    right.pass_by(1000)
    add_photo(carl, "sea")
    exchange(anna, bert, carl)
    document = clock_of(tmp_path / "anna", now=right.now())
    assert document["here"]["perhaps_behind_ms"] is None
    assert [device["device_name"] for device in document["devices"] if device["suspicious"]] == ["bert"]
    assert "Wrong: the clock of bert (60 min ahead). Set the clock right there" in inspect("clock", "--library", tmp_path / "anna").out
    for library in (anna, bert, carl):
        library.close()


def test_a_clock_that_a_relay_puts_right_blames_nobody(tmp_path: Path) -> None:
    """The clock of this machine is an hour behind, and a relay has said so: arrivals are of the one, stamps of the other."""
    right, slow = MovedClock(), MovedClock(MovedClock().now() - HOUR)
    anna = make_library(tmp_path / "anna", clock=slow)
    anna.hlc.discipline(HOUR)
    bert = admit(anna, tmp_path / "bert", clock=right)
    right.pass_by(1000)
    slow.pass_by(1000)
    photo = add_photo(bert, "sea")
    exchange(anna, bert)
    edit(anna, photo, rating=1)
    document = clock_of(tmp_path / "anna", now=slow.now())
    assert document["here"]["offset_ms"] == HOUR
    assert (document["here"]["ahead_ms"], document["here"]["perhaps_behind_ms"], document["ahead"]) == (0, None, [])
    assert [(device["ahead_ms"], device["suspicious"]) for name, device in sorted(by_name(document).items())] == [(None, False), (0, False)]
    anna.close()
    bert.close()


def test_a_flag_goes_when_the_clock_is_right_again_but_what_was_stamped_stays(tmp_path: Path) -> None:
    right, wrong = MovedClock(), MovedClock(MovedClock().now() + HOUR)
    anna = make_library(tmp_path / "anna", clock=right)
    bert = admit(anna, tmp_path / "bert", clock=wrong)
    photo = add_photo(bert, "sea")
    exchange(anna, bert)
    wrong.time = right.now()
    edit(bert, photo, rating=1)
    exchange(anna, bert)
    document = clock_of(tmp_path / "anna", now=right.now())
    device = by_name(document)["bert"]
    assert (device["flagged_ms"], device["ahead_ms"], device["suspicious"]) == (0, HOUR, True)
    assert document["ahead"][0]["ahead_ms"] == HOUR
    anna.close()
    bert.close()


def test_a_clock_that_was_put_back_here(inspect: Inspect, tmp_path: Path) -> None:
    """Stamps go on where they were: they never run backwards."""
    clock = MovedClock()
    anna = make_library(tmp_path / "anna", clock=clock)
    add_photo(anna, "sea")
    report(anna)
    document = clock_of(tmp_path / "anna", now=clock.now() - HOUR)
    assert document["here"]["ahead_ms"] == HOUR
    assert not document["devices"][0]["suspicious"]
    anna.close()


def test_what_is_said_of_it(capsys: Any, tmp_path: Path) -> None:
    clock = MovedClock()
    anna = make_library(tmp_path / "anna", clock=clock)
    add_photo(anna, "sea")
    show_clocks([clock_of(tmp_path / "anna", now=clock.now() - HOUR)])
    assert "The newest stamp here is 60 min ahead of now" in capsys.readouterr().out
    anna.close()


def test_a_report_out_of_the_future_tells_on_a_relay_too(capsys: Any, tmp_path: Path) -> None:
    library = make_authors()
    anna, bert = library.join("anna"), library.join("bert")
    fill_relay(tmp_path / "relay", library.id, library.raws())
    with DataFolder(tmp_path / "relay").opened() as database:
        for author, at in ((anna, NOW + 2 * HOUR), (bert, NOW)):
            assert SqliteLogStore(database, library.id).put_seen(author.report(time=at).raw, now=NOW)
    document = clock_of(tmp_path / "relay", now=NOW)
    devices = {device["device"]: device for device in document["devices"]}
    assert (devices[anna.device.hex()]["reported_ahead_ms"], devices[anna.device.hex()]["suspicious"]) == (2 * HOUR, True)
    assert (devices[bert.device.hex()]["reported_ahead_ms"], devices[bert.device.hex()]["suspicious"]) == (0, False)
    show_clocks([document])
    said = capsys.readouterr().out
    assert f"Wrong: the clock of {anna.device.hex()[:10]} (2 h ahead)." in said
    assert "reports from 2 h ahead" in said


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


def test_without_keys_only_flags_tell(inspect: Inspect, tmp_path: Path) -> None:
    right = MovedClock()
    anna = make_library(tmp_path / "anna", clock=right)
    bert = admit(anna, tmp_path / "bert", clock=MovedClock(right.now() + HOUR))
    add_photo(bert, "sea")
    exchange(anna, bert)
    anna.close()
    bert.close()
    LibraryFolder(tmp_path / "anna").device_key.unlink()
    device = by_name(clock_of(tmp_path / "anna", now=right.now()))["bert"]
    assert (device["looked_at"], device["ahead_ms"], device["flagged_ms"], device["suspicious"]) == (0, None, HOUR, True)
    said = inspect("clock", "--library", tmp_path / "anna").out
    assert "Wrong: the clock of bert (60 min ahead). Set the clock right there" in said
    assert "Stamps stay sealed" in said


def test_forked_logs_are_named(tmp_path: Path) -> None:
    library = make_authors()
    anna = library.join("anna")
    clone = anna.fork()
    anna.change()
    clone.change()
    fill_relay(tmp_path / "relay", library.id, library.raws())
    (device,) = clock_of(tmp_path / "relay", now=0)["devices"]
    assert device["forked"] == [anna.log.hex()]
