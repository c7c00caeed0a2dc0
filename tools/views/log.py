"""`log`: the entries of one log, and whether they are what they should be."""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection
from typing import TypedDict

from peer.errors import UsageError
from peer.keys.epochs import Keyring
from store.branches import Branch, heads_of
from store.errors import DamagedError
from store.ids import DeviceId, LibraryId, LogId
from store.roster import Roster
from store.sqlite_rows import LibraryRows
from tools.looking.contents import Contents
from tools.looking.documents import Document, device_document, entry_document
from tools.looking.folder import Inspected
from tools.looking.logged import newest_detached, newest_logged
from tools.looking.lookup import find_log, stored_logs
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
_ATTACHED = """
    SELECT count(*) FROM log_library l JOIN log_branch b ON b.library = l.id JOIN log_entry e ON e.branch = b.id
    WHERE l.name = ? AND b.log = ? AND e.seq BETWEEN ? AND ?
"""
_DETACHED = """
    SELECT count(*) FROM log_library l JOIN log_detached d ON d.library = l.id WHERE l.name = ? AND d.log = ? AND d.seq BETWEEN ? AND ?
"""
_PLACE = "SELECT branch FROM log_entry WHERE name = ?"
_APART = "log"
"""What tells findings apart: those of one log aren't left unnamed because of how many there are of another."""


class _Asked(TypedDict):
    """What is asked of a store."""

    first: int
    last: int
    limit: int


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

    - ``library``, ``log``, ``device``, ``device_name``; ``stored``: how many of its entries are here, in their places; ``stubs``: of these without bytes;
      ``detached``: how many others came before what they build on; ``ends``: how many tips it has, several where it forked
    - ``branches``, in the order of their beginnings: ``branch`` (a number for this answer), ``from``, ``to``, ``tip``, ``device``, ``stored``,
      ``goes_on_from``: the branch and number after which it parts (null for a beginning of the log, and where the entry before isn't here),
      ``missing``: how many numbers between its ends have no entry
    - ``entries``: the newest of those that were asked for, oldest first, as `dag` describes each, with ``deps`` and ``branch`` (null of detached ones);
      null where no log was named
    - ``left_out``: how many of those that were asked for aren't shown
    - ``verified``: null unless asked for: signatures, names, chain, numbers, deps and ends of the log are right; ``findings``: [{``sort``,
      ``sentence``, …}]; ``more_findings``: how many there are besides

    Raises ``UsageError`` for a span that ends before it begins, and where ``text`` begins no log or several.
    """
    span = span or Span()
    if span.first > span.last:
        raise UsageError(f"No number lies from {span.first} to {span.last}.", hint="--from is the lower one.")
    found = [find_log(inspected, text)] if text else stored_logs(inspected)
    wrong = {library: _verified(inspected, library, watched or Unwatched()) if verify else None for library in {each for each, _ in found}}
    return [_log(inspected, library, log, span if text else None, wrong[library]) for library, log in found]


def _log(inspected: Inspected, library: LibraryId, log: LogId, span: Span | None, findings: Findings | None) -> Document:
    with inspected.database.read() as connection:
        branches = _branches(connection, library, log)
        stored = {branch.key: connection.execute(_STORED, (branch.key,)).fetchone() for branch in branches}
        (detached,) = connection.execute(_DETACHED, (library, log, 0, HIGHEST)).fetchone()
    numbers = {branch.key: number for number, branch in enumerate(branches)}
    documents = [_branch(branch, numbers, stored[branch.key][0]) for branch in branches]
    for branch, document in zip(branches, documents, strict=True):
        if document["missing"]:
            last = stored[branch.key][2]
            cut_off = "" if last in (None, branch.last_seq) else f"; what is left ends at {last}"
            missing = f"{document['missing']:,} of its entries {branch.first_seq} to {branch.last_seq} are missing"
            inspected.problems.note(f"log {log.short()}: {missing}{cut_off}")
    shown, left_out = ([], 0) if span is None else _entries(inspected, library, log, span)
    return {
        "library": library.hex(),
        "log": log.hex(),
        **device_document(branches[0].author if branches else _opener(inspected, library, log), inspected.device_names()),
        "stored": sum(row[0] for row in stored.values()),
        "stubs": sum(row[3] for row in stored.values()),
        "detached": detached,
        "ends": len(heads_of(branches).get(log, ())),
        "branches": documents,
        "entries": None if span is None else shown,
        "left_out": left_out,
        **_proven(inspected, log, findings, is_whole=not any(document["missing"] for document in documents)),
    }


def _branches(connection: Connection, library: LibraryId, log: LogId) -> list[Branch]:
    return sorted(LibraryRows(connection, library).branches_of(log).values(), key=lambda branch: (branch.first_seq, branch.key))


def _opener(inspected: Inspected, library: LibraryId, log: LogId) -> DeviceId | None:
    """Whose log it is, of which only detached entries are here."""
    with inspected.problems.going_on("who opened a log"):
        return inspected.log(library).roster().logs.get(log)
    return None


def _proven(inspected: Inspected, log: LogId, findings: Findings | None, *, is_whole: bool) -> Document:
    """What concerns this log, or no log more than another; how many entries are missing in all does only where no log is known to have gaps."""
    if findings is None:
        return {"verified": None, "findings": None, "more_findings": 0}
    has_gaps = any(sort == "entries" and value is not None for sort, value in findings.counted)
    of_none = {(sort, value) for sort, value in findings.counted if value is None and not (sort == "entries" and has_gaps)}
    named = of_none | {(sort, value) for sort, value in findings.counted if value == log.hex()}
    mine = [each for each in findings.named if (each["sort"], each.get(_APART)) in named]
    for finding in mine:
        if finding["sort"] != "entries" or _APART not in finding:  # what is missing of a log was said already
            inspected.problems.note(str(finding["sentence"]))
    more = sum(findings.counted[each] for each in named) - len(mine)
    if more:
        inspected.problems.note(f"log {log.short()}: and {more:,} more findings")
    return {"verified": is_whole and not mine, "findings": mine, "more_findings": more}


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
    asked: _Asked = {"first": span.first, "last": span.last, "limit": span.limit or ALL}
    logged = newest_logged(inspected, library, log, **asked) + newest_detached(inspected, library, log, **asked)
    logged.sort(key=lambda each: (each.item.seq, each.arrival))
    logged = logged[-span.limit :]  # of 0 as well: all
    with inspected.database.read() as connection:
        total = sum(connection.execute(query, (library, log, span.first, span.last)).fetchone()[0] for query in (_ATTACHED, _DETACHED))
        branches = _branches(connection, library, log)
        places = {each.arrival: connection.execute(_PLACE, (each.name,)).fetchone() for each in logged if not each.is_detached}
    numbers = {branch.key: number for number, branch in enumerate(branches)}
    maker = NodeMaker(inspected, library, Contents.of(inspected, library), Verdicts.of_all(inspected))
    shown = [
        {
            **maker.document(each),
            "branch": None if each.is_detached else numbers[places[each.arrival][0]],
            "deps": [entry_document(dep.log, dep.seq, dep.name) for dep in each.item.deps],
        }
        for each in logged
    ]
    return shown, total - len(shown)


def _verified(inspected: Inspected, library: LibraryId, watched: Watched) -> Findings:
    """What is wrong with the entries of a library, of whatever log: what is asked of one rests on the others."""
    findings = Findings(apart=_APART)
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
