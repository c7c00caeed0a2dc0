"""A bundle shows the same conflicts as the library that it was made of, and nothing of what stands in that."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.layout import LibraryFolder
from peer.library.conflicts import all_conflicts
from peer.library.library import Library
from peer.library.purging import purge_now
from peer.library.trashing import trash_assets
from store.ids import RecordId
from tests.fleet.checkpoints import prune_all, settle_one
from tests.fleet.disks import Machine
from tests.fleet.libraries import IN_MEMORY, MovedClock, add_photo, admit, edit, exchange, make_library
from tests.unit.tools.bundling.likeness import likeness
from tests.unit.tools.bundling.scanning import SHORTEST, SHORTEST_IN_NOISE, found, opened_bodies, texts_in
from tests.unit.tools.bundling.troubled import SECRETS, VOID, make_troubled
from tests.unit.tools.folders import fill_relay, open_pair, raws_of
from tests.unit.tools.proving.test_histories import live, steps
from tests.unit.tools.running import Inspect
from tools.bundling import making
from tools.bundling.container import unpack
from tools.bundling.errors import CannotBeMadeAgainError, DifferentError
from tools.bundling.making import Bundle, make_bundle
from tools.bundling.opening import OpenedBundle, open_bundle
from tools.looking.folder import look_into


def made_of(folder: Path, *records: str, contents: bool = False) -> Bundle:
    return look_into(folder, partial(make_bundle, records=records, contents=contents, random=os.urandom)).result


def brought(bundle: Bundle, root: Path) -> tuple[OpenedBundle, Path]:
    """The bundle, as somebody else opens it."""
    file, folder = root / "bundle.zip", root / "brought"
    file.write_bytes(bundle.content)
    return open_bundle(file, folder), folder


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders ``anna`` and ``bert``, closed."""
    root = tmp_path_factory.mktemp("troubled")
    for library in make_troubled(root):
        library.close()
    return root


@pytest.fixture(params=["anna", "bert"])
def device(request: pytest.FixtureRequest, troubled: Path) -> Path:
    return troubled / str(request.param)


# The same


def test_every_decision_is_the_same(device: Path, tmp_path: Path) -> None:
    opened, folder = brought(made_of(device), tmp_path)
    assert opened.is_as_made
    original, other = likeness(device), likeness(folder)
    assert other == original
    reasons = {reason for *_, reason in other["void"]}
    assert reasons >= VOID.keys()
    assert {code for _, code, _ in other["waiting"]} >= {"removed", "version", "key"}
    assert {each[0] for each in map(json.loads, other["records"])} == {"ASSET", "ALBUM", "DEVICE", "LIBRARY"}


def test_open_conflicts_are_the_same(device: Path, tmp_path: Path) -> None:
    _, folder = brought(made_of(device), tmp_path)

    def outlined(root: Path) -> list[Any]:
        with closing(Library.open(LibraryFolder(root))) as library:
            return sorted(
                (each.record.kind, each.field, each.kind, len(each.others), len(each.winner.changed)) for each in all_conflicts(library)
            )

    copy = tmp_path / "copy"
    shutil.copytree(device, copy)
    assert outlined(folder) == outlined(copy)
    assert outlined(folder)


@settings(max_examples=20)
@given(history=st.lists(steps, max_size=30))
def test_whatever_two_devices_did(pair_folder: Path, history: list[Any]) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as temporary:
        root = Path(temporary)
        shutil.copytree(pair_folder, root, dirs_exist_ok=True)
        pair = open_pair(root)
        with closing(pair):
            live(pair, history)
            pair.exchange()
        opened, folder = brought(made_of(root / "laptop"), root)
        assert opened.is_as_made
        assert likeness(folder) == likeness(root / "laptop")


@settings(max_examples=8)
@given(writers=st.lists(st.integers(0, 2), min_size=2, max_size=10))
def test_of_equal_stamps_the_same_writer_wins(writers: list[int]) -> None:
    """Nobody has seen anybody, and all clocks say the same."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as temporary:
        root, clock = Path(temporary), MovedClock()
        anna = make_library(root / "anna", clock=clock)
        devices = [anna, *(admit(anna, root / name, name=name, seed=seed, clock=clock) for seed, name in enumerate(("bert", "carla"), 5))]
        photo = add_photo(anna, "sea")
        exchange(*devices)
        for number in writers:
            edit(devices[number], photo, caption=f"caption {number}", edit_exposure=number)
        exchange(*devices)
        for each in devices:
            each.close()
        opened, folder = brought(made_of(root / "anna"), root)
        assert opened.is_as_made
        assert likeness(folder) == likeness(root / "anna")


def test_a_log_that_a_clone_went_on_in_forks_again(tmp_path: Path) -> None:
    clock = MovedClock()
    machine = Machine(tmp_path / "machine")
    make_library(machine.folder.root, clock=clock).close()
    first = machine.open(clock)
    photo = add_photo(first, "sea")
    first.close()
    shutil.copytree(machine.root, tmp_path / "backup")
    clone = Machine(tmp_path / "backup")
    with closing(Library.open(machine.folder, clock=clock)) as first, closing(clone_without_notes(clone, clock)) as second:
        edit(first, photo, caption="one", rating=1)
        edit(second, photo, caption="other", rating=2)
        exchange(first, second)
    original = likeness(machine.folder.root)
    _, folder = brought(made_of(machine.folder.root), tmp_path)
    assert likeness(folder) == original


def clone_without_notes(machine: Machine, clock: MovedClock) -> Library:
    """A copy that doesn't know that it is one."""
    with closing(sqlite3.connect(machine.folder.database)) as connection:
        connection.execute("UPDATE meta SET value = x'' WHERE key = 'instance'")
        connection.commit()
    return Library.open(machine.folder, clock=clock)


def test_entries_that_were_given_up_still_do_what_is_left_of_their_work(tmp_path: Path) -> None:
    clock = MovedClock()
    anna = make_library(tmp_path / "anna", clock=clock)
    bert = admit(anna, tmp_path / "bert", clock=clock)
    photo, gone = add_photo(anna, "sea"), add_photo(bert, "gone")
    exchange(anna, bert)
    for library, caption in ((anna, "one"), (bert, "other")):
        edit(library, photo, caption=caption)
        edit(library, photo, rating=len(caption))
    edit(bert, photo, rating=1)
    trash_assets(bert, [gone])
    exchange(anna, bert)
    purge_now(anna, [gone])
    exchange(anna, bert)
    settle_one(anna, bert)
    assert prune_all(anna, bert)
    edit(bert, photo, rating=2)
    exchange(anna, bert)
    for library in (anna, bert):
        library.close()
    for name in ("anna", "bert"):
        bundle = made_of(tmp_path / name)
        assert bundle.manifest.counts["given_up"] > 5
        _, folder = brought(bundle, tmp_path / name)
        original, other = (likeness(root, with_gone=False) for root in (tmp_path / name, folder))
        assert other == original


def test_all_views_work_on_what_was_brought(inspect: Inspect, troubled: Path, tmp_path: Path) -> None:
    _, folder = brought(made_of(troubled / "anna"), tmp_path)
    for words in (["status"], ["heads"], ["pending"], ["dag"], ["conflicts"], ["verify"]):
        said = inspect(*words, "--library", folder, "--json")
        assert (said.code, said.err) == (0, ""), (words, said)


# Nothing of the original


def private_pieces(folder: Path) -> set[str | bytes]:
    """All that people wrote, and every id, key and hash in the folder; without what is the same in every library."""
    pieces: set[str | bytes] = set(SECRETS)
    with closing(Library.open(LibraryFolder(folder))) as library:
        pieces |= {library.id, library.device, library.keys.signing_private, library.keys.wrapping.private, library.keys.signing_key}
        pieces |= {epoch.secret for epoch in library.keyring().values()} | set(library.keyring())
        for arrived in library.log.after(0, limit_bytes=1 << 30):
            pieces |= {arrived.entry.name, arrived.entry.log, arrived.entry.signature, arrived.entry.body[-32:]}
        for record, _ in library.records.all():
            content = library.records.content(record)
            assert content is not None
            pieces |= {record.body, *content.live, *(bytes(cell.stamp) for cell in content.live.values())}
            pieces.update(cell.value for cell in content.live.values() if isinstance(cell.value, (str, bytes)))
    return {
        piece for piece in pieces if len(piece) >= SHORTEST and any(piece.encode("utf-8", "replace") if isinstance(piece, str) else piece)
    } - COMMON


COMMON: set[str | bytes] = {"photo", "image/jpeg"}


def test_nothing_of_the_original_is_in_it(device: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(device, copy)
    pieces = private_pieces(copy)
    assert len(pieces) > 300
    bundle = made_of(device)
    _, folder = brought(bundle, tmp_path)
    files = unpack(tmp_path / "bundle.zip")
    readable = [files["MANIFEST.json"], files["README.txt"]]
    with closing(Library.open(LibraryFolder(folder))) as library:
        readable += opened_bodies(library)
        readable += [secret for epoch in library.keyring().values() for secret in (epoch.secret,)]
    readable += [text.encode("utf-8", "surrogateescape") for text in texts_in(folder) if isinstance(text, str)]
    assert found(pieces, readable, shortest=SHORTEST) == set()
    noise = [bundle.content, *files.values(), *(each for each in texts_in(folder) if isinstance(each, bytes))]
    assert found(pieces, noise, shortest=SHORTEST_IN_NOISE) == set()


def test_the_search_finds_what_is_there(device: Path, tmp_path: Path) -> None:
    """The same search over a bundle with contents finds them."""
    copy = tmp_path / "copy"
    shutil.copytree(device, copy)
    _, folder = brought(made_of(device, contents=True), tmp_path)
    with closing(Library.open(LibraryFolder(folder))) as library:
        readable = list(opened_bodies(library))
        keys = {library.keys.signing_private}
    pieces = private_pieces(copy)
    assert len(found(pieces, readable, shortest=SHORTEST)) > 40
    with closing(Library.open(LibraryFolder(copy))) as original:
        secrets: set[str | bytes] = {original.keys.signing_private, original.id, *(epoch.secret for epoch in original.keyring().values())}
    assert found(secrets, [*readable, *unpack(tmp_path / "bundle.zip").values()], shortest=SHORTEST_IN_NOISE) == set()
    assert not keys & secrets


def test_two_bundles_of_one_library_have_no_name_in_common(troubled: Path) -> None:
    one, other = (made_of(troubled / "anna").manifest.shows for _ in range(2))
    assert one is not None
    assert other is not None
    assert one.pop("digest") != other.pop("digest")
    assert one == other


# Only some records


def test_of_one_record_only_its_writes_are_taken_along(troubled: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(LibraryFolder(troubled / "anna").database)) as connection:
        rows = connection.execute("SELECT record FROM asset WHERE conflicts > 0").fetchall()
    photo = RecordId(rows[0][0])
    bundle = made_of(troubled / "anna", photo.body.hex())
    _, folder = brought(bundle, tmp_path)
    (name,) = bundle.manifest.records
    original, other = likeness(troubled / "anna"), likeness(folder)
    assert other["entries"] == original["entries"]
    with closing(Library.open(LibraryFolder(folder))) as library:
        touched = {record for record, _ in library.records.all()}
        assert {record.kind.name for record in touched} == {"ASSET", "DEVICE"}
        assert [record.body.hex() for record in touched if record.kind.name == "ASSET"] == [name.partition(":")[2]]
        for body in opened_bodies(library):
            assert b"title" not in body
    assert {record for record in other["records"] if '"ASSET"' in record} <= set(original["records"])


# Not written


def test_what_comes_out_otherwise_is_not_written(inspect: Inspect, troubled: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(troubled / "anna", copy)
    with closing(sqlite3.connect(LibraryFolder(copy).database)) as connection:
        connection.execute("DELETE FROM record WHERE record IN (SELECT record FROM record WHERE hex(record) LIKE '01%' LIMIT 1)")
        connection.commit()
    said = inspect("bundle", tmp_path / "b.zip", "--anonymize", "--library", copy, "--json")
    assert (said.code, said.out) == (3, "")
    assert "there are other records" in said.err
    assert not (tmp_path / "b.zip").exists()


def test_what_still_holds_a_piece_of_the_original_is_not_written(troubled: Path) -> None:
    with (
        patch.object(making, "found_again", return_value=1),
        patch.object(making, "TRIES", 1),
        pytest.raises(DifferentError, match="1 pieces of the original"),
    ):
        made_of(troubled / "anna")


def test_too_much_is_refused(troubled: Path) -> None:
    with patch("tools.bundling.story.MAX_ENTRIES", 5), pytest.raises(CannotBeMadeAgainError, match="doesn't fit"):
        made_of(troubled / "anna")


# The command


def test_nobody_shares_contents_by_accident(inspect: Inspect, root: Path) -> None:
    file = root / "b.zip"
    for words in ([], ["--anonymize", "--with-contents"]):
        code, sentence = inspect("bundle", file, *words, "--library", root / "laptop", "--json").failure()
        assert code == 2
        assert "--anonymize" in sentence
    code, sentence = inspect("bundle", file, "--with-contents", "--library", root / "laptop", "--json").failure()
    assert (code, "reads captions" in sentence) == (2, True)
    assert not file.exists()
    document = inspect("bundle", file, "--with-contents", "--yes", "--library", root / "laptop", "--json").document()
    assert document["kind"] == "with contents"


def test_a_bundle_goes_there_and_back(inspect: Inspect, root: Path) -> None:
    file, folder = root / "b.zip", root / "there"
    document = inspect("bundle", file, "--anonymize", "--library", root / "laptop", "--json").document()
    assert (document["kind"], document["bytes"], document["problems"]) == ("anonymised", file.stat().st_size, [])
    opened = inspect("unbundle", file, folder, "--json").document()
    assert (opened["as_made"], opened["shows"]) == (True, document["shows"])
    assert LibraryFolder(folder).device_key.stat().st_mode & 0o077 == 0
    assert inspect("bundle", file, "--anonymize", "--library", root / "laptop", "--json").failure()[0] == 2
    assert inspect("unbundle", file, folder, "--json").failure()[0] == 2


def test_people_read_first_whether_it_may_be_shared(inspect: Inspect, root: Path) -> None:
    said = inspect("bundle", root / "b.zip", "--anonymize", "--library", root / "laptop")
    assert "without anything private in it" in said.out.splitlines()[0]
    assert "as it was where the bundle was made" in inspect("unbundle", root / "b.zip", root / "there").out.splitlines()[0]


@pytest.fixture
def sealed(root: Path, troubled: Path) -> tuple[Path, Path]:
    """A relay's folder, and a device's without its key."""
    with closing(Library.open(LibraryFolder(root / "laptop"))) as library:
        fill_relay(root / "relay", library.id, raws_of(library))
    shutil.copytree(troubled / "anna", root / "keyless")
    LibraryFolder(root / "keyless").device_key.unlink()
    return root / "relay", root / "keyless"


def test_without_keys_only_the_structure_is_told(inspect: Inspect, sealed: tuple[Path, Path], root: Path) -> None:
    for folder in sealed:
        file = root / f"{folder.name}.zip"
        document = inspect("bundle", file, "--anonymize", "--library", folder, "--json").document()
        assert (document["kind"], document["shows"], bool(document["sealed"])) == ("structure", None, True)
        structure = json.loads(unpack(file)["structure.json"])
        assert len(structure["entries"]) == document["counts"]["entries"]
        first = structure["entries"][0]
        assert (first["kind"], first["seq"], first["author"], first["builds_on"], first["received"]) == ("genesis", 0, 0, [], 0)
        assert inspect("unbundle", file, root / f"{folder.name} brought", "--json").document()["as_made"]
        pieces = set(texts_in(root / "keyless")) if folder.name == "keyless" else set()
        texts = {each for each in pieces if isinstance(each, bytes) and len(each) >= 16}
        assert found(texts, [unpack(file)["structure.json"]], shortest=SHORTEST_IN_NOISE) == set()
