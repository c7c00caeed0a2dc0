"""`verify`: that a folder holds what its entries say, and that two folders agree."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from peer.errors import UsageError
from peer.library.meta import Meta
from store.ids import DeviceId, LibraryId
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.proving.blobs import check_relay_blobs, needed_blobs
from tools.proving.comparing import Beyond, compare_logs
from tools.proving.file import check_file
from tools.proving.findings import Findings
from tools.proving.parting import differing_records, parting
from tools.proving.progress import Labelled, Unwatched, Watched
from tools.proving.proof import Proof, prove
from tools.proving.scratch import open_scratch

AGREE, BEHIND, DIFFER, UNKNOWN = "agree", "behind", "differ", "unknown"


@dataclass(frozen=True, kw_only=True)
class Thoroughness:
    """``deep``: files of blobs are hashed. ``processes``: as in ``open_workers``."""

    deep: bool = False
    processes: int | None = None


def gather_verify(inspected: Inspected, *, how: Thoroughness | None = None, watched: Watched | None = None) -> Document:
    """What is proven of one folder. Findings are problems too, in the order in which they were found.

    ``folder``; ``kind``: library or relay; ``verified``: nothing was found, and no problem met; ``agreement``: null; ``libraries``: of each

    - ``library``; ``level``: contents, or envelopes where bodies stay sealed, with ``sealed``, the reason, else null
    - ``heads``: [[log, [[seq, name], …]], …]; ``digest``: hex, null of a relay, and where it is damaged
    - ``entries``, and of these ``stubs`` (without bytes), ``detached``, ``waiting`` (applied later, or never; null of a relay); ``entry_bytes``
    - ``records``; ``listings_compared``: whether this version made the listings, so that they can be compared; null of a relay;
      ``replay``: null where records weren't made again from entries, with ``unproven``, the reason, else null; or ``entries`` and ``updates`` that
      were replayed, ``digest`` of what they make, and ``begins``: null for the first entry, else the checkpoint that stands for those that
      were given up: ``checkpoint`` (its entry's name), ``entry`` (LOG:SEQ), ``received`` (when it came here), ``covered_entries``, ``records``
    - ``blobs``: of a relay, ``held``, ``bytes``, ``hashed`` (with --deep); null of a device, and where blobs aren't in the folder
    - ``findings``: [{``sort``, ``sentence``, …}], at most 50 of a sort: entry, entries, heads, roster, checkpoint, bookkeeping (``log``, ``seq``, ``name`` of
      the entry where it is known), record (``record``, ``kind``, ``name``: file name or title, ``fields``: [{``field``, ``stored``, ``replayed``}], all
      values that stand there, the one that is read first), listing (the same, with ``table``), void, purged, digest, blob (``blob``); ``found``: how many of
      each sort
    """
    how, watched = how or Thoroughness(), watched or Unwatched()
    check_file(inspected)
    documents = []
    for library in inspected.libraries:
        with open_scratch() as scratch:
            proof = prove(inspected, library, scratch, watched, processes=how.processes)
            documents.append(_proof_document(proof, watched, how))
    return {**_folder_document(inspected, documents), "agreement": None}


def gather_agreement(left: Inspected, right: Inspected, *, how: Thoroughness | None = None, watched: Watched | None = None) -> Document:
    """``a`` and ``b``: as ``gather_verify`` describes a folder, with one library each; ``verified``: that of both. ``agreement``:

    - ``state``: ``agree``: the same entries, applied alike, and equal digests; with a relay, the same entries. ``behind``: one or both lack something,
      and what both have is the same: no damage, and exit code 0. ``differ``: the same entries, and not the same library: exit code 3. ``unknown``:
      with ``reason``, why that can't be told
    - ``agree``: whether it is the first
    - ``heads_equal``; ``digests``: ``a``, ``b`` (null of a relay), ``equal`` (null with a relay)
    - ``a_lacks``, ``b_lacks``: of what the other stores: ``entries``, ``bytes``, ``logs``: [{``log``, ``device``, ``device_name``, ``from``, ``to``,
      ``entries``, ``bytes``}]; ``a_holds_back``, ``b_holds_back``: what is stored there and applied in the other only, with ``reason`` in each of ``logs``
    - ``differing_entries``: how many have other bytes in A than in B
    - ``differing_records``: how many, null where they weren't compared; ``record``: the first, null without one: ``record``, ``kind``, ``name``,
      ``stored`` {``a``, ``b``}, ``fields``: [{``field``, ``a``, ``b``}], ``entry``: where they part: ``log``, ``seq``, ``name``, ``device``, ``device_name``,
      ``time``, ``a`` and ``b``: applied, void, waiting, not applied, missing; null where no entry explains it
    - ``removed``: a, b: the folders whose devices were removed from the library, as far as either knows
    - ``blobs``: of a library and a relay ``needed``, ``held``, ``missing``, ``uploading`` (in the device's queue), ``missing_blobs`` (20 at most); else null
    """
    how, watched = how or Thoroughness(), watched or Unwatched()
    library = _common_library(left, right)
    with ExitStack() as stack:
        sides = [
            (inspected, stack.enter_context(open_scratch()), Labelled(watched, label)) for inspected, label in ((left, "A"), (right, "B"))
        ]
        findings_between = Findings()
        ours, theirs = compare_logs(left, right, library, findings_between)
        first, second = (
            prove(inspected, library, scratch, told, uncommon=frozenset(beyond.arrivals), processes=how.processes)
            for (inspected, scratch, told), beyond in zip(sides, (ours, theirs), strict=True)
        )
        for finding in findings_between.named:
            first.findings.add(**finding)
        documents = [_proof_document(proof, told, how) for proof, (_, _, told) in zip((first, second), sides, strict=True)]
        agreement = _agreement(first, second, ours, theirs, differing_entries=findings_between.counts["entry"])
    a, b = (_folder_document(proof.inspected, [document]) for proof, document in zip((first, second), documents, strict=True))
    return {"a": a, "b": b, "verified": a["verified"] and b["verified"], "agreement": agreement}


def _common_library(left: Inspected, right: Inspected) -> LibraryId:
    common = sorted(set(left.libraries) & set(right.libraries))
    if not common:
        raise UsageError(
            f"{left.root} and {right.root} have no library in common.", hint="`calotype-inspect heads` shows which each is of."
        )
    if len(common) > 1:
        raise UsageError(f"{left.root} and {right.root} have {len(common)} libraries in common.", hint="Choose one with --library-id.")
    return common[0]


def _folder_document(inspected: Inspected, libraries: list[Document]) -> Document:
    return {
        "folder": str(inspected.root),
        "kind": "relay" if inspected.library_folder is None else "library",
        "verified": not any(library["findings"] for library in libraries) and not inspected.problems.found,
        "libraries": libraries,
    }


def _proof_document(proof: Proof, watched: Watched, how: Thoroughness) -> Document:
    inspected, counts = proof.inspected, proof.counts
    blobs = None if proof.is_device else check_relay_blobs(inspected, proof.library, proof.findings, watched, deep=how.deep)
    for sentence in proof.findings.sentences():
        inspected.problems.note(sentence)
    return {
        "library": proof.library.hex(),
        "level": "envelopes" if proof.sealed else "contents",
        "sealed": proof.sealed or None,
        "heads": [[log.hex(), [[tip.seq, tip.name.hex()] for tip in tips]] for log, tips in proof.heads.items()],
        "digest": None if proof.digest is None else proof.digest.hex(),
        "entries": counts.entries + counts.detached,
        "stubs": counts.stubs,
        "detached": counts.detached,
        "waiting": proof.waiting if proof.is_device else None,
        "entry_bytes": counts.bytes,
        "records": proof.sums.records if proof.is_device else None,
        "replay": _replay_document(proof),
        "listings_compared": proof.is_listed if proof.is_device else None,
        "unproven": proof.unproven or None if proof.is_device else proof.sealed,
        "blobs": blobs,
        "findings": proof.findings.named,
        "found": dict(proof.findings.counts),
    }


def _replay_document(proof: Proof) -> Document | None:
    if proof.unproven or not proof.is_device:
        return None
    return {
        "entries": proof.replayed_entries,
        "updates": proof.sums.updates,
        "digest": None if proof.replayed_digest is None else proof.replayed_digest.hex(),
        "begins": proof.begins,
    }


def _agreement(first: Proof, second: Proof, ours: Beyond, theirs: Beyond, *, differing_entries: int) -> Document:
    names = {**second.inspected.device_names(), **first.inspected.device_names()}
    are_devices = first.is_device and second.is_device
    incomparable = _incomparable(first, second, ours, theirs)
    document = {
        "heads_equal": first.heads == second.heads,
        "digests": {
            "a": first.digest and first.digest.hex(),
            "b": second.digest and second.digest.hex(),
            "equal": first.digest == second.digest if are_devices else None,
        },
        "a_lacks": theirs.lacks.document(names),
        "b_lacks": ours.lacks.document(names),
        "a_holds_back": theirs.holds_back.document(names),
        "b_holds_back": ours.holds_back.document(names),
        "differing_entries": differing_entries,
        "differing_records": None,
        "record": None,
        "removed": _removed(first, second),
        "blobs": _blobs(first, second),
    }
    if not incomparable and are_devices:
        differing = differing_records(first, second)
        if (record := next(differing, None)) is not None:
            document["record"] = parting(first, second, record)
        document["differing_records"] = (record is not None) + sum(1 for _ in differing)
    state = _state(
        document, is_same_log=not any(each.lacks.runs or each.holds_back.runs for each in (ours, theirs)), incomparable=incomparable
    )
    return {"state": state, "agree": state == AGREE, "reason": incomparable or None, **document}


def _state(document: Document, *, is_same_log: bool, incomparable: str) -> str:
    if document["differing_entries"] or document["differing_records"] or (is_same_log and document["digests"]["equal"] is False):
        return DIFFER
    if incomparable:
        return UNKNOWN
    return AGREE if is_same_log else BEHIND


def _incomparable(first: Proof, second: Proof, ours: Beyond, theirs: Beyond) -> str:
    """Why records of two devices can't be compared; empty when they can."""
    if not (first.is_device and second.is_device and (ours.arrivals or theirs.arrivals)):
        return ""
    for label, proof, beyond in (("A", first, ours), ("B", second, theirs)):
        if proof.unproven:
            return f"their entries differ, and which records these wrote can't be told of {label}: {proof.unproven}"
        if beyond.stubs:
            return f"{label} gave up {beyond.stubs:,} entries that the other hasn't applied, and which records these wrote can't be told any more"
    return ""


def _removed(first: Proof, second: Proof) -> list[str]:
    former = first.roster.former.keys() | second.roster.former.keys()
    return [label for label, proof in (("a", first), ("b", second)) if proof.is_device and _device_of(proof) in former]


def _device_of(proof: Proof) -> DeviceId | None:
    own = Meta(proof.inspected.database).get("log")
    return next((device for log, device in proof.roster.logs.items() if bytes(log) == own), None)


def _blobs(first: Proof, second: Proof) -> Document | None:
    if first.is_device == second.is_device:
        return None
    device, relay = (first, second) if first.is_device else (second, first)
    return needed_blobs(device.inspected, relay.inspected, device.library)
