"""What the gallery's server takes to answer a page about a large library, and how many bytes the page itself is."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from random import Random
from statistics import median

import trio

from peer.gallery.timeline import View, months, photos_of_month
from peer.layout import LibraryFolder
from peer.library.creating import create_library
from peer.library.library import Library
from peer.seams import SystemClock, system_randomness
from store.ids import FileHash, RecordId
from tests.bench.figures import Figure
from tests.bench.stage import Scale

METHOD = (
    "Listings as imports leave them, over twenty years, without records behind them: what a page asks for reads nothing else. Each question is asked several "
    "times, warm; the figure is the median. `first timeline` is what a page needs before it shows anything: all months, and the first 250 photos. `one change` "
    "is a row that is written anew, with the triggers that keep months and words, and the question what changed since. Script and style of the page: all "
    "files, each compressed by gzip."
)
COUNTS, QUICK_COUNTS = (100_000, 1_000_000), (20_000,)
FIRST_ROWS = 250
PIECE = 500
WORDS = ("sea", "holiday", "anna", "bert", "sweden", "house", "garden", "snow", "fox", "bicycle")
BEGIN = datetime(2006, 1, 1, 12, tzinfo=UTC)
_INSERT = """
    INSERT INTO asset (record, name, kind, media, taken, width, height, favorite, rating, hidden, caption, keywords, trashed, contested, conflicts,
        primary_file, search, thumbhash, picture, shown_width, shown_height)
    VALUES (?, ?, 'photo', 'image/jpeg', ?, 4000, 3000, ?, 0, 0, ?, '[]', NULL, 0, 0, ?, ?, ?, ?, 4000, 3000)
"""


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    figures = [_page_bytes()]
    for count in QUICK_COUNTS if scale.quick else COUNTS:
        figures += await trio.to_thread.run_sync(_of_library, folder / str(count), count, scale.of(11, 5))
    return figures


def _page_bytes() -> Figure:
    packed = sum(len(gzip.compress(content)) for content in _scripts(files("peer.gallery") / "page"))
    return Figure(name="script and style of the page, compressed", value=packed / 1000, unit="kB")


def _scripts(folder: Traversable) -> Iterator[bytes]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _scripts(entry)
        elif entry.name.endswith((".js", ".css", ".html")):
            yield entry.read_bytes()


def _of_library(folder: Path, count: int, repetitions: int) -> list[Figure]:
    library, _ = create_library(LibraryFolder(folder), "alpha", clock=SystemClock(), randomness=system_randomness)
    with closing(library):
        began = time.perf_counter()
        _fill(library, count)
        filled = time.perf_counter() - began
        newest = next(month["month"] for month in months(library, View())["months"] if month["count"] >= FIRST_ROWS or count < COUNTS[0])
        middle = f"{BEGIN.year + 10}-06"
        questions: dict[str, Callable[[], object]] = {
            "first timeline": lambda: (months(library, View()), photos_of_month(library, View(), newest, start=0, count=FIRST_ROWS)),
            f"{PIECE} photos of a month in the middle": lambda: photos_of_month(library, View(), middle, start=0, count=PIECE),
            "favourites: their months": lambda: months(library, View(favorite=True)),
            "search for a word: months": lambda: months(library, View(query="sea")),
            "search for two words and a year: months": lambda: months(library, View(query="sea fox 2012")),
            "one change, and what changed since": lambda: _change(library),
        }
        made = [_figure(f"{name}, {count:,} assets", question, repetitions) for name, question in questions.items()]
    return [*made, Figure(name=f"listing written, {count:,} assets, each", value=filled / count * 1e6, unit="µs")]


def _figure(name: str, question: Callable[[], object], repetitions: int) -> Figure:
    seconds = []
    for _ in range(repetitions):
        began = time.perf_counter()
        question()
        seconds.append(time.perf_counter() - began)
    return Figure(name=name, value=median(seconds) * 1000, unit="ms")


def _fill(library: Library, count: int) -> None:
    chance = Random(count)
    step = timedelta(days=365.25 * 20) / count
    with library.database.write() as connection:
        for start in range(0, count, 10_000):
            numbers = range(start, min(start + 10_000, count))
            connection.executemany(_INSERT, [_row(number, BEGIN + number * step, chance) for number in numbers])


def _row(number: int, taken: datetime, chance: Random) -> tuple[object, ...]:
    file = FileHash(chance.randbytes(FileHash.SIZE))
    caption = " ".join(chance.sample(WORDS, 2)) if number % 3 == 0 else ""
    name = f"IMG_{number:06}.JPG"
    words = f"{name.lower()}\n{caption}"
    picture = chance.randbytes(8).hex()
    return RecordId.asset(file), name, taken.isoformat(), number % 50 == 0, caption, file, words, chance.randbytes(24), picture


def _change(library: Library) -> object:
    with library.database.write() as connection:
        (before,) = connection.execute("SELECT revision FROM listing").fetchone()
        connection.execute("UPDATE listing SET revision = revision + 1")
        connection.execute("UPDATE asset SET rating = (rating + 1) % 6 WHERE record = (SELECT max(record) FROM asset)")
    return months(library, View(), since=before)
