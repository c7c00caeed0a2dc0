"""``calotype``: the group of commands. Each is loaded when it is called, so that a small command starts fast."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sqlite3
import sys
import traceback
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from peer.commands.invocation import end_with
from peer.errors import CalotypeError, ExitCode, IntegrityError, NoSpaceLeftError, NotAllowedError, UnreachableNodeError
from peer.groups import flattened
from store.errors import DamagedError, NewerFormatError, NoSpaceError

COMMANDS: dict[str, str] = {
    "init": "peer.commands.setup:init",
    "relay": "peer.commands.relays:relay",
    "invite": "peer.commands.join:invite",
    "join": "peer.commands.join:join",
    "restore": "peer.commands.restore:restore",
    "import": "peer.commands.imports:import_",
    "watch": "peer.commands.watching:watch",
    "run": "peer.commands.engine:run",
    "open": "peer.commands.gallery:open_",
    "sync": "peer.commands.engine:sync",
    "ls": "peer.commands.look:ls",
    "show": "peer.commands.look:show",
    "set": "peer.commands.change:set_",
    "edit": "peer.commands.editing:edit",
    "revert": "peer.commands.editing:revert",
    "render": "peer.commands.editing:render",
    "versions": "peer.commands.versions:versions",
    "restore-version": "peer.commands.versions:restore_version",
    "album": "peer.commands.albums:album",
    "trash": "peer.commands.change:trash",
    "purge": "peer.commands.deleting:purge",
    "restore-photo": "peer.commands.change:restore_photo",
    "undo": "peer.commands.undoing:undo",
    "fetch": "peer.commands.engine:fetch",
    "export": "peer.commands.exporting:export",
    "policy": "peer.commands.policies:policy",
    "pin": "peer.commands.policies:pin",
    "unpin": "peer.commands.policies:unpin",
    "conflicts": "peer.commands.conflicts:conflicts",
    "resolve": "peer.commands.conflicts:resolve",
    "status": "peer.commands.health:status",
    "why": "peer.commands.health:why",
    "digest": "peer.commands.health:digest",
    "devices": "peer.commands.devices:devices",
    "verify": "peer.commands.health:verify",
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is used or its help is listed. ``targets``: by name, where it is defined."""

    def __init__(self, *, targets: Mapping[str, str], **attributes: Any) -> None:
        super().__init__(**attributes)
        self._targets = targets

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._targets)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = self._targets.get(cmd_name)
        return None if target is None else _loaded(target)


def _loaded(target: str) -> click.Command:
    """What modules make stays: looking for garbage while they load costs a sixth of a command's start and finds none."""
    module, attribute = target.split(":")
    gc.disable()
    try:
        command = getattr(importlib.import_module(module), attribute)
    finally:
        gc.freeze()
        gc.enable()
    assert isinstance(command, click.Command)
    return command


@click.group(cls=LazyGroup, targets=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--library", type=click.Path(path_type=Path, file_okay=False), default=None, help="The library's folder (or CALOTYPE_LIBRARY)."
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="calotype")
def cli(library: Path | None, debug: bool) -> None:
    """One person's photo library, the same on all of that person's devices.

    \b
    Begin:          calotype init --name laptop
    Bring photos:   calotype import ~/DCIM
    Another device: calotype relay add URL --token TOKEN, then calotype invite
    Keep in sync:   calotype run

    Every command explains itself: calotype VERB --help. With --json it answers for scripts. Ids may be shortened.

    \b
    Completion of words with the tab key, for this shell and in its start file for all:
      bash  eval "$(_CALOTYPE_COMPLETE=bash_source calotype)"
      zsh   eval "$(_CALOTYPE_COMPLETE=zsh_source calotype)"
      fish  _CALOTYPE_COMPLETE=fish_source calotype | source

    Exit codes: 0 done, 1 in part, 2 wrong usage or input, 3 integrity problem, 4 not reachable, 5 not allowed.
    """


def run() -> None:
    """The entry point."""
    run_program(cli, "calotype")


def run_program(group: click.Group, program: str) -> None:
    """Ends the process with the exit code of the command line: every error ends as a sentence and a code from the one table."""
    arguments = sys.argv[1:]
    as_json, debug = "--json" in arguments, "--debug" in arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that can't show a letter is no reason to fail
    try:
        code = group.main(arguments, prog_name=program, standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = int(ExitCode.USAGE)
    except click.ClickException as error:
        hint = f"See: {error.ctx.command_path} --help" if isinstance(error, click.UsageError) and error.ctx else ""
        code = end_with(CalotypeError(error.format_message(), hint=hint), as_json=as_json, program=program)
    except (click.Abort, KeyboardInterrupt):
        code = end_with(
            CalotypeError("Stopped. What was done until now is kept.", exit_code=ExitCode.PARTLY), as_json=as_json, program=program
        )
    except BrokenPipeError:
        # The reader of our output has gone. What is left of it must not fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.PARTLY
    except Exception as error:  # noqa: BLE001 - the last seam before the person: whatever came becomes a sentence
        if debug:
            traceback.print_exc()
        code = end_with(as_calotype_error(error), as_json=as_json, program=program)
    sys.exit(code)


def as_calotype_error(error: BaseException) -> CalotypeError:
    """The sentence for any error. Groups of one are opened; anything unforeseen is named by its type, never by its text, which could hold a secret."""
    if isinstance(error, BaseExceptionGroup):
        errors = list(flattened(error))
        error = next((each for each in errors if isinstance(each, CalotypeError)), errors[0])
    match error:
        case CalotypeError():
            return error
        case NoSpaceError():
            return NoSpaceLeftError("There is no room left on the disk. Nothing that was there before was changed.")
        case DamagedError():
            return IntegrityError(
                "The library's database is damaged.",
                hint="Copy the folder aside before anything else; photos under originals/ are ordinary files.",
            )
        case NewerFormatError():
            return CalotypeError(
                "This library was written by a newer version of Calotype. Nothing was changed.", hint="Update Calotype on this device."
            )
        case PermissionError():
            return NotAllowedError(f"Permission denied: {error.filename!r}.", hint="Check who owns that file or folder.")
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return NoSpaceLeftError("There is no room left on the disk. Nothing that was there before was changed.")
        case sqlite3.OperationalError():
            return _database_error(error)
        case _:
            return CalotypeError(
                f"Something unforeseen happened ({type(error).__name__}). Committed changes and photos are not affected.",
                hint="Run the command again with --debug and report what it prints.",
                exit_code=ExitCode.INTEGRITY,
            )


def _database_error(error: sqlite3.OperationalError) -> CalotypeError:
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return UnreachableNodeError(
                "Another command is writing into this library and doesn't end. Nothing was changed.", hint="Try again when it has ended."
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return NotAllowedError(
                "The library's database can't be opened for writing. Nothing was changed.", hint="Check who owns the library's folder."
            )
        case _:
            return IntegrityError(
                f"The library's database failed: {error}. What was committed is not affected.",
                hint="Check the disk that the library lies on.",
            )
