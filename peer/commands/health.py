"""Commands that tell how things are: ``digest``, ``devices``, ``status``, ``why``, ``verify``."""

from __future__ import annotations

import click
import trio

from peer.commands.invocation import Invocation, common_options, finish
from peer.commands.opening import opened
from peer.commands.progress import counting
from peer.control import ask, read_address
from peer.errors import ExitCode, UnreachableNodeError
from peer.library.health import Status, device_rows, library_status
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.verifying import Findings
from peer.library.verifying import verify as verify_library
from peer.library.whereabouts import explain


@click.command()
@common_options
def digest(invocation: Invocation) -> None:
    """The library's digest: equal on devices that have seen the same changes."""
    with opened(invocation) as library:
        text = bytes(library.records.digest()).hex()
    invocation.document({"digest": text}, lambda: invocation.say(text))


@click.command()
@common_options
def devices(invocation: Invocation) -> None:
    """The devices of this library."""
    with opened(invocation) as library:
        rows = device_rows(library)
    if invocation.json:
        for row in rows:
            invocation.line(row)
        return
    invocation.table(
        ["id", "name", "", "last seen", "behind", "clock"],
        [
            (
                row["id"][:10],
                row["name"],
                "this device" if row["this"] else "",
                row["last_seen"] or "never",
                row["behind"],
                f"{row['clock_skew'] / 1000:+.0f} s" if row["clock_skew"] else "right",
            )
            for row in rows
        ],
    )


@click.command()
@common_options
def status(invocation: Invocation) -> None:
    """Whether this device has everything, what is on its way, and what is stuck and why."""
    with opened(invocation) as library:
        live = trio.run(_live_nodes, library)
        state = library_status(library, live)
    invocation.document(state.to_json(), lambda: _show_status(invocation, state))


async def _live_nodes(library: Library) -> list[dict[str, object]]:
    """What the running engine knows of its nodes; nothing when none runs."""
    address = read_address(library.folder.engine_address)
    if address is None:
        return []
    try:
        with trio.move_on_after(2):
            async for reply in ask(address, {"do": "nodes"}):
                nodes = reply.get("nodes", [])
                return nodes if isinstance(nodes, list) else []
    except UnreachableNodeError:
        return []
    return []


def _show_status(invocation: Invocation, state: Status) -> None:
    document = state.to_json()
    invocation.say(
        f"{'In sync' if state.converged else 'Not in sync yet'}: {document['assets']} photos, {document['trashed']} in the trash."
    )
    for node in document["nodes"]:
        reason = f" ({node['reason']})" if node["reason"] else ""
        invocation.say(f"  {node['name']}: {node['state']}{reason}, behind {node['behind']}, ahead {node['ahead']}")
    for key, verb in (("uploads", "to upload"), ("downloads", "to download")):
        if document[key]["count"]:
            invocation.say(f"  {document[key]['count']} {verb}, {document[key]['bytes'] / 1e6:.1f} MB")
    for item in document["pending"]:
        invocation.say(f"  waiting: {item['entry'][:10]}: {item['reason']}")
    for item in document["stuck"]:
        invocation.say(f"  stuck: {item['item']}: {item['reason']}")
    if not document["nodes"]:
        invocation.say("  No relay is configured: changes stay on this device. See `calotype relay add --help`.")


@click.command()
@click.argument("asset")
@common_options
def why(invocation: Invocation, asset: str) -> None:
    """Where each of a photo's files is, and why anything is not where it should be."""
    with opened(invocation) as library:
        answer = explain(library, Queries(library.database).find(asset))
    invocation.document(
        answer,
        lambda: [invocation.say(f"{file['role']:10} {file['file'][:10]}  {file['explanation']}") for file in answer["files"]] and None,
    )


@click.command()
@click.option("--deep", is_flag=True, help="Hash every file, and apply all entries again to compare.")
@common_options
def verify(invocation: Invocation, deep: bool) -> None:
    """Prove that everything stored on this device is whole. Exit code 3 if anything is not."""
    with opened(invocation) as library, counting(invocation) as progress:
        findings = verify_library(library, deep=deep, progress=progress)
    invocation.document(findings.to_json(), lambda: _show_findings(invocation, findings))
    finish(ExitCode.INTEGRITY if findings.problems else ExitCode.DONE)


def _show_findings(invocation: Invocation, findings: Findings) -> None:
    invocation.say(
        f"{findings.entries} entries, {findings.records} records, {findings.originals} originals, {findings.blobs} thumbnails and previews: "
        + ("all whole." if not findings.problems else f"{len(findings.problems)} problems.")
    )
    for problem in findings.problems:
        invocation.say(f"  {problem}")
