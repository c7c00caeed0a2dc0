"""From what a node says of entries and blobs to steps. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from relay.messages import BlobState, BlobTrace, EntryTrace, Standing
from store.ids import BlobId
from tools.tracing.model import State, Step, TracedFile

_LACKS_INDEX = "which parts it has isn't known here, because this folder lacks the list of them"
_RELEASED = "it was released: a relay keeps it in its trash for 30 days, and gives it back to whoever claims it"


def stored_step(trace: EntryTrace, known_by: str) -> Step:
    """Whether an entry is on the node."""
    if trace.standing is Standing.ABSENT:
        return Step(state=State.NOT_YET, known_by=known_by, reason="it hasn't come there yet")
    return Step(state=State.DONE, time=trace.stored, known_by=known_by)


def applied_step(trace: EntryTrace, known_by: str, *, reason: str = "", since: int | None = None) -> Step:
    """Whether it is applied. ``reason`` and ``since``: why it waits, and since when, where that is known."""
    match trace.standing:
        case Standing.APPLIED:
            return Step(state=State.DONE, time=trace.applied, known_by=known_by)
        case Standing.VOID:
            return Step(state=State.DONE, time=trace.applied, known_by=known_by, reason="it is void there, as everywhere")
        case Standing.WAITING:
            reason = reason or "it waits there for something that it builds on, or for a key"
            return Step(state=State.WAITING, known_by=known_by, reason=reason, since=since)
        case Standing.STORED:
            return Step(state=State.WAITING, known_by=known_by, reason="it is stored there, and wasn't looked at yet")
        case Standing.ABSENT:
            return Step(state=State.NOT_YET, known_by=known_by, reason="it hasn't come there yet")


def file_step(file: TracedFile, blobs: Mapping[BlobId, BlobTrace], known_by: str) -> Step:
    """Whether a file can be had from the node, by the way of which it has most. The time is that of the last part."""
    best = max((_way_step(way, blobs, known_by) for way in file.ways if way), key=_rank, default=None)
    if best is None:
        return Step(state=State.UNKNOWN, known_by=known_by, reason="no device has told yet how to get its bytes")
    if file.lacks_index and best.state is State.DONE:
        return Step(state=State.UNKNOWN, known_by=known_by, reason=_LACKS_INDEX)
    return best


def _way_step(way: tuple[BlobId, ...], blobs: Mapping[BlobId, BlobTrace], known_by: str) -> Step:
    traces = [blobs.get(blob) or BlobTrace(state=BlobState.ABSENT) for blob in way]
    held = [trace for trace in traces if trace.state is BlobState.HELD]
    if len(held) == len(way):
        times = [trace.stored for trace in held if trace.stored is not None]
        return Step(state=State.DONE, time=max(times) if len(times) == len(held) else None, known_by=known_by)
    if any(trace.state is BlobState.RELEASED for trace in traces):
        return Step(state=State.NOT_YET, known_by=known_by, reason=_RELEASED)
    if held:
        return Step(state=State.PARTLY, known_by=known_by, reason=f"{len(held)} of its {len(way)} parts are there")
    return Step(state=State.NOT_YET, known_by=known_by, reason="it isn't there")


def _rank(step: Step) -> int:
    return (State.NOT_YET, State.PARTLY, State.DONE).index(step.state)
