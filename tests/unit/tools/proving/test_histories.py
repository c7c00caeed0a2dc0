"""Whatever two devices do apart, what each has is proven, and once they have exchanged it they agree."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.draft import Draft
from peer.library.causality import CausalPasts
from peer.library.library import Library
from peer.library.purging import purge_now
from peer.library.trashing import restore_assets, trash_assets
from store.ids import FileHash, RecordId
from tests.fleet.libraries import IN_MEMORY, give
from tests.unit.tools.folders import Pair, change, open_pair
from tools.looking.folder import look_into
from tools.proving import envelopes, replay
from tools.proving.pairs import look_into_pair
from tools.proving.progress import Unwatched
from tools.proving.proof import prove
from tools.proving.scratch import open_scratch
from tools.views.verify import Thoroughness, gather_agreement, gather_verify

PHOTOS = [RecordId.asset(FileHash(bytes([number]) * 32)) for number in (1, 2, 3)]
HERE = Thoroughness(processes=1)

Act = Callable[[Library, RecordId, int], object]


def describe(library: Library, record: RecordId, value: int) -> None:
    def import_it(draft: Draft) -> None:
        draft.set("primary", record.body * 2)
        draft.add("name", f"{value}.JPG")

    change(library, import_it, record)


def caption(library: Library, record: RecordId, value: int) -> None:
    change(library, lambda draft: draft.set("caption", f"caption {value}"), record)


def rate(library: Library, record: RecordId, value: int) -> None:
    change(library, lambda draft: draft.set("rating", value), record)


def add_keyword(library: Library, record: RecordId, value: int) -> None:
    change(library, lambda draft: draft.add("keyword", f"word {value % 2}"), record)


def remove_keyword(library: Library, record: RecordId, value: int) -> None:
    content = library.records.content(record)
    if content is not None and any(key.startswith(f"s/keyword/word {value % 2}/") for key in content.live):
        change(library, lambda draft: draft.discard("keyword", f"word {value % 2}"), record)


def trash(library: Library, record: RecordId, _: int) -> None:
    if library.records.content(record) is not None:
        trash_assets(library, [record])


def restore(library: Library, record: RecordId, _: int) -> None:
    if library.records.content(record) is not None:
        restore_assets(library, [record])


def purge(library: Library, record: RecordId, _: int) -> None:
    if library.records.content(record) is not None:
        purge_now(library, [record])


def share(library: Library, record: RecordId, value: int) -> None:
    """Another photo's file becomes a part of this one, so that listings may show the two as one."""
    change(library, lambda draft: draft.set("role:raw", PHOTOS[value % len(PHOTOS)].body * 2), record)


ACTS: list[Act] = [describe, share, caption, rate, add_keyword, remove_keyword, trash, restore, purge]
steps = st.tuples(st.sampled_from([*range(len(ACTS)), "meet", "give"]), st.booleans(), st.sampled_from(PHOTOS), st.integers(0, 5))


def live(pair: Pair, history: list[Any]) -> None:
    for act, by_phone, record, value in history:
        library, other = (pair.phone, pair.laptop) if by_phone else (pair.laptop, pair.phone)
        if act == "meet":
            pair.exchange()
        elif act == "give":
            give(library, other)
        elif not library.records.is_purged(record):
            ACTS[act](library, record, value)


@settings(max_examples=30)
@given(history=st.lists(steps, max_size=25))
def test_every_history_is_proven_and_ends_in_agreement(pair_folder: Path, history: list[Any]) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        root = Path(folder)
        shutil.copytree(pair_folder, root, dirs_exist_ok=True)
        pair = open_pair(root)
        with closing(pair), patch.object(replay, "PORTION_RECORDS", 2), patch.object(envelopes, "PORTION_ENTRIES", 3):
            live(pair, history)
            for name, library in (("laptop", pair.laptop), ("phone", pair.phone)):
                proven = look_into(root / name, lambda inspected: gather_verify(inspected, how=HERE))
                assert proven.problems == ()
                assert proven.result["libraries"][0]["replay"]["digest"] == library.records.digest().hex()
                look_into(root / name, pasts_agree)
            apart = agreement(root)
            assert apart["state"] in ("agree", "behind")
            assert apart["differing_records"] == 0
            pair.exchange()
            assert agreement(root)["state"] == "agree"


def agreement(root: Path) -> dict[str, Any]:
    look = look_into_pair(root / "laptop", root / "phone", lambda a, b: gather_agreement(a, b, how=HERE))
    assert look.problems == ()
    document: dict[str, Any] = look.result["agreement"]
    return document


def pasts_agree(inspected: Any) -> None:
    """What is found anew of causal pasts is what the device noted of them."""
    (library,) = inspected.libraries
    pasts = CausalPasts(inspected.database, library)
    with open_scratch() as scratch, inspected.database.read() as connection:
        prove(inspected, library, scratch, Unwatched(), processes=1)
        entries = connection.execute("SELECT arrival, branch, seq, name FROM log_entry ORDER BY arrival").fetchall()
        for arrival, _, _, name in entries:
            noted, found = pasts.of([name]), scratch.past(arrival)
            for other, branch, seq, _ in entries:
                is_self = other == arrival
                assert noted.contains(other) == (is_self or seq <= found.get(branch, -1))
