from __future__ import annotations

from pathlib import Path

import pytest

from crdt.state import read_state
from peer.keys.epochs import Keyring
from peer.keys.errors import UnsealError
from peer.library.checkpoints.format import End, Header, RecordSnapshot
from peer.library.library import Library
from store.encoding import MalformedError
from store.errors import DamagedError
from store.file_blobs import blob_path
from store.log import SettledCheckpoint
from tests.fleet.checkpoints import settle_one
from tests.fleet.libraries import add_photo, admit, exchange, make_library, report
from tools.looking.checkpoints import checkpoint_items


@pytest.fixture
def settled(tmp_path: Path) -> tuple[Library, SettledCheckpoint]:
    anna = make_library(tmp_path / "anna")
    bert = admit(anna, tmp_path / "bert")
    add_photo(anna, "sea")
    exchange(anna, bert)
    report(anna, bert)
    assert settle_one(anna, bert) is not None
    bert.close()
    (checkpoint,) = anna.log.settled()
    return anna, checkpoint


def test_a_checkpoint_says_what_the_records_say(settled: tuple[Library, SettledCheckpoint]) -> None:
    library, checkpoint = settled
    header, *items, end = checkpoint_items(library.folder, library.keyring(), checkpoint.blobs)
    assert header == Header(library=library.id, heads=checkpoint.covered)
    assert isinstance(end, End)
    said = {item.record: read_state(item.state).content() for item in items if isinstance(item, RecordSnapshot)}
    assert said == {record: library.records.content(record) for record, _ in library.records.all()}
    library.close()


def test_what_is_not_here_or_not_what_it_was(settled: tuple[Library, SettledCheckpoint]) -> None:
    library, checkpoint = settled
    folder, keyring = library.folder, library.keyring()
    library.close()
    with pytest.raises(UnsealError):
        list(checkpoint_items(folder, Keyring(), checkpoint.blobs))
    with pytest.raises(MalformedError):
        list(checkpoint_items(folder, keyring, ()))
    path = blob_path(folder.checkpoints, checkpoint.blobs[0])
    sealed = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(DamagedError, match="isn't what was stored"):
        list(checkpoint_items(folder, keyring, checkpoint.blobs))
    assert path.exists(), "a look removes nothing, not even what is damaged"
    path.unlink()
    with pytest.raises(FileNotFoundError):
        list(checkpoint_items(folder, keyring, checkpoint.blobs))
