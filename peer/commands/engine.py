"""``calotype run``, ``sync`` and ``fetch``: the engine, in this process or in the one that runs already."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import trio

from peer.app import LanOptions, Peer, open_peer
from peer.commands.bars import transfer_bar
from peer.commands.gallery import gallery_options
from peer.commands.invocation import Invocation, common_options, finish
from peer.commands.local_network import lan_options
from peer.commands.opening import opened
from peer.control import ask
from peer.engine.control import sync_report
from peer.engine.engine import EngineRunsError
from peer.engine.progress import Fault
from peer.engine_address import read_address, write_private_json
from peer.errors import CalotypeError, ExitCode, IntegrityError, NoSpaceLeftError, NotAllowedError, UnreachableNodeError
from peer.gallery.serving import GalleryOptions
from peer.layout import LibraryFolder
from peer.library.asset_files import located
from peer.library.devices import disagreeing_devices
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.wanting import files_of_photo, missing_originals, want_all_originals, want_originals
from peer.place import Place
from store.ids import FileHash, RecordId

DEFAULT_WAIT = 3600.0
ADDRESS_SECONDS = 5.0


@click.command()
@lan_options
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Serve neighbours on this port; without it on any that is free.")
@gallery_options
@click.option(
    "--ready-file", type=click.Path(path_type=Path), default=None, help="Written once the peer serves, as JSON {pid, lan, gallery}."
)
@common_options
def run(invocation: Invocation, lan: LanOptions | None, port: int, gallery: GalleryOptions | None, ready_file: Path | None) -> None:
    """Keep this library in sync until stopped, and show it to browsers on this machine.

    Devices of this library on the local network find each other, and need no relay. Changes arrive within moments. Other commands may run beside it.
    The link to the gallery that is printed opens it once; `calotype open` makes another one.

    \b
    Example: calotype run
             calotype run --gallery 192.168.1.20:8467
    """
    trio.run(_run, invocation, None if lan is None else replace(lan, port=port), gallery, ready_file)


async def _run(invocation: Invocation, lan: LanOptions | None, gallery: GalleryOptions | None, ready_file: Path | None) -> None:
    folder = LibraryFolder(invocation.library)
    async with open_peer(folder, report_at_once=False, lan=lan, gallery=gallery) as peer, trio.open_nursery() as nursery:
        await nursery.start(peer.serve)
        place = await peer.place()
        if ready_file is not None:
            link = None if peer.gallery is None else peer.gallery.login_link()
            ready = {"pid": os.getpid(), "lan": None if place is None else str(place), "gallery": link}
            await trio.to_thread.run_sync(write_private_json, ready_file, ready)
        _say_what_runs(invocation, peer, place)
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for _ in signals:
                break
        nursery.cancel_scope.cancel()
    invocation.say("Stopped. Nothing was lost; what was on its way goes on next time.")


def _say_what_runs(invocation: Invocation, peer: Peer, place: Place | None) -> None:
    relays = peer.library.nodes.relays()
    if place is not None:
        invocation.say(f"Devices on the local network reach this one at {place}.")
    if relays:
        invocation.say(f"In touch with {', '.join(node.url for node in relays)}.")
    else:
        invocation.say("No relay is configured, so changes reach only devices on this network. `calotype relay add --help` says more.")
    if peer.gallery is not None:
        invocation.say(f"Look at your photos: {peer.gallery.login_link()}")
        if peer.gallery.fingerprint is not None:
            invocation.say(f"A browser asks about its certificate once. Its SHA-256 fingerprint has to be {peer.gallery.fingerprint}")
    invocation.say("Press Ctrl-C to stop.")


@click.command()
@click.option(
    "--wait", type=click.FloatRange(min=0), default=None, help="Seconds to go on trying; without it, until nothing is left to do."
)
@click.option("--originals", is_flag=True, help="Fetch every original too, whatever the policy: it stays for a day.")
@lan_options
@common_options
def sync(invocation: Invocation, wait: float | None, originals: bool, lan: LanOptions | None) -> None:
    """Work until nothing is left to do with the nodes in reach, then end.

    Besides the relays those are the devices that serve on the local network, which is looked at for two seconds. They fetch photos
    from this device while it runs (`calotype run`).

    \b
    Example: calotype sync
    """
    if originals:
        with opened(invocation) as library:
            want_all_originals(library)
    report = trio.run(_sync, invocation, wait, lan)
    invocation.document(report, lambda: _show_sync(invocation, report))
    if report["digest_mismatch"]:
        raise IntegrityError(
            f"This device and {', '.join(report['digest_mismatch'])} have seen the same changes and show different libraries.",
            hint="No photo is lost. Run `calotype verify --deep` on both devices and report what they print.",
        )
    _raise_for(report["nodes"])
    finish(ExitCode.DONE if report["converged"] else ExitCode.PARTLY)


def _raise_for(nodes: list[dict[str, Any]]) -> None:
    """What keeps everything away from this device, or this device from everything, ends the command with its sentence."""
    if any(node["fault"] == Fault.NO_SPACE for node in nodes):
        raise NoSpaceLeftError("There is no room left on this device's disk. What was fetched until now is kept; the rest waits.")
    missed = [node for node in nodes if node["wanted"]]
    if not missed or not all(node["state"] in ("away", "connecting") for node in nodes):
        return
    name, reason = missed[0]["name"], missed[0]["reason"]
    match missed[0]["fault"]:
        case Fault.NODE_FULL:
            hint = "Tell the relay's operator; the next sync goes on where this one stopped."
            raise CalotypeError(f"{name}: {reason}. Everything stays queued.", hint=hint, exit_code=ExitCode.PARTLY)
        case Fault.NOT_ALLOWED:
            raise NotAllowedError(f"{name}: {reason}. Nothing was lost.", hint="See `calotype devices` on another device of the library.")
        case _:
            hint = "Try again when the network or the relay is back."
            raise UnreachableNodeError(f"No node could be reached: {reason}. Everything stays queued.", hint=hint)


async def _sync(invocation: Invocation, wait: float | None, lan: LanOptions | None) -> dict[str, Any]:
    folder = LibraryFolder(invocation.library)
    looking = None if lan is None else replace(lan, serves=False)
    try:
        async with open_peer(folder, report_at_once=True, lan=looking) as peer, trio.open_nursery() as nursery:
            await nursery.start(peer.serve)
            async with transfer_bar(invocation, peer.engine.progress, peer.library):
                report = await _settle(peer, wait)
            nursery.cancel_scope.cancel()
    except EngineRunsError:
        report = await _ask_running(folder, wait)
    with opened(invocation) as library:
        report["digest_mismatch"] = disagreeing_devices(library)
    return report


async def _settle(peer: Peer, wait: float | None) -> dict[str, Any]:
    with trio.move_on_after(DEFAULT_WAIT if wait is None else max(wait, 0.001)):
        if wait is None:
            await peer.engine.until_settled()
        else:
            await peer.engine.until_settled(all_reached=True)
    return sync_report(peer.library, peer.engine, {})


async def _ask_running(folder: LibraryFolder, wait: float | None) -> dict[str, Any]:
    address = None
    with trio.move_on_after(ADDRESS_SECONDS):
        while (address := read_address(folder.engine_address)) is None:  # noqa: ASYNC110 - another process writes it
            await trio.sleep(0.1)
    if address is None:
        raise EngineRunsError(
            "Another command is working with this library's nodes.", hint="Try again when it has ended.", exit_code=ExitCode.UNREACHABLE
        )
    reply = await ask(address, {"do": "sync", "wait": wait})
    if "error" in reply:
        raise CalotypeError(f"The running peer could not do it: {reply['error']}", exit_code=ExitCode.PARTLY)
    return reply


def _show_sync(invocation: Invocation, report: dict[str, Any]) -> None:
    invocation.say(
        f"{'In sync' if report['converged'] else 'Not everything is done'}: {report['sent']} changes sent, {report['received']} received, "
        f"{report['blobs_up']} blobs ({report['bytes_up'] / 1e6:.1f} MB) up, {report['blobs_down']} ({report['bytes_down'] / 1e6:.1f} MB) down."
    )
    for node in report["nodes"]:
        if node["reason"]:
            invocation.say(f"  {node['name']}: {node['reason']}")
    if not report["nodes"]:
        invocation.say("  No relay is configured, and no other device was found here: see `calotype relay add --help`.")


@click.command()
@click.argument("assets", nargs=-1, required=True)
@click.option("--wait", type=click.FloatRange(min=0), default=600.0, show_default=True, help="Seconds to go on trying.")
@common_options
def fetch(invocation: Invocation, assets: tuple[str, ...], wait: float) -> None:
    """Make originals present on this device, and print where they are. They come from the nearest node that has them, and stay for a day at least,
    whatever this device's policy.

    \b
    Example: calotype fetch 3f2a
    """
    with opened(invocation) as library:
        records = [Queries(library.database).find(text) for text in assets]
        wanted = {record: files_of_photo(library, record) for record in records}
    missing = trio.run(fetch_missing, invocation, wanted, wait)
    with opened(invocation) as library:
        paths = {record.body.hex(): _path_of(library, files[0]) for record, files in wanted.items() if files and files[0] not in missing}
    invocation.document(paths, lambda: invocation.table(["id", "path"], [(record[:10], path) for record, path in paths.items()]))
    if missing:
        raise UnreachableNodeError(
            f"{len(missing)} files could not be fetched: no node in reach has them, or none is in reach. They stay queued.",
            hint="`calotype why ID` says where a photo's files are.",
        )


async def fetch_missing(invocation: Invocation, wanted: dict[RecordId, list[FileHash]], wait: float) -> set[FileHash]:
    """Fetch files of photos that aren't here, in this process or by the peer that runs, for at most ``wait`` seconds; those that didn't come."""
    files = {file for each in wanted.values() for file in each}
    with opened(invocation) as library:
        for record in wanted:
            await trio.to_thread.run_sync(want_originals, library, record)
        missing = missing_originals(library, files)
    if missing:
        with trio.move_on_after(wait):
            await _sync(invocation, None, LanOptions())
        with opened(invocation) as library:
            missing = missing_originals(library, files)
    return missing


def _path_of(library: Library, file: FileHash) -> str:
    held = library.held.get(file)
    if held is None:
        raise CalotypeError("The file was removed meanwhile.")
    return str(located(library, held))
