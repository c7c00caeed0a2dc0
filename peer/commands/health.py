"""Commands that tell how things are: ``digest``, ``status``, ``why``, ``verify``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import trio

from peer.commands.invocation import Invocation, common_options, finish
from peer.commands.opening import opened
from peer.commands.progress import counting
from peer.control import ask
from peer.engine_address import read_address
from peer.errors import ExitCode, UnreachableNodeError
from peer.library.findings import Findings
from peer.library.health import Status, library_status
from peer.library.library import Library
from peer.library.nodes import NodeKind
from peer.library.queries import Queries
from peer.library.verifying import verify as verify_library
from peer.library.whereabouts import explain

SHORT_ID = 10
ENGINE_SECONDS = 2.0


@click.command()
@common_options
def digest(invocation: Invocation) -> None:
    """The library's digest: equal on devices that have seen the same changes.

    \b
    Example: calotype digest
    """
    with opened(invocation) as library:
        text = bytes(library.records.digest()).hex()
    invocation.document({"digest": text}, lambda: invocation.say(text))


@click.command()
@common_options
def status(invocation: Invocation) -> None:
    """Whether this device has everything, what is on its way, and what is stuck and why.

    Exit code 3 when devices that have seen the same changes show different libraries.

    \b
    Example: calotype status
    """
    with opened(invocation) as library:
        live = trio.run(_live_nodes, library)
        state = library_status(library, live)
    invocation.document(state.to_json(), lambda: _show_status(invocation, state))
    finish(ExitCode.INTEGRITY if state.disagreeing else ExitCode.DONE)


async def _live_nodes(library: Library) -> list[dict[str, Any]] | None:
    """What the running engine knows of its nodes; ``None`` when none runs."""
    address = read_address(library.folder.engine_address)
    if address is None:
        return None
    try:
        with trio.move_on_after(ENGINE_SECONDS):
            nodes = (await ask(address, {"do": "nodes"})).get("nodes")
            return nodes if isinstance(nodes, list) else None
    except UnreachableNodeError:
        return None  # it ended, or was killed and left its address behind
    return None


def _show_status(invocation: Invocation, state: Status) -> None:
    if not state.member:
        invocation.say(state.standing)
    if state.copied:
        invocation.say(
            f"Here {state.copied}. This device goes on in a new log and takes back from the others what it wrote itself; nothing is lost."
        )
    invocation.say(f"{'In sync' if state.converged else 'Not in sync yet'}: {state.assets} photos, {state.trashed} in the trash.")
    for node in state.nodes:
        reason = f" ({node['reason']})" if node["reason"] else ""
        place = f" at {node['address']}" if node["kind"] == NodeKind.PEER and node["address"] else ""
        invocation.say(f"  {node['name']}{place}: {node['state']}{reason}, behind {node['behind']}, ahead {node['ahead']}")
    for transfers, verb in ((state.uploads, "to upload"), (state.downloads, "to download")):
        if transfers.count:
            invocation.say(f"  {transfers.count} {verb}, {transfers.size / 1e6:.1f} MB")
    _show_storage(invocation, state.storage)
    if state.previews:
        invocation.say(f"  {state.previews} previews to make, by `calotype run`")
    if state.recovered:
        invocation.say(
            f"  {state.recovered} files in the folder `recovered`: of photos that were deleted elsewhere while somebody had changed them, or damaged."
            " Look at them, bring back what you want by `calotype import --bring-back FILE`, and clear the rest away"
        )
    _show_waiting(invocation, state)
    for fork in state.forks:
        invocation.say(
            f"  the log {fork['log'][:SHORT_ID]} of {fork['device']} has {len(fork['tips'])} ends: a copy of it went on; nothing is lost"
        )
    if state.held_back_by:
        invocation.say(f"  not everywhere yet: {', '.join(state.held_back_by)}")
    if state.disagreeing:
        invocation.say(f"  {', '.join(state.disagreeing)}: same changes, different library. Run `calotype verify --deep` on both.")
    if not state.nodes:
        invocation.say(
            "  No relay is configured and no other device was met: changes stay on this device. See `calotype relay add --help`."
        )


def _show_storage(invocation: Invocation, storage: Mapping[str, Any]) -> None:
    if storage["policy"] != "everything":
        here, elsewhere = storage["here"]["files"], storage["elsewhere"]["files"]
        invocation.say(f"  {here} originals here, {elsewhere} elsewhere: this device keeps {storage['policy']}; see `calotype policy`")
    if storage["disk_short"]:
        invocation.say(
            f"  the disk is nearly full ({storage['disk_free'] / 1e9:.1f} GB free): no more originals are fetched until there is room"
        )
    if storage["damaged"]:
        invocation.say(
            f"  {storage['damaged']} originals had rotted on this disk and were moved to recovered/damaged; they are fetched back"
        )


def _show_waiting(invocation: Invocation, state: Status) -> None:
    for entry in state.pending:
        invocation.say(f"  waiting: change {entry['entry'][:SHORT_ID]}: {entry['reason']}")
    for item in state.stuck:
        invocation.say(f"  stuck: {item['item']}: {item['reason']}")
    if state.set_aside:
        invocation.say(f"  {state.set_aside} changes by removed devices don't count: nobody had built on them")


@click.command()
@click.argument("asset", metavar="ID")
@common_options
def why(invocation: Invocation, asset: str) -> None:
    """Where each of a photo's files is, and why anything is not where it should be.

    \b
    Example: calotype why 3f2a
    """
    with opened(invocation) as library:
        answer = explain(library, Queries(library.database).find(asset))
    invocation.document(answer, lambda: _show_explanation(invocation, answer))


def _show_explanation(invocation: Invocation, answer: dict[str, Any]) -> None:
    invocation.say(f"{answer['name']}{' (in the trash)' if answer['trashed'] else ''}")
    for file in answer["files"]:
        invocation.say(f"  {file['role']:10} {file['file'][:SHORT_ID]}  {file['explanation']}")
        if file["path"]:
            invocation.say(f"  {'':21}  {file['path']}")
    for sentence in (answer["picture"], answer["preview"]):
        if sentence:
            invocation.say(f"  {sentence}")


@click.command()
@click.option("--deep", is_flag=True, help="Hash every file, and apply all entries again to compare.")
@common_options
def verify(invocation: Invocation, deep: bool) -> None:
    """Prove that everything stored on this device is whole. Exit code 3 if anything is not.

    Originals that are missing, or whose bytes rotted on the disk, are fetched back with the next sync; the damaged file is kept in recovered/damaged.

    \b
    Example: calotype verify --deep
    """
    with opened(invocation) as library, counting(invocation) as progress:
        findings = verify_library(library, deep=deep, repair=True, progress=progress)
    invocation.document(findings.to_json(), lambda: _show_findings(invocation, findings))
    finish(ExitCode.INTEGRITY if findings.problems else ExitCode.DONE)


def _show_findings(invocation: Invocation, findings: Findings) -> None:
    invocation.say(
        f"{findings.entries} entries, {findings.records} records, {findings.originals} originals, {findings.blobs} thumbnails and previews: "
        + (f"{len(findings.problems)} problems." if findings.problems else "all whole.")
    )
    for problem in findings.problems:
        invocation.say(f"  {problem}")
