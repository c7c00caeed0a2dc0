"""Whoever runs the box, and whoever saw the ticket: no code is ever the same on both screens while the keys differ.

Honest devices: anna invites, bert joins. The box is the adversary's: messages are delivered to whom it likes, in any order, again and
again, changed or not. In the stronger tests it also holds the ticket, runs handshakes of its own and writes whatever it likes.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from peer.joining.errors import HandshakeError
from peer.joining.handshake import Handshake, InviterHandshake, JoinerHandshake, State
from peer.joining.messages import Role, Step, open_message, seal_message
from tests.unit.peer.joining.parties import TICKET, keys_of, pair, side
from tests.unit.peer.keys.seeded import flipped

Mutation = Callable[[bytes], bytes]
EXAMPLES = 150

mutations: st.SearchStrategy[Mutation] = st.one_of(
    st.just(lambda message: message),
    st.integers(min_value=0, max_value=12_000).map(lambda bit: lambda message: flipped(message, bit)),
    st.integers(min_value=0, max_value=1400).map(lambda length: lambda message: message[:length]),
    st.binary(max_size=20).map(lambda more: lambda message: message + more),
)
choices = st.integers(min_value=0, max_value=63)


class Box:
    """All that was ever sent, and the machines that read it."""

    def __init__(self, *machines: Handshake) -> None:
        self.machines = machines
        self.messages: list[bytes] = []
        for machine in machines:
            if isinstance(machine, JoinerHandshake):
                self.messages.extend(machine.start())

    def deliver(self, message: bytes, machine: Handshake) -> None:
        if machine.over:
            return
        try:
            self.messages.extend(machine.receive(message))
        except HandshakeError:
            assert machine.over
        if machine.state is State.COMPARING:
            self.messages.extend(machine.codes_match())
        if isinstance(machine, InviterHandshake) and machine.state is State.AGREED:
            self.messages.extend(machine.admitted())

    def pick(self, choice: int) -> bytes:
        return self.messages[choice % len(self.messages)]

    def machine(self, choice: int) -> Handshake:
        return self.machines[choice % len(self.machines)]


def assert_codes_tell_the_truth(inviter: Handshake, joiner: Handshake) -> None:
    """Equal codes mean that each knows the other's true keys."""
    if inviter.short_code is None or inviter.short_code != joiner.short_code:
        return
    assert inviter.other is not None
    assert joiner.other is not None
    assert inviter.other.device == keys_of("bert").device
    assert joiner.other.device == keys_of("anna").device


HONEST = [(0, 0), (1, 1), (2, 0), (3, 1), (4, 0), (5, 1)]
"""(message, machine): the deliveries of a joining that goes well."""

interference = st.lists(st.tuples(st.integers(min_value=0, max_value=len(HONEST)), choices, choices, mutations), max_size=5)


@settings(max_examples=EXAMPLES)
@given(interference)
def test_without_the_ticket_a_box_can_only_stop_a_joining(extra: list[tuple[int, int, int, Mutation]]) -> None:
    inviter, joiner = pair()
    box = Box(inviter, joiner)
    for position in range(len(HONEST) + 1):
        for place, message, machine, mutate in extra:
            if place == position:
                box.deliver(mutate(box.pick(message)), box.machine(machine))
        if position < len(HONEST) and HONEST[position][0] < len(box.messages):
            message_number, machine_number = HONEST[position]
            box.deliver(box.messages[message_number], box.machines[machine_number])
    assert_codes_tell_the_truth(inviter, joiner)
    for one, other in ((inviter, "bert"), (joiner, "anna")):
        assert one.other is None or one.other.device == keys_of(other).device


mostly_whole = st.one_of(st.just(lambda message: message), st.just(lambda message: message), st.just(lambda message: message), mutations)
deliveries = st.tuples(st.sampled_from([0, 0, 0, 0, 0, 1, 2, 4]), st.sampled_from([False, False, False, True]), mostly_whole)


@settings(max_examples=EXAMPLES)
@given(st.lists(deliveries, min_size=4, max_size=20))
def test_any_order_of_delivery_is_harmless(chosen: list[tuple[int, bool, Mutation]]) -> None:
    """Mostly the newest message to whom it is for; sometimes an older one, sometimes back to its sender."""
    inviter, joiner = pair()
    box = Box(inviter, joiner)
    for age, astray, mutate in chosen:
        message = box.messages[-1 - age % len(box.messages)]
        from_joiner = open_message(TICKET, message)[0] == Role.JOINER
        box.deliver(mutate(message), joiner if from_joiner == astray else inviter)
    assert_codes_tell_the_truth(inviter, joiner)
    for one, other in ((inviter, "bert"), (joiner, "anna")):
        assert one.other is None or one.other.device == keys_of(other).device
    if joiner.state is State.JOINED:
        assert inviter.state is State.JOINED


splices = st.tuples(st.integers(min_value=0, max_value=7), choices, choices, st.one_of(st.none(), st.sampled_from(Step)), st.booleans())


@settings(max_examples=EXAMPLES)
@given(st.permutations([0, 0, 0, 0, 1, 1, 1, 1]), st.lists(splices, max_size=2))
def test_with_the_ticket_somebody_in_the_middle_is_betrayed_by_the_codes(
    order: list[int], spliced: list[tuple[int, int, int, Step | None, bool]]
) -> None:
    """Two handshakes with one in the middle, interleaved at will; messages of one slip into the other, or take a place there."""
    inviter, joiner = pair()
    false_joiner, false_inviter = side(JoinerHandshake, "mallory", nonce="j"), side(InviterHandshake, "mallory", nonce="i")
    boxes = (Box(inviter, false_joiner), Box(false_inviter, joiner))
    done = [0, 0]
    for position, number in enumerate(order):
        box, step_number = boxes[number], done[number]
        done[number] += 1
        replaced = False
        for place, message, machine, step, instead in spliced:
            if place == position:
                box.deliver(written(boxes[message % 2].pick(message // 2), step), box.machine(machine))
                replaced = replaced or instead
        if not replaced and step_number < len(box.messages):
            box.deliver(box.messages[step_number], box.machines[step_number % 2])
    assert_codes_tell_the_truth(inviter, joiner)


def written(message: bytes, step: Step | None) -> bytes:
    """What a holder of the ticket makes of a message: its content under another step."""
    return message if step is None else seal_message(TICKET, step, open_message(TICKET, message)[2])


@settings(max_examples=30)
@given(st.text(alphabet="abc", max_size=3), st.text(alphabet="abc", max_size=3))
def test_two_whole_handshakes_in_the_middle_show_two_codes(first: str, second: str) -> None:
    """The box keeps the honest two apart and plays each the other, with every message as it should be."""
    inviter, joiner = pair()
    false_joiner, false_inviter = side(JoinerHandshake, "mallory", nonce=first), side(InviterHandshake, "mallory", nonce=second)
    for one, other in ((inviter, false_joiner), (false_inviter, joiner)):
        box = Box(one, other)
        for number in range(4):
            box.deliver(box.messages[number], (one, other)[number % 2])
    assert inviter.short_code is not None
    assert joiner.short_code is not None
    assert inviter.short_code != joiner.short_code
