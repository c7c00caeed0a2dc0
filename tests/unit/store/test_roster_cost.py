"""What a roster costs: in an old library, and in one where a member writes as much as it can. Processor time, whatever else the machine does."""

from __future__ import annotations

from time import process_time

from store.database import Database
from store.heads import Heads
from store.removals import MAX_REMOVALS
from store.roster import Roster
from store.sqlite_log import LOG_SCHEMA, SqliteLogStore
from tests.fleet.authors import NOW, Author, FleetLibrary, dep_of, heads_of, make_library

SECOND = 1.0


def measured(library: FleetLibrary) -> tuple[Roster, float]:
    """The roster as a store computes it that has just been opened, and the seconds that it takes."""
    database = Database(":memory:", [LOG_SCHEMA])
    SqliteLogStore(database, library.id).append(library.raws(), now=NOW)
    store = SqliteLogStore(database, library.id)
    assert store.count() == len(library.entries)
    begin = process_time()
    roster = store.roster()
    seconds = process_time() - begin
    database.close()
    return roster, seconds


def let_in(library: FleetLibrary, name: str, by: Author | None) -> Author:
    device = library.author(name)
    device.open_log(deps=[dep_of(library.certify(device, by=by))])
    return device


def test_a_thousand_devices_and_a_hundred_removals() -> None:
    library = make_library("old")
    devices = [let_in(library, "first", None)]
    for number in range(1000):
        devices.append(let_in(library, f"device {number}", devices[number // 10]))
    ends = heads_of(library.entries)
    for number in range(100):
        log = devices[number].log
        library.remove(devices[number], by=devices[900 + number % 10], pins=Heads({log: ends[log]}))
    roster, seconds = measured(library)
    assert (len(roster.devices), len(roster.former), len(roster.removals)) == (901, 100, 100)
    assert seconds < SECOND


def test_a_member_that_writes_thousands_of_removals() -> None:
    library = make_library("flood")
    anna, eve = let_in(library, "anna", None), let_in(library, "eve", None)
    for _ in range(1500):
        library.remove(anna, by=eve, pins=Heads())
    fork = eve.fork()
    for _ in range(300):
        library.remove(anna, by=fork.fork(), pins=heads_of(library.entries[-1:]))
    library.remove(eve, by=anna, pins=Heads())
    roster, seconds = measured(library)
    assert len(roster.removals) == MAX_REMOVALS + 1
    assert not roster.devices
    assert seconds < SECOND


def test_a_chain_of_thousands_of_removals_by_puppets() -> None:
    """Each in the past of the next, which is as deep as it gets; each author let in by the one before."""
    library = make_library("chain")
    puppets = [let_in(library, "eve", None)]
    for number in range(50):
        puppets.append(let_in(library, f"puppet {number}", puppets[-1]))
    ends = heads_of(library.entries)
    before = library.remove(library.author("nobody"), by=puppets[0], pins=Heads())
    for number in range(2000):
        author = puppets[1 + number % 50]
        before = library.remove(puppets[0], by=author, pins=Heads({author.log: ends[author.log]}), knows=[before])
    roster, seconds = measured(library)
    assert len(roster.removals) + len(roster.void_removals) == 2001
    assert seconds < 2 * SECOND
