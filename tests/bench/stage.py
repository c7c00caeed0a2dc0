"""What the benchmarks share: how much is measured, and a relay with two devices as real processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fixtures.pictures import jpeg
from tests.fleet.introducing import introduce
from tests.fleet.programs import Device, RelayProgram, start_relay


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much is measured: less with ``--quick``."""

    quick: bool
    assets: int

    def of(self, full: int, quick: int) -> int:
        return quick if self.quick else full


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A relay that serves, and two devices of one library whose peers don't run yet."""

    folder: Path
    relay: RelayProgram
    alpha: Device
    beta: Device


@asynccontextmanager
async def open_stage(folder: Path, *, relay_address: Callable[[str], str] = lambda url: url) -> AsyncIterator[Stage]:
    """``relay_address``: under which address the devices know the relay. Everything that was started ends with the block."""
    relay = await start_relay(folder)
    alpha, beta = (Device(name=name, library=folder / name) for name in ("alpha", "beta"))
    try:
        await alpha.ask("init", "--name", "alpha")
        await alpha.ask("relay", "add", relay_address(relay.url), "--token", await relay.token())
        await introduce(alpha, beta)
        yield Stage(folder=folder, relay=relay, alpha=alpha, beta=beta)
    finally:
        for device in (alpha, beta):
            await device.stop()
        await relay.serving.stop()


async def bring_one_photo(stage: Stage, picture: bytes | None = None) -> bytes:
    """Imported on alpha and arrived on beta, whose peers run from now on: the asset's record id."""
    photo = stage.folder / "photo.jpg"
    photo.write_bytes(jpeg() if picture is None else picture)
    imported = await stage.alpha.ask("import", str(photo))
    for device in (stage.alpha, stage.beta):
        await device.start()
        await device.settle()
    return b"\x01" + bytes.fromhex(imported["assets"][0])
