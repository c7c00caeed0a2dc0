"""Bugs that give up what nobody else keeps: on devices with small disks, and on relays that delete what was released."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

EVICTING = "tests/unit/peer/engine/test_evicting.py"
GIVING_UP = "tests/unit/peer/library/test_giving_up.py"
EVICTION = "tests/unit/peer/library/test_eviction.py"
RELEASING = "tests/unit/relay/test_releasing.py"

STORAGE = (
    Mutant(
        name="evicted-without-promise",
        what="an original is given up although no relay promised to keep it",
        file="peer/library/promises.py",
        before="return relays >= RELAYS_ENOUGH or",
        after="return relays >= 0 or",
        suspects=(GIVING_UP, EVICTING, EVICTION),
    ),
    Mutant(
        name="one-device-is-enough",
        what="two devices give up the same original, each because the other has it",
        file="peer/library/promises.py",
        before="devices >= DEVICES_ENOUGH",
        after="devices >= 1",
        suspects=(GIVING_UP, EVICTING, EVICTION),
    ),
    Mutant(
        name="promise-of-other-stores",
        what="what a relay promised before it was restored still counts",
        file="peer/library/giving_up.py",
        before="nodes[each.node].store == each.store and each.is_open(now)",
        after="each.is_open(now)",
        suspects=(GIVING_UP, EVICTING),
    ),
    Mutant(
        name="promised-and-evicted",
        what="a device gives up what it promised another one to keep",
        file="peer/library/giving_up.py",
        before=(
            "    AND NOT EXISTS (SELECT 1 FROM blob_segment JOIN blob_promise USING (blob) WHERE blob_segment.file = held.file AND until > :bound)\n"
        ),
        after="",
        suspects=(GIVING_UP, EVICTING),
    ),
    Mutant(
        name="not-uploaded-and-evicted",
        what="an original goes while it is still to be sent",
        file="peer/library/giving_up.py",
        before="    AND NOT EXISTS (SELECT 1 FROM upload WHERE upload.file = held.file)\n",
        after="",
        suspects=(GIVING_UP, EVICTING),
    ),
    Mutant(
        name="proof-not-compared",
        what="any answer of a node passes for the proof that it has a blob",
        file="peer/library/proving.py",
        before="    return hmac.compare_digest(hashlib.sha256(nonce + sealed).digest(), proof)\n",
        after="    return bool(sealed)\n",
        suspects=(EVICTING, GIVING_UP),
    ),
    Mutant(
        name="entry-not-there",
        what="an original is given up to a relay that doesn't have the entry that says how to get it back",
        file="peer/engine/promising.py",
        before="        if not await self._run(stores_all_of_ours, self._library, heads):\n            return None\n",
        after="",
        suspects=(EVICTING,),
    ),
    Mutant(
        name="changed-by-hand-and-evicted",
        what="a file that a person changed is deleted as if it was the original",
        file="peer/library/giving_up.py",
        before="row is not None and held.untouched(library.folder.root) and",
        after="row is not None and",
        suspects=(GIVING_UP, EVICTING),
    ),
    Mutant(
        name="relay-waits-for-nobody",
        what="a relay deletes a blob before a device that may need it has heard of the release",
        file="store/releases.py",
        before="    return Obstacle.UNSEEN if unseen else None\n",
        after="    return None\n",
        suspects=(RELEASING,),
    ),
    Mutant(
        name="relay-does-not-wait-a-day",
        what="a relay deletes a blob as soon as everybody has seen the release",
        file="store/releases.py",
        before="return WAIT_MS + STEP_MS if self.since is None else max(0, self.since + WAIT_MS + STEP_MS - running)",
        after="return 0",
        suspects=(RELEASING,),
    ),
    Mutant(
        name="claim-cancels-nothing",
        what="a relay deletes a blob although somebody claimed it",
        file="store/releases.py",
        before="        if name in arrivals:\n            found.add(name)\n",
        after="        found.update(arrivals)\n",
        suspects=(RELEASING,),
    ),
    Mutant(
        name="checkpoint-blob-deleted",
        what="a relay deletes a blob of the checkpoint that new devices begin with",
        file="store/releases.py",
        before="    if blob in circumstances.kept:\n        return Obstacle.CHECKPOINT\n",
        after="",
        suspects=(RELEASING,),
    ),
    Mutant(
        name="promised-blob-deleted",
        what="a relay deletes a blob that it promised to keep",
        file="store/releases.py",
        before="    return Obstacle.PROMISE if is_promised else None\n",
        after="    return None\n",
        suspects=(RELEASING,),
    ),
)
