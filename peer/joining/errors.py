"""What can go wrong while a device joins. No message ever holds a ticket, its secret, or what the other side sent.

CalotypeError
├── TicketError                     the text is no ticket that this program can use
│   ├── NotATicketError
│   ├── DamagedTicketError          a character is missing or wrong
│   ├── NewerTicketError
│   └── ExpiredTicketError
├── UnusableNameError               a name that this device or the other can't show
└── HandshakeError                  the joining has ended, and nobody became a member by it
    ├── UnreadableMessageError      three messages that weren't made with the ticket
    ├── ReplayedMessageError        a message came again, for the third time that something was wrong
    ├── TooManyMessagesError
    ├── UnexpectedMessageError      a message of a step that isn't the next one
    ├── MalformedMessageError       made with the ticket, but not what the step calls for
    ├── TicketInUseError            another device (or another inviter) uses the same ticket
    ├── CommitmentMismatchError     keys that aren't those that were committed to
    ├── CopiedKeysError             the other side shows our own keys, or our own commitment, as its
    ├── DeclinedError               a person said that the codes differ, or the other side gave up
    └── HandshakeOverError          a message after the end
"""

from __future__ import annotations

from peer.errors import NotAllowedError, UsageError

NEW_TICKET = "Make a new ticket with `calotype invite` and try again."


class TicketError(UsageError):
    """Text that is no usable ticket."""

    hint = NEW_TICKET


class NotATicketError(TicketError):
    hint = "Copy the whole line that `calotype invite` printed; it begins with calotype1:"

    def __init__(self) -> None:
        super().__init__("This is not a ticket.")


class DamagedTicketError(TicketError):
    hint = "Copy the whole line again; nothing may be missing at its ends."

    def __init__(self) -> None:
        super().__init__("The ticket is damaged: a part is missing or a character is wrong.")


class NewerTicketError(TicketError):
    hint = "Update Calotype on this device."

    def __init__(self) -> None:
        super().__init__("The ticket was made by a newer version of Calotype.")


class ExpiredTicketError(TicketError):
    def __init__(self) -> None:
        super().__init__("The ticket has expired: tickets are good for ten minutes.")


class UnusableNameError(UsageError):
    """A device name that is empty, too long, or holds characters that a terminal would act upon."""

    hint = "Use up to 64 letters, digits, spaces and signs."


class HandshakeError(NotAllowedError):
    """The joining has ended; nobody became a member by it and no key left a device."""

    hint = NEW_TICKET


class UnreadableMessageError(HandshakeError):
    def __init__(self) -> None:
        super().__init__("The joining was stopped: messages came that were not made with this ticket.")


class ReplayedMessageError(HandshakeError):
    def __init__(self) -> None:
        super().__init__("The joining was stopped: a message came more than once.")


class TooManyMessagesError(HandshakeError):
    def __init__(self) -> None:
        super().__init__("The joining was stopped: more messages came than a joining has.")


class UnexpectedMessageError(HandshakeError):
    def __init__(self) -> None:
        super().__init__("The joining was stopped: the other side sent a message out of turn.")


class MalformedMessageError(HandshakeError):
    def __init__(self) -> None:
        super().__init__("The joining was stopped: the other side sent something that makes no sense.")


class TicketInUseError(HandshakeError):
    def __init__(self) -> None:
        super().__init__("The joining was stopped: this ticket, good once, was used by another device or by an earlier try on this one.")


class CommitmentMismatchError(HandshakeError):
    hint = "Somebody may be between the two devices. " + NEW_TICKET

    def __init__(self) -> None:
        super().__init__("The joining was stopped: the other side showed other keys than it had promised.")


class CopiedKeysError(HandshakeError):
    hint = "Somebody may be between the two devices. " + NEW_TICKET

    def __init__(self) -> None:
        super().__init__("The joining was stopped: the other side presented this device's own keys as its own.")


class DeclinedError(HandshakeError):
    def __init__(self) -> None:
        super().__init__("The joining was ended on the other device.")


class HandshakeOverError(HandshakeError):
    def __init__(self) -> None:
        super().__init__("The joining is over already.")
