"""When a checkpoint is settled: the rules, in random sets of words."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from store.bodies import Settled, parse_control
from store.ids import DeviceId
from store.log import SettledCheckpoint
from store.memory import MemoryLogStore
from store.settlement import ACTIVE_MS, Word, active_devices, held_back_by, is_settled, pruning_held_back_by, reports_hold, words_of
from tests.conformance.log_store_stubs import write_checkpoint, write_settled
from tests.fleet.authors import NOW, heads_of, make_library

DEVICES = [DeviceId(bytes([number]) * 16) for number in range(5)]
devices = st.sampled_from(DEVICES)
times = st.sampled_from([NOW - 3 * ACTIVE_MS, NOW - ACTIVE_MS - 1, NOW - ACTIVE_MS, NOW - 1, NOW, NOW + 1, NOW + 3 * ACTIVE_MS])
words = st.lists(st.builds(Word, devices, times, st.booleans()), max_size=12)
members = st.frozensets(devices)


@given(words, members, times)
def test_who_holds_back_by_the_sentence_in_the_protocol(said: list[Word], known: frozenset[DeviceId], at: int) -> None:
    def holds_back(device: DeviceId) -> bool:
        own = [word for word in said if word.device == device]
        return any(word.time >= at - ACTIVE_MS for word in own) and not any(word.acknowledges for word in own)

    assert held_back_by(said, known, at=at) == {device for device in known if holds_back(device)}


@given(words, words, members, times, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(
    embedded: list[Word], stored: list[Word], known: frozenset[DeviceId], now: int, dice: random.Random
) -> None:
    verdict = is_settled(embedded, stored, known, now=now)
    first, second = (dice.sample(each + each, 2 * len(each)) for each in (embedded, stored))
    assert is_settled(first, second, known, now=now) == verdict


@given(words, words, members, times, devices, times)
def test_one_more_acknowledgement_unsettles_nothing(
    embedded: list[Word], stored: list[Word], known: frozenset[DeviceId], now: int, device: DeviceId, time: int
) -> None:
    if is_settled(embedded, stored, known, now=now):
        more = Word(device, time, acknowledges=True)
        assert is_settled([*embedded, more], stored, known, now=now)
        assert is_settled(embedded, [*stored, more], known, now=now)


@given(words, words, members, times)
def test_nothing_is_settled_without_an_acknowledgement_or_against_an_active_member(
    embedded: list[Word], stored: list[Word], known: frozenset[DeviceId], now: int
) -> None:
    if not is_settled(embedded, stored, known, now=now):
        return
    newest = max(word.time for word in embedded if word.acknowledges)
    silent = known - {word.device for word in (*embedded, *stored) if word.acknowledges}
    assert all(word.time < min(newest, now) - ACTIVE_MS for word in (*embedded, *stored) if word.device in silent)


@given(words, st.lists(st.booleans(), min_size=5, max_size=5))
def test_no_date_that_others_write_makes_a_member_inactive(said: list[Word], dates: list[bool]) -> None:
    silent = DEVICES[0]
    future = [
        Word(device, NOW + 9 * ACTIVE_MS, acknowledges=True) for device, is_ahead in zip(DEVICES[1:], dates, strict=False) if is_ahead
    ]
    others = [word for word in said if word.device != silent]
    assert not is_settled([*others, *future], [Word(silent, NOW, acknowledges=False)], DEVICES, now=NOW)


def test_who_is_active() -> None:
    library = make_library()
    anna, bert, carla = (library.join(name) for name in ("anna", "bert", "carla"))
    reports = [anna.report(time=NOW - ACTIVE_MS), bert.report(time=NOW - ACTIVE_MS - 1), carla.report(time=NOW + 1)]
    assert active_devices(reports, {anna.device, bert.device}, NOW) == {anna.device}


def test_embedded_reports_are_of_known_devices_of_this_library() -> None:
    library = make_library()
    anna, bert = library.join("anna"), library.join("bert")
    store = MemoryLogStore(library.id)
    store.append(library.raws(), now=NOW)
    removed = library.remove(bert)
    store.append([removed.raw], now=NOW)
    roster = store.roster()
    assert not roster.is_member(bert.device)
    checkpoint = write_checkpoint(anna)

    def settled_by(*reports: object) -> Settled:
        return Settled(checkpoint=checkpoint.name, reports=reports)  # type: ignore[arg-type]

    genuine = anna.report(checkpoint=checkpoint.name), bert.report(checkpoint=checkpoint.name)
    assert reports_hold(settled_by(*genuine), roster) is True
    assert reports_hold(settled_by(*genuine, library.author("eve").report()), roster) is None
    assert reports_hold(settled_by(make_library("other").join("anna").report()), roster) is False


def test_pruning_asks_every_active_member_for_just_this_checkpoint() -> None:
    """However a checkpoint came to be settled: that a device has applied what it covers isn't enough."""
    library = make_library()
    anna, bert = library.join("anna"), library.join("bert")
    covered = library.heads()
    checkpoint, settled = write_settled(anna, [anna])
    body = parse_control(settled)
    assert isinstance(body, Settled)
    found = SettledCheckpoint(
        checkpoint=checkpoint.name,
        settled=settled.name,
        covered=covered,
        blobs=(),
        records=1,
        acknowledged_by=frozenset(word.device for word in words_of(body)),
    )
    everybody = {anna.device, bert.device}
    later = [anna.report(covered), bert.report(heads_of(library.entries))]
    assert pruning_held_back_by(found, later, everybody, now=NOW) == {bert.device}
    assert pruning_held_back_by(found, later, everybody, now=NOW + ACTIVE_MS + 1) == frozenset()
    assert pruning_held_back_by(found, [bert.report(covered, checkpoint=checkpoint.name)], everybody, now=NOW) == frozenset()
    assert pruning_held_back_by(found, [], everybody, now=NOW) == {bert.device}
