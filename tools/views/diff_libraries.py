"""`diff FOLDER FOLDER`: what one copy of a library has and says that the other doesn't."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from peer.errors import UsageError
from store.ids import LibraryId, RecordId
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.proving.beside import beside
from tools.proving.comparing import compare_logs
from tools.proving.findings import Findings
from tools.replaying.differences import differences
from tools.replaying.stored import stored_readings
from tools.views.pasts import record_document, title_of

SAME, BEHIND, DIFFER = "same", "behind", "differ"
LIMIT = 100

_RECORDS = "SELECT record, digest, 0 FROM record UNION ALL SELECT record, x'', 1 FROM purged ORDER BY 1, 3"


class Difference(StrEnum):
    """How a record differs."""

    SAYS = "differs"
    ONLY_A = "only in A"
    ONLY_B = "only in B"
    PURGED_A = "purged in A"
    PURGED_B = "purged in B"


class _Stored(NamedTuple):
    record: bytes
    digest: bytes
    is_purged: int


def gather_libraries_diff(left: Inspected, right: Inspected, *, limit: int = LIMIT) -> Document:
    """Two folders of one library, of devices, also without their keys.

    - ``what``: libraries; ``library``; ``a``, ``b``: ``folder``, ``entries`` (that are stored), ``records``
    - ``state``: ``same``: no record differs. ``behind``: some do, and one has applied entries that the other hasn't. ``differ``: some do, although both have
      applied the same: a convergence problem, exit code 3
    - ``heads_equal``; ``a_lacks``, ``b_lacks``: entries that the other stores: ``entries``, ``bytes``, ``logs``: [{``log``, ``device``, ``device_name``,
      ``from``, ``to``, ``entries``, ``bytes``}]; ``a_holds_back``, ``b_holds_back``: stored there, and applied in the other only
    - ``counts``: how many records differ in which way: ``differs``, ``only in A``, ``only in B``, ``purged in A``, ``purged in B``
    - ``records``: the first ``limit`` (0: all), by id: ``record``, ``kind``, ``name`` (as it is listed in A, or else in B), ``difference``: as in
      ``counts``, ``fields``: ``field``, ``element``, ``a``, ``b`` (``value``, ``beside``; null: nothing is read), ``conflict``; empty where both read
      the same and only what they know of who wrote it differs
    - ``entry_problems``: entries whose bytes differ, a sentence each
    """
    library = _common_library(left, right)
    findings = Findings()
    ours, theirs = compare_logs(left, right, library, findings)
    counts: Counter[str] = Counter()
    records: list[Document] = []
    for record, difference in _differing(left, right):
        counts[difference.value] += 1
        if not limit or len(records) < limit:
            records.append(_record_document(left, right, record, difference))
    names = right.device_names() | left.device_names()
    are_heads_equal = left.log(library).heads() == right.log(library).heads()
    is_same_log = not any(each.lacks.runs or each.holds_back.runs for each in (ours, theirs))
    return {
        "what": "libraries",
        "library": library.hex(),
        "a": _folder_document(left, library),
        "b": _folder_document(right, library),
        "state": SAME if not counts else DIFFER if is_same_log else BEHIND,
        "heads_equal": are_heads_equal,
        "a_lacks": theirs.lacks.document(names),
        "b_lacks": ours.lacks.document(names),
        "a_holds_back": theirs.holds_back.document(names),
        "b_holds_back": ours.holds_back.document(names),
        "counts": {each.value: counts[each.value] for each in Difference},
        "records": records,
        "entry_problems": findings.sentences(),
    }


def _common_library(left: Inspected, right: Inspected) -> LibraryId:
    for label, inspected in (("A", left), ("B", right)):
        if inspected.library_folder is None:
            raise UsageError(
                f"{label} is a relay's folder: its records are sealed, so they can't be compared.",
                hint="`calotype-inspect verify A B` says whether a device and a relay agree.",
            )
    (ours,), (theirs,) = left.libraries, right.libraries
    if ours != theirs:
        raise UsageError(
            f"A is of library {ours.short()}, B of library {theirs.short()}: they have nothing in common that could be compared.",
            hint="Name two folders of one library: of two devices, or a copy and what became of it.",
        )
    return ours


def _differing(left: Inspected, right: Inspected) -> Iterator[tuple[RecordId, Difference]]:
    for mine, other in beside(_stored(left), _stored(right), lambda stored: stored.record):
        if mine is None or other is None:
            some = mine or other
            assert some is not None, "one of them has it"
            yield RecordId(some.record), _alone(is_purged=bool(some.is_purged), in_a=mine is not None)
        elif mine.is_purged != other.is_purged:
            yield RecordId(mine.record), Difference.PURGED_A if mine.is_purged else Difference.PURGED_B
        elif mine.digest != other.digest:
            yield RecordId(mine.record), Difference.SAYS


def _alone(*, is_purged: bool, in_a: bool) -> Difference:
    if is_purged:
        return Difference.PURGED_A if in_a else Difference.PURGED_B
    return Difference.ONLY_A if in_a else Difference.ONLY_B


def _stored(inspected: Inspected) -> Iterator[_Stored]:
    """By record; one that is both stored and purged, as only a damaged database has it, counts once."""
    last = b""
    with inspected.database.read() as connection:
        for row in connection.execute(_RECORDS):
            stored = _Stored(*row)
            if stored.record != last:
                yield stored
            last = stored.record


def _record_document(left: Inspected, right: Inspected, record: RecordId, difference: Difference) -> Document:
    found = differences(stored_readings(left, record), stored_readings(right, record))
    return {
        **record_document(record),
        "name": title_of(left, record) or title_of(right, record),
        "difference": difference.value,
        "fields": [each.document("a", "b") for each in found],
    }


def _folder_document(inspected: Inspected, library: LibraryId) -> Document:
    with inspected.database.read() as connection:
        (records,) = connection.execute("SELECT count(*) FROM record").fetchone()
    return {"folder": str(inspected.root), "entries": inspected.log(library).figures().entries, "records": records}
