"""``python -m tests.fuzz.engine TARGET [libFuzzer options] FOLDER…``: one target under atheris, in a process of its own that libFuzzer ends.

The packages are instrumented while they are imported: nothing of them may have been imported before.
"""

from __future__ import annotations

import sys
from random import Random
from typing import TYPE_CHECKING

import atheris

if TYPE_CHECKING:
    from tests.fuzz.target import Target

INSTRUMENTED = ("store", "crdt", "relay", "discovery", "peer")
_LIBFUZZERS_OWN = 3
"""One mutation in so many knows nothing of the structure."""


def main(arguments: list[str]) -> None:
    program, name, *options = arguments
    with atheris.instrument_imports(include=list(INSTRUMENTED)):
        from tests.fuzz.registry import TARGETS
    target = TARGETS[name]
    atheris.Setup([program, *options], target.check, custom_mutator=_mutator(target))
    atheris.Fuzz()


def _mutator(target: Target) -> object:
    from tests.fuzz.chance import Chance

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        chance = Chance(Random(seed), longest, _leaf)
        if chance.once_in(_LIBFUZZERS_OWN):
            return _leaf(data, longest)
        changed = target.mutate(data, chance)
        return changed if len(changed) <= longest else _leaf(data, longest)

    return mutate


def _leaf(data: bytes, longest: int) -> bytes:
    """libFuzzer's own mutation, which knows what the code compares with. It wants room."""
    return bytes(atheris.Mutate(data, max(longest, len(data), 1)))


if __name__ == "__main__":
    main(sys.argv)
