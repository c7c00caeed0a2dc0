"""Bugs in the inspector: what it would say that isn't so."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

REPLAY = "tests/unit/tools/replaying"
PAST = "tests/unit/tools/test_past.py"
VERIFY = "tests/unit/tools/test_verify.py"
PROVING = "tests/unit/tools/proving"
LOOKING = "tests/unit/tools/looking"
SALVAGE = "tests/unit/tools/test_salvage.py"
FOLDER = "tests/unit/tools/test_folder.py"

INSPECTOR_BUGS = (
    Mutant(
        name="at-not-causally-closed",
        what="a record as of a time shows a write without what it had seen",
        file="tools/replaying/moments.py",
        before="        is_late = moment(write) > time or any(builds_on(write, late) for late in after)\n",
        after="        is_late = moment(write) > time\n",
        suspects=(REPLAY, PAST),
    ),
    Mutant(
        name="replay-counts-void",
        what="a history shows void and waiting writes as if they had changed the record",
        file="tools/replaying/replay.py",
        before="    if not write.counts or before.is_purged:\n",
        after="    if before.is_purged:\n",
        suspects=(REPLAY, PAST),
    ),
    Mutant(
        name="removals-not-looked-for",
        what="a complete history lacks what only deletes",
        file="tools/looking/writes.py",
        before="        if not complete and wrote is not None:\n",
        after="        if wrote is not None:\n",
        suspects=(LOOKING, PAST, REPLAY),
    ),
    Mutant(
        name="everything-was-seen",
        what="a write is said to have seen what was concurrent with it",
        file="tools/looking/writes.py",
        before="        return is_noted and self._pasts.of(needs).contains(earlier.arrival)\n",
        after="        return is_noted\n",
        suspects=(LOOKING, "tests/unit/tools/test_why.py"),
    ),
    Mutant(
        name="proof-without-gate",
        what="a proof takes deletes of what their author hadn't seen",
        file="tools/proving/folding.py",
        before="            if clocks is None or place is None or place[1] > past.get(place[0], -1):\n",
        after="            if clocks is None or place is None:\n",
        suspects=(PROVING, VERIFY),
    ),
    Mutant(
        name="proof-blind-for-listings",
        what="a proof doesn't notice that listings show something else than the records say",
        file="tools/proving/listings.py",
        before="    return {table: frozenset(connection.execute(query.format(table), (after, last)).fetchall()) for table in PROJECTIONS}\n",
        after="    return {table: frozenset(connection.execute(query.format(table), (after, last)).fetchall()) for table in PROJECTIONS[:1]}\n",
        suspects=(PROVING, VERIFY),
    ),
    Mutant(
        name="in-sync-while-relays-lack",
        what="status says that all is in sync although a relay lacks something",
        file="tools/views/status_device.py",
        before='        return all(relay["state"] == IN_SYNC for relay in relays)\n',
        after="        return True\n",
        suspects=("tests/unit/tools/test_status.py",),
    ),
    Mutant(
        name="salvage-from-one-end",
        what="of a damaged table only what lies before the damage is shown",
        file="tools/looking/salvage.py",
        before='    _insert(made, table, backward := _Reading(source, table, "DESC"))\n',
        after='    backward = _Reading(source, table, "DESC")\n',
        suspects=(SALVAGE,),
    ),
    Mutant(
        name="newer-version-unsaid",
        what="a database of a newer version is shown as if everything in it were understood",
        file="tools/looking/opening.py",
        before="        if versions[part.name] > len(part.scripts):\n",
        after="        if versions[part.name] < 0:\n",
        suspects=(FOLDER,),
    ),
    Mutant(
        name="torn-look-unnoticed",
        what="a look without locks shows what is of two moments",
        file="tools/looking/opening.py",
        before="        if is_unlocked and _fingerprint(readable) != before:\n            raise WrittenMeanwhileError\n",
        after="",
        suspects=(FOLDER,),
    ),
)
