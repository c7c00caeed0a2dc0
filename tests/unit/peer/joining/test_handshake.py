"""The handshake: how it goes, and how each misbehaviour ends it."""

from __future__ import annotations

import pytest

from peer.joining.errors import (
    CommitmentMismatchError,
    CopiedKeysError,
    DeclinedError,
    HandshakeError,
    HandshakeOverError,
    MalformedMessageError,
    ReplayedMessageError,
    TicketInUseError,
    TooManyMessagesError,
    UnexpectedMessageError,
    UnreadableMessageError,
    UnusableNameError,
)
from peer.joining.handshake import MAX_MESSAGES, Handshake, InviterHandshake, JoinerHandshake, State
from peer.joining.messages import Introduction, Step, encode_answer, seal_message
from peer.joining.ticket import parse_ticket
from peer.keys.sealing import seal
from store.encoding import encode
from tests.unit.peer.joining.parties import OTHER_TICKET, TICKET, keys_of, pair, side, until_comparing
from tests.unit.peer.keys.seeded import Seeded, device, flipped, golden


def test_both_see_the_same_code_and_each_others_keys() -> None:
    inviter, joiner = pair()
    assert inviter.short_code is None
    assert joiner.other is None
    until_comparing(inviter, joiner)
    assert inviter.short_code == joiner.short_code is not None
    assert inviter.other is not None
    assert joiner.other is not None
    assert (inviter.other.device, inviter.other.name) == (keys_of("bert").device, "bert")
    assert (joiner.other.device, joiner.other.name) == (keys_of("anna").device, "anna")


@pytest.mark.parametrize("inviter_answers_first", [True, False])
def test_a_device_joins(inviter_answers_first: bool) -> None:
    inviter, joiner = pair()
    until_comparing(inviter, joiner)
    if inviter_answers_first:
        assert inviter.codes_match() == ()
        assert inviter.state is State.CONFIRMED
    (answer,) = joiner.codes_match()
    assert inviter.receive(answer) == ()
    if not inviter_answers_first:
        assert inviter.state is State.ANSWERED
        inviter.codes_match()
    assert (inviter.state, joiner.state) == (State.AGREED, State.CONFIRMED)
    (admission,) = inviter.admitted()
    assert joiner.receive(admission) == ()
    assert (inviter.state, joiner.state) == (State.JOINED, State.JOINED)
    assert inviter.over
    assert joiner.over


def test_the_transcript_is_pinned() -> None:
    pinned = golden("handshake")
    ticket, anna, bert = parse_ticket(pinned["ticket"]), device("golden"), device("golden other")
    joiner = JoinerHandshake(
        ticket=ticket, signing_key=bert.signing_key, wrapping_key=bert.wrapping_key, name="Bert's phone", random=Seeded("joiner")
    )
    inviter = InviterHandshake(
        ticket=ticket, signing_key=anna.signing_key, wrapping_key=anna.wrapping_key, name="Anna", random=Seeded("inviter")
    )
    box = until_comparing(inviter, joiner)
    assert inviter.short_code == joiner.short_code == pinned["code"]
    inviter.codes_match()
    box.extend(joiner.codes_match())
    inviter.receive(box[-1])
    box.extend(inviter.admitted())
    assert [message.hex() for message in box] == pinned["messages"]


def test_our_own_messages_in_the_box_are_passed_over() -> None:
    inviter, joiner = pair()
    seen: dict[Handshake, int] = {inviter: 0, joiner: 0}
    box = [*joiner.start()]

    def read(reader: Handshake) -> None:
        while seen[reader] < len(box) and not reader.over:
            seen[reader] += 1
            box.extend(reader.receive(box[seen[reader] - 1]))

    for _ in range(4):
        read(inviter)
        read(joiner)
    inviter.codes_match()
    box.extend(joiner.codes_match())
    read(inviter)
    box.extend(inviter.admitted())
    read(joiner)
    assert (inviter.state, joiner.state) == (State.JOINED, State.JOINED)
    assert len(box) == 6


# What only a holder of the ticket can do


def test_a_second_joiner_ends_it_for_all() -> None:
    inviter, joiner = pair()
    third = side(JoinerHandshake, "carl")
    (first,), (second,) = joiner.start(), third.start()
    inviter.receive(first)
    with pytest.raises(TicketInUseError):
        inviter.receive(second)
    for waiting, foreign in ((joiner, second), (third, first)):
        with pytest.raises(TicketInUseError):
            waiting.receive(foreign)
    assert {inviter.state, joiner.state, third.state} == {State.FAILED}


def test_a_joiner_that_finds_the_ticket_used_leaves_without_a_word() -> None:
    inviter, joiner = pair()
    (first,) = joiner.start()
    late = side(JoinerHandshake, "carl")
    with pytest.raises(TicketInUseError):
        late.receive(first)
    assert late.decline() == ()
    inviter.receive(first)


def test_a_second_inviter_ends_it() -> None:
    inviter, joiner = pair()
    mallory = side(InviterHandshake, "mallory")
    (first,) = joiner.start()
    (answer,), (other_answer,) = inviter.receive(first), mallory.receive(first)
    joiner.receive(answer)
    with pytest.raises(TicketInUseError):
        joiner.receive(other_answer)
    with pytest.raises(TicketInUseError):
        inviter.receive(other_answer)


def introduction_of(name: str, nonce: bytes) -> Introduction:
    keys = keys_of(name)
    return Introduction(signing_key=keys.signing_key, wrapping_key=keys.wrapping_key, nonce=nonce, name=name)


@pytest.mark.parametrize(
    "shown", [introduction_of("mallory", bytes(32)), introduction_of("bert", b"\x01" * 32)], ids=["other keys", "other nonce"]
)
def test_keys_that_were_not_committed_to_end_it(shown: Introduction) -> None:
    inviter, _ = pair()
    inviter.receive(seal_message(TICKET, Step.JOINER_COMMITS, introduction_of("bert", bytes(32)).commitment))
    with pytest.raises(CommitmentMismatchError):
        inviter.receive(seal_message(TICKET, Step.JOINER_REVEALS, shown.encode()))
    assert inviter.other is None
    assert inviter.short_code is None


def test_an_inviter_that_shows_other_keys_ends_it() -> None:
    _, joiner = pair()
    joiner.start()
    joiner.receive(seal_message(TICKET, Step.INVITER_COMMITS, introduction_of("anna", bytes(32)).commitment))
    with pytest.raises(CommitmentMismatchError):
        joiner.receive(seal_message(TICKET, Step.INVITER_REVEALS, introduction_of("mallory", bytes(32)).encode()))


def test_a_commitment_that_was_copied_ends_it() -> None:
    joiner = side(JoinerHandshake, "bert")
    joiner.start()
    own = introduction_of("bert", Seeded("nonce bert")(32))
    with pytest.raises(CopiedKeysError):
        joiner.receive(seal_message(TICKET, Step.INVITER_COMMITS, own.commitment))


def test_keys_that_were_copied_end_it() -> None:
    inviter, joiner = pair()
    mirror = introduction_of("bert", bytes(32))
    joiner.start()
    joiner.receive(seal_message(TICKET, Step.INVITER_COMMITS, mirror.commitment))
    with pytest.raises(CopiedKeysError):
        joiner.receive(seal_message(TICKET, Step.INVITER_REVEALS, mirror.encode()))
    assert joiner.short_code is None
    assert inviter.state is State.WAITING


EARLY = {
    InviterHandshake: [Step.JOINER_REVEALS, Step.JOINER_ANSWERS],
    JoinerHandshake: [Step.INVITER_REVEALS, Step.INVITER_ANSWERS],
}


@pytest.mark.parametrize(("kind", "step"), [(kind, step) for kind, steps in EARLY.items() for step in steps])
def test_a_step_that_is_skipped_to_ends_it(kind: type[Handshake], step: Step) -> None:
    one = side(kind, "anna")
    if isinstance(one, JoinerHandshake):
        one.start()
    with pytest.raises(UnexpectedMessageError):
        one.receive(seal_message(TICKET, step, encode_answer(True)))


def test_an_admission_before_the_person_answered_ends_it() -> None:
    inviter, joiner = pair()
    until_comparing(inviter, joiner)
    with pytest.raises(UnexpectedMessageError):
        joiner.receive(seal_message(TICKET, Step.INVITER_ANSWERS, encode_answer(True)))


@pytest.mark.parametrize(("role", "step"), [(0, 0), (1, 1), (0, 6), (1, 6), (2, 0), (7, 99)])
def test_a_role_or_step_that_does_not_exist_ends_it(role: int, step: int) -> None:
    inviter, _ = pair()
    sealed = seal(TICKET.message_key, "join", encode([role, step]), b"")
    with pytest.raises(UnexpectedMessageError):
        inviter.receive(encode([role, step, sealed]))


@pytest.mark.parametrize("plaintext", [b"", b"short", bytes(33)])
def test_a_commitment_of_a_wrong_length_ends_it(plaintext: bytes) -> None:
    inviter, _ = pair()
    with pytest.raises(MalformedMessageError):
        inviter.receive(seal_message(TICKET, Step.JOINER_COMMITS, plaintext))


@pytest.mark.parametrize("plaintext", [b"", encode([1]), encode([True, True]), encode(True), encode([None])])
def test_an_answer_that_is_none_ends_it(plaintext: bytes) -> None:
    inviter, joiner = pair()
    until_comparing(inviter, joiner)
    with pytest.raises(MalformedMessageError):
        inviter.receive(seal_message(TICKET, Step.JOINER_ANSWERS, plaintext))


# What anyone can do who reaches the box


def test_three_unreadable_messages_end_it() -> None:
    inviter, joiner = pair()
    foreign = seal_message(OTHER_TICKET, Step.JOINER_COMMITS, bytes(32))
    assert inviter.receive(b"garbage") == ()
    assert inviter.receive(foreign) == ()
    assert inviter.state is State.WAITING
    with pytest.raises(UnreadableMessageError):
        inviter.receive(bytes(100_000))
    with pytest.raises(HandshakeOverError):
        inviter.receive(joiner.start()[0])


def test_two_unreadable_messages_do_not_stop_a_joining() -> None:
    inviter, joiner = pair()
    (first,) = joiner.start()
    inviter.receive(flipped(first, 100))
    (second,) = inviter.receive(first)
    joiner.receive(b"")
    (third,) = joiner.receive(second)
    inviter.receive(flipped(third, 5000))
    (fourth,) = inviter.receive(third)
    joiner.receive(fourth)
    assert inviter.short_code == joiner.short_code is not None


def test_a_message_that_is_sent_twice_changes_nothing_until_the_third_copy() -> None:
    """A client that didn't get an answer posts again; who copies more often isn't one."""
    inviter, joiner = pair()
    (first,) = joiner.start()
    assert len(inviter.receive(first)) == 1
    assert inviter.receive(first) == ()
    assert inviter.receive(first) == ()
    assert inviter.state is State.COMMITTED
    with pytest.raises(ReplayedMessageError):
        inviter.receive(first)


def test_the_ninth_message_ends_it() -> None:
    joiner = side(JoinerHandshake, "bert")
    (first,) = joiner.start()
    for _ in range(MAX_MESSAGES):
        assert joiner.receive(first) == ()
    with pytest.raises(TooManyMessagesError):
        joiner.receive(first)


# People


@pytest.mark.parametrize("joiner_declines", [True, False])
def test_codes_that_differ_end_it_on_both_sides(joiner_declines: bool) -> None:
    inviter, joiner = pair()
    until_comparing(inviter, joiner)
    one, other = (joiner, inviter) if joiner_declines else (inviter, joiner)
    (message,) = one.decline()
    with pytest.raises(DeclinedError):
        other.receive(message)
    assert (one.state, other.state) == (State.DECLINED, State.DECLINED)


def test_an_invitation_can_be_given_up_before_anybody_came() -> None:
    inviter, joiner = pair()
    (message,) = inviter.decline()
    joiner.start()
    with pytest.raises(DeclinedError):
        joiner.receive(message)


def test_a_person_may_change_their_mind_until_the_device_is_a_member() -> None:
    inviter, joiner = pair()
    until_comparing(inviter, joiner)
    inviter.codes_match()
    inviter.receive(joiner.codes_match()[0])
    (message,) = joiner.decline()
    with pytest.raises(DeclinedError):
        inviter.receive(message)
    with pytest.raises(RuntimeError, match="declined"):
        inviter.admitted()


def test_after_a_failure_the_other_side_can_be_told() -> None:
    inviter, joiner = pair()
    (first,) = joiner.start()
    inviter.receive(first)
    with pytest.raises(MalformedMessageError):
        inviter.receive(seal_message(TICKET, Step.JOINER_REVEALS, b"nonsense"))
    (message,) = inviter.decline()
    assert inviter.state is State.FAILED
    with pytest.raises(DeclinedError):
        joiner.receive(message)


# The program itself


def test_nothing_can_be_confirmed_before_both_have_revealed() -> None:
    for one in pair():
        with pytest.raises(RuntimeError, match="waiting"):
            one.codes_match()


def test_no_certificate_is_due_before_both_persons_agreed() -> None:
    inviter, joiner = pair()
    until_comparing(inviter, joiner)
    inviter.codes_match()
    with pytest.raises(RuntimeError, match="confirmed"):
        inviter.admitted()


def test_a_joining_starts_once() -> None:
    _, joiner = pair()
    joiner.start()
    with pytest.raises(RuntimeError, match="committed"):
        joiner.start()


def test_what_is_over_stays_over() -> None:
    inviter, joiner = pair()
    until_comparing(inviter, joiner)
    inviter.codes_match()
    inviter.receive(joiner.codes_match()[0])
    joiner.receive(inviter.admitted()[0])
    for one in (inviter, joiner):
        with pytest.raises(HandshakeOverError):
            one.receive(b"")
        with pytest.raises(HandshakeOverError):
            one.decline()
        assert one.state is State.JOINED


def test_every_try_has_a_nonce_of_its_own() -> None:
    first, second = side(JoinerHandshake, "bert", nonce="1"), side(JoinerHandshake, "bert", nonce="2")
    assert first.start() != second.start()


def test_a_name_that_cannot_be_shown_is_said_at_once() -> None:
    with pytest.raises(UnusableNameError):
        side(JoinerHandshake, "two\nlines")


def test_every_end_by_misbehaviour_asks_for_a_new_ticket() -> None:
    for error in HandshakeError.__subclasses__():
        assert "calotype invite" in error.hint
