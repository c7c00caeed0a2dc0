"""Which of several sources counts, and how steps follow from what nodes say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.library.nodes import NodeKind
from peer.library.queues import Priority
from relay.messages import BlobState, BlobTrace
from store.entries import EntryKind
from store.ids import BlobId, DeviceId, EntryHash, FileHash, LogId
from tools.tracing.model import UNKNOWN, Sight, State, Step, TracedEntry, TracedFile
from tools.tracing.spans import after, spell_after
from tools.tracing.timeline import joined_step, merged
from tools.tracing.traces import file_step

ENTRY = EntryHash(b"e" * 32)
FILE = FileHash(b"f" * 32)
BLOBS = tuple(BlobId(bytes([number]) * 32) for number in range(4))

steps = st.builds(
    Step, state=st.sampled_from(State), time=st.none() | st.integers(0, 99), is_bound=st.booleans(), reason=st.sampled_from(["", "a", "b"])
)


@given(steps, steps)
def test_what_a_node_says_itself_is_never_denied_by_others(hearsay: Step, own: Step) -> None:
    joined = joined_step(hearsay, own)
    assert (joined.state is State.DONE) >= (own.state is State.DONE)
    assert joined.state is not State.DONE or State.DONE in (own.state, hearsay.state if own.state is State.UNKNOWN else own.state)
    assert joined_step(joined, own) == joined
    assert joined_step(hearsay, UNKNOWN).state is hearsay.state
    assert joined_step(hearsay, None) == hearsay


@given(steps)
def test_an_exact_time_that_others_know_stays(own: Step) -> None:
    exact = Step(state=State.DONE, time=7)
    joined = joined_step(exact, own)
    if own.state is State.DONE:
        assert joined.time == (7 if own.time is None or own.is_bound else own.time)


def test_why_it_isn_t_there_is_told_by_who_knows() -> None:
    absent = Step(state=State.NOT_YET, reason="it isn't there")
    unwanted = Step(state=State.UNWANTED, reason="its policy is thumbnails")
    queued = Step(state=State.WAITING, reason="queued")
    assert (joined_step(unwanted, absent).state, joined_step(unwanted, absent).reason) == (State.UNWANTED, "its policy is thumbnails")
    assert joined_step(queued, absent) == queued
    assert joined_step(Step(state=State.DONE), absent) == absent


def sight(key: str, **said: object) -> Sight:
    return Sight(key=key, name=key, kind=NodeKind.PEER, **said)  # type: ignore[arg-type]  # as named


def test_one_row_for_each_node_in_the_order_of_the_first_source() -> None:
    told = [
        sight("a", policy="thumbnails"),
        sight("b", stored={ENTRY: Step(state=State.DONE, time=9, is_bound=True)}),
        sight("b", reached=False, reason="away"),
        sight("a", reached=True, clock_offset=5, correction=-5, stored={ENTRY: Step(state=State.DONE, time=3)}),
        sight("b", stored={ENTRY: Step(state=State.DONE, time=4)}),
    ]
    first, second = merged(told)
    assert (first.key, first.policy, first.reached, first.clock_offset, first.correction) == ("a", "thumbnails", True, 5, -5)
    assert (second.key, second.reached, second.reason, second.stored[ENTRY].time) == ("b", False, "away", 4)


def test_an_older_copy_takes_nothing_back_and_the_node_itself_does() -> None:
    reported = sight("a", applied={ENTRY: Step(state=State.DONE, time=9, is_bound=True)}, files={FILE: Step(state=State.DONE)})
    copy = sight("a", applied={ENTRY: Step(state=State.NOT_YET)}, files={FILE: Step(state=State.NOT_YET)})
    answer = sight("a", reached=True, applied={ENTRY: Step(state=State.DONE, time=8)})
    (told,) = merged([reported, copy])
    assert (told.applied[ENTRY].state, told.files[FILE].state) == (State.DONE, State.NOT_YET)
    (told,) = merged([reported, answer, copy])
    assert told.applied[ENTRY].time == 8
    (told,) = merged([reported, sight("a", reached=True, applied={ENTRY: Step(state=State.NOT_YET)})])
    assert told.applied[ENTRY].state is State.NOT_YET


# Steps


def traced_file(*ways: tuple[BlobId, ...], lacks_index: bool = False) -> TracedFile:
    return TracedFile(role="original", file=FILE, size=1, priority=Priority.ORIGINAL, ways=ways, lacks_index=lacks_index)


def held(**since: int | None) -> dict[BlobId, BlobTrace]:
    return {BLOBS[int(number[1:])]: BlobTrace(state=BlobState.HELD, stored=at) for number, at in since.items()}


@pytest.mark.parametrize(
    ("file", "blobs", "state", "time"),
    [
        (traced_file(BLOBS[:2]), held(b0=5, b1=9), State.DONE, 9),
        (traced_file(BLOBS[:2]), held(b0=5, b1=None), State.DONE, None),
        (traced_file(BLOBS[:2]), held(b0=5), State.PARTLY, None),
        (traced_file(BLOBS[:2]), {}, State.NOT_YET, None),
        (traced_file(BLOBS[:2], BLOBS[2:]), held(b0=5, b2=6, b3=7), State.DONE, 7),
        (traced_file(BLOBS[:1]), {BLOBS[0]: BlobTrace(state=BlobState.RELEASED)}, State.NOT_YET, None),
        (traced_file(BLOBS[:1], lacks_index=True), held(b0=5), State.UNKNOWN, None),
        (traced_file(), {}, State.UNKNOWN, None),
        (traced_file(()), {}, State.UNKNOWN, None),
    ],
)
def test_a_file_is_there_with_its_last_part(file: TracedFile, blobs: dict[BlobId, BlobTrace], state: State, time: int | None) -> None:
    step = file_step(file, blobs, "somebody")
    assert (step.state, step.time) == (state, time)
    assert step.reason or step.state is State.DONE


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "+0.0 s"),
        (412, "+0.4 s"),
        (-3, "+0.0 s"),
        (-1500, "-1.5 s"),
        (59_949, "+59.9 s"),
        (180_000, "+3 min"),
        (-7_200_000, "-2 h"),
        (2**62, None),
    ],
)
def test_spans(milliseconds: int, text: str | None) -> None:
    assert text is None or spell_after(milliseconds) == text
    assert spell_after(milliseconds)


def test_clocks_are_made_equal_where_they_are_known() -> None:
    entry = TracedEntry(log=LogId(bytes(16)), seq=1, name=ENTRY, kind=EntryKind.CHANGE, author=DeviceId(bytes(16)), arrival=3, written=1000)
    ahead = sight("a", correction=-500)
    assert after(entry, ahead, Step(state=State.DONE, time=2000)) == 500
    assert after(entry, sight("b"), Step(state=State.DONE, time=2000)) == 1000
    assert after(entry, ahead, Step(state=State.DONE, time=2000, is_bound=True)) == 1000
    assert after(entry, ahead, Step(state=State.DONE)) is None
