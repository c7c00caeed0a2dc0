"""`history RECORD [FIELD]`: everything that ever happened to a record."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from peer.errors import UsageError
from peer.library.findings import Progress, in_silence
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.looking.writes import Write
from tools.replaying.differences import about, differences, is_about
from tools.replaying.pasts import RecordPast, RecordStep
from tools.replaying.readings import Readings, name_of_key, readings_of
from tools.views.pasts import field_documents, find_past, origins_of, record_document, write_document, wrote_document

LIMIT = 200


def gather_history(inspected: Inspected, text: str, *, field: str = "", limit: int = LIMIT, progress: Progress = in_silence) -> Document:
    """All changes of the record that ``text`` names, oldest first, in the order in which they came to this device.

    - ``record``, ``kind``; ``field``: what was asked for, or null; ``exists``, ``purged``: as it is now
    - ``beginning``: as ``Beginning.document`` has it; ``base``: the fields as they were then, as ``field_documents`` has them: empty for the first entry
    - ``changes``: the newest ``limit`` of them (0: all), each with what ``write_document`` has, and ``wrote`` (``wrote_document``); ``changes``: what is
      read otherwise since then: ``field``, ``element``, ``before`` and ``after`` (``value``, ``beside``; null: nothing is read), ``conflict`` (opened,
      settled, changed or null); ``forgotten``: how many of the values that it replaced nobody knows any more
    - ``covered``: entries that are here and that the beginning has in it already, as ``write_document`` has them, with ``wrote``
    - ``total``: how many changes there are, of those that ``field`` means
    """
    past = find_past(inspected, text, progress)
    names = inspected.device_names()
    latest: deque[Document] = deque(maxlen=limit or None)
    total = 0
    for step, found in _changes(past, field):
        total += 1
        latest.append(
            {**write_document(step.write, names), "wrote": wrote_document(step.write), "changes": found, "forgotten": step.forgotten}
        )
    covered = [write for write in past.covered if _writes_to(write, field)]
    base = {name: reading for name, reading in _readings(past).items() if not field or is_about(name, field)}
    if field and not (total or covered or base):
        raise UsageError(f"Nobody ever wrote {field!r} in this record.", hint=f"`calotype-inspect history {text}` shows what was written.")
    end = past.end()
    return {
        **record_document(past.record),
        "field": field or None,
        "exists": end.exists,
        "purged": end.is_purged,
        "beginning": past.beginning.document(),
        "base": field_documents(base, origins_of(inspected)),
        "covered": [{**write_document(write, names), "wrote": wrote_document(write)} for write in covered],
        "changes": list(latest),
        "total": total,
    }


def _changes(past: RecordPast, field: str) -> Iterator[tuple[RecordStep, list[Document]]]:
    """What each write changed of ``field``; those that have nothing to do with it are passed over."""
    before = _readings(past)
    for step in past.steps():
        after = before if step.after is step.before else readings_of(past.record.kind, step.after.content)
        found = about(differences(before, after), field)
        before = after
        if found or _writes_to(step.write, field):
            yield step, [each.document() for each in found]


def _readings(past: RecordPast) -> Readings:
    return readings_of(past.record.kind, past.beginning.standing.content)


def _writes_to(write: Write, field: str) -> bool:
    if not field or write.is_purge:
        return True
    return write.update is not None and any(is_about(name_of_key(item.key), field) for item in write.update.items)
