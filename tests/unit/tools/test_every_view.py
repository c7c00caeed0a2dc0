"""What holds for every view: nothing in the folder changes, whatever state it is in; damage is named and the rest shown; nothing of a library reaches the
terminal as anything but text."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import click
import pytest

from peer.layout import LibraryFolder
from store.database import read_only_uri
from store.ids import FileHash, RecordId
from tests.unit.tools.folders import PHOTO, Pair, change, fill_relay, make_pair, open_pair, raws_of
from tests.unit.tools.running import Inspect, Said
from tools.commands.main import COMMANDS, cli

ID = PHOTO.body.hex()
HOSTILE = "\x1b[31mred\x1b]0;title\x07\u202e \r\n</script><b>&"
ALBUM = RecordId.asset(FileHash(b"\x77" * 32))

VIEWS: dict[str, tuple[str, ...]] = {
    "status": (),
    "heads": (),
    "pending": (),
    "conflicts": (),
    "show": (ID,),
    "why": (ID, "caption"),
    "history": (ID,),
    "at": (ID, "--time", "2100-01-01"),
    "diff": (ID, ALBUM.body.hex()),
    "dag": (),
    "log": ("--verify",),
    "entry": ("{log}:1",),
    "verify": (),
    "clock": (),
    "size": (),
    "roster": (),
    "trace": (ID,),
    "export-yjs": (ID, "{out}"),
    "bundle": ("{out}", "--anonymize"),
    "watch": ("--count", "1"),
}
OF_A_RELAY = {"status", "heads", "pending", "dag", "log", "entry", "verify", "clock", "size", "roster", "watch"}
"""What can be told of sealed entries."""
NO_VIEWS = {"unbundle"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two devices with a conflict, hostile text, a keyword that came and went, and a relay that has it all."""
    root = tmp_path_factory.mktemp("made")
    pair = make_pair(root)
    change(pair.laptop, lambda draft: draft.set("primary", b"\x3f" * 32))
    change(pair.laptop, lambda draft: draft.add("keyword", HOSTILE))
    change(pair.laptop, lambda draft: draft.set("rating", 1), ALBUM)
    pair.exchange()
    change(pair.laptop, lambda draft: draft.set("caption", HOSTILE))
    change(pair.phone, lambda draft: draft.set("caption", "sea"))
    pair.exchange()
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    pair.close()
    return root


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"


def contents(root: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in root.rglob("*") if path.is_file() and not path.name.endswith("-shm"))
    return {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


class Viewer:
    """Runs views on one folder."""

    def __init__(self, inspect: Inspect, root: Path, out: Path) -> None:
        self._inspect = inspect
        self._root = root
        self._out = out

    def __call__(self, view: str, *options: str) -> Said:
        words = [word.format(out=self._out / view, log=self._log()) for word in VIEWS[view]]
        return self._inspect(view, *words, "--library", self._root, *options)

    def _log(self) -> str:
        database = next(path for path in (LibraryFolder(self._root).database, self._root / "relay.db") if path.exists())
        with closing(sqlite3.connect(read_only_uri(database), uri=True)) as connection:
            try:
                row = connection.execute("SELECT lower(hex(log)) FROM log_branch ORDER BY last_seq DESC LIMIT 1").fetchone()
            except sqlite3.DatabaseError:
                row = None
        return "00" if row is None else str(row[0])


@pytest.fixture
def look(inspect: Inspect, tmp_path: Path) -> Callable[[Path], Viewer]:
    out = tmp_path / "out"
    out.mkdir()
    return lambda root: Viewer(inspect, root, out)


def documents(said: Said) -> Iterator[dict[str, object]]:
    for line in said.out.splitlines():
        document = json.loads(line)
        assert isinstance(document, dict)
        yield document


def what_is_wrong(said: Said) -> str:
    """An answer is JSON with problems, or one sentence, and nothing unforeseen; empty when it is one."""
    if "unforeseen" in said.err or said.code not in (0, 2, 3):
        return f"{said}"
    if said.err and set(json.loads(said.err)) != {"error", "message", "hint"}:
        return said.err
    return "" if all("problems" in document or "outage" in document for document in documents(said)) else said.out


def assert_all_answer(look: Viewer, root: Path) -> dict[str, Said]:
    """Each view answers, and what lies in ``root`` stays as it is; the answers."""
    before = contents(root)
    answers = {view: look(view, "--json") for view in VIEWS}
    wrong = {view: problem for view, said in answers.items() if (problem := what_is_wrong(said))}
    assert not wrong, "\n".join(f"{view}: {problem[:400]}" for view, problem in wrong.items())
    assert contents(root) == before
    return answers


def test_there_is_a_row_for_each_view() -> None:
    assert set(VIEWS) == set(COMMANDS) - NO_VIEWS


@pytest.mark.parametrize("view", VIEWS)
def test_help_says_what_it_is_for_with_an_example(view: str) -> None:
    command = cli.get_command(click.Context(cli), view)
    assert command is not None
    assert f"Example: calotype-inspect {view}" in (command.help or "")


@pytest.mark.parametrize("folder", ["laptop", "phone", "relay", "keyless"])
def test_nothing_in_the_folder_changes(look: Callable[[Path], Viewer], copy: Path, folder: str) -> None:
    if folder == "keyless":
        shutil.copytree(copy / "laptop", copy / "keyless")
        LibraryFolder(copy / "keyless").device_key.unlink()
    answers = assert_all_answer(look(copy / folder), copy)
    sealed = folder in ("relay", "keyless")
    assert {view for view, said in answers.items() if said.code} <= (VIEWS.keys() - OF_A_RELAY if sealed else set()), answers


def test_while_the_peer_writes(look: Callable[[Path], Viewer], copy: Path) -> None:
    pair: Pair = open_pair(copy)
    try:
        change(pair.laptop, lambda draft: draft.set("rating", 4))
        answers = assert_all_answer(look(copy / "laptop"), copy)
        assert {view: said for view, said in answers.items() if said.code} == {}
        change(pair.laptop, lambda draft: draft.set("rating", 5))
    finally:
        pair.close()


@pytest.mark.parametrize("folder", ["laptop", "relay"])
def test_what_people_read_is_text_and_nothing_else(look: Callable[[Path], Viewer], copy: Path, folder: str) -> None:
    viewer = look(copy / folder)
    for view in VIEWS:
        said = viewer(view)
        assert said.out or said.err, view
        for text in (said.out, said.err):
            assert not set(text) & set("\x1b\x07\r\u202e"), (view, text)


def damaged_entry(library: Path) -> None:
    _edit(library, "UPDATE log_entry SET raw = CAST(substr(raw, 1, 60) || x'ff' || substr(raw, 62) AS BLOB) WHERE arrival % 3 = 2")


def cut_off_log(library: Path) -> None:
    _edit(library, "DELETE FROM log_entry WHERE arrival > (SELECT max(arrival) - 3 FROM log_entry)")


def gap_in_the_log(library: Path) -> None:
    _edit(library, "DELETE FROM log_entry WHERE arrival = 5")


def damaged_record(library: Path) -> None:
    _edit(library, "UPDATE record SET state = x'01ff00'")


def lost_records(library: Path) -> None:
    _edit(library, "DELETE FROM record")


def damaged_reports(library: Path) -> None:
    _edit(library, "UPDATE log_seen SET raw = x'00'")


def lost_meta(library: Path) -> None:
    _edit(library, "DELETE FROM meta WHERE key <> 'library'")


def lost_bookkeeping(library: Path) -> None:
    for table in ("client", "past", "past_log"):
        _edit(library, f"DELETE FROM {table}")


def damaged_pages(library: Path) -> None:
    path = LibraryFolder(library).database
    content = bytearray(path.read_bytes())
    size = int.from_bytes(content[16:18], "big")
    for page in range(30, len(content) // size, 4):
        content[page * size : (page + 1) * size] = Random(page).randbytes(size)
    path.write_bytes(content)


def newer_version(library: Path) -> None:
    _edit(library, "UPDATE schema_part SET version = version + 1")


def truncated(library: Path) -> None:
    path = LibraryFolder(library).database
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damaged_key(library: Path) -> None:
    LibraryFolder(library).device_key.chmod(0o600)
    LibraryFolder(library).device_key.write_bytes(b"nonsense")


DAMAGES = (
    *(damaged_entry, cut_off_log, gap_in_the_log, damaged_record, lost_records, damaged_reports, lost_meta, lost_bookkeeping),
    *(damaged_pages, newer_version, truncated, damaged_key),
)


def _edit(library: Path, statement: str) -> None:
    with closing(sqlite3.connect(LibraryFolder(library).database)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_library(look: Callable[[Path], Viewer], copy: Path, damage: Callable[[Path], None]) -> None:
    damage(copy / "laptop")
    answers = assert_all_answer(look(copy / "laptop"), copy)
    if damage is newer_version:
        assert {said.code for said in answers.values()} == {3}
        assert all("newer version" in said.out + said.err for said in answers.values())


@pytest.mark.parametrize(
    "damage",
    [damaged_entry, cut_off_log, gap_in_the_log, damaged_record, lost_records, damaged_pages, lost_bookkeeping],
    ids=lambda damage: damage.__name__,
)
def test_verify_finds_it(look: Callable[[Path], Viewer], copy: Path, damage: Callable[[Path], None]) -> None:
    assert look(copy / "laptop")("verify", "--json").code == 0
    damage(copy / "laptop")
    assert look(copy / "laptop")("verify", "--json").code == 3
