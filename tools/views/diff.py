"""`diff A B` of two records, and of two times of a record or of the whole library."""

from __future__ import annotations

from itertools import islice

from peer.library.findings import Progress, in_silence
from peer.library.instants import iso_utc
from store.ids import RecordId
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.looking.lookup import find_record
from tools.replaying.differences import Difference, differences
from tools.replaying.moments import By
from tools.replaying.pasts import Pasts, RecordPast, Then, arrived_at, keys_of, made_at
from tools.replaying.readings import Readings, readings_of
from tools.replaying.stored import is_purged, stored_readings
from tools.replaying.touched import touched
from tools.views.at import missing_sentence
from tools.views.pasts import find_past, origins_of, reading_document, record_document, the_library, title_of, write_document

LIMIT = 100


def gather_record_diff(inspected: Inspected, first: str, second: str) -> Document:
    """Two records as they are now, field by field.

    - ``what``: records; ``a``, ``b``: ``record``, ``kind``, ``name`` (null where it isn't listed), ``purged``
    - ``differing``: how many fields; ``equal``: how many read the same in both
    - ``fields``: those that differ: ``field``, ``element``, ``a`` and ``b``: ``value``, ``beside`` (values in open conflict), ``by`` (who wrote it); null:
      nothing is read there
    """
    the_library(inspected)
    left, right = (find_record(inspected.database, text) for text in (first, second))
    ours, theirs = stored_readings(inspected, left), stored_readings(inspected, right)
    origins = origins_of(inspected)
    found = differences(ours, theirs)
    return {
        "what": "records",
        **{
            label: {**record_document(record), "name": title_of(inspected, record), "purged": is_purged(inspected, record)}
            for label, record in (("a", left), ("b", right))
        },
        "differing": len(found),
        "equal": len(ours.keys() | theirs.keys()) - len(found),
        "fields": [
            {
                "field": each.name.field,
                "element": each.name.element or None,
                "a": reading_document(each.before, origins),
                "b": reading_document(each.after, origins),
            }
            for each in found
        ],
    }


def gather_time_diff(inspected: Inspected, text: str, *, since: int, until: int, by: By, progress: Progress = in_silence) -> Document:
    """One record at two times, milliseconds since 1970: ``what``: record at two times; ``from``, ``to``, ``by``; and what ``_record_at_two_times`` has."""
    past = find_past(inspected, text, progress)
    document = _record_at_two_times(inspected, past, since, until, by)
    return {"what": "record at two times", **_stretch(since, until, by), **document}


def gather_library_diff(
    inspected: Inspected, *, since: int, until: int, by: By, limit: int = LIMIT, progress: Progress = in_silence
) -> Document:
    """The library at two times.

    - ``what``: library at two times; ``from``, ``to``, ``by``: made or arrived
    - ``entries``: how many changed something in between; ``touched``: how many records they wrote; ``given_up``: entries without bytes that may belong
      there, too; ``sentence``: what that means, or empty
    - ``records``: the first ``limit`` (0: all) that were written in between, by their first write: as ``_record_at_two_times`` has them
    """
    library = the_library(inspected)
    contents = keys_of(inspected, library)
    found = touched(inspected, library, contents, since=since, until=until, by=by, progress=progress)
    chosen = dict(islice(found.records.items(), limit or None))
    pasts = Pasts(inspected, library, progress=progress)
    lost = f"{found.given_up} entries that may belong here have no bytes that can be opened: which records they wrote isn't known."
    return {
        "what": "library at two times",
        **_stretch(since, until, by),
        "entries": found.entries,
        "touched": len(found.records),
        "given_up": found.given_up,
        "sentence": lost if found.given_up else "",
        "records": [_record_at_two_times(inspected, past, since, until, by) for past in pasts.among(chosen)],
    }


def _record_at_two_times(inspected: Inspected, past: RecordPast, since: int, until: int, by: By) -> Document:
    """``record``, ``kind``, ``name``; ``became``: made, changed, purged, unchanged, or not there; ``fields``: as ``Difference.document`` has them;
    ``changes``: the writes in between, as ``write_document`` has them; ``whole``, ``sentence``: as of ``gather_at``, of the first time."""
    then, later = past.at(since, by), past.at(until, by)
    found = differences(_readings(past.record, then), _readings(past.record, later))
    names = inspected.device_names()
    moment = made_at if by is By.MADE else arrived_at
    return {
        **record_document(past.record),
        "name": title_of(inspected, past.record),
        "became": _became(then, later, found),
        "fields": [each.document() for each in found],
        "changes": [write_document(write, names) for write in past.writes if since < moment(write) <= until],
        "whole": then.is_whole,
        "sentence": "" if then.is_whole else missing_sentence(then, past.beginning.sentence),
    }


def _became(then: Then, later: Then, found: list[Difference]) -> str:
    if later.standing.is_purged and not then.standing.is_purged:
        return "purged"
    if not later.standing.exists and not then.standing.exists:
        return "not there"
    if not then.standing.exists and then.is_whole:
        return "made"
    return "changed" if found else "unchanged"


def _readings(record: RecordId, then: Then) -> Readings:
    return readings_of(record.kind, then.standing.content)


def _stretch(since: int, until: int, by: By) -> Document:
    return {"from": iso_utc(since), "to": iso_utc(until), "by": by.value}
