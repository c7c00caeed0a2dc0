"""Two devices of one library, far apart until a test brings them together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from peer.library.conflicts import OpenConflict, all_conflicts
from peer.library.library import Library
from peer.library.verifying import replayed_digest, verify
from tests.fleet.libraries import MovedClock, admit, digest, exchange, make_library


@dataclass(frozen=True, kw_only=True)
class Pair:
    """``clock`` is that of both. ``bert_first``: who receives first when they meet."""

    anna: Library
    bert: Library
    clock: MovedClock
    bert_first: bool = False

    @property
    def both(self) -> tuple[Library, Library]:
        return (self.bert, self.anna) if self.bert_first else (self.anna, self.bert)

    def meet(self) -> None:
        """Both get what the other has."""
        exchange(*self.both)
        assert digest(self.anna) == digest(self.bert)

    def prove(self) -> None:
        """Whatever happened: what is stored is whole, listings are what the records say, and the records what the entries say."""
        for library in self.both:
            assert verify(library).problems == []
            assert replayed_digest(library) == library.records.digest()

    def conflicts(self) -> list[OpenConflict]:
        """The open conflicts, which both see alike."""
        seen = [[conflict.to_json() for conflict in all_conflicts(library)] for library in self.both]
        assert seen[0] == seen[1]
        return list(all_conflicts(self.anna))

    def close(self) -> None:
        self.anna.close()
        self.bert.close()


def make_pair(root: Path, *, seed: int = 1, bert_first: bool = False) -> Pair:
    clock = MovedClock()
    anna = make_library(root / "anna", seed=seed, clock=clock)
    bert = admit(anna, root / "bert", name="bert", seed=seed + 1)
    return Pair(anna=anna, bert=bert, clock=clock, bert_first=bert_first)
