"""What all commands have in common: where the library is, how errors end, what a terminal can be shown."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from peer.commands.invocation import Invocation, printable
from peer.commands.main import COMMANDS, as_calotype_error, cli
from peer.errors import CalotypeError, ExitCode, IntegrityError, NoSpaceLeftError, NotAllowedError, UnreachableNodeError, UsageError
from peer.layout import LibraryFolder
from peer.library.creating import create_library
from peer.library.library import Library
from store.errors import DamagedError, NewerFormatError, NoSpaceError
from tests.fleet.libraries import add_photo
from tests.unit.peer.commands.conftest import Calotype

CALOTYPE = str(Path(sys.executable).parent / "calotype")


def test_the_library_is_named_before_or_after_the_verb_or_by_the_environment(calotype: Calotype, library: Library, tmp_path: Path) -> None:
    other = tmp_path / "other"
    second, _ = create_library(LibraryFolder(other), "other")
    second.close()

    def name(*words: str) -> object:
        return calotype(*words).document["library"]

    assert name("status", "--json") == library.id.hex()
    assert name("--library", str(other), "status", "--json") == second.id.hex()
    assert name("status", "--library", str(other), "--json") == second.id.hex()
    assert name("--library", "/nowhere", "status", "--json", "--library", str(other)) == second.id.hex()
    title = "Sweden"
    calotype("--library", str(other), "album", "create", title)
    for words in (
        ("album", "--library", str(other), "ls"),
        ("album", "ls", "--library", str(other)),
        ("--library", str(other), "album", "ls"),
    ):
        assert [row["title"] for row in calotype(*words, "--json").lines] == [title]
    assert calotype("album", "ls", "--json").lines == []


def test_no_library_is_a_clear_sentence(calotype: Calotype, folder: Path) -> None:
    answer = calotype("ls", "--json")
    assert answer.code == 2
    assert str(folder) in answer.error["message"]
    assert "calotype init" in answer.error["hint"]
    assert not folder.exists()


@pytest.mark.parametrize("verb", list(COMMANDS))
def test_every_command_explains_itself_with_an_example(calotype: Calotype, verb: str) -> None:
    answer = calotype(verb, "--help")
    assert answer.code == 0
    assert "Example: calotype" in answer.out
    assert f"calotype {verb}" in answer.out


def test_every_album_command_explains_itself_with_an_example(calotype: Calotype) -> None:
    for verb in ("create", "rename", "delete", "restore", "add", "remove", "move", "ls"):
        assert f"Example: calotype album {verb}" in calotype("album", verb, "--help").out


def test_help_tells_of_completion_and_exit_codes(calotype: Calotype) -> None:
    out = calotype("--help").out
    assert "_CALOTYPE_COMPLETE=bash_source calotype" in out
    assert "Exit codes" in out
    bare = calotype()
    assert (bare.code, bare.out) == (2, "")
    assert bare.err.startswith("Usage: calotype")


def test_words_complete() -> None:
    answer = CliRunner().invoke(
        cli, [], prog_name="calotype", env={"_CALOTYPE_COMPLETE": "bash_complete", "COMP_WORDS": "calotype res", "COMP_CWORD": "1"}
    )
    assert set(answer.output.split()) == {"plain,restore", "plain,restore-photo", "plain,restore-version", "plain,resolve"}


ERRORS: list[tuple[BaseException, type[CalotypeError], ExitCode]] = [
    (UsageError("x"), UsageError, ExitCode.USAGE),
    (NoSpaceError("x"), NoSpaceLeftError, ExitCode.PARTLY),
    (OSError(errno.ENOSPC, "no space"), NoSpaceLeftError, ExitCode.PARTLY),
    (DamagedError("x"), IntegrityError, ExitCode.INTEGRITY),
    (NewerFormatError("x"), CalotypeError, ExitCode.USAGE),
    (PermissionError(errno.EACCES, "denied", "/x"), NotAllowedError, ExitCode.NOT_ALLOWED),
    (ExceptionGroup("x", [ExceptionGroup("y", [UnreachableNodeError("away")])]), UnreachableNodeError, ExitCode.UNREACHABLE),
    (ExceptionGroup("x", [ValueError("secret"), NotAllowedError("no")]), NotAllowedError, ExitCode.NOT_ALLOWED),
    (RuntimeError("secret"), CalotypeError, ExitCode.INTEGRITY),
]


@pytest.mark.parametrize(("error", "kind", "code"), ERRORS, ids=[repr(error) for error, _, _ in ERRORS])
def test_every_error_becomes_a_sentence_with_its_code(error: BaseException, kind: type[CalotypeError], code: ExitCode) -> None:
    shown = as_calotype_error(error)
    assert type(shown) is kind
    assert shown.exit_code is code
    assert "secret" not in shown.message + shown.hint


def test_a_database_that_another_process_keeps_is_a_reason_to_try_again(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("CREATE TABLE t (x)")
    holder.execute("BEGIN EXCLUSIVE")
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError) as caught:
        other.execute("BEGIN IMMEDIATE")
    assert as_calotype_error(caught.value).exit_code is ExitCode.UNREACHABLE
    holder.close()
    other.close()


def test_what_is_unforeseen_shows_its_traceback_only_on_demand(
    calotype: Calotype, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("peer.commands.devices.device_rows", fail)
    quiet = calotype("devices")
    assert quiet.code == 3
    assert "RuntimeError" in quiet.err
    assert "Traceback" not in quiet.err
    assert "Traceback" in calotype("devices", "--debug").err
    assert calotype("devices", "--json").error["error"] == "integrity"


def test_what_could_confuse_a_terminal_is_shown_escaped() -> None:
    assert printable("a\x1b[2Jb\rc") == "a\\x1b[2Jb\\rc"
    assert printable("right\u202eleft") == "right\\u202eleft"
    assert printable("bad\udcffname") == "bad\\udcffname"
    assert (
        printable("family \U0001f468\u200d\U0001f469\u200d\U0001f467, 8\u202fpm")
        == "family \U0001f468\u200d\U0001f469\u200d\U0001f467, 8\u202fpm"
    )
    assert printable("two\nlines") == "two\nlines"
    assert printable("two\nlines\there", lines=False) == "two\\nlines\\there"


def test_json_is_ascii_and_true_to_any_name(calotype: Calotype, library: Library) -> None:
    reopened = Library.open(library.folder)
    add_photo(reopened, "x", name="å\U0001f600\n.jpg")
    reopened.close()
    answer = calotype("ls", "--json")
    assert answer.out.isascii()
    assert answer.document["name"] == "å\U0001f600\n.jpg"
    assert len(calotype("ls").out.splitlines()) == 1


def test_a_question_is_refused_where_nobody_can_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    invocation = Invocation(library=Path("/x"), json=False, debug=False)
    invocation.confirm("Really?", yes=True)
    with pytest.raises(UsageError) as caught:
        invocation.confirm("Really?", yes=False)
    assert caught.value.hint == "Give --yes to do it without being asked."
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "confirm", lambda *_, **__: False)
    with pytest.raises(UsageError):
        invocation.confirm("Really?", yes=False)
    monkeypatch.setattr(click, "confirm", lambda *_, **__: True)
    invocation.confirm("Really?", yes=False)


@pytest.mark.process
def test_the_installed_program_does_the_same(tmp_path: Path) -> None:
    environment = {**os.environ, "CALOTYPE_LIBRARY": str(tmp_path / "library")}
    ascii_only = {**environment, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    def call(*words: str, env: dict[str, str] = environment) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([CALOTYPE, *words], env=env, capture_output=True, timeout=60, check=False)

    assert json.loads(call("init", "--name", "laptop", "--json").stdout)["library"]
    assert call("album", "create", "Åland \U0001f600").returncode == 0
    listed = call("album", "ls", env=ascii_only)  # a terminal that knows no such letters
    assert (listed.returncode, listed.stderr) == (0, b"")
    failed = call("ls", "--album", "Norway", "--json")
    assert (failed.returncode, failed.stdout) == (2, b"")
    assert json.loads(failed.stderr)["error"] == "usage"


@pytest.mark.process
def test_a_reader_that_goes_away_is_no_error_worth_words(tmp_path: Path) -> None:
    library, _ = create_library(LibraryFolder(tmp_path / "library"), "laptop")
    for number in range(30):
        add_photo(library, str(number))
    library.close()
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(
        [CALOTYPE, "ls", "--json", "--library", str(tmp_path / "library")], stdout=write, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(write)
    assert (ended.returncode, ended.stderr) == (1, b"")
