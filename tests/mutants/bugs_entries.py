"""Bugs in logs: what an entry says of its past, what a store admits, and what becomes of entries that wait."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

ADMISSION = "tests/unit/store/test_admission.py"
MEMORY = "tests/unit/store/test_memory.py"
SQLITE = "tests/unit/store/test_sqlite_log.py"
ENTRIES = "tests/unit/store/test_entries.py"
HISTORIES = "tests/unit/peer/library/test_histories.py"
LOGS = "tests/unit/peer/library/test_logs.py"
INSTANCES = "tests/unit/peer/library/test_instances.py"
ORDERS = "tests/unit/peer/library/test_arrival_orders.py"
WAITING = "tests/unit/peer/library/test_waiting.py"

ENTRY_BUGS = (
    Mutant(
        name="dep-skipped",
        what="a header leaves out one of the entries that its author had applied",
        file="peer/library/authoring.py",
        before="            deps=building.deps,\n",
        after="            deps=building.deps[1:],\n",
        suspects=(LOGS, HISTORIES),
    ),
    Mutant(
        name="applied-head-not-named",
        what="of two branches of a log that were applied only one is named by the next entry",
        file="peer/library/frontier.py",
        before='            connection.executemany("DELETE FROM frontier WHERE name = ?", [(name,) for name in entry.needs])\n',
        after='            connection.execute("DELETE FROM frontier WHERE log = ?", (entry.log,))\n',
        suspects=(INSTANCES, LOGS, HISTORIES),
    ),
    Mutant(
        name="end-of-old-log-not-named",
        what="the first entry of a device's next log doesn't have the end of the one before in its past",
        file="peer/library/library.py",
        before=(
            "            if before is not None and (tip := self._pasts.newest(before, self.device)) is not None:\n"
            "                self._frontier.name(before, tip)\n"
        ),
        after="",
        suspects=(INSTANCES, LOGS),
    ),
    Mutant(
        name="number-without-predecessor",
        what="an entry is accepted by its number alone, whatever it says that it follows",
        file="store/admission.py",
        before="    if previous is not None and (previous.log, previous.position.seq + 1) != (entry.log, entry.seq):\n",
        after="    if previous is not None and previous.log != entry.log:\n",
        suspects=(ADMISSION, MEMORY, SQLITE),
    ),
    Mutant(
        name="predecessor-not-needed",
        what="an entry is stored although the one before it isn't here",
        file="store/entries.py",
        before="        before = () if self.previous == NO_ENTRY else (self.previous,)\n",
        after="        before = ()\n",
        suspects=(ADMISSION, MEMORY, SQLITE),
    ),
    Mutant(
        name="deps-not-needed",
        what="an entry is stored although what it builds on in other logs isn't here",
        file="store/entries.py",
        before="        return (*before, *(dep.name for dep in self.deps))\n",
        after="        return before\n",
        suspects=(ADMISSION, MEMORY, SQLITE),
    ),
    Mutant(
        name="dep-not-where-it-is-said-to-be",
        what="a dep may name another log or number than that of the entry",
        file="store/admission.py",
        before="        if there is not None and (there.log, there.position.seq) != (dep.log, dep.seq):\n",
        after="        if there is not None and there.log != dep.log:\n",
        suspects=(ADMISSION, MEMORY, SQLITE),
    ),
    Mutant(
        name="bad-signature-accepted",
        what="nobody looks who signed an entry",
        file="store/admission.py",
        before="        if is_signed_by(entry, candidate.key):\n",
        after="        if candidate.key:\n",
        suspects=(ADMISSION, MEMORY, SQLITE),
    ),
    Mutant(
        name="body-not-compared-with-header",
        what="an entry may carry any body of the right length",
        file="store/entries.py",
        before="    if body_length != len(body) or body_hash != hashlib.sha256(body).digest():\n",
        after="    if body_length != len(body):\n",
        suspects=(ENTRIES, ADMISSION),
    ),
    Mutant(
        name="duplicate-stored-twice",
        what="an entry that comes again is stored and applied again",
        file="store/intake.py",
        before="        if there is not None:\n",
        after="        if there is not None and entry.seq == 0:\n",
        suspects=(MEMORY, SQLITE),
    ),
    Mutant(
        name="waiting-never-retried",
        what="what built on a waiting entry goes on waiting when that one is applied",
        file="peer/library/applying.py",
        before="        self._look_again(self._waiting.builds_on(arrived.entry.name))\n",
        after="",
        suspects=(WAITING, "tests/unit/peer/engine/test_late_keys.py"),
    ),
    Mutant(
        name="late-key-unnoticed",
        what="what waited for a key goes on waiting when the key comes",
        file="peer/library/applying.py",
        before="        came = [epoch for epoch in self._waiting.epochs() if epoch in self._keyring()]\n",
        after="        came = self._waiting.epochs()[:0]\n",
        suspects=(WAITING, "tests/unit/peer/engine/test_late_keys.py"),
    ),
    Mutant(
        name="waiting-leaves-traces",
        what="an entry that can't be judged yet leaves half of its changes behind",
        file="peer/library/applying.py",
        before='                connection.execute("ROLLBACK TO entry")\n',
        after="",
        suspects=("tests/unit/peer/library/test_hostile_entries.py", WAITING),
    ),
    Mutant(
        name="detached-never-attached",
        what="a control entry that came ahead of its past isn't attached when that comes",
        file="store/sqlite_table.py",
        before="        return (entry.name, *self._attach_followers(entry.name))\n",
        after="        return (entry.name,)\n",
        suspects=(SQLITE,),
    ),
    Mutant(
        name="copied-folder-unnoticed",
        what="a clone goes on in the log of the device that it was copied from",
        file="peer/library/instance.py",
        before="        if note is None or token not in (note.token, note.before):\n",
        after="        if token == b'':\n",
        suspects=(INSTANCES,),
    ),
    Mutant(
        name="token-not-compared",
        what="a folder that holds the database of another one, or an older log, is taken for the one that the machine knows",
        file="peer/library/instance.py",
        before="        if note is None or token not in (note.token, note.before):\n",
        after="        if note is None:\n",
        suspects=(INSTANCES,),
    ),
    Mutant(
        name="old-backup-unnoticed",
        what="a folder that was put back from a backup goes on in its log, where others have entries already",
        file="peer/library/instance.py",
        before="        if token == note.token and note.newest > (-1 if newest is None else newest.seq):\n",
        after="        if token == note.token and newest is None:\n",
        suspects=(INSTANCES,),
    ),
    Mutant(
        name="other-half-unnoticed",
        what="a device goes on in its log although another node showed entries of it that it doesn't have",
        file="peer/library/library.py",
        before="                if self._tips_of(log) != tips:\n",
        after="                if False:\n",
        suspects=(INSTANCES, LOGS),
    ),
)
