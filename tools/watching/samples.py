"""What was seen of a folder at one moment, and how fast things went between two. Pure.

Counters only grow: they say how much was seen to happen since the watching began. What happened between two samples and was undone before the second
isn't seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from peer.library.instants import iso_utc
from tools.looking.documents import Document

SHORTEST_SECONDS = 0.001
DAMAGED = "damaged"
"""What a problem is called that is damage of what is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """``at``: seconds by a monotone clock; ``time``: milliseconds since 1970. ``counters`` and ``of_libraries``: what grew so far, in all and by library.
    ``document``: how things are, for people and scripts; ``tables``: its members that are tables on the screen."""

    at: float
    time: int
    counters: Mapping[str, int]
    document: Document
    tables: tuple[str, ...]
    of_libraries: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """At this moment nothing could be read; ``reason`` is a sentence."""

    at: float
    time: int
    reason: str


def is_damaged(document: Document) -> bool:
    """Whether a document of `sample_document` tells of damage, or that nothing could be read."""
    return document["outage"] is not None or any(problem["what"] == DAMAGED for problem in document["problems"])


def rates(before: Mapping[str, int], after: Mapping[str, int], seconds: float) -> dict[str, float]:
    """How much of each a second, rounded to a thousandth. What wasn't counted before, or counts less than before because the folder was replaced by another,
    is 0."""
    span = max(seconds, SHORTEST_SECONDS)
    return {name: round(max(after[name] - before.get(name, after[name]), 0) / span, 3) for name in after}


def sample_document(before: Sample | None, sample: Sample | Outage) -> Document:
    """What a script gets each second: the state, and ``rates`` a second since ``before``, over ``seconds``; both null where there was none. Of an outage only
    ``time`` and ``outage``, which is null otherwise. Libraries of a relay have ``rates`` of their own."""
    if isinstance(sample, Outage):
        return {"time": iso_utc(sample.time), "outage": sample.reason}
    seconds = None if before is None else round(sample.at - before.at, 3)
    document = {
        "time": iso_utc(sample.time),
        "outage": None,
        "seconds": seconds,
        "rates": None if before is None else rates(before.counters, sample.counters, sample.at - before.at),
        **sample.document,
    }
    if "libraries" in document:
        document["libraries"] = [each | {"rates": _of_library(before, sample, each["library"])} for each in document["libraries"]]
    return document


def _of_library(before: Sample | None, sample: Sample, library: str) -> dict[str, float] | None:
    if before is None or library not in before.of_libraries:
        return None
    return rates(before.of_libraries[library], sample.of_libraries[library], sample.at - before.at)
