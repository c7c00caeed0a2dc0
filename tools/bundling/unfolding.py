"""A library's folder, made of the history in a bundle: each entry through the same door as any that comes from elsewhere.

No database travels, so none that somebody prepared is ever opened: what lies in the folder afterwards was written by this program. Applied is what was
applied when the bundle was made, in the same portions, since a device that learns of a removal late has applied more than one that hears of it first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from peer.keys.device import DeviceKeys
from peer.layout import LibraryFolder
from peer.library.library import Library
from peer.seams import system_randomness
from store.errors import RefusedError
from store.log import Status
from tools.bundling.errors import BundleError
from tools.bundling.history import Arrival, History


class ArrivalClock:
    """Stands at the time at which the entry came that is looked at. Milliseconds since 1970."""

    def __init__(self) -> None:
        self.time = 0

    def now(self) -> int:
        return self.time


def unfold(history: History, keys: DeviceKeys, folder: LibraryFolder) -> Library:
    """The library, open, in a ``folder`` that is empty or isn't there; its keys lie in it. ``BundleError`` when an entry isn't accepted."""
    if keys.device != history.device:
        raise BundleError("The keys in the bundle aren't those of the device whose history it holds.")
    folder.create()
    keys.save(folder.device_key)
    clock = ArrivalClock()
    library = Library.create(folder, keys, history.library, clock=clock, randomness=system_randomness)
    try:
        _take_in(library, history, clock)
    except BaseException:
        library.close()
        raise
    return library


def _take_in(library: Library, history: History, clock: ArrivalClock) -> None:
    with library.database.write():
        for portion in _portions(history.arrivals):
            for arrival in portion:
                clock.time = arrival.received
                (outcome,) = library.log.append([arrival.raw], now=arrival.received)
                if outcome.status is not Status.STORED:
                    raise BundleError(f"An entry in the bundle isn't accepted ({outcome.code or outcome.status.name.lower()}).")
            library.applier.catch_up()
        for report in history.reports:
            try:
                library.log.put_seen(report, now=clock.time)
            except RefusedError as error:
                raise BundleError(f"A report in the bundle isn't accepted ({error.code}).") from error
        if history.log is not None:
            library.meta.put("log", history.log)
            library.meta.put_int("log_number", history.number)


def _portions(arrivals: Iterable[Arrival]) -> Iterator[list[Arrival]]:
    portion: list[Arrival] = []
    for arrival in arrivals:
        if arrival.applied and portion:
            yield portion
            portion = []
        portion.append(arrival)
    yield portion
