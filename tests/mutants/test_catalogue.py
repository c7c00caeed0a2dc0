"""The list of bugs doesn't rot: each fits the code as it is now, still is code, and names tests that exist."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.catalogue import MUTANTS, UnknownMutantError, chosen
from tests.mutants.copied_tree import ROOT
from tests.mutants.mutant import Mutant, StaleMutantError


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_bug_has_one_place_and_leaves_code(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text("utf-8")
    mutated = mutant.applied(text)
    assert mutated != text
    ast.parse(mutated)
    assert mutant.suspects
    assert [path for path in mutant.suspects if not (ROOT / path).exists()] == []


def test_names_are_unique() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 32


def test_bugs_are_chosen_by_name() -> None:
    assert chosen([]) == MUTANTS
    assert chosen([MUTANTS[3].name, MUTANTS[1].name]) == (MUTANTS[3], MUTANTS[1])
    with pytest.raises(UnknownMutantError, match="no-such-bug"):
        chosen(["no-such-bug"])


@pytest.mark.parametrize("text", ["nothing of the kind", "a = 1\na = 1\n"])
def test_a_bug_without_its_one_place_is_stale(text: str) -> None:
    mutant = Mutant(name="any", what="", file="", before="a = 1\n", after="a = 2\n", suspects=())
    with pytest.raises(StaleMutantError, match="not once"):
        mutant.applied(text)
