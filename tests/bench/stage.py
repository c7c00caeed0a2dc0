"""What the benchmarks share: a relay and two devices as real processes, and an eye on what a device shows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from store.database import read_only_uri
from tests.fixtures.pictures import jpeg
from tests.fleet.introducing import introduce
from tests.fleet.programs import Device, RelayProgram, start_relay

LOOK_SECONDS = 0.0005
PATIENCE_SECONDS = 60.0


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


async def bring_one_photo(stage: Stage) -> bytes:
    """Imported on alpha and arrived on beta, whose peers run from now on: the asset's record id."""
    photo = stage.folder / "photo.jpg"
    photo.write_bytes(jpeg())
    imported = await stage.alpha.ask("import", str(photo))
    for device in (stage.alpha, stage.beta):
        await device.start()
        await device.settle()
    return b"\x01" + bytes.fromhex(imported["assets"][0])


class Eye:
    """Looks into a device's database as any other program on that device could."""

    def __init__(self, device: Device) -> None:
        self._connection = sqlite3.connect(
            read_only_uri(device.folder.database), uri=True, check_same_thread=False, isolation_level=None, timeout=PATIENCE_SECONDS
        )

    def value(self, query: str, *arguments: object) -> object:
        row = self._connection.execute(query, arguments).fetchone()
        return None if row is None else row[0]

    def wait(self, expected: object, query: str, *arguments: object) -> float:
        """``time.perf_counter()`` when the first column of the first row was seen to be ``expected``."""
        end = time.perf_counter() + PATIENCE_SECONDS
        while self.value(query, *arguments) != expected:
            if time.perf_counter() > end:
                raise TimeoutError(f"{query} didn't become {expected} within {PATIENCE_SECONDS:.0f} s")
            time.sleep(LOOK_SECONDS)
        return time.perf_counter()

    def close(self) -> None:
        self._connection.close()
