"""Bugs in records: clocks, fields, the gate, purging and the digest."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

CLOCK = "tests/unit/crdt/test_clock.py"
CLIENT = "tests/unit/crdt/test_client.py"
DRAFT = "tests/unit/crdt/test_draft.py"
FIELDS = "tests/unit/crdt/test_fields.py"
MERGES = "tests/unit/crdt/test_merge_rules.py"
CONVERGENCE = "tests/unit/crdt/test_convergence.py"
PROMISES = "tests/unit/peer/library/test_merge_promises.py"
HISTORIES = "tests/unit/peer/library/test_histories.py"
ORDERS = "tests/unit/peer/library/test_arrival_orders.py"
AGAIN = "tests/unit/peer/importing/test_again.py"

RECORD_BUGS = (
    Mutant(
        name="client-id-without-random",
        what="two entries that a clone and its original make at the same moment share a client id",
        file="peer/library/authoring.py",
        before="        random = self._parts.randomness(16)\n",
        after="        random = bytes(16)\n",
        suspects=("tests/unit/peer/library/test_instances.py",),
    ),
    Mutant(
        name="client-id-of-the-log",
        what="all entries of a log write under one client id",
        file="crdt/client.py",
        before="    digest = hashlib.sha256(log + previous + stamp + random).digest()\n",
        after="    digest = hashlib.sha256(log).digest()\n",
        suspects=(CLIENT, PROMISES),
    ),
    Mutant(
        name="client-id-written-twice",
        what="a second entry under a client id that was used is applied to a record instead of being void",
        file="peer/library/applying.py",
        before="            if verdict.update.client in content.vector:\n",
        after="            if verdict.update.client < 0:\n",
        suspects=("tests/unit/peer/library/test_hostile_updates.py", "tests/unit/peer/library/test_hostile_entries.py"),
    ),
    Mutant(
        name="clock-not-disciplined",
        what="a device whose clock is wrong stamps by it although a relay showed a better one",
        file="peer/library/upload_planning.py",
        before="            library.hlc.discipline(clock_offset)\n",
        after="            library.hlc.physical()\n",
        suspects=("tests/unit/peer/library/test_upload_planning.py",),
    ),
    Mutant(
        name="far-future-stamp-drags-clock",
        what="one device with a clock years ahead takes all others there",
        file="crdt/clock.py",
        before="AHEAD_LIMIT_MS = 5 * 60 * 1000\n",
        after="AHEAD_LIMIT_MS = 1 << 50\n",
        suspects=(CLOCK, PROMISES),
    ),
    Mutant(
        name="stamps-run-backwards",
        what="a device whose clock is put back writes stamps below those that it wrote before",
        file="peer/library/hlc.py",
        before="next_stamp(FIRST_STAMP if is_ahead(last, physical) else last, physical)",
        after="next_stamp(FIRST_STAMP, physical)",
        suspects=("tests/unit/peer/library/test_hlc.py",),
    ),
    Mutant(
        name="overwritten-value-stays",
        what="a write leaves the value that it replaces beside it, so that stamps decide where causality should",
        file="crdt/draft.py",
        before="        self._forget(stem)\n        self._sets[stem] = value\n",
        after="        self._sets[stem] = value\n",
        suspects=(DRAFT, MERGES),
    ),
    Mutant(
        name="remove-wins",
        what="a keyword that is there isn't added afresh, so that a removal at the same time takes it away",
        file="crdt/draft.py",
        before="        for stem in self._spellings(name, element):\n            self._forget(stem, equal_to=plain if beside else _ANY)\n",
        after=(
            "        if self._keys.get(set_stem(name, element)) and not beside:\n            return\n"
            "        for stem in self._spellings(name, element):\n            self._forget(stem, equal_to=plain if beside else _ANY)\n"
        ),
        suspects=(DRAFT, MERGES),
    ),
    Mutant(
        name="conflict-not-shown",
        what="the value that lost is kept, and nobody learns of it",
        file="crdt/fields.py",
        before="    if register.conflicts and len(candidates) > 1:\n",
        after="    if register.conflicts and len(candidates) > 2:\n",
        suspects=(FIELDS, MERGES),
    ),
    Mutant(
        name="earlier-stamp-wins",
        what="of two values that were written at the same time the earlier is read",
        file="crdt/fields.py",
        before="sorted(cells, key=_rank, reverse=True)",
        after="sorted(cells, key=_rank)",
        suspects=(FIELDS, MERGES),
    ),
    Mutant(
        name="contest-unseen",
        what="a photo that was edited while somebody else trashed it doesn't count as contested",
        file="crdt/trash.py",
        before="    return TrashState(reading.value, (observed_writers(content) | _restorers(fields)).union(members) - known)\n",
        after="    return TrashState(reading.value, _restorers(fields).union(members) - known)\n",
        suspects=("tests/unit/crdt/test_trash.py", MERGES),
    ),
    Mutant(
        name="gate-goes-by-what-is-here",
        what="the gate lets an update delete what its author can't have seen, if it is here by now",
        file="peer/library/applying.py",
        before="            return clocks if any(past.contains(int(row[0])) for row in arrivals) else None\n",
        after="            return clocks if arrivals else None\n",
        suspects=("tests/unit/peer/library/test_hostile_updates.py", ORDERS),
    ),
    Mutant(
        name="purged-record-takes-updates",
        what="an update that comes after a purge brings the record back, on this device alone",
        file="peer/library/applying.py",
        before="        if record in touched.purges or self._parts.records.is_purged(record):\n",
        after="        if record in touched.purges:\n",
        suspects=(PROMISES, ORDERS, HISTORIES),
    ),
    Mutant(
        name="import-into-purged-record",
        what="a photo that is imported after its purge goes into the record that takes no updates any more",
        file="peer/importing/commit.py",
        before="        record = generation_for(prepared.file, self._library.records.is_purged)\n",
        after="        record = generation_for(prepared.file, lambda _: False)\n",
        suspects=(AGAIN,),
    ),
    Mutant(
        name="digest-keeps-purged-record",
        what="the share of a purged record stays in the library digest",
        file="peer/library/records.py",
        before="                total = total.remove(Digest(row[0]))\n",
        after="",
        suspects=(PROMISES, HISTORIES, "tests/unit/peer/library/test_verifying.py"),
    ),
    Mutant(
        name="digest-keeps-old-state",
        what="the share of a record's old state stays in the library digest",
        file="peer/library/records.py",
        before="                total = (total if row is None else total.remove(Digest(row[0]))).add(digest)\n",
        after="                total = total.add(digest)\n",
        suspects=(PROMISES, HISTORIES, "tests/unit/peer/library/test_verifying.py"),
    ),
    Mutant(
        name="own-record-given-up-on-loading",
        what="a record that changed here too becomes that of the checkpoint when one is loaded",
        file="peer/library/checkpoints/loading.py",
        before="    merged = read_state(own).merged_with(theirs)\n",
        after="    merged = theirs\n",
        suspects=("tests/unit/peer/library/checkpoints",),
    ),
)
