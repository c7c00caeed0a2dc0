"""How long after it was written something came somewhere, and the way in a few words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from peer.library.instants import iso_utc
from peer.library.nodes import NodeKind
from tools.looking.spelling import spell_span, spell_time
from tools.tracing.model import UNKNOWN, Sight, State, Step, Subject, TracedEntry

_ROLES = ("thumbnail", "preview", "original")
_MINUTE_MS = 60_000
_NOTHING_MS = 50


def after(entry: TracedEntry | None, sight: Sight, step: Step) -> int | None:
    """Milliseconds from the entry's stamp to the step, clocks made equal as far as that is known."""
    if entry is None or entry.written is None or step.time is None:
        return None
    is_by_stamps = step.is_bound or step.time == entry.written
    return step.time + (0 if is_by_stamps else sight.correction or 0) - entry.written


def spell_after(milliseconds: int) -> str:
    """``+0.4 s``, ``+3 min``. A little before nothing is nothing: clocks are compared only to within the time that a question takes."""
    sign = "-" if milliseconds <= -_NOTHING_MS else "+"
    span = abs(milliseconds)
    return f"{sign}{span / 1000:.1f} s" if span < _MINUTE_MS else f"{sign}{spell_span(span)}"


def way_of(subject: Subject, sights: Sequence[Sight]) -> Iterator[str]:
    """``Written on laptop 2024-07-21 16:03:11Z``, ``at relay +0.4 s``, ``on phone +0.9 s``,
    ``original: not on phone, because its policy is thumbnails``: pieces of a few words, in the order of nodes, then of files."""
    main = subject.main
    if main is None:
        yield "No entry is here that wrote it"
        return
    author = next((sight for sight in sights if sight.device is not None and sight.device == main.author), None)
    writer = "an unknown device" if author is None else author.name
    when = "" if main.written is None else f" {spell_time(iso_utc(main.written))}"
    yield f"Written on {writer}{when}"
    for sight in sights:
        if sight is not author:
            yield from _of_node(main, sight)
    for file in (file for role in _ROLES for file in subject.files if file.role == role):
        yield from (part for sight in sights if (part := _of_file(main, sight, file.role, sight.files.get(file.file, UNKNOWN), author)))


def _of_node(main: TracedEntry, sight: Sight) -> Iterator[str]:
    is_relay = sight.kind is NodeKind.RELAY
    step = (sight.stored if is_relay else sight.applied).get(main.name, UNKNOWN)
    where = f"at {sight.name}" if is_relay else f"on {sight.name}"
    match step.state:
        case State.DONE:
            yield f"{where}{_when(main, sight, step)}"
        case State.UNKNOWN:
            yield f"{where}: not known{_because(step)}"
        case _:
            yield f"not {where}{_because(step)}"


def _of_file(main: TracedEntry, sight: Sight, role: str, step: Step, author: Sight | None) -> str:
    """Empty for what says nothing new: a file on the device where it came from, or at a relay as it should be, and what isn't known."""
    if step.state is State.DONE:
        return "" if sight is author or sight.kind is NodeKind.RELAY else f"{role} on {sight.name}{_when(main, sight, step)}"
    return (
        "" if step.state is State.UNKNOWN else f"{role}: not {'at' if sight.kind is NodeKind.RELAY else 'on'} {sight.name}{_because(step)}"
    )


def _when(main: TracedEntry, sight: Sight, step: Step) -> str:
    milliseconds = after(main, sight, step)
    if milliseconds is None:
        return "" if step.time is None else f"{' by' if step.is_bound else ''} {spell_time(iso_utc(step.time))}"
    return f"{' by' if step.is_bound else ''} {spell_after(milliseconds)}"


def _because(step: Step) -> str:
    return f", because {step.reason}" if step.reason else ""
