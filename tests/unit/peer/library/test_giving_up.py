"""The deed itself: never a file lost without promises, whatever happens between its steps."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crdt.facts import Policy
from peer.library import giving_up
from peer.library.giving_up import candidates, finish_giving_up, forget_old_promises, give_up
from peer.library.library import Library
from peer.library.policies import set_policy
from peer.library.promises import Promise
from peer.library.verifying import verify
from store.ids import BlobId, DeviceId, FileHash, StoreId
from tests.fleet.libraries import MovedClock, add_original, admit, content_of, file_of, make_library

DAY_MS = 24 * 3_600_000
STORE = StoreId(b"s" * 16)


class PowerCutError(Exception):
    """Nothing after this happened."""


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def library(tmp_path: Path, clock: MovedClock) -> Iterator[Library]:
    library = make_library(tmp_path / "anna", clock=clock)
    relay = library.nodes.add("http://127.0.0.1:1", bytes(32))
    library.nodes.met(relay.number, STORE, clock.now())
    set_policy(library, Policy(keep="thumbnails"))
    yield library
    library.close()


def promise(library: Library, label: str, *, node: int = 1, store: StoreId = STORE) -> dict[FileHash, list[Promise]]:
    now = library.clock.now()
    return {file_of(label): [Promise(file=file_of(label), node=node, store=store, verified=now, until=now + 7 * DAY_MS)]}


def test_a_file_goes_with_its_folder_and_is_noted(library: Library) -> None:
    add_original(library, "sea")
    assert give_up(library, promise(library, "sea"), disk_is_short=False) == len(content_of("sea"))
    assert list(library.folder.originals.iterdir()) == []
    assert library.held.get(file_of("sea")) is None
    assert verify(library).problems == []


def test_a_folder_with_something_else_in_it_stays(library: Library) -> None:
    add_original(library, "sea")
    (library.folder.originals / "notes.txt").write_text("mine")
    give_up(library, promise(library, "sea"), disk_is_short=False)
    assert [path.name for path in library.folder.originals.iterdir()] == ["notes.txt"]


WRONG: list[tuple[str, Callable[[Library], dict[FileHash, list[Promise]]]]] = [
    ("no promise", lambda library: {file_of("sea"): []}),
    ("the stores are others now", lambda library: promise(library, "sea", store=StoreId(b"t" * 16))),
    ("no such node", lambda library: promise(library, "sea", node=99)),
]


@pytest.mark.parametrize("promised", [each for _, each in WRONG], ids=[name for name, _ in WRONG])
def test_a_file_stays_without_a_promise(library: Library, promised: Callable[[Library], dict[FileHash, list[Promise]]]) -> None:
    _, path = add_original(library, "sea")
    assert give_up(library, promised(library), disk_is_short=True) == 0
    assert path.exists()


@pytest.mark.parametrize("days", [-1, 8])
def test_a_promise_of_another_time_is_worth_nothing(library: Library, clock: MovedClock, days: int) -> None:
    _, path = add_original(library, "sea")
    promised = promise(library, "sea")
    clock.pass_by(days * DAY_MS)
    assert give_up(library, promised, disk_is_short=True) == 0
    assert path.exists()


STAYS: list[tuple[str, str]] = [
    ("pinned", "INSERT INTO pinned SELECT record FROM asset"),
    ("asked for", "UPDATE held SET stays = (SELECT {now} + 1000)"),
    ("still to be sent", "INSERT INTO upload (node, blob, file, segment, size, priority) SELECT 1, zeroblob(32), file, 0, 1, 3 FROM held"),
    ("still to be placed", "UPDATE held SET incoming = 'x'"),
    ("a preview is to be made of it", "INSERT INTO preview_wanted SELECT record, primary_file FROM asset"),
    ("promised to others", "INSERT INTO blob_promise SELECT blob, {now} + 1000 FROM blob_segment"),
    ("no photo needs it", "DELETE FROM asset_file"),
]


@pytest.mark.parametrize("statement", [statement for _, statement in STAYS], ids=[name for name, _ in STAYS])
def test_what_has_a_reason_to_stay_stays(library: Library, clock: MovedClock, statement: str) -> None:
    _, path = add_original(library, "sea")
    assert [each.file for each in candidates(library, disk_is_short=False)] == [file_of("sea")]
    with library.database.write() as connection:
        connection.execute(statement.format(now=clock.now()))
    assert list(candidates(library, disk_is_short=False)) == []
    assert give_up(library, promise(library, "sea"), disk_is_short=False) == 0
    assert path.exists()


@pytest.mark.parametrize(("policy", "hours"), [(Policy(keep="thumbnails"), 24), (Policy(keep="optimize", budget=0), 1)])
def test_what_was_asked_for_stays_for_a_while_unless_the_disk_runs_full(
    library: Library, clock: MovedClock, policy: Policy, hours: int
) -> None:
    add_original(library, "sea")
    set_policy(library, policy)
    library.held.use(file_of("sea"), clock.now(), stays=clock.now() + DAY_MS)
    clock.pass_by(hours * 3_600_000 - 1)
    assert list(candidates(library, disk_is_short=False)) == []
    assert list(candidates(library, disk_is_short=True)) != []
    clock.pass_by(1)
    assert list(candidates(library, disk_is_short=False)) != []


def test_a_clock_that_was_years_ahead_keeps_nothing_for_years(library: Library, clock: MovedClock) -> None:
    add_original(library, "sea")
    clock.pass_by(800 * DAY_MS)
    library.held.use(file_of("sea"), clock.now(), stays=clock.now() + DAY_MS)
    clock.pass_by(-800 * DAY_MS)
    assert list(candidates(library, disk_is_short=False)) != []


def test_what_was_changed_by_hand_stays(library: Library) -> None:
    _, path = add_original(library, "sea")
    os.utime(path, ns=(1, 1))
    assert give_up(library, promise(library, "sea"), disk_is_short=False) == 0
    assert path.exists()


def test_the_policy_everything_gives_nothing_up(library: Library) -> None:
    _, path = add_original(library, "sea")
    set_policy(library, Policy(keep="everything"))
    assert give_up(library, promise(library, "sea"), disk_is_short=True) == 0
    assert path.exists()


def test_two_devices_count_only_without_a_relay_and_only_as_members_that_keep_everything(library: Library, tmp_path: Path) -> None:
    _, path = add_original(library, "sea")
    others = [admit(library, tmp_path / name, name=name, seed=seed) for seed, name in enumerate(("bert", "carl"), start=2)]
    promised: list[Promise] = []
    for other in others:
        node = library.nodes.add_peer(other.device, other.keys.signing_key)
        library.nodes.met(node.number, STORE, library.clock.now())
        promised += promise(library, "sea", node=node.number)[file_of("sea")]
    assert give_up(library, {file_of("sea"): promised}, disk_is_short=False) == 0  # there is a relay, that didn't promise
    library.nodes.remove("http://127.0.0.1:1")
    assert give_up(library, {file_of("sea"): promised[:1] * 2}, disk_is_short=False) == 0  # one of them twice
    with library.database.write() as connection:
        connection.execute("UPDATE device SET policy = 'optimize' WHERE name = 'bert'")
    assert give_up(library, {file_of("sea"): promised}, disk_is_short=False) == 0
    with library.database.write() as connection:
        connection.execute("UPDATE device SET policy = 'everything' WHERE name = 'bert'")
    assert path.exists()
    assert give_up(library, {file_of("sea"): promised}, disk_is_short=False) > 0
    for other in others:
        other.close()


def cut_before_unlinking(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(path: Path) -> None:
        raise PowerCutError

    monkeypatch.setattr(giving_up, "discard", cut)


def cut_after_unlinking(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(folder: Path) -> None:
        raise PowerCutError

    monkeypatch.setattr(giving_up, "sync_folder", cut)


def test_killed_before_the_file_was_unlinked_it_is_taken_in_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = add_original(library, "sea")
    with monkeypatch.context() as patched:
        cut_before_unlinking(patched)
        with pytest.raises(PowerCutError):
            give_up(library, promise(library, "sea"), disk_is_short=False)
    assert library.held.get(file_of("sea")) is None
    assert finish_giving_up(library) == 1
    held = library.held.get(file_of("sea"))
    assert held is not None
    assert held.untouched(library.folder.root)
    assert path.read_bytes() == content_of("sea")
    assert finish_giving_up(library) == 0
    assert give_up(library, promise(library, "sea"), disk_is_short=False) > 0


def test_killed_after_it_was_unlinked_it_is_gone_for_good(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = add_original(library, "sea")
    with monkeypatch.context() as patched:
        cut_after_unlinking(patched)
        with pytest.raises(PowerCutError):
            give_up(library, promise(library, "sea"), disk_is_short=False)
    assert finish_giving_up(library) == 0
    assert not path.exists()
    assert library.held.get(file_of("sea")) is None


def test_a_leftover_of_something_that_came_again_meanwhile_goes(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = add_original(library, "sea")
    with monkeypatch.context() as patched:
        cut_before_unlinking(patched)
        with pytest.raises(PowerCutError):
            give_up(library, promise(library, "sea"), disk_is_short=False)
    elsewhere = path.with_name("again.jpg")
    path.rename(elsewhere)
    elsewhere.write_bytes(content_of("sea"))
    os.link(elsewhere, path)
    status = elsewhere.stat()
    with library.database.write() as connection:  # what an import of the same bytes recorded
        connection.execute(
            "INSERT INTO held (file, kind, path, size, mtime_ns, inode) VALUES (?, 'original', ?, ?, ?, ?)",
            (file_of("sea"), os.fsencode(elsewhere.relative_to(library.folder.root)), status.st_size, status.st_mtime_ns, status.st_ino),
        )
        connection.execute("UPDATE evicted SET mtime_ns = ?, inode = ?", (status.st_mtime_ns, status.st_ino))
    assert finish_giving_up(library) == 0
    assert not path.exists()
    assert elsewhere.exists()


def test_what_somebody_else_put_in_its_place_is_left_alone(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = add_original(library, "sea")
    with monkeypatch.context() as patched:
        cut_before_unlinking(patched)
        with pytest.raises(PowerCutError):
            give_up(library, promise(library, "sea"), disk_is_short=False)
    path.unlink()
    path.write_bytes(b"something of mine")
    assert finish_giving_up(library) == 0
    assert path.read_bytes() == b"something of mine"


def test_a_file_that_cannot_be_unlinked_stays_held(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = add_original(library, "sea")
    monkeypatch.setattr(giving_up, "discard", lambda path: None)
    give_up(library, promise(library, "sea"), disk_is_short=False)
    assert path.exists()
    assert library.held.get(file_of("sea")) is not None


def test_a_device_that_was_removed_gives_nothing_up(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = add_original(library, "sea")
    monkeypatch.setattr(Library, "device", DeviceId(bytes(16)))
    assert give_up(library, promise(library, "sea"), disk_is_short=False) == 0
    assert path.exists()


def test_promises_that_bind_nobody_are_forgotten(library: Library, clock: MovedClock) -> None:
    with library.database.write() as connection:
        connection.execute("INSERT INTO blob_promise VALUES (?, ?)", (BlobId(bytes(32)), clock.now() + DAY_MS))
    forget_old_promises(library)
    clock.pass_by(40 * DAY_MS)
    library.hlc.discipline(-40 * DAY_MS)  # a relay says that it is still then
    forget_old_promises(library)
    with library.database.read() as connection:
        assert connection.execute("SELECT count(*) FROM blob_promise").fetchone()[0] == 1
    library.hlc.discipline(0)
    forget_old_promises(library)
    with library.database.read() as connection:
        assert connection.execute("SELECT count(*) FROM blob_promise").fetchone()[0] == 0
