"""The story: two devices and a relay, as real processes of the installed commands.

    together    a relay, a library on alpha, photographs imported, beta introduced by ticket and short code; everything arrives; a change is seen at once
    apart       both peers are stopped; both devices change the same and different things
    together    both peers run again; digests, contents and rules are compared, a lost value is brought back

Whatever doesn't hold becomes a ``BrokenPromiseError``. The caller stops what was started.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import trio

from tests.demo.account import Account, Step
from tests.demo.blindness import found_at_relay
from tests.demo.merges import ALPHA, BETA, CAPTION_MERGE, EARLY_CAPTION, JOURNEY, LATE_CAPTION, MERGES, PLANS, TRASH_MERGE, Act, Shown
from tests.demo.photos import Photos, make_photo_for_both, make_photos
from tests.fleet.eye import Eye
from tests.fleet.introducing import introduce
from tests.fleet.programs import Device, RelayProgram, start_relay

T = TypeVar("T")
PARTLY = (0, 1)
CHECKED = (0, 3)
MEETINGS = 10


class BrokenPromiseError(Exception):
    """Something isn't as it should be: a sentence."""


def promise(holds: object, sentence: str) -> None:
    if not holds:
        raise BrokenPromiseError(sentence)


class Story:
    """One run in an empty folder. ``stop`` ends what it started, at any point."""

    def __init__(self, folder: Path, account: Account, own_photos: Photos | None) -> None:
        self.folder = folder
        self.alpha = Device(name=ALPHA, library=folder / ALPHA)
        self.beta = Device(name=BETA, library=folder / BETA)
        self.relay: RelayProgram | None = None
        self._account = account
        self._own_photos = own_photos
        self._photos: list[str] = []
        self._both_names: tuple[str, ...] = ()

    async def tell(self) -> None:
        await self._begin()
        await self._import()
        await self._introduce()
        await self._arrive()
        await self._see_at_once()
        await self._go_apart()
        await self._meet_again()
        await self._bring_back()
        await self._prove()
        self._account.show_steps()

    async def stop(self) -> None:
        """The peers first, so that they can say goodbye."""
        for device in self._devices:
            await device.stop()
        if self.relay is not None:
            await self.relay.serving.stop()

    @property
    def _devices(self) -> tuple[Device, Device]:
        return self.alpha, self.beta

    # Together

    async def _begin(self) -> None:
        async def work() -> str:
            self.relay = await start_relay(self.folder)
            await self.alpha.ask("init", "--name", ALPHA)
            await self.alpha.ask("relay", "add", self.relay.url, "--token", await self.relay.token())
            return f"serves on {self.relay.url}; alpha is registered with a token"

        await self._step("a relay and a library", work)

    async def _import(self) -> None:
        photos = self._own_photos
        if photos is None:
            photos = await trio.to_thread.run_sync(make_photos, self.folder / "photos")
        paths = photos.paths
        self._account.say(f"          {photos.remark}")

        async def work() -> str:
            imported = await self._import_on(self.alpha, paths)
            promise(imported["imported"], "No photo was imported.")
            self._photos = imported["assets"]
            for each in imported["skipped"]:
                self._account.say(f"          skipped {Path(each['path']).name}: {each['reason']}", style="dim")
            return f"{imported['imported']} photos, {imported['duplicates']} were there already, {len(imported['skipped'])} skipped with a reason"

        await self._step("import on alpha", work)
        if len(self._photos) < len(MERGES):
            extra = await trio.to_thread.run_sync(make_photos, self.folder / "photos")
            self._photos += (await self._import_on(self.alpha, extra.paths))["assets"]

    async def _import_on(self, device: Device, paths: Sequence[Path]) -> dict[str, Any]:
        imported: dict[str, Any] = await device.ask("import", *map(str, paths), may_end_with=PARTLY)
        return imported

    async def _introduce(self) -> None:
        async def work() -> str:
            return f"both screens show the code {await introduce(self.alpha, self.beta)}"

        await self._step("beta joins by ticket", work)

    async def _arrive(self) -> None:
        async def work() -> str:
            await self._on_both(Device.start)
            await self._converge()
            rows = await self.beta.lines("ls")
            promise(len(rows) == len(self._photos), f"beta shows {len(rows)} photos, alpha {len(self._photos)}.")
            promise(all(row["original"] == "here" for row in rows), "Not every original arrived on beta.")
            return f"beta has all {len(rows)} photos: records, thumbnails, previews, originals"

        await self._step("both peers run: the import arrives", work, online=True)

    async def _see_at_once(self) -> None:
        photo = self._photos[0]

        async def work() -> str:
            with closing(Eye(self.beta)) as eye:
                start = time.perf_counter()
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self.alpha.ask, "set", photo, "hidden=yes")
                    seen = await trio.to_thread.run_sync(
                        partial(eye.wait, 1, "SELECT hidden FROM asset WHERE record = ?", b"\x01" + bytes.fromhex(photo))
                    )
            await self.alpha.ask("set", photo, "hidden=no")
            return f"beta showed it {(seen - start) * 1000:.0f} ms after the command was started"

        await self._step("a change while both run, and taken back", work, online=True)

    # Apart

    async def _go_apart(self) -> None:
        async def prepare() -> str:
            for number, merge in enumerate(MERGES):
                await self._act(merge.before, number)
            await self._converge()
            return "a keyword and two albums, seen by both"

        await self._step("something to disagree about", prepare, online=True)

        async def stop() -> str:
            await self._on_both(Device.stop)
            return "neither peer runs"

        await self._step("both go offline", stop)

        async def edit() -> str:
            for number, merge in enumerate(MERGES):
                await self._act(merge.apart, number)
            on_alpha, on_beta = make_photo_for_both(self.folder)
            imports = [await self._import_on(self.alpha, [on_alpha]), await self._import_on(self.beta, [on_beta])]
            promise(all(each["imported"] == 1 for each in imports), "The photo that both import was not new.")
            self._photos += imports[0]["assets"]
            self._both_names = on_alpha.name, on_beta.name
            digests = await self._digests()
            promise(len(digests) == 2, "The libraries are the same although different things were changed.")
            return f"{sum(len(merge.apart) for merge in MERGES)} edits and the same photo imported on both; digests differ"

        await self._step("both are edited", edit)

    async def _act(self, acts: Sequence[Act], number: int) -> None:
        devices = {device.name: device for device in self._devices}
        for act in acts:
            await devices[act.device].ask(*act.for_photo(self._photos[number]))

    # Together again

    async def _meet_again(self) -> None:
        async def work() -> str:
            await self._on_both(Device.start)
            await self._converge()
            return f"digests equal: {await self._digest()}"

        await self._step("both peers run again", work, online=True)
        await self._compare()

    async def _compare(self) -> None:
        shown = await self._on_both(self._shown)
        rows, broken = [], []
        for number, merge in enumerate(MERGES):
            photo = self._photos[number]
            kept = all(merge.holds(each, photo) for each in shown)
            rows.append((merge.words(ALPHA), merge.words(BETA), merge.rule, "yes" if kept else "NO"))
            if not kept:
                broken.append(merge.rule)
        rows.append(await self._compare_import())
        self._account.table("What was done where, and what the rules decided", ("on alpha", "on beta", "rule", "kept on both"), rows)
        promise(shown[0] == shown[1], "The digests are equal, but the devices show different things.")
        promise(not broken, f"A rule was not kept: {'; '.join(broken)}.")

    async def _compare_import(self) -> tuple[str, str, str, str]:
        photo = self._photos[-1]
        for device, details in zip(self._devices, await self._on_both(lambda device: device.ask("show", photo)), strict=True):
            promise(sorted(details["names"]) == sorted(self._both_names), f"{device.name} shows the names {details['names']}.")
            promise(not details["conflicts"], f"{device.name} shows a conflict for a photo that both imported.")
        on_alpha, on_beta = (f"import {name}" for name in self._both_names)
        return on_alpha, on_beta, "the same bytes: one photo with both names, no conflict", "yes"

    async def _bring_back(self) -> None:
        photo = self._photos[CAPTION_MERGE]

        async def resolve() -> str:
            await self.alpha.ask("resolve", photo, "caption", "--device", BETA)
            await self._converge()
            for device, details in zip(self._devices, await self._on_both(lambda device: device.ask("show", photo)), strict=True):
                promise(details["caption"] == EARLY_CAPTION, f"{device.name} shows the caption {details['caption']!r}.")
                promise(not details["conflicts"], f"The conflict is still open on {device.name}.")
            return f"both show {EARLY_CAPTION!r} instead of {LATE_CAPTION!r}"

        await self._step("`resolve` brings beta's caption back", resolve, online=True)

        async def import_again() -> str:
            details = await self.beta.ask("show", self._photos[TRASH_MERGE])
            imported = await self._import_on(self.beta, [self._copied_original(details)])
            promise(imported["deleted_before"] == 1, "A photo in the trash came back by being imported again.")
            return "stays in the trash; the import says so"

        await self._step("import of a photo in the trash, on beta", import_again, online=True)

    def _copied_original(self, details: dict[str, Any]) -> Path:
        original = self.beta.library / details["files"][0]["path"]
        copy = self.folder / f"again{original.suffix}"
        copy.write_bytes(original.read_bytes())
        return copy

    async def _prove(self) -> None:
        async def verify() -> str:
            found = await self._on_both(lambda device: device.ask("verify", "--deep", may_end_with=CHECKED))
            for device, each in zip(self._devices, found, strict=True):
                promise(not each["problems"], f"`verify` finds problems on {device.name}: {each['problems']}")
            return f"{found[0]['entries']} entries, records, originals and thumbnails are whole on both; every entry applied again gives the same"

        await self._step("verify --deep", verify)

        async def search() -> str:
            rows = await self.alpha.lines("ls")
            words = {row["name"] for row in rows} | {row["caption"] for row in rows} | {JOURNEY, PLANS, EARLY_CAPTION, LATE_CAPTION}
            originals = [path for path in sorted(self.alpha.folder.originals.rglob("*")) if path.is_file()]
            assert self.relay is not None
            found = await trio.to_thread.run_sync(found_at_relay, self.relay.data, words, originals)
            promise(not found, f"Readable in the relay's folder: {', '.join(found)}.")
            return "no file name, caption, album or run of 16 bytes of a photo in its files"

        await self._step("the relay is blind", search)

    # Tools of the story

    async def _step(self, what: str, work: Callable[[], Awaitable[str]], *, online: bool = False) -> None:
        """``online``: the peers run, now or at the end, so that their bytes count."""
        before = await self._wire()
        start = time.perf_counter()
        outcome = await work()
        milliseconds = (time.perf_counter() - start) * 1000
        wire = await self._wire() - before if online else None
        self._account.add(Step(what=what, milliseconds=milliseconds, wire=wire, outcome=outcome))

    async def _wire(self) -> int:
        """HTTP bytes of the peers that run, since they connected."""
        nodes = [node for device in self._devices if device.peer is not None for node in await device.nodes()]
        return sum(node["wire_sent"] + node["wire_received"] for node in nodes)

    async def _on_both(self, work: Callable[[Device], Awaitable[T]]) -> list[T]:
        """``work`` with both devices at once; what came of it, alpha first."""
        results: dict[str, T] = {}

        async def one(device: Device) -> None:
            results[device.name] = await work(device)

        async with trio.open_nursery() as nursery:
            for device in self._devices:
                nursery.start_soon(one, device)
        return [results[device.name] for device in self._devices]

    async def _converge(self) -> None:
        """Until neither has anything left to do and both show the same."""
        for _ in range(MEETINGS):
            reports = [await device.settle() for device in self._devices]
            if all(report["converged"] for report in reports) and len(await self._digests()) == 1:
                return
        raise BrokenPromiseError(f"The devices don't come together: {reports}")

    async def _digest(self) -> str:
        digests = await self._digests()
        promise(len(digests) == 1, f"The digests differ: {' and '.join(sorted(digests))}.")
        return digests.pop()

    async def _digests(self) -> set[str]:
        return {answer["digest"] for answer in await self._on_both(lambda device: device.ask("digest"))}

    async def _shown(self, device: Device) -> Shown:
        photos = [row for more in ((), ("--trash",)) for row in await device.lines("ls", *more)]
        albums = [row for more in ((), ("--trash",)) for row in await device.lines("album", "ls", *more)]
        return Shown(
            photos={row["id"]: row for row in photos},
            albums={row["title"]: row for row in albums},
            conflicts=await device.lines("conflicts"),
        )
