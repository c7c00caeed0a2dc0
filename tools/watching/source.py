"""A folder that is looked into again and again, whatever happens to it between two looks.

It may vanish, be locked, be damaged for a moment or be another one when it is back: then a look is an outage with its reason, and the next one is tried as if
nothing had been. Unlike other views this one doesn't save what can be read of a damaged database: it waits for it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from peer.errors import CalotypeError
from store.errors import StoreError
from tools.looking.folder import Inspected, libraries_in
from tools.looking.opening import WrittenMeanwhileError, find_database, opened
from tools.looking.problems import Problems
from tools.watching.peer_sampler import PeerSampler
from tools.watching.relay_sampler import RelaySampler
from tools.watching.samples import Outage, Sample

BUSY = "the database is being written, or locked by another program"


class Source:
    """Samples of the folder ``root``; ``library_id``: the beginning of the one to watch, or all."""

    def __init__(self, root: Path, *, library_id: str = "") -> None:
        self._root = root
        self._library_id = library_id
        self._sampler: PeerSampler | RelaySampler | None = None

    def check(self) -> None:
        """``UsageError`` and others with a sentence, when there is nothing here to watch."""
        find_database(self._root)

    def sample(self, *, at: float, now: int) -> Sample | Outage:
        """How things are. ``at``: seconds by a monotone clock; ``now``: milliseconds since 1970."""
        try:
            return self._sample(at=at, now=now)
        except WrittenMeanwhileError:
            return Outage(at=at, time=now, reason=f"{BUSY}.")
        except CalotypeError as error:
            return Outage(at=at, time=now, reason=error.message)
        except (StoreError, sqlite3.Error) as error:
            return Outage(at=at, time=now, reason=f"the database can't be read now: {error}.")
        except OSError as error:
            return Outage(at=at, time=now, reason=f"the folder can't be read now: {error.strerror or error}.")
        except (ValueError, LookupError, TypeError) as error:
            return Outage(at=at, time=now, reason=f"what is stored doesn't fit together now ({type(error).__name__}).")

    def _sample(self, *, at: float, now: int) -> Sample | Outage:
        place, problems = find_database(self._root), Problems()
        with opened(place, problems) as database:
            inspected = Inspected(
                root=self._root,
                database=database,
                libraries=libraries_in(database, place, self._library_id),
                library_folder=place.library_folder,
                problems=problems,
            )
            wanted = RelaySampler if place.library_folder is None else PeerSampler
            if not isinstance(self._sampler, wanted):
                self._sampler = wanted()
            return self._sampler.take(inspected, at=at, now=now)
