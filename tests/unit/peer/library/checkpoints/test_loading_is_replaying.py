"""A device that loads a checkpoint and then gets what came later is the same device, in all that it shows and in every verdict that it gives
from then on, as one that applied every entry: with forks, purges, void updates and hostile entries on either side of the checkpoint.
"""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from peer.library.checkpoints.loading import VOID_IN_CHECKPOINT
from peer.library.library import Library
from peer.library.verifying import verify
from store.entries import Entry
from tests.fleet.checkpoints import admit_by_checkpoint, prune_all, settle_one
from tests.fleet.libraries import IN_MEMORY, digest, exchange
from tests.unit.peer.library.mallory import Mallory
from tests.unit.peer.library.test_arrival_orders import harm, random_history
from tests.unit.peer.library.test_histories import listing
from tests.unit.peer.library.three import Three, make_three, waiting


def verdicts(library: Library) -> set[tuple[bytes, bytes]]:
    """All void updates, by entry and record; what was purged is left out: whether it was judged depends on the order of arrival."""
    query = "SELECT name, record FROM void JOIN past USING (arrival) WHERE record NOT IN (SELECT record FROM purged)"
    with library.database.read() as connection:
        return {(bytes(name), bytes(record)) for name, record in connection.execute(query).fetchall()}


def forked(mallory: Mallory) -> Mallory:
    """She goes on from an older entry of hers, too; under other client ids."""
    twin = copy.copy(mallory)
    twin._number += 1000 + mallory._number
    return twin


def purge_one(three: Three, chance: Random) -> None:
    library = chance.choice([three.anna, three.bert])
    records = [record for record, _ in library.records.all() if record not in (three.photo, three.other)]
    if records:
        library.change([], purges=[chance.choice(records)])


def some_history(three: Three, chance: Random) -> list[Entry]:
    before = forked(three.mallory)
    hostile = random_history(three, chance)
    if chance.random() < 0.5:
        three.anna.receive([entry.raw for entry in hostile])
        hostile.append(harm(_with(three, before), chance, three.anna, chance.choice([three.photo, three.other])))
    if chance.random() < 0.5:
        purge_one(three, chance)
    for library in (three.anna, three.bert):
        library.receive([entry.raw for entry in hostile])
    return hostile


def meet(hostile: list[Entry], *libraries: Library) -> None:
    """Everybody gets everything; what waited for something else comes again."""
    exchange(*libraries)
    for library in libraries:
        library.receive([entry.raw for entry in hostile])
    exchange(*libraries)


def _with(three: Three, mallory: Mallory) -> Three:
    return Three(anna=three.anna, bert=three.bert, mallory=mallory, photo=three.photo, other=three.other)


@given(st.integers(0, 1 << 32))
@settings(max_examples=8)
def test_a_device_that_loads_is_one_that_replayed_everything(seed: int) -> None:
    chance = Random(seed)
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder, make_three(Path(folder)) as three:
        anna, bert = three.anna, three.bert
        some_history(three, chance)
        exchange(anna, bert)
        if chance.random() < 0.5:
            some_history_of_bert_alone(three, chance)
        assert settle_one(anna, bert) is not None
        if chance.random() < 0.5:
            prune_all(anna, bert)
        late = admit_by_checkpoint(anna, Path(folder) / "late")
        assert late.log.figures().stubs
        later = some_history(three, chance)
        meet(later, anna, bert, late)
        for library in (bert, late):
            assert digest(library) == digest(anna)
            assert listing(library) == listing(anna)
            assert verdicts(library) == verdicts(anna)
            assert waiting(library) == []
            problems = verify(library, deep=library is late).problems
            assert problems == [], problems
        assert late.log.heads() == anna.log.heads()
        assert VOID_IN_CHECKPOINT not in {reason for name, reason in reasons(late) if name in {entry.name for entry in later}}
        late.close()


def some_history_of_bert_alone(three: Three, chance: Random) -> None:
    """What the one who compares has beyond the checkpoint."""
    alone = Three(anna=three.bert, bert=three.bert, mallory=three.mallory, photo=three.photo, other=three.other)
    hostile = random_history(alone, chance)
    three.bert.receive([entry.raw for entry in hostile])
    if chance.random() < 0.5:
        purge_one(alone, chance)


def reasons(library: Library) -> list[tuple[bytes, str]]:
    with library.database.read() as connection:
        return [
            (bytes(name), reason)
            for name, reason in connection.execute("SELECT name, reason FROM void JOIN past USING (arrival)").fetchall()
        ]


@given(st.integers(0, 1 << 32))
@settings(max_examples=5)
def test_checkpoints_of_checkpoints(seed: int) -> None:
    """Who began with one writes the next, and what came in between is pruned everywhere."""
    chance = Random(seed)
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder, make_three(Path(folder)) as three:
        anna, bert = three.anna, three.bert
        some_history(three, chance)
        exchange(anna, bert)
        assert settle_one(anna, bert) is not None
        prune_all(anna, bert)
        late = admit_by_checkpoint(bert, Path(folder) / "late")
        later = some_history(three, chance)
        meet(later, anna, bert, late)
        assert settle_one(late, anna, bert) is not None
        assert prune_all(anna, bert, late) > 0
        newest = admit_by_checkpoint(late, Path(folder) / "newest", seed=10)
        exchange(anna, newest)
        assert digest(newest) == digest(anna) == digest(late)
        assert listing(newest) == listing(bert)
        assert verdicts(newest) == verdicts(bert)
        newest.close()
        late.close()
