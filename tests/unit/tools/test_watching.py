from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from peer.layout import LibraryFolder
from peer.library.library import Library
from peer.library.queues import Download, Priority, Upload
from relay.accounts import TokenHash
from relay.data_folder import DataFolder
from relay.sqlite_accounts import SqliteLibraries
from relay.sqlite_releases import SqliteReleases
from store.ids import StoreId
from store.sqlite_log import SqliteLogStore
from tests.fleet.authors import NOW, filler_blob, make_library
from tests.fleet.libraries import add_photo, edit, file_of, give, report
from tests.unit.tools.folders import PHOTO, Pair, change, fill_relay
from tests.unit.tools.nodes import RELAY, met_relay
from tests.unit.tools.running import Inspect
from tools.watching.app import WatchApp
from tools.watching.lines import watched_lines
from tools.watching.meters import EXACT_ITEMS, QueueMeter, TallyMeter
from tools.watching.samples import Outage, Sample, rates, sample_document
from tools.watching.source import Source

TIME = NOW + 2 * 86_400_000
DRAWINGS = 100
"""After so many the screen should show what was seen."""


class Watched:
    """A folder that is sampled a second after the last time, whenever asked."""

    def __init__(self, root: Path) -> None:
        self.source = Source(root)
        self._seconds = 0

    def __call__(self) -> Sample | Outage:
        self._seconds += 1
        return self.source.sample(at=float(self._seconds), now=TIME + 1000 * self._seconds)

    def documents(self, between: Callable[[], None]) -> tuple[Any, Any]:
        """Before and after something happens."""
        lines = watched_lines(self, between, count=2)
        return next(lines), next(lines)


# Rates


@given(
    before=st.dictionaries(st.sampled_from("abc"), st.integers(0, 1 << 40)),
    after=st.dictionaries(st.sampled_from("abc"), st.integers(0, 1 << 40)),
    seconds=st.floats(0, 3600),
)
def test_rates_are_never_below_nothing_and_add_up(before: dict[str, int], after: dict[str, int], seconds: float) -> None:
    found = rates(before, after, seconds)
    assert found.keys() == after.keys()
    for name, rate in found.items():
        grown = max(after[name] - before.get(name, after[name]), 0)
        assert rate >= 0
        assert abs(rate * max(seconds, 0.001) - grown) <= max(seconds, 0.001) * 0.0005 + grown * 1e-9


def test_without_a_sample_before_there_are_no_rates() -> None:
    sample = Sample(at=5.0, time=NOW, counters={"entries": 7}, document={"entries": 7}, tables=())
    assert sample_document(None, sample) == {
        "time": "2023-11-14T22:13:20.000Z",
        "outage": None,
        "seconds": None,
        "rates": None,
        "entries": 7,
    }
    later = Sample(at=7.0, time=NOW, counters={"entries": 17}, document={"entries": 17}, tables=())
    document = sample_document(sample, later)
    assert (document["seconds"], document["rates"]) == (2.0, {"entries": 5.0})


def test_after_an_outage_rates_go_on_from_the_sample_before_it() -> None:
    samples: Iterator[Sample | Outage] = iter(
        [
            Sample(at=1.0, time=NOW, counters={"entries": 0}, document={}, tables=()),
            Outage(at=2.0, time=NOW, reason="it is away."),
            Sample(at=5.0, time=NOW, counters={"entries": 8}, document={}, tables=()),
        ]
    )
    rests: list[None] = []
    first, outage, last = watched_lines(lambda: next(samples), lambda: rests.append(None), count=3)
    assert (first["rates"], outage) == (None, {"time": "2023-11-14T22:13:20.000Z", "outage": "it is away."})
    assert (last["rates"], len(rests)) == ({"entries": 2.0}, 2)


@pytest.fixture
def queue() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE queue (name INTEGER PRIMARY KEY, size INTEGER)")
        yield connection


def test_what_leaves_a_short_queue_is_counted_whatever_joins_it(queue: sqlite3.Connection) -> None:
    queue.executemany("INSERT INTO queue VALUES (?, ?)", [(number, 10 * number) for number in range(5)])
    meter = QueueMeter("queue", "name")
    meter.read(queue)
    assert (meter.left.items, meter.count, meter.size) == (0, 5, 100)
    queue.execute("DELETE FROM queue WHERE name IN (3, 4)")
    queue.executemany("INSERT INTO queue VALUES (?, 1)", [(number,) for number in range(10, 20)])
    meter.read(queue)
    meter.read(queue)
    assert (meter.left.items, meter.left.bytes) == (2, 70)


def test_of_a_long_queue_the_length_is_compared(queue: sqlite3.Connection) -> None:
    queue.executemany("INSERT INTO queue VALUES (?, 2)", [(number,) for number in range(EXACT_ITEMS + 10)])
    meter = QueueMeter("queue", "name")
    meter.read(queue)
    queue.execute("DELETE FROM queue WHERE name < 4")
    meter.read(queue)
    assert (meter.left.items, meter.left.bytes) == (4, 8)
    queue.execute("DELETE FROM queue WHERE name < 30")  # now it is short
    meter.read(queue)
    assert (meter.left.items, meter.left.bytes) == (30, 60)


def test_a_number_that_is_not_known_for_a_while_counts_from_where_it_was() -> None:
    meter = TallyMeter()
    for number in (100, 130, 0, 0, 150, 120, 125):
        meter.read({"relay": number})
    assert meter.total == 30 + 20 + 5


# A device's library


def test_what_flows_in_a_device_s_library(root: Path, pair: Pair) -> None:
    number = met_relay(pair.laptop, pushed=3)
    uploads = [Upload(blob=filler_blob(str(n)), file=file_of("sea"), segment=n, size=1000, priority=Priority.ORIGINAL) for n in range(4)]
    pair.laptop.uploads.add([number], uploads)
    wanted = Download(file=file_of("lake"), record=PHOTO, size=5000, priority=Priority.ORIGINAL)
    pair.laptop.downloads.add_missing([wanted])
    made: list[Any] = []

    def happens() -> None:
        made.append(change(pair.laptop, lambda draft: draft.set("rating", 1)))
        made.append(change(pair.phone, lambda draft: draft.set("rating", 2)))
        give(pair.phone, pair.laptop)
        pair.laptop.uploads.done(number, [upload.blob for upload in uploads[:3]])
        pair.laptop.downloads.done([wanted.file])
        pair.laptop.nodes.advance(number, cursor=3, pushed=7, now=NOW)

    before, after = Watched(root / "laptop").documents(happens)
    assert before["rates"] is None
    assert after["rates"] == {
        "entries_made": 1.0,
        "entries_received": 1.0,
        "entry_bytes_made": float(len(made[0].raw)),
        "entry_bytes_received": float(len(made[1].raw)),
        "entries_sent": 4.0,
        "blobs_sent": 3.0,
        "blob_bytes_sent": 3000.0,
        "files_received": 1.0,
        "file_bytes_received": 5000.0,
    }
    assert (before["device_name"], before["library"], before["folder"]) == ("laptop", pair.laptop.id.hex(), "device")
    assert after["entries"] == before["entries"] + 2
    assert [(queue["queue"], queue["items"], queue["bytes"]) for queue in before["queues"]] == [
        (f"upload to {RELAY}", 4, 4000),
        ("download originals", 1, 5000),
    ]
    assert [node["name"] for node in after["nodes"]] == [RELAY, "phone"]


def test_conflicts_and_problems_show_as_they_come(root: Path, pair: Pair) -> None:
    report(pair.laptop, pair.phone)
    number = met_relay(pair.laptop)
    photo = add_photo(pair.laptop, "sea")
    pair.exchange()

    def happens() -> None:
        for library, caption in ((pair.laptop, "one"), (pair.phone, "two")):
            edit(library, photo, caption=caption)
        pair.exchange()
        blob = filler_blob("stuck")
        pair.laptop.uploads.add([number], [Upload(blob=blob, file=file_of("sea"), segment=0, size=1, priority=Priority.ORIGINAL)])
        pair.laptop.uploads.failed(number, blob, "its room is full", NOW)

    before, after = Watched(root / "laptop").documents(happens)
    assert (before["conflicts"], before["problems"]) == ([], [])
    (conflict,) = after["conflicts"]
    assert (conflict["name"], conflict["count"], conflict["record"], after["conflicts_count"]) == ("sea.jpg", 1, photo.body.hex(), 1)
    assert after["problems"] == [{"what": f"upload to {RELAY}", "reason": "its room is full", "count": 1, "since": None}]
    assert after["nodes"][0]["ahead"] > 0  # computed again, because entries came


# A relay


def test_what_flows_through_a_relay(root: Path) -> None:
    library, other = make_library(1), make_library(2)
    anna = library.join("anna")
    for each in (library, other):
        fill_relay(root / "relay", each.id, each.raws())
    with DataFolder(root / "relay").opened() as database:
        SqliteLibraries(database).add_token(TokenHash.of("token"), quota=2100, uses=2, now=NOW)
        SqliteLibraries(database).register(library.id, TokenHash.of("token"), now=NOW)
        SqliteReleases(database).begin(StoreId(bytes(StoreId.SIZE)))
    entries = [anna.change(), anna.change()]

    def happens() -> None:
        with DataFolder(root / "relay").opened() as database:
            SqliteLogStore(database, library.id).append([entry.raw for entry in entries], now=NOW)
            for number in range(3):
                SqliteLibraries(database).add_blob(library.id, filler_blob(str(number)), 700, now=NOW)
            SqliteReleases(database).hear(library.id, [anna.device], reported=True)

    before, after = Watched(root / "relay").documents(happens)
    expected = {"entries": 2.0, "entry_bytes": float(sum(len(entry.raw) for entry in entries)), "blobs": 3.0, "blob_bytes": 2100.0}
    assert after["rates"] == expected
    libraries = {each["library"]: each for each in after["libraries"]}
    assert libraries[library.id.hex()]["rates"] == expected
    assert set(libraries[other.id.hex()]["rates"].values()) == {0.0}
    assert (libraries[library.id.hex()]["quota"], libraries[other.id.hex()]["quota"]) == (2100, None)
    assert before["devices"] == []
    (device,) = after["devices"]
    assert device["newest_entry"] == "2023-11-14T22:13:20.000Z"
    assert (device["device"], device["heard_ms"], device["has_reported"]) == (anna.device.hex(), 0, True)
    assert [problem["reason"] for problem in after["problems"]] == ["its room is nearly full: 2,100 of 2,100 bytes"]


def test_one_library_of_a_relay(root: Path) -> None:
    libraries = [make_library(seed) for seed in range(2)]
    for each in libraries:
        fill_relay(root / "relay", each.id, each.raws())
    sample = Source(root / "relay", library_id=libraries[0].id.hex()[:12]).sample(at=0, now=NOW)
    assert isinstance(sample, Sample)
    assert [each["library"] for each in sample.document["libraries"]] == [libraries[0].id.hex()]


# Whatever happens to the folder


def test_a_folder_that_vanishes_and_comes_back(root: Path, pair: Pair) -> None:
    pair.close()
    take = Watched(root / "laptop")
    assert isinstance(take(), Sample)
    (root / "laptop").rename(root / "elsewhere")
    gone = take()
    assert isinstance(gone, Outage)
    assert gone.reason == f"There is no folder {root / 'laptop'}."
    (root / "elsewhere").rename(root / "laptop")
    assert isinstance(take(), Sample)


def test_a_database_that_is_damaged_for_a_moment(root: Path, pair: Pair) -> None:
    pair.close()
    path = LibraryFolder(root / "laptop").database
    whole = path.read_bytes()
    take = Watched(root / "laptop")
    assert isinstance(take(), Sample)
    for damaged in (bytes(len(whole)), whole[:4096] + bytes(len(whole) - 4096), b"", whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        assert isinstance(take(), Outage), len(damaged)
    path.write_bytes(whole)
    assert isinstance(take(), Sample)


def test_a_database_that_is_locked(root: Path, pair: Pair) -> None:
    """In the mode in which Calotype's databases are, who reads waits for nobody; in another mode they may have to."""
    path = LibraryFolder(root / "laptop").database
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert isinstance(Watched(root / "laptop")(), Sample)


def test_another_folder_in_the_same_place(root: Path, pair: Pair) -> None:
    """A relay where a device's library was."""
    pair.close()
    take = Watched(root / "laptop")
    first = take()
    shutil.rmtree(root / "laptop")
    library = make_library()
    fill_relay(root / "laptop", library.id, library.raws())
    second = take()
    assert isinstance(first, Sample)
    assert isinstance(second, Sample)
    assert (first.document["folder"], second.document["folder"]) == ("device", "relay")
    assert sample_document(first, second)["rates"] == dict.fromkeys(("entries", "entry_bytes", "blobs", "blob_bytes"), 0.0)


def test_watching_leaves_no_trace(root: Path, pair: Pair) -> None:
    pair.close()
    before = {path: path.stat().st_mtime_ns for path in (root / "laptop").rglob("*")}
    take = Watched(root / "laptop")
    for _ in range(3):
        take()
    assert {path: path.stat().st_mtime_ns for path in (root / "laptop").rglob("*")} == before


# The command


def test_a_line_a_second_for_scripts(inspect: Inspect, root: Path, pair: Pair) -> None:
    lines = inspect("watch", "--library", root / "laptop", "--json", "--count", 3, "--interval", 0.05).documents()
    assert [line["rates"] is None for line in lines] == [True, False, False]
    assert {line["library"] for line in lines} == {pair.laptop.id.hex()}


def test_without_a_terminal_there_is_a_sentence(inspect: Inspect, root: Path) -> None:
    said = inspect("watch", "--library", root / "laptop")
    assert (said.code, said.out) == (2, "")
    assert "There is no terminal to draw on." in said.err
    assert "watch --json" in said.err
    assert inspect("watch", "--library", root / "laptop", "--count", 2).code == 2


def test_a_folder_that_was_never_there_is_no_outage(inspect: Inspect, root: Path) -> None:
    said = inspect("watch", "--library", root / "nothing", "--json")
    assert said.code == 2
    assert json.loads(said.err)["message"] == f"There is no folder {root / 'nothing'}."


# The screen


def on_screen(app: WatchApp) -> str:
    """What the terminal shows, as text."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def run_app(
    take: Callable[[], Sample | Outage], act: Callable[[WatchApp, Pilot[None]], Coroutine[Any, Any, None]], size: tuple[int, int]
) -> None:
    async def run() -> None:
        app = WatchApp(take, name="~/Pictures", interval=0)
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            await act(app, pilot)

    asyncio.run(run())


async def settled(app: WatchApp, pilot: Pilot[None]) -> None:
    """Until what was seen is drawn, and drawing it again changes nothing."""
    await app.workers.wait_for_complete()
    shown = ""
    for _ in range(DRAWINGS):
        await pilot.pause()
        if shown == (shown := on_screen(app)):
            return


async def sampled(app: WatchApp, pilot: Pilot[None]) -> str:
    app.sample_now()
    await settled(app, pilot)
    return on_screen(app)


SCREEN = (Path(__file__).parents[2] / "golden" / "tools" / "watch.txt").read_text("utf-8")


def test_the_screen_of_a_device(root: Path, pair: Pair) -> None:
    report(pair.phone)
    give_reports(pair.phone, pair.laptop)
    number = met_relay(pair.laptop)
    upload = Upload(blob=filler_blob("stuck"), file=file_of("sea"), segment=0, size=700_000, priority=Priority.ORIGINAL)
    pair.laptop.uploads.add([number], [upload])
    pair.laptop.uploads.failed(number, upload.blob, "its room is full", TIME)
    entry = change(pair.laptop, lambda draft: draft.set("caption", "sea"))

    async def act(app: WatchApp, pilot: Pilot[None]) -> None:
        screen = await sampled(app, pilot)
        assert screen.replace(f"{len(entry.raw)} B", "420 B").splitlines() == SCREEN.splitlines()

    run_app(Watched(root / "laptop"), act, (150, 36))


def give_reports(source: Library, target: Library) -> None:
    for each in source.log.seen():
        target.take_report(each.raw)


def test_tab_goes_from_table_to_table_and_rows_stay_where_they_are(root: Path, pair: Pair) -> None:
    async def act(app: WatchApp, pilot: Pilot[None]) -> None:
        seen = []
        for _ in range(5):
            seen.append(app.focused.id if app.focused else None)
            await pilot.press("tab")
        assert seen == ["nodes", "queues", "conflicts", "problems", "nodes"]
        await sampled(app, pilot)
        assert app.focused is not None
        assert app.focused.id == "queues"

    run_app(Watched(root / "laptop"), act, (100, 36))


def test_pause_stops_and_goes_on(root: Path, pair: Pair) -> None:
    async def act(app: WatchApp, pilot: Pilot[None]) -> None:
        await pilot.press("p")
        await settled(app, pilot)
        change(pair.laptop, lambda draft: draft.set("rating", 1))
        entries = pair.laptop.log.count()
        assert "paused; p goes on" in on_screen(app)
        assert f"{entries} entries" not in await sampled(app, pilot)
        await pilot.press("p")
        await settled(app, pilot)
        assert f"{entries} entries" in on_screen(app)
        assert "paused" not in on_screen(app)

    run_app(Watched(root / "laptop"), act, (100, 36))


def test_the_help_lies_over_the_tables_while_samples_go_on(root: Path, pair: Pair) -> None:
    async def act(app: WatchApp, pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        assert "shift+tab to the one before" in on_screen(app)
        change(pair.laptop, lambda draft: draft.set("rating", 1))
        await sampled(app, pilot)
        await pilot.press("x")
        await settled(app, pilot)
        assert "shift+tab" not in on_screen(app)
        assert f"{pair.laptop.log.count()} entries" in on_screen(app)

    run_app(Watched(root / "laptop"), act, (100, 36))


def test_an_outage_is_said_and_what_was_seen_before_it_stays(root: Path, pair: Pair) -> None:
    pair.close()

    async def act(app: WatchApp, pilot: Pilot[None]) -> None:
        (root / "laptop").rename(root / "elsewhere")
        screen = await sampled(app, pilot)
        assert "Nothing can be read: There is no folder" in screen
        assert "laptop: 0 photos" in screen
        (root / "elsewhere").rename(root / "laptop")
        assert "Nothing can be read" not in await sampled(app, pilot)

    run_app(Watched(root / "laptop"), act, (160, 36))


def test_a_sample_that_takes_long_is_said_to(root: Path, pair: Pair) -> None:
    take, goes_on, has_begun = Watched(root / "laptop"), threading.Event(), threading.Event()

    def taken() -> Sample | Outage:
        if has_begun.is_set():
            goes_on.wait(10)
        has_begun.set()
        return take()

    async def act(app: WatchApp, pilot: Pilot[None]) -> None:
        for _ in range(4):
            app.sample_now()
            await pilot.pause()
        assert "Still reading: the database is locked" in on_screen(app)
        goes_on.set()
        await settled(app, pilot)
        assert "Still reading" not in on_screen(app)

    run_app(taken, act, (100, 36))


def test_the_screen_of_a_relay_and_of_what_takes_its_place(root: Path, pair: Pair) -> None:
    pair.close()
    library = make_library()
    anna = library.join("anna")
    fill_relay(root / "relay", library.id, library.raws())
    with DataFolder(root / "relay").opened() as database:
        SqliteLibraries(database).add_token(TokenHash.of("token"), quota=10_000, uses=1, now=NOW)
        SqliteLibraries(database).register(library.id, TokenHash.of("token"), now=NOW)
        SqliteReleases(database).begin(StoreId(bytes(StoreId.SIZE)))
        SqliteReleases(database).hear(library.id, [anna.device], reported=False)

    async def act(app: WatchApp, pilot: Pilot[None]) -> None:
        screen = await sampled(app, pilot)
        assert f"relay: 1 library, {len(library.entries)} entries, 0 blobs (0 B), 0 sessions" in screen
        assert "0 B of 10 kB" in screen
        assert f"{anna.device.short()}  2 days ago  < 15 min ago  no report" in screen
        (root / "relay").rename(root / "before")
        (root / "laptop").rename(root / "relay")
        assert "Devices and relays" in await sampled(app, pilot)

    run_app(Watched(root / "relay"), act, (100, 36))


def test_names_that_would_move_the_cursor_are_shown_escaped(root: Path, pair: Pair) -> None:
    met_relay(pair.laptop, url="https://relay.example.org/\x1b[2J[red]x")

    async def act(app: WatchApp, pilot: Pilot[None]) -> None:
        screen = await sampled(app, pilot)
        assert "\\x1b[2J[red]x" in screen
        assert "\x1b" not in screen

    run_app(Watched(root / "laptop"), act, (140, 36))


def test_q_ends_it(root: Path, pair: Pair) -> None:
    async def act(app: WatchApp, pilot: Pilot[None]) -> None:
        await pilot.press("q")
        await pilot.pause()
        assert app.return_code == 0

    run_app(Watched(root / "laptop"), act, (100, 36))
