"""`log`: the entries of one log, and whether they are what they should be."""

from __future__ import annotations

from dataclasses import dataclass

from peer.keys.epochs import Keyring
from store.branches import Branch
from store.errors import DamagedError
from store.ids import LibraryId, LogId
from store.roster import Roster
from store.sqlite_rows import LibraryRows
from tools.looking.contents import Contents
from tools.looking.documents import Document, device_document, entry_document
from tools.looking.folder import Inspected
from tools.looking.logged import newest_logged
from tools.looking.lookup import find_log
from tools.proving.entry_work import EntryWork
from tools.proving.envelopes import EntryPass
from tools.proving.findings import Findings
from tools.proving.progress import Unwatched, Watched
from tools.views.dag_nodes import NodeMaker, Verdicts

NEWEST = 50
HIGHEST = (1 << 62) - 1
ALL = -1
"""As SQLite has it of a limit."""

_STORED = "SELECT count(*), min(e.seq), max(e.seq), count(*) - count(nullif(length(e.raw), 0)) FROM log_entry e WHERE e.branch = ?"


@dataclass(frozen=True, kw_only=True)
class Span:
    """Which entries are shown: numbers from ``first`` to ``last``, of these the newest ``limit``; 0: all."""

    first: int = 0
    last: int = HIGHEST
    limit: int = NEWEST


def gather_log(
    inspected: Inspected, text: str, *, span: Span | None = None, verify: bool = False, watched: Watched | None = None
) -> list[Document]:
    """A document for each log that ``text`` begins (all logs, without their entries, where it is empty):

    - ``library``, ``log``, ``device``, ``device_name``; ``stored``: how many of its entries are here; ``stubs``: of these without bytes
    - ``branches``, in the order of their beginnings: ``branch`` (a number for this answer), ``from``, ``to``, ``tip``, ``device``, ``stored``,
      ``goes_on_from``: the branch
      and number after which it parts (null for a beginning of the log), ``missing``: how many numbers between its ends have no entry
    - ``entries``: the newest of those that were asked for, oldest first, as `dag` describes each, with ``branch``; null where no log was named
    - ``left_out``: how many of those that were asked for aren't shown
    - ``verified``: null unless asked for: signatures, names, chain, numbers, deps and ends of the log are right; ``findings``: [{``sort``,
      ``sentence``, …}]
    """
    span, found = span or Span(), [find_log(inspected, text)] if text else _all_logs(inspected)
    wrong = {library: _verified(inspected, library, watched or Unwatched()) if verify else None for library in {each for each, _ in found}}
    return [_log(inspected, library, log, span if text else None, wrong[library]) for library, log in found]


def _all_logs(inspected: Inspected) -> list[tuple[LibraryId, LogId]]:
    with inspected.database.read() as connection:
        return [
            (library, log)
            for library in inspected.libraries
            for log in sorted({branch.log for branch in LibraryRows(connection, library).branches().values()})
        ]


def _log(inspected: Inspected, library: LibraryId, log: LogId, span: Span | None, findings: Findings | None) -> Document:
    names = inspected.device_names()
    with inspected.database.read() as connection:
        branches = sorted(LibraryRows(connection, library).branches_of(log).values(), key=lambda branch: (branch.first_seq, branch.key))
        stored = {branch.key: connection.execute(_STORED, (branch.key,)).fetchone() for branch in branches}
    numbers = {branch.key: number for number, branch in enumerate(branches)}
    documents = [_branch(branch, numbers, stored[branch.key][0]) for branch in branches]
    for branch, document in zip(branches, documents, strict=True):
        if document["missing"]:
            last = stored[branch.key][2]
            cut_off = "" if last in (None, branch.last_seq) else f"; what is left ends at {last}"
            missing = f"{document['missing']:,} of its entries {branch.first_seq} to {branch.last_seq} are missing"
            inspected.problems.note(f"log {log.short()}: {missing}{cut_off}")
    mine = None if findings is None else [each for each in findings.named if each.get("log") in (None, log.hex())]
    for finding in mine or ():
        if finding["sort"] != "entries" or "log" not in finding:  # what is missing of a log was said already
            inspected.problems.note(str(finding["sentence"]))
    shown, left_out = ([], 0) if span is None else _entries(inspected, library, log, span)
    return {
        "library": library.hex(),
        "log": log.hex(),
        **device_document(branches[0].author if branches else None, names),
        "stored": sum(row[0] for row in stored.values()),
        "stubs": sum(row[3] for row in stored.values()),
        "branches": documents,
        "entries": None if span is None else shown,
        "left_out": left_out,
        "verified": None if mine is None else not mine and not any(document["missing"] for document in documents),
        "findings": mine,
    }


def _branch(branch: Branch, numbers: dict[int, int], stored: int) -> Document:
    before = None if branch.parent is None else {"branch": numbers.get(branch.parent), "seq": branch.first_seq - 1}
    return {
        "branch": numbers[branch.key],
        "from": branch.first_seq,
        "to": branch.last_seq,
        "tip": branch.tip.hex(),
        "device": branch.author.hex(),
        "stored": stored,
        "goes_on_from": before,
        "missing": branch.last_seq - branch.first_seq + 1 - stored,
    }


def _entries(inspected: Inspected, library: LibraryId, log: LogId, span: Span) -> tuple[list[Document], int]:
    logged = newest_logged(inspected, library, log, first=span.first, last=span.last, limit=span.limit or ALL)
    with inspected.database.read() as connection:
        query = "SELECT count(*) FROM log_entry e JOIN log_branch b ON b.id = e.branch WHERE b.log = ? AND e.seq BETWEEN ? AND ?"
        (total,) = connection.execute(query, (log, span.first, span.last)).fetchone()
        branches = sorted(LibraryRows(connection, library).branches_of(log).values(), key=lambda branch: (branch.first_seq, branch.key))
        of_entry = {
            each.arrival: connection.execute("SELECT branch FROM log_entry WHERE name = ?", (each.name,)).fetchone()[0] for each in logged
        }
    numbers = {branch.key: number for number, branch in enumerate(branches)}
    maker = NodeMaker(inspected, library, Contents.of(inspected, library), Verdicts.of_all(inspected))
    shown = [
        {
            **maker.document(each),
            "branch": numbers[of_entry[each.arrival]],
            "deps": [entry_document(dep.log, dep.seq, dep.name) for dep in each.item.deps],
        }
        for each in reversed(logged)
    ]
    return shown, total - len(shown)


def _verified(inspected: Inspected, library: LibraryId, watched: Watched) -> Findings:
    """What is wrong with the entries of a library, of whatever log: what is asked of one rests on the others."""
    findings = Findings()
    try:
        roster = inspected.log(library).roster()
        authors = sorted({author for found in roster.authors.values() for author in found})
        keys = {author: key for author in authors if (key := roster.known_key(author)) is not None}
        work = EntryWork(library=library, keys=keys, keyring=Keyring())
    except DamagedError as error:
        findings.add("roster", f"who wrote entries can't be proven: {error}")
        roster, work = Roster(library=library), EntryWork(library=library, keys=None, keyring=Keyring())
    looking = EntryPass(inspected=inspected, library=library, roster=roster, pasts=None, findings=findings, watched=watched)
    looking.run(lambda portions: map(work, portions))
    return findings
