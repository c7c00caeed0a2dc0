"""What a proof finds wrong: sentences for people, the same as plain data, and how many of each sort there are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from tools.looking.documents import Document

MOST_OF_A_SORT: Final = 50
"""Findings of one sort that are named one by one: who finds 100,000 has one cause to look for."""


@dataclass(slots=True, kw_only=True)
class Findings:
    """``named``: documents with ``sort``, ``sentence`` and what is known of record or entry; ``counts``: how many of each sort there are.

    ``apart``: a detail by which findings are told apart, so that many of one of its values don't hide those of another; ``counted``: by sort and value.
    """

    named: list[Document] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    apart: str = ""
    counted: Counter[tuple[str, object]] = field(default_factory=Counter)

    def add(self, sort: str, sentence: str, **details: object) -> None:
        self.counts[sort] += 1
        key = (sort, details.get(self.apart))
        self.counted[key] += 1
        if self.counted[key] <= MOST_OF_A_SORT:
            self.named.append({"sort": sort, "sentence": sentence, **details})

    @property
    def wants_more(self) -> bool:
        """Whether details of another differing record would still be shown."""
        return self.counts["record"] < MOST_OF_A_SORT

    def sentences(self) -> list[str]:
        """In the order in which they were found, and how many more there are of a sort."""
        rest = (
            f"and {count - MOST_OF_A_SORT:,} more findings of the sort “{sort}”"
            for sort, count in self.counts.items()
            if count > MOST_OF_A_SORT
        )
        return [*(str(finding["sentence"]) for finding in self.named), *rest]

    def __bool__(self) -> bool:
        return bool(self.named)
