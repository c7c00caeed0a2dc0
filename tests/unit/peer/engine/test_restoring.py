"""The drill: all devices are gone; a relay and twenty-four words bring everything back."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from trio.testing import MockClock

from peer.engine import restorer as restorer_module
from peer.engine.connecting import session_of
from peer.engine.exchanging import push_all
from peer.engine.restorer import Restorer
from peer.errors import NotAllowedError, UnreachableNodeError, UsageError
from peer.keys.master import MasterKeys
from peer.keys.phrase import new_phrase
from peer.layout import LibraryFolder
from peer.library.albums import add_to_album, create_album
from peer.library.conflicts import all_conflicts
from peer.library.devices import device_rows
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.removing import find_devices, remove_devices
from peer.library.verifying import verify
from relay.api import SyncApi
from relay.errors import UnreachableError
from relay.pruning import prune_library
from store.ids import RecordId, RecordKind
from tests.fleet.libraries import add_photo, digest, edit
from tests.fleet.node import URL, FakeClock, LocalNode, call_directly, make_node
from tests.fleet.peers import found_with_phrase, join, sync
from tests.unit.peer.engine.test_checkpoints import introduce, let_run, write_many


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def node(clock: FakeClock) -> LocalNode:
    return make_node(clock)


def restorer(folder: Path, phrase: str, node: LocalNode, clock: FakeClock, *, seed: int = 30) -> Restorer:
    def reach(address: str) -> AbstractAsyncContextManager[SyncApi]:
        assert address == URL
        return reached(node)

    return Restorer(
        folder=LibraryFolder(folder),
        master=MasterKeys.from_phrase(phrase),
        name="found again",
        reach=reach,
        clock=clock,
        randomness=Random(seed).randbytes,
        run_blocking=call_directly,
    )


@asynccontextmanager
async def reached(node: LocalNode) -> AsyncIterator[SyncApi]:
    if not node.reachable:
        raise UnreachableError("the relay is away")
    yield node.service


async def test_everything_comes_back_from_the_relay_and_the_phrase(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one, phrase = await found_with_phrase(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    sea, lake = add_photo(one, "sea"), add_photo(two, "lake")
    for library in (one, two, one):
        await sync(library, node)
    album = create_album(one, "Sweden")
    add_to_album(one, album, [sea, lake])
    edit(one, sea, rating=4, edit_exposure=20)
    edit(two, sea, rating=2)
    three = await join(tmp_path / "three", one, node, clock, name="three", seed=9)
    for library in (one, two, three):
        await sync(library, node)
    remove_devices(one, find_devices(one, ["three"]))
    edit(one, lake, caption="under the new key")
    for library in (one, two, one):
        await sync(library, node)
    before, conflicts = digest(one), [conflict.to_json() for conflict in all_conflicts(one)]
    assert conflicts
    albums = Queries(one.database).albums()
    old = {one.device, two.device}
    for library in (one, two, three):
        library.close()
        shutil.rmtree(library.folder.root)

    restored = await restorer(tmp_path / "new", phrase, node, clock).restore(URL)
    assert restored.waiting_count() == 0
    assert [conflict.to_json() for conflict in all_conflicts(restored)] == conflicts
    assert Queries(restored.database).albums() == albums
    assert Queries(restored.database).count() == (2, 0)
    assert restored.roster().devices.keys() == {*old, restored.device}
    assert without_itself(restored) == before
    assert verify(restored, deep=True).problems == []
    restored.close()

    again = Library.open(LibraryFolder(tmp_path / "new"), clock=clock, randomness=Random(31).randbytes)
    edit(again, sea, rating=5)
    engine = await sync(again, node)
    assert engine.reached
    remove_devices(again, find_devices(again, ["one", "two"]))
    await sync(again, node)
    assert {row["name"]: row["member"] for row in device_rows(again)} == {"found again": True, "one": False, "two": False, "three": False}
    other = await restorer(tmp_path / "second", phrase, node, clock, seed=33).restore(URL)
    await sync(again, node)
    await sync(other, node)
    assert digest(other) == digest(again)
    other.close()
    again.close()


def without_itself(library: Library) -> str:
    """The digest without the record in which the new device describes itself."""
    own = library.records.stored_digest(RecordId.make(RecordKind.DEVICE, library.device))
    assert own is not None
    return bytes(library.records.digest().remove(own)).hex()


async def test_old_devices_that_live_on_follow(tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock) -> None:
    one, phrase = await found_with_phrase(tmp_path / "one", node, clock)
    photo = add_photo(one, "sea")
    await sync(one, node)
    restored = await restorer(tmp_path / "new", phrase, node, clock).restore(URL)
    edit(restored, photo, rating=3)
    await sync(restored, node)
    await sync(one, node)
    assert digest(one) == digest(restored)
    restored.close()
    one.close()


async def test_a_phrase_of_another_library_is_a_sentence_and_leaves_nothing(tmp_path: Path, clock: FakeClock, node: LocalNode) -> None:
    one, _ = await found_with_phrase(tmp_path / "one", node, clock)
    with pytest.raises(NotAllowedError, match="no library of this recovery phrase"):
        await restorer(tmp_path / "new", new_phrase(Random(5).randbytes), node, clock).restore(URL)
    assert not (tmp_path / "new").exists()
    one.close()


async def test_a_folder_that_holds_a_library_is_refused(tmp_path: Path, clock: FakeClock, node: LocalNode) -> None:
    one, phrase = await found_with_phrase(tmp_path / "one", node, clock)
    with pytest.raises(UsageError, match="holds a library already"):
        await restorer(tmp_path / "one", phrase, node, clock).restore(URL)
    one.close()


async def test_a_restore_that_breaks_off_is_begun_again(
    tmp_path: Path, clock: FakeClock, node: LocalNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, phrase = await found_with_phrase(tmp_path / "one", node, clock)
    photo = add_photo(one, "sea")
    await push_all(one, session_of(one, node.service, one.nodes.all()[0]), call_directly)
    node.reachable = False
    with pytest.raises(UnreachableNodeError, match="could not be reached"):
        await restorer(tmp_path / "new", phrase, node, clock).restore(URL)
    node.reachable = True
    with monkeypatch.context() as patch:
        patch.setattr(restorer_module, "push_all", _breaks_off)
        with pytest.raises(UnreachableNodeError):
            await restorer(tmp_path / "new", phrase, node, clock).restore(URL)
    restored = await restorer(tmp_path / "new", phrase, node, clock, seed=32).restore(URL)
    assert restored.records.content(photo) is not None
    restored.close()
    one.close()


async def test_a_relay_that_gave_entries_up_restores_from_the_checkpoint(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one, phrase = await found_with_phrase(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    three = await join(tmp_path / "three", one, node, clock, name="three", seed=9)
    await introduce(node, one, two, three)
    edit(three, add_photo(three, "sea"), rating=4)
    await sync(three, node)
    await sync(one, node)
    remove_devices(one, [three.device])
    write_many(one)
    await let_run((one, node), (two, node))
    (settled,) = one.log.settled()
    assert settled.acknowledged_by == {one.device, two.device}
    assert (await prune_library(node.parts, one.id)).entries > 20
    add_photo(two, "lake")
    await sync(two, node)
    before = digest(two)
    for library in (one, two, three):
        library.close()
        shutil.rmtree(library.folder.root)
    restored = await restorer(tmp_path / "new", phrase, node, clock).restore(URL)
    assert restored.log.figures().stubs > 20
    assert without_itself(restored) == before
    assert Queries(restored.database).count() == (2, 0)
    add_photo(restored, "river")
    await sync(restored, node)
    assert verify(restored, deep=True).problems == []
    restored.close()


async def _breaks_off(*_: object) -> None:
    raise UnreachableError("the cable was pulled")
