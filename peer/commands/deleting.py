"""``calotype purge``."""

from __future__ import annotations

from typing import Any

import click

from peer.commands.invocation import Invocation, common_options, finish
from peer.commands.opening import changing
from peer.errors import ExitCode, UsageError
from peer.library.library import Library
from peer.library.purging import purge_due, purge_now
from peer.library.queries import Queries
from peer.library.retention import DAY_MS, Stay, stay_of
from peer.library.taking_away import take_away
from peer.library.writers import Writers
from store.ids import RecordId


@click.command()
@click.argument("photos", nargs=-1, metavar="[ID]…")
@click.option("--now", is_flag=True, help="Delete these photos at once, though their time in the trash isn't over.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@common_options
def purge(invocation: Invocation, photos: tuple[str, ...], now: bool, yes: bool) -> None:
    """Delete for good what was in the trash for 30 days, on all devices and relays.

    A running peer does this by itself. What somebody changed who didn't know that it was in the trash stays there, and so does what some device
    hasn't heard of yet. With --now and ids, photos that are in the trash go at once.

    \b
    Example: calotype purge
             calotype purge --now 3f2a 90c1
    """
    if bool(photos) != now:
        raise UsageError(
            "Which photos are to go at once is said by --now and their ids. Nothing was deleted.",
            hint="Without ids, `calotype purge` deletes what is due. At once: calotype purge --now ID…",
        )
    with changing(invocation) as library:
        if now:
            records = _in_trash(library, photos)
            several = f"{len(records)} photos" if len(records) > 1 else "This photo"
            invocation.confirm(f"{several} will be deleted for good, on every device and relay.", yes=yes)
            done = purge_now(library, records)
        else:
            done = purge_due(library)
        taken = take_away(library)
        names = Writers(library)
        kept = [_document(stay, names) for stay in done.kept]
    document = {"purged": len(done.purged), "kept": kept, "files_deleted": taken.deleted, "files_recovered": taken.recovered}
    invocation.document(document, lambda: _say(invocation, len(done.purged), kept, taken.recovered))
    finish(ExitCode.PARTLY if now and kept else ExitCode.DONE)


def _in_trash(library: Library, texts: tuple[str, ...]) -> list[RecordId]:
    records = list(dict.fromkeys(Queries(library.database).find(text) for text in texts))
    for record in records:
        if stay_of(library, record) is None:
            raise UsageError(
                f"Photo {record.body.hex()[:10]} isn't in the trash. Nothing was deleted.", hint="Put it there first: calotype trash ID"
            )
    return records


def _document(stay: Stay, writers: Writers) -> dict[str, Any]:
    return {
        "id": stay.record.body.hex(),
        "record": stay.record.kind.name.lower(),
        "days_left": max(0.0, round(stay.left / DAY_MS, 2)),
        "contested": stay.contested,
        "unseen_by": sorted(writers.known(device).name for device in stay.unseen_by),
        "reason": _reason(stay, writers),
    }


def _reason(stay: Stay, writers: Writers) -> str:
    if stay.contested:
        return "somebody changed it who didn't know that it was in the trash: trash it again, or restore it"
    if stay.left > 0:
        days = -(-stay.left // DAY_MS)
        return f"it stays in the trash for another {days} day{'' if days == 1 else 's'}"
    return f"not every device knows of it yet: {', '.join(sorted(writers.known(device).name for device in stay.unseen_by))}"


def _say(invocation: Invocation, purged: int, kept: list[dict[str, Any]], recovered: int) -> None:
    invocation.say(f"{purged} deleted for good, {len(kept)} stay in the trash.")
    if kept:
        invocation.table(("ID", "WHY"), [(each["id"][:10], each["reason"]) for each in kept])
    if recovered:
        invocation.say(f"{recovered} files that somebody had changed meanwhile are in the folder `recovered` of the library.")
