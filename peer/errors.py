"""Every error that a person sees, and the one table of exit codes.

An error's message says what happened and what was not lost; its hint says what to do. Neither ever holds a key, token, ticket or phrase.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit code means (also in README)."""

    DONE = 0
    PARTLY = 1
    USAGE = 2
    INTEGRITY = 3
    UNREACHABLE = 4
    NOT_ALLOWED = 5


class CalotypeError(Exception):
    """Base of all errors with a sentence for people."""

    exit_code: ExitCode = ExitCode.USAGE
    hint: str = ""

    def __init__(self, message: str, *, hint: str | None = None, exit_code: ExitCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        if hint is not None:
            self.hint = hint
        if exit_code is not None:
            self.exit_code = exit_code


class UsageError(CalotypeError):
    """Wrong words, a wrong id, a folder that isn't what it should be."""


class IntegrityError(CalotypeError):
    """Stored data isn't what was stored, or devices disagree that should agree."""

    exit_code = ExitCode.INTEGRITY


class UnreachableNodeError(CalotypeError):
    """A node didn't answer; trying again later may work."""

    exit_code = ExitCode.UNREACHABLE


class NotAllowedError(CalotypeError):
    """Somebody else has to permit it: wrong token, wrong phrase, not a member."""

    exit_code = ExitCode.NOT_ALLOWED


class NoSpaceLeftError(CalotypeError):
    """The disk is full."""

    exit_code = ExitCode.PARTLY
    hint = "Make room on the disk and run the command again: it goes on where it stopped."
