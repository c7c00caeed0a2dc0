"""`watch --json`: a document a second, for scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tools.looking.documents import Document
from tools.watching.samples import Outage, Sample, sample_document


def watched_lines(take: Callable[[], Sample | Outage], rest: Callable[[], None], *, count: int | None) -> Iterator[Document]:
    """``count`` documents, or without end. ``rest`` is called between two of them. Rates are those since the last sample, over outages."""
    before: Sample | None = None
    taken = 0
    while count is None or taken < count:
        if taken:
            rest()
        sample = take()
        yield sample_document(before, sample)
        before = sample if isinstance(sample, Sample) else before
        taken += 1
