"""All deliberate bugs, by name."""

from __future__ import annotations

from collections.abc import Iterable

from tests.mutants.bugs_checkpoints import CHECKPOINT_BUGS
from tests.mutants.bugs_deletion import DELETION
from tests.mutants.bugs_durability import DURABILITY
from tests.mutants.bugs_entries import ENTRY_BUGS
from tests.mutants.bugs_inspector import INSPECTOR_BUGS
from tests.mutants.bugs_membership import MEMBERSHIP_BUGS
from tests.mutants.bugs_records import RECORD_BUGS
from tests.mutants.bugs_storage import STORAGE
from tests.mutants.bugs_transfer import TRANSFER_BUGS
from tests.mutants.mutant import Mutant

MUTANTS = (*DURABILITY, *DELETION, *STORAGE, *ENTRY_BUGS, *RECORD_BUGS, *MEMBERSHIP_BUGS, *CHECKPOINT_BUGS, *TRANSFER_BUGS, *INSPECTOR_BUGS)


class UnknownMutantError(Exception):
    """No bug has this name."""


def chosen(names: Iterable[str]) -> tuple[Mutant, ...]:
    """The bugs of these names, or all when none is named; ``UnknownMutantError``."""
    by_name = {mutant.name: mutant for mutant in MUTANTS}
    wanted = tuple(names) or tuple(by_name)
    unknown = [name for name in wanted if name not in by_name]
    if unknown:
        raise UnknownMutantError(f"no bug is called {', '.join(unknown)}")
    return tuple(by_name[name] for name in wanted)
