"""What runs on a disk: it is switched on and off, and its power may be cut at any write and at any await."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import trio

from relay.errors import UnreachableError
from tests.simulation.clocks import MachineClock
from tests.simulation.disk import Disk, Image, PowerCutError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Runs(ABC):
    """A program on a machine. ``failed`` is told what ended it, unless that was the power."""

    def __init__(
        self, name: str, disk: Disk, clock: MachineClock, *, tell: Callable[[str], None], failed: Callable[[str, Exception], None]
    ) -> None:
        self.name = name
        self.disk = disk
        self.clock = clock
        self.tell = tell
        self._failed = failed
        self._scope: trio.CancelScope | None = None
        self._ended = trio.Event()
        self._awaits_left: int | None = None
        self.images: list[Image] = []

    @abstractmethod
    async def live(self, ready: Callable[[], None]) -> None:
        """Run until cancelled; ``ready`` is called when it does what it is there for."""

    @property
    def is_on(self) -> bool:
        return self._scope is not None

    async def switch_on(self, nursery: trio.Nursery) -> bool:
        """Start, from what the disk holds. False: it ended before it was ready."""
        if self.is_on:
            return True
        if self.disk.is_dead:
            self.disk.power_on()
        self._ended = trio.Event()
        return bool(await nursery.start(self._run))

    async def switch_off(self) -> None:
        """End it as a person does, and wait for that."""
        if self._scope is not None:
            self._scope.cancel()
            await self._ended.wait()

    async def ended(self) -> None:
        """Returns when it isn't running any more."""
        if self._scope is not None:
            await self._ended.wait()

    def cut_power(self) -> None:
        """Now: what isn't on the disk is gone."""
        self.disk.cut_power()
        if self._scope is not None:
            self._scope.cancel()

    def cut_power_after(self, awaits: int) -> None:
        """When it has waited for its disk that many times more."""
        self._awaits_left = awaits

    def spare_power(self) -> None:
        """What was going to cut it doesn't."""
        self._awaits_left = None
        self.disk.spare_power()

    async def run_blocking(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """``RunBlocking`` without threads: virtual time never runs ahead of work."""
        await trio.lowlevel.checkpoint()
        if self._awaits_left is not None:
            self._awaits_left -= 1
            if self._awaits_left < 0:
                self._awaits_left = None
                self.cut_power()
        if self.disk.is_dead:
            raise PowerCutError
        return function(*arguments)

    async def serve_blocking(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """``RunBlocking`` for calls that others make here: when the power goes, they lose the connection, and only this program ends."""
        try:
            return await self.run_blocking(function, *arguments)
        except PowerCutError as error:
            if self._scope is not None:
                self._scope.cancel()
            raise UnreachableError("the connection broke") from error

    async def _run(self, task_status: trio.TaskStatus[bool]) -> None:
        is_ready = False

        def ready() -> None:
            nonlocal is_ready
            is_ready = True
            task_status.started(True)

        try:
            with trio.CancelScope() as self._scope:
                await self.live(ready)
        except* PowerCutError:
            pass  # told below
        except* Exception as group:  # noqa: BLE001  whatever ends a program is for the judge
            for error in group.exceptions:
                self._failed(self.name, error)
        finally:
            self._scope = None
            self._awaits_left = None
            self._ended.set()
            if self.disk.is_dead:
                self.tell(f"the power of {self.name} goes off")
            if not is_ready:
                task_status.started(False)
