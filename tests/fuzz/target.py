"""What a target is: a plain function of bytes that states promises, with seeds to begin from and a way to change them.

A target lets the documented errors of what it calls pass by and nothing else; what was accepted has to keep its promises (``promise``):
one encoding, bounded sizes, names that stay where they belong. Any exception that leaves a target is a find.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tests.fuzz.chance import Chance
from tests.fuzz.mutation import mutated_bytes

Check: TypeAlias = Callable[[bytes], None]
Mutator: TypeAlias = Callable[[bytes, Chance], bytes]
"""Another input made from one; it may be longer than ``Chance.limit``, whoever asks cuts."""

MAX_INPUT_BYTES = 4096
"""What the fuzzer makes by itself; seeds may be longer."""


class BrokenPromiseError(AssertionError):
    """An input was accepted, and what the format promises about it doesn't hold."""


def promise(holds: bool, what: str) -> None:
    """``BrokenPromiseError`` unless ``holds``."""
    if not holds:
        raise BrokenPromiseError(what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """``check`` raises when a promise is broken; its docstring says which it makes. ``seeds`` are valid inputs by name."""

    name: str
    check: Check
    seeds: Callable[[], Mapping[str, bytes]]
    mutate: Mutator = mutated_bytes
    longest: int = MAX_INPUT_BYTES

    @property
    def promises(self) -> str:
        """The first sentence of the check's docstring."""
        return (self.check.__doc__ or "").strip().partition("\n")[0]
