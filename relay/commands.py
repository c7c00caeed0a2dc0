"""The command line of a relay: ``calotype-relay``."""

from __future__ import annotations

import base64
import json
import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import click
import trio

from relay.accounts import TokenHash
from relay.collecting import collect, deleting_stores
from relay.command_errors import ExitCode, RelayCommandError, explained
from relay.data_folder import DataFolder
from relay.description import describe as describe_api
from relay.log_lines import log_to_standard_error
from relay.program import ListenAddress, run_relay
from relay.scrubbing import scrub as scrub_blobs
from relay.seams import SystemClock, system_randomness
from relay.sizes import parse_size, spell_size
from relay.sqlite_accounts import SqliteLibraries, SqliteSessions
from relay.sqlite_releases import SqliteReleases
from store.file_blobs import FileBlobStore
from store.releases import HOUR_MS
from store.sqlite_log import SqliteLogStore

P = ParamSpec("P")
TOKEN_BYTES = 20


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """What every command is told."""

    folder: DataFolder
    as_json: bool

    def answer(self, content: Any, human: str) -> None:
        """The command's result, for a program or for a person."""
        click.echo(json.dumps(content, ensure_ascii=False) if self.as_json else human)
        sys.stdout.flush()


def _command(function: Callable[Concatenate[Invocation, P], None]) -> Callable[..., None]:
    """The options that all commands have, and errors as sentences."""

    @click.option(
        "--data",
        type=click.Path(path_type=Path),
        envvar="CALOTYPE_RELAY_DATA",
        required=True,
        help="The relay's folder (or CALOTYPE_RELAY_DATA).",
    )
    @click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
    @click.option("--debug", is_flag=True, help="Show the traceback of an error.")
    @wraps(function)
    def wrapped(data: Path, as_json: bool, debug: bool, *arguments: P.args, **options: P.kwargs) -> None:
        invocation = Invocation(folder=DataFolder(data.expanduser().absolute()), as_json=as_json)
        try:
            function(invocation, *arguments, **options)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:
            known = explained(_innermost(error))
            if debug or known is None:
                raise
            _say(known, as_json=as_json)
            raise click.exceptions.Exit(int(known.exit_code)) from error

    return wrapped


def _say(error: RelayCommandError, *, as_json: bool) -> None:
    """What happened and what to do, on standard error."""
    if as_json:
        name = error.exit_code.name.lower().replace("_", "-")
        text = json.dumps({"error": name, "message": error.message, "hint": error.hint}, ensure_ascii=False)
    else:
        text = f"calotype-relay: {error.message}" + (f"\n{error.hint}" if error.hint else "")
    click.echo(text, err=True)


def _innermost(error: Exception) -> Exception:
    """Trio wraps what goes wrong in a task; the first of it is what a person wants to know."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


class _Size(click.ParamType[int]):
    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return parse_size(value)
        except ValueError:
            self.fail(f"{value!r} is not a size; write it like 100GB or 500MB.", param, ctx)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="calotype")
def cli() -> None:
    """A relay for Calotype: stores sealed entries and sealed photos for libraries, and can read neither.

    \b
    calotype-relay token create --data /srv/calotype        make a token for one library
    calotype-relay serve --data /srv/calotype --listen 127.0.0.1:8080
    """


@cli.command()
@_command
@click.option("--listen", required=True, metavar="HOST:PORT", help="Where to listen. Plain HTTP: put a proxy that ends TLS before it.")
@click.option("--database", metavar="URL", default=None, help="Another database than the one in the folder. Not in this version.")
@click.option("--blobs", metavar="URL", default=None, help="Another place for blobs than the folder. Not in this version.")
@click.option(
    "--ready-file", type=click.Path(path_type=Path), default=None, help="Written once the relay serves, as JSON {pid, address, key}."
)
@click.option(
    "--backup-interval",
    type=click.FloatRange(min=0, max=24 * 366),
    default=0,
    show_default=True,
    metavar="HOURS",
    help="How far apart backups of the folder are: younger photos are promised to nobody, because a restored backup may not have them.",
)
def serve(
    invocation: Invocation, listen: str, database: str | None, blobs: str | None, ready_file: Path | None, backup_interval: float
) -> None:
    """Serve until stopped (Ctrl-C, or SIGTERM): calls under way are finished first.

    The access log goes to standard error, one JSON document a line.

    \b
    Example: calotype-relay serve --data /srv/calotype --listen 127.0.0.1:8080
    """
    for name, url in (("--database", database), ("--blobs", blobs)):
        if url is not None:
            raise RelayCommandError(f"{name} is not in this version.", hint="Leave it out: everything is kept in the folder of --data.")
    address = ListenAddress.parse(listen)
    log_to_standard_error()

    def announce(bound: str) -> None:
        invocation.answer({"address": bound}, f"Serving {invocation.folder.root} on http://{bound}. Press Ctrl-C to stop.")

    interval = round(backup_interval * HOUR_MS)
    trio.run(partial(run_relay, invocation.folder, address, ready_file=ready_file, announce=announce, backup_interval_ms=interval))


@cli.group()
def token() -> None:
    """Tokens with which libraries are registered."""


@token.command()
@_command
@click.option("--quota", type=_Size(), default="100GB", show_default=True, help="Room for the photos of each library, like 500MB or 2TB.")
@click.option(
    "--uses", type=click.IntRange(1, 1_000_000), default=1, show_default=True, help="How many libraries may be registered with it."
)
def create(invocation: Invocation, quota: int, uses: int) -> None:
    """Make a registration token and print it; only its hash is kept. The relay may be running.

    \b
    Example: calotype-relay token create --data /srv/calotype --quota 500GB
    """
    text = base64.b32encode(system_randomness(TOKEN_BYTES)).decode("ascii").rstrip("=").lower()
    with invocation.folder.opened() as database:
        SqliteLibraries(database).add_token(TokenHash.of(text), quota=quota, uses=uses, now=SystemClock().now())
    invocation.answer({"token": text, "quota": quota, "uses": uses}, text)


@cli.command()
@_command
def libraries(invocation: Invocation) -> None:
    """The libraries and what they store.

    \b
    Example: calotype-relay libraries --data /srv/calotype --json
    """
    with invocation.folder.opened_as_it_is() as database:
        accounts = SqliteLibraries(database).accounts()
        trash = {account.library: SqliteReleases(database).trashed(account.library) for account in accounts}
    for account in accounts:
        trashed = trash[account.library]
        registered = datetime.fromtimestamp(account.registered_at / 1000, UTC).isoformat(timespec="seconds")
        invocation.answer(
            {
                "library": account.library.hex(),
                "registered": registered,
                "quota": account.quota,
                "blobs": account.blobs,
                "blob_bytes": account.blob_bytes,
                "trash_blobs": trashed.blobs,
                "trash_bytes": trashed.bytes,
                "entry_bytes": account.entry_bytes,
            },
            f"{account.library.short()}  {registered}  {spell_size(account.blob_bytes)} of {spell_size(account.quota)} in {account.blobs} blobs, "
            f"{spell_size(account.entry_bytes)} of entries" + (f", {spell_size(trashed.bytes)} in the trash" if trashed.blobs else ""),
        )
    if not accounts and not invocation.as_json:
        click.echo("No libraries yet.")


@cli.command()
@_command
def stats(invocation: Invocation) -> None:
    """Totals of this relay.

    \b
    Example: calotype-relay stats --data /srv/calotype
    """
    now = SystemClock().now()
    with invocation.folder.opened_as_it_is() as database:
        store = SqliteLibraries(database)
        accounts = store.accounts()
        unused_tokens = store.unused_tokens()
        sessions = SqliteSessions(database).count(now=now)
        figures = [SqliteLogStore(database, account.library).figures() for account in accounts]
        trash = [SqliteReleases(database).trashed(account.library) for account in accounts]
    content = {
        "libraries": len(accounts),
        "entries": sum(each.entries for each in figures),
        "pruned_entries": sum(each.stubs for each in figures),
        "pruned_bytes": sum(each.pruned_bytes for each in figures),
        "detached_entries": sum(each.detached for each in figures),
        "blobs": sum(account.blobs for account in accounts),
        "blob_bytes": sum(account.blob_bytes for account in accounts),
        "trash_blobs": sum(each.blobs for each in trash),
        "trash_bytes": sum(each.bytes for each in trash),
        "entry_bytes": sum(account.entry_bytes for account in accounts),
        "sessions": sessions,
        "unused_tokens": unused_tokens,
        "database_bytes": invocation.folder.database.stat().st_size,
        "disk_free": shutil.disk_usage(invocation.folder.root).free,
    }
    human = "\n".join(f"{name.replace('_', ' '):<16} {spell_size(value) if _is_size(name) else value}" for name, value in content.items())
    invocation.answer(content, human)


@cli.command()
@_command
@click.option("--dry-run", is_flag=True, help="Change nothing, and say what would be deleted and what keeps the rest.")
def gc(invocation: Invocation, dry_run: bool) -> None:
    """Delete what devices released, as far as it is due. A running relay does this by itself; it may go on running.

    What is deleted stays in the trash for 30 days. Waits are counted only while the relay runs.

    \b
    Example: calotype-relay gc --data /srv/calotype --dry-run
    """
    with deleting_stores(invocation.folder, clock=SystemClock(), randomness=system_randomness) as stores:
        collected = collect(stores, dry_run=dry_run)
    invocation.answer(collected.content(), "\n".join(collected.human()))


@cli.command()
@_command
@click.option("--repair", is_flag=True, help="Set damaged photos aside, and ask devices for what is damaged or missing.")
def scrub(invocation: Invocation, repair: bool) -> None:
    """Read all that is stored for libraries and compare it with its name. The relay may be running. Ends with 3 when something isn't whole.

    \b
    Example: calotype-relay scrub --data /srv/calotype --repair
    """
    with invocation.folder.opened_as_it_is() as database, closing(FileBlobStore(invocation.folder.root)) as blobs:
        found = scrub_blobs(SqliteLibraries(database), blobs, repair=repair)
    invocation.answer(found.content(), found.human())
    if not found.is_whole:
        raise click.exceptions.Exit(int(ExitCode.INTEGRITY))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="On one line.")
def describe(as_json: bool) -> None:
    """The sync API that relays and devices serve, as an OpenAPI document for programs.

    \b
    Example: calotype-relay describe > openapi.json
    """
    click.echo(json.dumps(describe_api(), ensure_ascii=False, indent=None if as_json else 2))


def _is_size(name: str) -> bool:
    return name.endswith("_bytes") or name == "disk_free"


def run() -> None:
    """The entry point."""
    cli()
