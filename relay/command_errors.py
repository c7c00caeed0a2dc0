"""Errors that the relay's operator sees: a sentence, what to do about it, and an exit code from one table (README)."""

from __future__ import annotations

import errno
import sqlite3
from enum import IntEnum

from store.errors import DamagedError, NewerFormatError, NoSpaceError


class ExitCode(IntEnum):
    """What an exit code means; the same table as for the commands of a device."""

    DONE = 0
    PARTLY = 1
    USAGE = 2
    INTEGRITY = 3
    UNREACHABLE = 4
    NOT_ALLOWED = 5


class RelayCommandError(Exception):
    """What happened and what was not lost; ``hint`` says what to do. Never holds a token or key."""

    def __init__(self, message: str, *, hint: str = "", exit_code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code


def explained(error: Exception) -> RelayCommandError | None:
    """The sentence for an error out of the stores or the system; ``None`` for one that is a fault of this program."""
    match error:
        case RelayCommandError():
            return error
        case NewerFormatError():
            return RelayCommandError(
                "The data was written by a newer version of this program. Nothing was changed.", hint="Install that version or a later one."
            )
        case NoSpaceError():
            return _no_space()
        case DamagedError():
            return RelayCommandError(
                f"The database is damaged: {error}", hint="Restore it from a backup; blobs are not affected.", exit_code=ExitCode.INTEGRITY
            )
        case sqlite3.OperationalError():
            return RelayCommandError(
                f"The database can't be opened: {error}",
                hint="See whether the folder may be read and written.",
                exit_code=ExitCode.NOT_ALLOWED,
            )
        case OSError():
            return _explained_os_error(error)
        case _:
            return None


def _no_space() -> RelayCommandError:
    return RelayCommandError("The disk is full. Nothing was lost.", hint="Make room and run the command again.", exit_code=ExitCode.PARTLY)


def _explained_os_error(error: OSError) -> RelayCommandError | None:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _no_space()
    where = f": {error.filename}" if error.filename else ""
    if error.errno in (errno.EACCES, errno.EPERM):
        return RelayCommandError(
            f"Not permitted{where}.", hint="Run the command as the user who owns the folder.", exit_code=ExitCode.NOT_ALLOWED
        )
    if error.errno in (errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG):
        return RelayCommandError(f"{error.strerror}{where}.", hint="Name another folder or file.")
    return None
