"""The relay's command line, in this process: answers, sentences for what goes wrong, exit codes."""

from __future__ import annotations

import errno
import json
import logging
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner, Result

from relay.accounts import TokenHash
from relay.command_errors import ExitCode, RelayCommandError, explained
from relay.commands import cli
from relay.data_folder import DataFolder
from relay.program import ListenAddress, open_node, run_relay
from relay.seams import SystemClock
from relay.sqlite_accounts import SqliteLibraries
from store.errors import DamagedError, NewerFormatError, NoSpaceError
from tests.fleet.authors import NOW, make_library
from tests.unit.relay.nodes import registration


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    logger = logging.getLogger("relay")
    before = (logger.handlers, logger.level, logger.propagate)
    yield
    logger.handlers, logger.level, logger.propagate = before


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "relay"


def run(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], env={"CALOTYPE_RELAY_DATA": "", **environment})


def make_token(data: Path, *options: str) -> str:
    token = json.loads(run("token", "create", "--data", data, "--json", *options).stdout)["token"]
    assert isinstance(token, str)
    return token


def test_a_token_is_printed_and_only_its_hash_kept(data: Path) -> None:
    result = run("token", "create", "--data", data)
    token = result.stdout.strip()
    assert (result.exit_code, len(token)) == (0, 32)
    assert token.isalnum()
    assert not any(token.encode() in path.read_bytes() for path in data.iterdir())
    with DataFolder(data).opened() as database:
        assert SqliteLibraries(database).register(make_library().id, TokenHash.of(token), now=NOW) == 100 * 10**9


def test_quota_and_uses_of_a_token(data: Path) -> None:
    result = run("token", "create", "--data", data, "--json", "--quota", "1.5MB", "--uses", "3")
    content = json.loads(result.stdout)
    assert (content["quota"], content["uses"]) == (1_500_000, 3)
    assert json.loads(run("stats", "--data", data, "--json").stdout)["unused_tokens"] == 1


@pytest.mark.parametrize("option", [("--quota", "much"), ("--quota", "0"), ("--uses", "0"), ("--uses", "x")])
def test_a_quota_or_number_of_uses_that_makes_no_sense(data: Path, option: tuple[str, str]) -> None:
    result = run("token", "create", "--data", data, *option)
    assert result.exit_code == ExitCode.USAGE
    assert not data.exists()


def test_the_folder_may_come_from_the_environment(data: Path) -> None:
    assert run("token", "create", CALOTYPE_RELAY_DATA=str(data)).exit_code == 0
    assert run("stats", CALOTYPE_RELAY_DATA=str(data)).exit_code == 0
    assert run("stats").exit_code == ExitCode.USAGE


def test_libraries_and_stats(data: Path) -> None:
    token, library = make_token(data, "--quota", "1GB"), make_library("commands")
    assert run("libraries", "--data", data).stdout == "No libraries yet.\n"
    assert run("libraries", "--data", data, "--json").stdout == ""
    with open_node(DataFolder(data), clock=SystemClock()) as service:
        trio.run(service.register, registration(library, token))
    content = json.loads(run("libraries", "--data", data, "--json").stdout)
    assert (content["library"], content["quota"], content["blobs"], content["blob_bytes"]) == (library.id.hex(), 10**9, 0, 0)
    assert content["entry_bytes"] == len(library.genesis.raw)
    assert library.id.short() in run("libraries", "--data", data).stdout
    totals = json.loads(run("stats", "--data", data, "--json").stdout)
    assert (totals["libraries"], totals["entry_bytes"], totals["unused_tokens"]) == (1, len(library.genesis.raw), 0)
    assert totals["disk_free"] > 0
    assert "libraries        1" in run("stats", "--data", data).stdout


def test_help_has_examples() -> None:
    for command in (["serve"], ["token", "create"], ["libraries"], ["stats"]):
        result = run(*command, "--help")
        assert result.exit_code == 0
        assert "Example: calotype-relay" in result.stdout


def assert_says(result: Result, code: ExitCode, words: str) -> None:
    """A sentence on standard error, and a hint, without a traceback."""
    assert result.exit_code == code
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_no_relay_there(data: Path) -> None:
    for command in ("libraries", "stats"):
        assert_says(run(command, "--data", data), ExitCode.USAGE, "There is no relay in")
        document = json.loads(run(command, "--data", data, "--json").stderr)
        assert document["error"] == "usage"
        assert document["hint"]
    assert not data.exists()


def test_a_folder_with_other_things_in_it(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    mode = stat.S_IMODE(tmp_path.stat().st_mode)
    assert_says(run("token", "create", "--data", tmp_path), ExitCode.USAGE, "isn't a relay's")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == mode
    assert_says(run("token", "create", "--data", tmp_path / "photo.jpg"), ExitCode.USAGE, "photo.jpg")


def test_a_newer_database(data: Path) -> None:
    make_token(data)
    with closing(sqlite3.connect(data / "relay.db")) as connection, connection:
        connection.execute("UPDATE schema_part SET version = 99 WHERE name = 'relay'")
    assert_says(run("stats", "--data", data), ExitCode.USAGE, "newer version")
    assert_says(run("serve", "--data", data, "--listen", "127.0.0.1:0"), ExitCode.USAGE, "newer version")


def test_a_damaged_database(data: Path) -> None:
    data.mkdir()
    (data / "relay.db").write_bytes(b"this was a database once" * 1000)
    assert_says(run("stats", "--data", data), ExitCode.INTEGRITY, "damaged")


def test_debug_shows_where_it_went_wrong(data: Path) -> None:
    result = run("stats", "--data", data, "--debug")
    assert isinstance(result.exception, RelayCommandError)


@pytest.mark.parametrize("option", [("--database", "postgresql://x"), ("--blobs", "s3://x")])
def test_what_is_not_in_this_version(data: Path, option: tuple[str, str]) -> None:
    assert_says(run("serve", "--data", data, "--listen", "127.0.0.1:0", *option), ExitCode.USAGE, "is not in this version")


@pytest.mark.parametrize("listen", ["8080", "localhost", ":8080", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999", "127.0.0.1:-1", "[::1]"])
def test_no_address_to_listen_on(data: Path, listen: str) -> None:
    assert_says(run("serve", "--data", data, "--listen", listen), ExitCode.USAGE, "not an address")


def test_addresses_to_listen_on() -> None:
    assert ListenAddress.parse("127.0.0.1:80") == ListenAddress(host="127.0.0.1", port=80)
    assert ListenAddress.parse("[::1]:0") == ListenAddress(host="::1", port=0)
    assert [ListenAddress.parse(text).is_loopback() for text in ("localhost:1", "[::1]:1", "127.3.2.1:1", "0.0.0.0:1", "x.org:1")] == [
        True,
        True,
        True,
        False,
        False,
    ]


async def test_a_port_that_is_taken(data: Path) -> None:
    (taken,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with taken:
        address = ListenAddress(host="127.0.0.1", port=taken.socket.getsockname()[1])
        with pytest.raises(RelayCommandError, match="Can't listen") as caught:
            await run_relay(DataFolder(data), address, ready_file=None, announce=print)
    assert "another port" in caught.value.hint


async def test_a_host_that_doesn_t_exist(data: Path) -> None:
    with pytest.raises(RelayCommandError, match="no address"):
        await run_relay(DataFolder(data), ListenAddress(host="256.1.2.3", port=0), ready_file=None, announce=print)


def test_one_process_serves_a_folder(data: Path) -> None:
    with open_node(DataFolder(data), clock=SystemClock()):
        assert_says(run("serve", "--data", data, "--listen", "127.0.0.1:0"), ExitCode.USAGE, "Another relay serves")
        assert make_token(data)
    with open_node(DataFolder(data), clock=SystemClock()):
        pass


def test_the_folder_and_the_key_are_closed_to_others(data: Path) -> None:
    data.mkdir(mode=0o755)
    with open_node(DataFolder(data), clock=SystemClock()):
        pass
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "node.key").stat().st_mode) == 0o600


async def test_key_and_store_stay_the_same(data: Path) -> None:
    with open_node(DataFolder(data), clock=SystemClock()) as service:
        first = await service.hello()
    with open_node(DataFolder(data), clock=SystemClock()) as service:
        again = await service.hello()
    assert (first.key, first.store) == (again.key, again.store)


def test_a_key_that_is_none(data: Path) -> None:
    with open_node(DataFolder(data), clock=SystemClock()):
        pass
    (data / "node.key").write_text("not a key")
    assert_says(run("serve", "--data", data, "--listen", "127.0.0.1:0"), ExitCode.USAGE, "doesn't hold the relay's key")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (PermissionError(errno.EACCES, "denied", "/srv/x"), ExitCode.NOT_ALLOWED, "/srv/x"),
        (OSError(errno.ENOSPC, "full"), ExitCode.PARTLY, "disk is full"),
        (OSError(errno.EROFS, "Read-only file system", "/srv/x"), ExitCode.USAGE, "/srv/x"),
        (NoSpaceError("x"), ExitCode.PARTLY, "disk is full"),
        (NewerFormatError("x"), ExitCode.USAGE, "newer"),
        (DamagedError("x"), ExitCode.INTEGRITY, "damaged"),
        (sqlite3.OperationalError("unable to open database file"), ExitCode.NOT_ALLOWED, "opened"),
    ],
)
def test_sentences_for_what_goes_wrong(error: Exception, code: ExitCode, words: str) -> None:
    sentence = explained(error)
    assert sentence is not None
    assert sentence.exit_code is code
    assert words in sentence.message
    assert sentence.hint


def test_a_fault_in_the_program_is_no_sentence() -> None:
    assert explained(RuntimeError("x")) is None
    assert explained(OSError(errno.EIO, "x")) is None
