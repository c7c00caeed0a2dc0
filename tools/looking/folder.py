"""A folder to look into, a device's library or a relay's data, opened so that nothing in it changes. A database can be named by itself, too.

Also when it is a copy, or belongs to a program that runs (``tools.looking.opening``). A look is one transaction: all that it shows is of one moment. When
somebody wrote to a database that was read without locks, the look is taken again; when SQLite finds it damaged, it is taken again on what can be saved
of it (``tools.looking.salvage``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from crdt.record import EngineError
from peer.errors import CalotypeError, ExitCode, IntegrityError, UsageError
from peer.layout import LibraryFolder
from peer.library.meta import Meta
from peer.library.queries import Queries
from store.database import Database
from store.errors import DamagedError
from store.ids import MASTER, DeviceId, LibraryId
from store.sqlite_log import SqliteLogStore
from tools.looking.opening import Place, WrittenMeanwhileError, find_database, opened
from tools.looking.problems import Problems, is_of_database
from tools.looking.salvage import salvaged

T = TypeVar("T")
TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """An open folder. ``library_folder`` is ``None`` for a relay's, where bodies stay sealed and devices have no names."""

    root: Path
    database: Database
    libraries: tuple[LibraryId, ...]
    library_folder: LibraryFolder | None
    problems: Problems

    def log(self, library: LibraryId) -> SqliteLogStore:
        return SqliteLogStore(self.database, library)

    def device_names(self) -> dict[DeviceId, str]:
        """What people call the devices, as far as that has arrived here."""
        names = {MASTER: "master key"}
        if self.library_folder is not None:
            described = Queries(self.database).device_names()
            names |= {DeviceId(device): name for device, (name, *_) in described.items()}
        return names


@dataclass(frozen=True, kw_only=True)
class Look(Generic[T]):
    """What was gathered, and what was found damaged meanwhile: a sentence each."""

    result: T
    problems: tuple[str, ...]


def look_into(root: Path, gather: Callable[[Inspected], T], *, library_id: str = "") -> Look[T]:
    """What ``gather`` finds in the folder ``root``; it may be called again. ``library_id``: the beginning of the one to look at, or all.

    Raises ``UsageError`` for a folder that is neither a library's nor a relay's, ``IntegrityError`` for a database of which nothing can be read.
    """
    place = find_database(root)
    for _ in range(TRIES):
        problems = Problems()
        try:
            with opened(place, problems) as database:
                return _look(root, place, database, problems, gather, library_id)
        except WrittenMeanwhileError:
            continue
        except DamagedError as error:
            if not is_of_database(error):
                raise _cannot_be_read(place, problems, str(error)) from error
            return _look_at_rest(root, place, error, gather, library_id)
    raise CalotypeError(
        f"{place.database} is being written too often to be read. Nothing was changed.",
        hint="Run the command again.",
        exit_code=ExitCode.UNREACHABLE,
    )


def _look(root: Path, place: Place, database: Database, problems: Problems, gather: Callable[[Inspected], T], library_id: str) -> Look[T]:
    libraries = libraries_in(database, place, library_id)
    inspected = Inspected(root=root, database=database, libraries=libraries, library_folder=place.library_folder, problems=problems)
    try:
        result = gather(inspected)
    except EngineError as error:
        raise _cannot_be_read(place, problems, f"a record is damaged: {error}") from error
    except (ValueError, LookupError, TypeError) as error:
        if not problems.found:
            raise
        raise _cannot_be_read(place, problems, f"what is left doesn't fit together ({type(error).__name__})") from error
    return Look(result=result, problems=tuple(problems.found))


def _look_at_rest(root: Path, place: Place, error: DamagedError, gather: Callable[[Inspected], T], library_id: str) -> Look[T]:
    problems = Problems(passes_on=False)
    problems.note(f"the database {place.database} is damaged: {error}")
    with salvaged(place, problems) as database:
        try:
            return _look(root, place, database, problems, gather, library_id)
        except DamagedError as further:
            raise _cannot_be_read(place, problems, str(further)) from further


def _cannot_be_read(place: Place, problems: Problems, reason: str) -> IntegrityError:
    """A view that asks for something can't go on without it."""
    return IntegrityError(
        f"{place.database}: {'; '.join([*problems.found, reason])}.",
        hint="`calotype-inspect verify` says what else is damaged; views of other things show what is whole.",
    )


def libraries_in(database: Database, place: Place, library_id: str = "") -> tuple[LibraryId, ...]:
    """Those whose ids begin so; ``UsageError`` where there is none of these, though one was asked for."""
    return _choose(_libraries(database, place), library_id)


def _libraries(database: Database, place: Place) -> tuple[LibraryId, ...]:
    """A device's database has one, whose name is written in two places; a relay's has any number."""
    if place.library_folder is not None and (own := Meta(database).get("library")) is not None:
        return (LibraryId(own),)
    with database.read() as connection:
        stored = tuple(LibraryId(name) for (name,) in connection.execute("SELECT name FROM log_library ORDER BY name"))
    if place.library_folder is not None and len(stored) != 1:
        raise DamagedError("it doesn't say which library it is of")
    return stored


def _choose(libraries: tuple[LibraryId, ...], prefix: str) -> tuple[LibraryId, ...]:
    chosen = tuple(library for library in libraries if library.hex().startswith(prefix.strip().lower()))
    if prefix and not chosen:
        raise UsageError(f"No library here has an id that begins with {prefix}.", hint="`calotype-inspect heads` lists them.")
    return chosen
