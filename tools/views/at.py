"""`at RECORD --time T`: a record as it was."""

from __future__ import annotations

from peer.library.findings import Progress, in_silence
from peer.library.instants import iso_utc
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.replaying.moments import By
from tools.replaying.pasts import Then
from tools.replaying.readings import readings_of
from tools.views.pasts import field_documents, find_past, origins_of, record_document, write_document


def gather_at(inspected: Inspected, text: str, *, time: int, by: By, progress: Progress = in_silence) -> Document:
    """The record that ``text`` names as of ``time``, milliseconds since 1970.

    - ``record``, ``kind``, ``time``, ``by``: made or arrived; ``exists``, ``purged``: as it was then
    - ``fields``: as ``field_documents`` has them; winners and values in conflict as of then
    - ``whole``: nothing that it said then is missing; ``sentence``: what is, or empty; ``beginning``: as ``Beginning.document`` has it
    - ``surprises``: changes that were made before that time and came to this device after it, as ``write_document`` has them: by ``made`` they are in
      ``fields``, by ``arrived`` they aren't
    - ``before``, ``after``: how many changes are known from each side of that time; ``last``: the newest of those before it, or null; ``next``: the first
      of those after it, or null
    """
    past = find_past(inspected, text, progress)
    then = past.at(time, by)
    names = inspected.device_names()
    return {
        **record_document(past.record),
        "time": iso_utc(time),
        "by": by.value,
        "exists": then.standing.exists,
        "purged": then.standing.is_purged,
        "fields": field_documents(readings_of(past.record.kind, then.standing.content), origins_of(inspected)),
        "whole": then.is_whole,
        "sentence": "" if then.is_whole else missing_sentence(then, past.beginning.sentence),
        "beginning": past.beginning.document(),
        "surprises": [write_document(write, names) for write in then.surprises],
        "before": len(then.known),
        "after": len(then.later),
        "last": write_document(then.known[-1], names) if then.known else None,
        "next": write_document(then.later[0], names) if then.later else None,
    }


def missing_sentence(then: Then, sentence: str) -> str:
    """What isn't known of a time before the beginning."""
    if then.standing.is_purged:
        return f"{sentence} When it was purged, and what it said before, can't be told any more."
    return f"{sentence} Shown is what of that was there at this time; what was replaced between then and the beginning is missing."
