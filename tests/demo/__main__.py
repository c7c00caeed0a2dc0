"""``python -m tests.demo [--photos DIR] [--keep]``: import, edit apart, come together; ends by itself and leaves nothing behind."""

from __future__ import annotations

import shlex
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import click
import trio

from peer.groups import first_of
from tests.demo.account import Account
from tests.demo.photos import Photos, choose_photos
from tests.demo.story import BrokenPromiseError, Story
from tests.fleet.programs import ProgramError, program

STOPPED = 130


@click.command()
@click.option("--photos", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Your own photographs; they are only read.")
@click.option("--keep", is_flag=True, help="Leave everything running, and say how to look around.")
def demo(photos: Path | None, keep: bool) -> None:
    """Two devices and a relay keep one photo library. Exit code 1 when something doesn't hold."""
    own_photos = choose_photos(photos) if photos else None
    if own_photos is not None and not own_photos.paths:
        raise click.UsageError(f"There are no files in {photos}.")
    sys.exit(trio.run(_demo, own_photos, keep))


async def _demo(own_photos: Photos | None, keep: bool) -> int:
    account = Account()
    folder = Path(tempfile.mkdtemp(prefix="calotype-demo-"))
    story = Story(folder, account, own_photos)
    code = STOPPED
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(_end_on_signal, nursery.cancel_scope)
            code = await _tell(story, account)
            nursery.cancel_scope.cancel()
    finally:
        if keep and code != STOPPED:
            _explain(story, account)
        else:
            await story.stop()
            shutil.rmtree(folder)
    if code == STOPPED:
        account.say("Stopped. Nothing is left behind.")
    return code


async def _tell(story: Story, account: Account) -> int:
    problem: Exception | None = None
    try:
        await story.tell()
    except* (BrokenPromiseError, ProgramError, TimeoutError, trio.TooSlowError) as group:
        problem = first_of(group)
    if problem is not None:
        account.say(f"\nThis does not hold: {problem or 'a step took too long.'}", style="bold red")
        return 1
    account.say("\nEverything holds: both devices show the same library, and nothing was lost.", style="bold green")
    return 0


async def _end_on_signal(scope: trio.CancelScope, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
    """Ctrl-C, a closed terminal and a polite kill end the demo as its end does."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        task_status.started()
        await anext(aiter(signals))
        scope.cancel()


def _explain(story: Story, account: Account) -> None:
    """What runs, how to look at it, how to stop it."""
    running = [device for device in (story.alpha, story.beta) if device.peer is not None]
    pids = [str(device.peer.pid) for device in running if device.peer] + ([str(story.relay.serving.pid)] if story.relay else [])
    folder = shlex.quote(str(story.folder))
    look = [
        f"{program('calotype')} ls --library {folder}/alpha",
        f"{program('calotype')} conflicts --library {folder}/beta",
        f"{program('calotype')} status --library {folder}/beta",
        f"{program('calotype')} set ID rating=5 --library {folder}/alpha",
        f"{program('calotype-inspect')} heads --library {folder}/relay",
        f"ls -R {folder}/beta/originals",
    ]
    stop = f"kill {' '.join(pids)}; sleep 1; rm -rf {folder}" if pids else f"rm -rf {folder}"
    account.say("\nThe relay and both peers still run. To look around:")
    for command in look:
        account.say(f"  {command}")
    account.say(f"To stop them and remove everything:\n  {stop}")


if __name__ == "__main__":
    demo()
