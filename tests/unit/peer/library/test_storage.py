"""What is wanted under a policy, and sums that add up to counts."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.facts import Policy
from peer.errors import UsageError
from peer.library import pinning
from peer.library.damage import want_again
from peer.library.library import Library
from peer.library.policies import follow_policy, parse_size, set_policy
from peer.library.queries import Queries
from peer.library.queues import Download, Priority
from peer.library.storage import storage_of
from peer.library.wanting import want_originals
from peer.library.wishes import wished, with_room
from store.ids import FileHash, RecordId, RecordKind
from tests.fleet.libraries import IN_MEMORY, add_original, add_photo, admit, edit, exchange, file_of, make_library

EVERYTHING, THUMBNAILS = Policy(keep="everything"), Policy(keep="thumbnails")
RECORD = RecordId.asset(FileHash(bytes(32)))


def optimize(budget: int) -> Policy:
    return Policy(keep="optimize", budget=budget)


def wanted(size: int, priority: Priority = Priority.ORIGINAL, number: int = 0) -> Download:
    return Download(file=FileHash(number.to_bytes(32, "big")), record=RECORD, size=size, priority=priority)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (EVERYTHING, {Priority.THUMBNAIL, Priority.PREVIEW, Priority.ORIGINAL}),
        (optimize(1), {Priority.THUMBNAIL, Priority.PREVIEW, Priority.ORIGINAL}),
        (THUMBNAILS, {Priority.THUMBNAIL}),
    ],
)
def test_what_a_policy_wants(policy: Policy, expected: set[Priority]) -> None:
    assert {each for each in Priority if wished(wanted(1, each), policy, pinned=False, given_up=False)} == expected
    assert all(wished(wanted(1, each), policy, pinned=True, given_up=True) for each in Priority)


def test_what_was_given_up_isnt_wanted_by_itself() -> None:
    assert not wished(wanted(1), optimize(1000), pinned=False, given_up=True)
    assert wished(wanted(1), EVERYTHING, pinned=False, given_up=True)


@given(st.lists(st.integers(0, 100), max_size=20), st.integers(-10, 500))
def test_no_more_is_wanted_than_there_is_room_for(sizes: list[int], room: int) -> None:
    files = [wanted(size, number=number) for number, size in enumerate(sizes)]
    chosen = list(with_room(files, room))
    assert sum(each.size for each in chosen) <= max(room, 0)
    left = room - sum(each.size for each in chosen)
    assert all(each.size > left for each in files if each not in chosen)
    assert chosen == [each for each in files if each in chosen]


LABELS = ("sea", "lake", "hill", "town", "tree")


class History:
    """A device under changing policies, and one that has everything."""

    def __init__(self, folder: Path) -> None:
        self.anna = make_library(folder / "anna")
        self.bert = admit(self.anna, folder / "bert")

    def do(self, step: tuple[str, int]) -> None:
        what, number = step
        if what == "policy":
            policies = (EVERYTHING, THUMBNAILS, optimize(0), optimize(40), optimize(10**6))
            set_policy(self.bert, policies[number % len(policies)])
        else:
            getattr(self, what)(LABELS[number % len(LABELS)])
        exchange(self.anna, self.bert)

    def add(self, label: str) -> None:
        add_photo(self.anna, label)

    def own(self, label: str) -> None:
        if self.bert.held.get(file_of(label)) is None:
            add_original(self.bert, label)
            self.bert.downloads.done([file_of(label)])

    def fetched(self, label: str) -> None:
        if any(download.file == file_of(label) for download in self.bert.downloads.due(self.bert.clock.now(), 10)):
            self.own(label)

    def lose(self, label: str) -> None:
        if (held := self.bert.held.get(file_of(label))) is not None:
            want_again(self.bert, held)

    def ask(self, label: str) -> None:
        for record in self.records(label):
            want_originals(self.bert, record)

    def pin(self, label: str) -> None:
        pinning.pin(self.bert, self.records(label))

    def nowhere(self, label: str) -> None:
        record = RecordId.asset(file_of(label))
        if self.anna.records.content(record) is None:
            edit(self.anna, record, primary=bytes(file_of(label)))

    def purge(self, label: str) -> None:
        self.anna.change([], purges=Queries(self.anna.database).assets_with_file(file_of(label)))

    def records(self, label: str) -> list[RecordId]:
        return Queries(self.bert.database).assets_with_file(file_of(label))

    def prove(self) -> None:
        library = self.bert
        storage = storage_of(library)
        rows = list(Queries(library.database).assets())
        counted = {place: sum(row.original == place for row in rows) for place in storage.originals}
        assert {place: amount.files for place, amount in storage.originals.items()} == counted  # each photo here is one file
        assert storage.all_originals.files == len(rows)
        assert storage.all_originals.size == sum(amount.size for amount in storage.originals.values())
        with library.database.read() as connection:
            held = dict(connection.execute("SELECT file, size FROM held WHERE kind = 'original'").fetchall())
            queued = {
                file: (size, asked) for file, size, asked in connection.execute("SELECT file, size, asked FROM download WHERE priority = 3")
            }
            pinned = {bytes(row[0]) for row in connection.execute("SELECT record FROM pinned").fetchall()}
            totals = {what: (files, size) for what, files, size in connection.execute("SELECT what, files, bytes FROM total")}
        assert totals["original"] == (len(held), sum(held.values()))
        assert totals["wanted"] == (len(queued), sum(size for size, _ in queued.values()))
        policy = library.policy()
        unasked = {file for file, (_, asked) in queued.items() if not asked and bytes(RecordId.asset(FileHash(file))) not in pinned}
        if policy.keep == "everything":
            assert {row.record for row in rows if row.original == "elsewhere"} == {RecordId.asset(FileHash(file)) for file in queued}
        elif policy.keep == "thumbnails":
            assert unasked == set()

    def close(self) -> None:
        self.anna.close()
        self.bert.close()


STEPS = st.tuples(
    st.sampled_from(["add", "own", "fetched", "lose", "ask", "pin", "nowhere", "purge", "policy", "policy"]), st.integers(0, 20)
)


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, max_size=10))
def test_sums_add_up_and_the_queue_follows_the_policy(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        history = History(Path(folder))
        try:
            for step in steps:
                history.do(step)
                history.prove()
        finally:
            history.close()


def test_another_device_may_set_the_policy_and_the_queue_follows(tmp_path: Path) -> None:
    anna = make_library(tmp_path / "anna")
    bert = admit(anna, tmp_path / "bert")
    add_photo(anna, "sea")
    exchange(anna, bert)
    assert bert.downloads.count()[0] == 1
    edit(anna, device_record(bert), policy=THUMBNAILS.value())
    exchange(anna, bert)
    assert follow_policy(bert)
    assert not follow_policy(bert)
    assert bert.downloads.count()[0] == 0
    anna.close()
    bert.close()


def test_a_change_of_policy_that_was_killed_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = make_library(tmp_path / "anna")
    bert = admit(anna, tmp_path / "bert")
    add_photo(anna, "sea")
    set_policy(bert, THUMBNAILS)
    exchange(anna, bert)
    with monkeypatch.context() as patched:
        patched.setattr("peer.library.policies._originals", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            set_policy(bert, EVERYTHING)
    assert bert.downloads.count()[0] == 0
    assert follow_policy(bert)
    assert bert.downloads.count()[0] == 1
    anna.close()
    bert.close()


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1000", 1000),
        ("1000B", 1000),
        ("50GB", 50 * 10**9),
        ("50 gb", 50 * 10**9),
        ("50G", 50 * 10**9),
        ("1.5TB", 1_500_000_000_000),
        ("2GiB", 2 * 1024**3),
        ("512KiB", 512 * 1024),
    ],
)
def test_sizes_as_people_write_them(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "1e9", "50XB", "5iB", "1,5GB", "nan", "inf", "٥GB", "9999PB", "1" * 400 + "GB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_size(text)


def device_record(library: Library) -> RecordId:
    return RecordId.make(RecordKind.DEVICE, library.device)
