"""Files that a view writes: what people wrote stands in them, and another file may have their name."""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_hex

import click

from peer.errors import CalotypeError, ExitCode, UsageError

force_option = click.option("--force", is_flag=True, help="Replace FILE if it exists.")


def write_private(path: Path, content: bytes, *, force: bool) -> None:
    """All of it or nothing; readable by this user only. ``force``: in place of a file of that name; ``UsageError`` where there is one else."""
    target = path.with_name(f".{path.name[:100]}-{token_hex(8)}") if force else path
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"{path} exists. Nothing was written.", hint="Name another file, or give --force.") from error
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        if force:
            target.replace(path)
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _cannot_write(path, error) from error
        raise


def _cannot_write(path: Path, error: OSError) -> CalotypeError:
    return CalotypeError(f"{path} can't be written: {error.strerror}.", hint="Name a file in a folder of yours.", exit_code=ExitCode.USAGE)
