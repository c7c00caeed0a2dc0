"""`trace ASSET|LOG:SEQ`: one photo or one change on its way through all nodes, with the times at which each got it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from peer.library.instants import iso_utc, iso_utc_or_none
from peer.library.nodes import NodeKind
from store.ids import DeviceId
from tools.looking.documents import Document, device_document, entry_document
from tools.looking.folder import Inspected
from tools.tracing.contacts import Caller, Contact, caller_of, contacts_of
from tools.tracing.folders import folder_sight
from tools.tracing.hearsay import heard_of
from tools.tracing.model import UNKNOWN, Sight, State, Step, Subject, TracedEntry, TracedFile
from tools.tracing.spans import after, way_of
from tools.tracing.subjects import find_subject
from tools.tracing.timeline import merged

MAIN_ROLES = ("thumbnail", "preview", "original")
_OPEN = (State.NOT_YET, State.WAITING, State.PARTLY)


@dataclass(frozen=True, kw_only=True)
class Traced:
    """What one folder tells: what is followed, what is known of each node, and who could be asked, by whom (or why by nobody)."""

    subject: Subject
    sights: tuple[Sight, ...]
    contacts: tuple[Contact, ...]
    caller: Caller | str
    names: dict[DeviceId, str]


def gather_trace(inspected: Inspected, text: str) -> Traced:
    """What the folder alone tells; ``trace_document`` makes one document of it, together with what other folders and nodes say."""
    subject = find_subject(inspected, text)
    this = folder_sight(inspected, subject, is_this=True)
    return Traced(
        subject=subject,
        sights=(this, *heard_of(inspected, subject)),
        contacts=tuple(contacts_of(inspected)) if inspected.library_folder is not None else (),
        caller=caller_of(inspected, subject.library),
        names=inspected.device_names(),
    )


def trace_document(traced: Traced, others: Sequence[Sight] = (), *, root: Path, now: int, asking: str | None = None) -> Document:
    """Everything as one document. Times are ISO 8601 in UTC, each by the clock of the node that it is about.

    - ``library``, ``folder``, ``as_of``; ``asset``: its id, null for a change that is not of exactly one photo, or whose contents are sealed; ``title``;
      ``sealed``: why contents can't be read, else empty.
    - ``entries``: the one that it is about first (of a photo the import), then those that changed the photo later; ``earlier``: how many of these are left
      out. Of each ``log``, ``seq``, ``name``, ``device`` and ``device_name`` (the author, null where unknown), ``kind``, ``import``, ``written`` (its stamp;
      null where sealed), ``at``: [{``node``, ``stored``, ``applied``}], steps as below, ``applied`` null for relays.
    - ``files``: of each ``role``, ``file``, ``size`` (bytes, null where nobody said), ``blobs`` (ids), ``at``: [{``node``, ``step``}].
    - ``nodes``: the author first, then relays and other devices; every ``at`` has one element for each, in this order. ``name``, ``kind`` (relay or peer),
      ``device``, ``address``, ``policy`` (of a device, null where unknown), ``this``, ``author``; ``reached``: asked and answered, null when nobody asked;
      ``reason``: why not; ``clock_offset_ms``: how many milliseconds its clock is ahead of this machine's, null where nobody asked; ``steps``:
      ``written``, ``stored``, ``applied`` of the first entry, ``thumbnail``, ``preview``, ``original``; null for a step that a node never takes, and for
      a file that the photo hasn't got.
    - A *step* is ``state`` (done, partly, waiting, not yet, unwanted, unknown), ``time`` (null where nobody knows), ``bound`` (it happened then or before, by
      the time that relays correct), ``after_ms`` (milliseconds after the stamp of the entry that it is about, clocks made equal as far as their
      differences are known; null where that can't be told), ``known_by``, ``reason`` (a sentence, or empty), ``since`` (waiting since), ``next_try`` (null:
      as soon as its turn comes, or never).
    - ``waiting_for``: [{``node``, ``what``, ``state``, ``reason``, ``since``, ``next_try``}]: all that hasn't happened and is still to come.
    - ``way``: the same in a few words, to be read at a glance: what is done, in the order of nodes, and what isn't. ``asking``: why nobody was asked; empty
      when nodes were, null without --ask.
    """
    subject = traced.subject
    sights = sorted(merged([*traced.sights, *others]), key=lambda sight: _order(subject, sight))
    return {
        "way": list(way_of(subject, sights)),
        "library": subject.library.hex(),
        "folder": str(root),
        "as_of": iso_utc(now),
        "asset": None if subject.record is None else subject.record.body.hex(),
        "title": subject.title,
        "sealed": subject.sealed,
        "asking": asking,
        "earlier": subject.earlier,
        "entries": [
            {
                **entry_document(entry.log, entry.seq, entry.name),
                **device_document(entry.author, traced.names),
                "kind": entry.kind.name.lower(),
                "import": entry.is_import,
                "written": iso_utc_or_none(entry.written),
                "at": [
                    {
                        "node": sight.name,
                        "stored": _step(entry, sight, sight.stored.get(entry.name)),
                        "applied": None if sight.kind is NodeKind.RELAY else _step(entry, sight, sight.applied.get(entry.name)),
                    }
                    for sight in sights
                ],
            }
            for entry in subject.entries
        ],
        "files": [
            {
                "role": file.role,
                "file": file.file.hex(),
                "size": file.size,
                "blobs": [blob.hex() for blob in file.blobs],
                "at": [{"node": sight.name, "step": _step(subject.main, sight, sight.files.get(file.file))} for sight in sights],
            }
            for file in subject.files
        ],
        "nodes": [_node(subject, sight) for sight in sights],
        "waiting_for": list(_waiting_for(subject, sights)),
    }


def _order(subject: Subject, sight: Sight) -> tuple[bool, bool, bool, str]:
    is_author = subject.main is not None and sight.device is not None and sight.device == subject.main.author
    return not is_author, sight.kind is NodeKind.PEER, not sight.is_this, sight.name


def _node(subject: Subject, sight: Sight) -> Document:
    main = subject.main
    is_author = main is not None and sight.device is not None and sight.device == main.author
    files: dict[str, TracedFile] = {file.role: file for file in reversed(subject.files)}
    written = Step(state=State.DONE, time=main.written, known_by="its stamp") if main is not None and is_author else None
    steps = {
        "written": None if written is None else _step(main, sight, written),
        "stored": None if main is None else _step(main, sight, sight.stored.get(main.name)),
        "applied": None if main is None or sight.kind is NodeKind.RELAY else _step(main, sight, sight.applied.get(main.name)),
    }
    for role in MAIN_ROLES:
        steps[role] = _step(main, sight, sight.files.get(files[role].file)) if role in files else None
    return {
        "name": sight.name,
        "kind": sight.kind.value,
        "device": None if sight.device is None else sight.device.hex(),
        "address": sight.address,
        "policy": sight.policy or None,
        "this": sight.is_this,
        "author": is_author,
        "reached": sight.reached,
        "reason": sight.reason,
        "clock_offset_ms": sight.clock_offset,
        "steps": steps,
    }


def _step(entry: TracedEntry | None, sight: Sight, step: Step | None) -> Document:
    step = step or UNKNOWN
    return {
        "state": step.state.value,
        "time": iso_utc_or_none(step.time),
        "bound": step.is_bound,
        "after_ms": after(entry, sight, step),
        "known_by": step.known_by,
        "reason": step.reason,
        "since": iso_utc_or_none(step.since),
        "next_try": iso_utc(step.next_try) if step.next_try else None,
    }


def _waiting_for(subject: Subject, sights: Sequence[Sight]) -> Iterator[Document]:
    for sight in sights:
        for what, step in _what(subject, sight):
            if step.state in _OPEN:
                document = _step(None, sight, step)
                yield {"node": sight.name, "what": what} | {key: document[key] for key in ("state", "reason", "since", "next_try")}


def _what(subject: Subject, sight: Sight) -> Iterator[tuple[str, Step]]:
    for number, entry in enumerate(subject.entries):
        name = "the change" if not number else f"a later change, {entry.log.hex()[:10]}:{entry.seq}"
        stored, applied = sight.stored.get(entry.name, UNKNOWN), sight.applied.get(entry.name, UNKNOWN)
        yield name, stored
        if stored.state is State.DONE:
            yield f"{name}, to be applied", applied
    for file in subject.files:
        yield file.role, sight.files.get(file.file, UNKNOWN)
