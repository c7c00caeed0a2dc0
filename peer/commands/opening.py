"""Opening the library that a command works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from peer.commands.invocation import Invocation
from peer.engine_address import poke
from peer.layout import LibraryFolder
from peer.library.library import Library


@contextmanager
def opened(invocation: Invocation) -> Iterator[Library]:
    """The library, closed afterwards."""
    library = Library.open(LibraryFolder(invocation.library))
    try:
        yield library
    finally:
        library.close()


@contextmanager
def changing(invocation: Invocation) -> Iterator[Library]:
    """The library for a command that writes; a running engine is told when the block ends, however it ends."""
    with opened(invocation) as library:
        before = library.log.arrival()
        try:
            yield library
        finally:
            if library.log.arrival() != before:
                poke(library.folder.engine_address)
