"""Clones and old backups: noticed where they can be, merged where they can't, and nothing is ever lost."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.keys.device import DeviceKeys
from peer.library import membership
from peer.library.authoring import Edit
from peer.library.creating import begin_as, create_library
from peer.library.health import library_status
from peer.library.library import Library
from peer.library.verifying import verify
from store.ids import RecordId
from tests.fleet.disks import Machine, clone_folder
from tests.fleet.libraries import IN_MEMORY, MovedClock, add_photo, digest, edit, exchange, give, make_library


class Fleet:
    """Anna's library, and Bert's machine, which is copied and put back."""

    def __init__(self, root: Path) -> None:
        self.clock = MovedClock()
        self.root = root
        self.anna = make_library(root / "anna", clock=self.clock)
        self.machine = Machine(root / "bert")
        self._open: list[Library] = [self.anna]
        self.bert = self._join()

    def _join(self) -> Library:
        random = Random(2)
        keys = DeviceKeys.generate(random.randbytes)
        membership.admit(self.anna, signing_key=keys.signing_key, wrapping_key=keys.wrapping_key)
        self.machine.folder.create()
        keys.save(self.machine.folder.device_key)
        bert = Library.create(
            self.machine.folder, keys, self.anna.id, clock=self.clock, randomness=random.randbytes, notes=self.machine.notes
        )
        give(self.anna, bert)
        begin_as(bert, "bert")
        give(bert, self.anna)
        self._open.append(bert)
        return bert

    def opened(self, machine: Machine) -> Library:
        library = machine.open(self.clock)
        self._open.append(library)
        return library

    def closed(self, library: Library) -> None:
        self._open.remove(library)
        library.close()

    def backed_up(self, name: str) -> Path:
        """Bert's machine as it is now; Bert goes on afterwards."""
        self.closed(self.bert)
        backup = self.root / name
        self.machine.back_up(backup)
        self.bert = self.opened(self.machine)
        return backup

    def put_back(self, backup: Path, *, whole_disk: bool) -> None:
        self.closed(self.bert)
        self.machine.put_back(backup, whole_disk=whole_disk)
        self.bert = self.opened(self.machine)

    def close(self) -> None:
        for library in tuple(self._open):
            self.closed(library)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(tmp_path)
    yield made
    made.close()


def forks(library: Library) -> int:
    count = library_status(library, None).to_json()["forks"]
    assert isinstance(count, int)
    return count


def assert_alike(*libraries: Library) -> None:
    """The same library everywhere, whole in itself, and nothing waits."""
    assert len({digest(each) for each in libraries}) == 1
    for each in libraries:
        assert each.waiting_count() == 0
        assert verify(each, deep=True).problems == []


def rating(library: Library, record: RecordId) -> object:
    content = library.records.content(record)
    assert content is not None
    return [cell.value for key, cell in content.live.items() if key.startswith("v/rating/")]


def test_a_library_that_is_closed_and_opened_again_goes_on_in_its_log(fleet: Fleet) -> None:
    log = fleet.bert.own_log()
    add_photo(fleet.bert, "sea")
    fleet.closed(fleet.bert)
    again = fleet.opened(fleet.machine)
    assert not again.needs_new_log()
    add_photo(again, "hill")
    assert again.own_log() == log


def test_a_copied_folder_begins_a_log_of_its_own_and_both_halves_merge_without_a_fork(fleet: Fleet) -> None:
    photo = add_photo(fleet.bert, "sea")
    fleet.closed(fleet.bert)
    copy = fleet.opened(clone_folder(fleet.machine, fleet.root / "second"))
    bert = fleet.opened(fleet.machine)
    assert copy.needs_new_log()
    assert "copied" in copy.went_elsewhere
    edit(copy, photo, rating=1)
    add_photo(copy, "on the copy")
    edit(bert, photo, caption="from the first half")
    add_photo(bert, "on the first half")
    assert copy.own_log() != bert.own_log()
    assert copy.device == bert.device
    exchange(fleet.anna, bert, copy)
    assert_alike(fleet.anna, bert, copy)
    assert forks(fleet.anna) == 0


def test_two_copies_that_both_run_do_not_make_each_other_begin_logs_for_ever(fleet: Fleet) -> None:
    fleet.closed(fleet.bert)
    copy = fleet.opened(clone_folder(fleet.machine, fleet.root / "second"))
    bert = fleet.opened(fleet.machine)
    for number in range(5):
        add_photo(copy, f"copy {number}")
        add_photo(bert, f"first {number}")
        exchange(fleet.anna, bert, copy)
    assert len(fleet.anna.roster().logs_of(bert.device)) == 2


def test_a_folder_put_back_from_an_old_backup_is_noticed_and_takes_back_what_it_wrote(fleet: Fleet) -> None:
    photo = add_photo(fleet.bert, "sea")
    backup = fleet.backed_up("last month")
    edit(fleet.bert, photo, rating=5)
    add_photo(fleet.bert, "since then")
    exchange(fleet.anna, fleet.bert)
    fleet.put_back(backup, whole_disk=False)
    assert fleet.bert.needs_new_log()
    assert "backup" in library_status(fleet.bert, None).to_json()["copied"]
    edit(fleet.bert, photo, caption="written before anything came back")
    assert library_status(fleet.bert, None).to_json()["copied"] == ""
    exchange(fleet.anna, fleet.bert)
    assert_alike(fleet.anna, fleet.bert)
    assert forks(fleet.anna) == 0
    assert rating(fleet.bert, photo) == [5]


def test_a_reader_of_an_old_backup_changes_nothing(fleet: Fleet) -> None:
    backup = fleet.backed_up("last month")
    add_photo(fleet.bert, "since then")
    fleet.put_back(backup, whole_disk=False)
    heads = fleet.bert.log.heads()
    library_status(fleet.bert, None)
    fleet.closed(fleet.bert)
    fleet.bert = fleet.opened(fleet.machine)
    assert fleet.bert.log.heads() == heads
    assert fleet.bert.needs_new_log()


@pytest.mark.parametrize("gone_for_good", [False, True])
def test_a_whole_disk_put_back_forks_the_log_and_both_branches_count_everywhere(fleet: Fleet, gone_for_good: bool) -> None:
    photo = add_photo(fleet.bert, "sea")
    exchange(fleet.anna, fleet.bert)
    backup = fleet.backed_up("snapshot")
    edit(fleet.bert, photo, rating=4)
    lost = add_photo(fleet.bert, "on the first branch")
    give(fleet.bert, fleet.anna)
    edit(fleet.anna, lost, caption="built on the first branch")
    fleet.put_back(backup, whole_disk=True)
    assert not fleet.bert.needs_new_log()
    kept = add_photo(fleet.bert, "on the second branch")
    other = Machine(fleet.root / "carl")
    carl = make_member(fleet, other)
    give(fleet.bert, carl)
    edit(carl, kept, caption="built on the second branch")
    if gone_for_good:
        fleet.closed(fleet.bert)
        everyone = [fleet.anna, carl]
    else:
        everyone = [fleet.anna, carl, fleet.bert]
    exchange(*everyone)
    assert_alike(*everyone)
    for each in everyone:
        assert forks(each) == 1
        assert rating(each, photo) == [4]
        assert {lost, kept} <= {*map(RecordId, all_assets(each))}


def test_both_halves_write_under_client_ids_of_their_own(fleet: Fleet) -> None:
    """At the same moment, after the same entry: nothing but the random bytes is different."""
    photo = add_photo(fleet.bert, "sea")
    backup = fleet.backed_up("snapshot")
    edit(fleet.bert, photo, caption="from the first half")
    give(fleet.bert, fleet.anna)
    fleet.put_back(backup, whole_disk=True)
    edit(fleet.bert, photo, caption="from the second half")
    exchange(fleet.anna, fleet.bert)
    assert_alike(fleet.anna, fleet.bert)
    content = fleet.anna.records.content(photo)
    assert content is not None
    captions = {cell.value for key, cell in content.live.items() if key.startswith("v/caption/")}
    assert captions == {"from the first half", "from the second half"}


def test_whoever_applied_both_branches_of_a_log_names_both(fleet: Fleet) -> None:
    photo = add_photo(fleet.bert, "sea")
    backup = fleet.backed_up("snapshot")
    log = fleet.bert.own_log()
    edit(fleet.bert, photo, rating=1)
    give(fleet.bert, fleet.anna)
    fleet.put_back(backup, whole_disk=True)
    edit(fleet.bert, photo, rating=2)
    give(fleet.bert, fleet.anna)
    assert log is not None
    tips = {tip.name for tip in fleet.anna.log.heads()[log]}
    (name,) = fleet.anna.change([Edit(photo, lambda draft, _: draft.set("rating", 3))])
    written = fleet.anna.log.get(name)
    assert written is not None
    assert {dep.name for dep in written.entry.deps} >= tips
    assert len(tips) == 2
    assert rating(fleet.anna, photo) == [3]


def test_a_folder_put_back_from_before_its_present_log_is_noticed(fleet: Fleet) -> None:
    add_photo(fleet.bert, "sea")
    backup = fleet.backed_up("last year")
    for name in ("in the first log", "in the second log"):
        add_photo(fleet.bert, name)
        fleet.put_back(backup, whole_disk=False)
        assert fleet.bert.needs_new_log()
        fleet.bert.go_on_after_copy()


def test_a_device_that_sees_another_half_of_its_log_begins_a_new_one(fleet: Fleet) -> None:
    backup = fleet.backed_up("snapshot")
    add_photo(fleet.bert, "on the first branch")
    give(fleet.bert, fleet.anna)
    fleet.put_back(backup, whole_disk=True)
    add_photo(fleet.bert, "on the second branch")
    log = fleet.bert.own_log()
    give(fleet.anna, fleet.bert)
    assert fleet.bert.own_log() != log
    add_photo(fleet.bert, "in the new log")
    exchange(fleet.anna, fleet.bert)
    assert_alike(fleet.anna, fleet.bert)
    (fork,) = library_status(fleet.anna, None).to_json()["forked_logs"]
    assert fork["device"] == "bert"
    assert len({branch["entry"] for branch in fork["tips"]}) == 2
    assert fork["parted_after"] >= 0


def test_what_a_device_wrote_itself_and_lost_comes_back_without_a_fork(fleet: Fleet) -> None:
    """The disk was put back before anything new was written."""
    backup = fleet.backed_up("snapshot")
    add_photo(fleet.bert, "lost")
    give(fleet.bert, fleet.anna)
    fleet.put_back(backup, whole_disk=True)
    log = fleet.bert.own_log()
    give(fleet.anna, fleet.bert)
    assert fleet.bert.own_log() != log
    add_photo(fleet.bert, "new")
    exchange(fleet.anna, fleet.bert)
    assert_alike(fleet.anna, fleet.bert)
    assert forks(fleet.anna) == 0


def test_a_crash_between_note_and_database_is_no_clone(fleet: Fleet) -> None:
    class PowerCutError(Exception):
        pass

    def begin_and_fail() -> None:
        with fleet.bert.database.write():
            fleet.bert.begin_log()
            raise PowerCutError

    with pytest.raises(PowerCutError):
        begin_and_fail()
    fleet.closed(fleet.bert)
    fleet.bert = fleet.opened(fleet.machine)
    assert not fleet.bert.needs_new_log()


def test_without_a_place_for_notes_nothing_is_concluded(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.write_text("a file where the folder would be")
    machine = Machine(tmp_path)
    library, _ = create_library(machine.folder, "anna", clock=MovedClock(), randomness=Random(1).randbytes, notes=notes)
    log = library.own_log()
    library.close()
    with ExitStack() as stack:
        again = Library.open(machine.folder, clock=MovedClock(), notes=notes)
        stack.callback(again.close)
        add_photo(again, "sea")
        assert again.own_log() == log


def test_neighbours_forget_what_they_knew_of_a_copys_stores(fleet: Fleet) -> None:
    backup = fleet.backed_up("last month")
    before = fleet.bert.meta.get("store")
    add_photo(fleet.bert, "since then")
    fleet.put_back(backup, whole_disk=False)
    add_photo(fleet.bert, "after")
    assert fleet.bert.meta.get("store") != before


def make_member(fleet: Fleet, machine: Machine) -> Library:
    random = Random(3)
    keys = DeviceKeys.generate(random.randbytes)
    membership.admit(fleet.anna, signing_key=keys.signing_key, wrapping_key=keys.wrapping_key)
    machine.folder.create()
    keys.save(machine.folder.device_key)
    carl = Library.create(machine.folder, keys, fleet.anna.id, clock=fleet.clock, randomness=random.randbytes, notes=machine.notes)
    give(fleet.anna, carl)
    begin_as(carl, "carl")
    fleet._open.append(carl)
    return carl


def all_assets(library: Library) -> list[bytes]:
    with library.database.read() as connection:
        return [bytes(row[0]) for row in connection.execute("SELECT record FROM asset").fetchall()]


STEPS = ("anna edits", "bert edits", "anna to bert", "bert to anna", "back up", "put back folder", "put back disk", "reopen")


@settings(max_examples=20)
@given(st.lists(st.sampled_from(STEPS), min_size=4, max_size=25))
def test_whatever_is_copied_and_put_back_nothing_that_was_given_away_is_lost(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder, ExitStack() as stack:
        fleet = Fleet(Path(folder))
        stack.callback(fleet.close)
        backups: list[Path] = [fleet.backed_up("backup 0")]
        for number, step in enumerate(steps):
            fleet.clock.pass_by()
            actions: dict[str, Callable[[], object]] = {
                "anna edits": lambda: add_photo(fleet.anna, f"anna {number}"),  # noqa: B023 - called at once
                "bert edits": lambda: add_photo(fleet.bert, f"bert {number}"),  # noqa: B023
                "anna to bert": lambda: give(fleet.anna, fleet.bert),
                "bert to anna": lambda: give(fleet.bert, fleet.anna),
                "back up": lambda: backups.append(fleet.backed_up(f"backup {number + 1}")),  # noqa: B023
                "put back folder": lambda: fleet.put_back(backups[-1], whole_disk=False),
                "put back disk": lambda: fleet.put_back(backups[-1], whole_disk=True),
                "reopen": lambda: fleet.backed_up(f"thrown away {number}"),  # noqa: B023
            }
            actions[step]()
        entries = {arrived.entry.name for library in (fleet.anna, fleet.bert) for arrived in library.log.after(0, limit_bytes=1 << 30)}
        exchange(fleet.anna, fleet.bert)
        assert_alike(fleet.anna, fleet.bert)
        for library in (fleet.anna, fleet.bert):
            assert all(library.log.has(name) for name in entries)


def test_both_branches_in_every_order_of_arrival(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    backup = fleet.backed_up("snapshot")
    photo = add_photo(fleet.bert, "first")
    first = fleet.root / "first half"
    fleet.closed(fleet.bert)
    fleet.machine.back_up(first)
    fleet.machine.put_back(backup, whole_disk=True)
    fleet.bert = fleet.opened(fleet.machine)
    edit(fleet.bert, add_photo(fleet.bert, "second"), rating=2)
    half = fleet.opened(Machine(first))
    carl = make_member(fleet, Machine(fleet.root / "carl"))
    sources = [half, fleet.bert, carl]
    digests = set()
    for number, order in enumerate(permutations(sources)):
        reader = make_reader(fleet, number)
        for source in order:
            give(source, reader)
        digests.add(digest(reader))
        assert reader.records.content(photo) is not None
    assert len(digests) == 1
    fleet.close()


def make_reader(fleet: Fleet, number: int) -> Library:
    """Somebody with the keys of Anna who begins with an empty folder and only reads."""
    machine = Machine(fleet.root / f"reader {number}")
    machine.folder.create()
    fleet.anna.keys.save(machine.folder.device_key)
    reader = Library.create(machine.folder, fleet.anna.keys, fleet.anna.id, clock=fleet.clock, randomness=Random(number).randbytes)
    fleet._open.append(reader)
    return reader
