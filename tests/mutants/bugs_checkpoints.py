"""Bugs in checkpoints: what they hold, who vouches for them, and what is given up for them."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

CHECKPOINTS = "tests/unit/peer/library/checkpoints"
SETTLEMENT = "tests/unit/store/test_settlement.py"
RELAY_PRUNING = "tests/unit/relay/test_pruning.py"
ENGINE = "tests/unit/peer/engine/test_checkpoints.py"
SETTLING = "tests/unit/peer/engine/test_settling.py"

CHECKPOINT_BUGS = (
    Mutant(
        name="acknowledged-unseen",
        what="a device acknowledges a checkpoint without having compared it",
        file="peer/library/checkpoints/acknowledging.py",
        before="            compare(library, checkpoint.body)\n",
        after="            pass\n",
        suspects=(CHECKPOINTS, SETTLING),
    ),
    Mutant(
        name="records-not-compared",
        what="a checkpoint may say of a record whatever it likes",
        file="peer/library/checkpoints/comparing.py",
        before="        elif ours.encode() != theirs.state:\n",
        after="        elif not theirs.state:\n",
        suspects=(CHECKPOINTS,),
    ),
    Mutant(
        name="skeleton-left-out",
        what="a checkpoint doesn't say which entries it stands for",
        file="peer/library/checkpoints/snapshot.py",
        before="        for entry in self.log.skeleton(self.heads):\n            yield self.covered(entry)\n",
        after="",
        suspects=(CHECKPOINTS,),
    ),
    Mutant(
        name="voids-not-loaded",
        what="who begins with a checkpoint doesn't know which updates were void",
        file="peer/library/checkpoints/loading.py",
        before="    VoidUpdate: _take_voids,\n",
        after="",
        suspects=(CHECKPOINTS,),
    ),
    Mutant(
        name="purged-not-loaded",
        what="who begins with a checkpoint takes updates to records that were purged",
        file="peer/library/checkpoints/loading.py",
        before="    PurgedRecord: _take_purged,\n",
        after="",
        suspects=(CHECKPOINTS,),
    ),
    Mutant(
        name="old-log-goes-on-after-loading",
        what="who returns from below a checkpoint goes on in a log of which it may lack entries",
        file="peer/library/checkpoints/loading.py",
        before="    if library.own_log() is not None:\n        library.begin_log()\n",
        after="",
        suspects=(CHECKPOINTS,),
    ),
    Mutant(
        name="settled-by-one-word",
        what="a checkpoint is settled as soon as one device acknowledges it",
        file="store/settlement.py",
        before="    return newest is not None and not held_back_by((*embedded, *stored), members, at=min(newest, now))\n",
        after="    return newest is not None\n",
        suspects=(SETTLEMENT,),
    ),
    Mutant(
        name="reports-not-verified",
        what="a `settled` entry may embed reports that nobody signed",
        file="store/settlement.py",
        before='    return all(is_signed(report.statement, report.signature, key or b"") for report, key in zip(body.reports, keys, strict=True))\n',
        after="    return True\n",
        suspects=(SETTLEMENT, "tests/unit/store/test_memory.py"),
    ),
    Mutant(
        name="pruned-although-held-back",
        what="entries go although an active device hasn't acknowledged the checkpoint",
        file="store/settlement.py",
        before="    return held_back_by(words, {*members} - checkpoint.acknowledged_by, at=now) | unheard\n",
        after="    return frozenset()\n",
        suspects=(SETTLEMENT, RELAY_PRUNING, CHECKPOINTS),
    ),
    Mutant(
        name="pruned-on-one-acknowledgement",
        what="entries go on the word of one device, while the silence of the others may be an outage",
        file="store/settlement.py",
        before="AGREEING = 2\n",
        after="AGREEING = 1\n",
        suspects=(SETTLEMENT, RELAY_PRUNING),
    ),
    Mutant(
        name="peer-prunes-alone",
        what="a peer gives entries up although no other device acknowledges the checkpoint",
        file="peer/library/checkpoints/rules.py",
        before="    agreeing: int = 2\n",
        after="    agreeing: int = 1\n",
        suspects=(CHECKPOINTS, SETTLING, ENGINE),
    ),
    Mutant(
        name="pruned-before-applied",
        what="a peer gives entries up for a checkpoint that it neither compared nor loaded",
        file="peer/library/checkpoints/pruning.py",
        before="        verdict_on(library, newest.checkpoint) is Verdict.SAME\n        and len(",
        after="        len(",
        suspects=(CHECKPOINTS,),
    ),
    Mutant(
        name="peer-prunes-without-blobs",
        what="a peer gives entries up although what stands for them isn't here",
        file="peer/library/checkpoints/pruning.py",
        before="        and not missing_blobs(library, newest.blobs)\n",
        after="",
        suspects=(CHECKPOINTS,),
    ),
    Mutant(
        name="relay-prunes-without-blobs",
        what="a relay gives entries up although what stands for them isn't there, or is damaged",
        file="relay/pruning.py",
        before="        if await _holds(parts, library, checkpoint.blobs):\n",
        after="        if checkpoint.blobs:\n",
        suspects=(RELAY_PRUNING,),
    ),
    Mutant(
        name="uncovered-pruned",
        what="pruning goes on beyond the heads that the checkpoint covers",
        file="store/sqlite_pruning.py",
        before="    reached = at_or_below(covered, rows.branches(), rows.position)\n",
        after="    reached = {key: branch.last_seq for key, branch in rows.branches().items()}\n",
        suspects=("tests/unit/store/test_sqlite_stubs.py", "tests/unit/store/test_sqlite_log.py"),
    ),
    Mutant(
        name="older-report-wins",
        what="of two seen reports of a device the older one is kept",
        file="store/seen.py",
        before="    return first.rank > second.rank\n",
        after="    return first.rank < second.rank\n",
        suspects=("tests/unit/store/test_memory.py", "tests/unit/store/test_sqlite_log.py"),
    ),
)
