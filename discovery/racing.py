"""One connection out of several addresses: they are tried side by side, and the first one that works is used (after RFC 8305).

The next candidate is tried when the one before failed, or when a short stagger has passed without a decision. So a good first address is
the only one that is tried, and a dead one costs a moment instead of a timeout. What counts as working is for ``dial`` to say: on the
local network, that the other side has proved its key.

Each dial runs in a task of its own from beginning to end, with everything that its context manager opens; so it may use nurseries and
cancel scopes inside. The losers are cancelled and have ended, also those that were connected at the same moment, before the winner's
block begins.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

import trio

STAGGER_SECONDS = 0.25
"""RFC 8305 section 5: the recommended delay between attempts."""
PATIENCE_SECONDS = 10.0

C = TypeVar("C")
R = TypeVar("R")


class TooSlowError(Exception):
    """A dial that took longer than allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(Generic[C]):
    """A candidate that was tried in vain, and why."""

    candidate: C
    reason: Exception


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner(Generic[C, R]):
    """The ``connection`` that was made to ``candidate`` in so many ``seconds``, and what had failed by then."""

    candidate: C
    connection: R
    seconds: float
    failures: tuple[Failure[C], ...]


class AllFailedError(Exception, Generic[C]):
    """No candidate could be dialled. ``failures`` has each, in the order in which they failed; none when there was no candidate."""

    def __init__(self, failures: tuple[Failure[C], ...]) -> None:
        reasons = "; ".join(f"{failure.candidate}: {failure.reason or type(failure.reason).__name__}" for failure in failures)
        super().__init__(reasons or "there is no address to try")
        self.failures = failures


@asynccontextmanager
async def race(
    candidates: Iterable[C],
    dial: Callable[[C], AbstractAsyncContextManager[R]],
    *,
    stagger: float = STAGGER_SECONDS,
    patience: float = PATIENCE_SECONDS,
) -> AsyncIterator[Winner[C, R]]:
    """The first connection among ``candidates``, open while the block runs. Times in seconds; ``patience`` is for one dial.

    Raises ``AllFailedError``, before the block. What the block raises comes out as it is; what the connection's own tasks raise beneath it
    comes in an exception group.
    """
    heat = _Heat(dial, patience)
    from_block: Exception | None = None
    async with trio.open_nursery() as nursery:
        await heat.start(nursery, candidates, stagger)
        winner = await heat.decision()
        if winner is not None:
            try:
                yield winner
            except Exception as error:  # noqa: BLE001 - raised again outside the nursery, which would wrap it
                from_block = error
            heat.finished.set()
    if winner is None:
        raise AllFailedError(tuple(heat.failures))
    if from_block is not None:
        raise from_block


class _Heat(Generic[C, R]):
    """One race: who runs, who failed, who won."""

    def __init__(self, dial: Callable[[C], AbstractAsyncContextManager[R]], patience: float) -> None:
        self.failures: list[Failure[C]] = []
        self.finished = trio.Event()
        self._dial = dial
        self._patience = patience
        self._winner: Winner[C, R] | None = None
        self._winning: trio.CancelScope | None = None
        self._running: set[trio.CancelScope] = set()
        self._progress = trio.Event()

    async def start(self, nursery: trio.Nursery, candidates: Iterable[C], stagger: float) -> None:
        """One after the other, until somebody has won."""
        for candidate in candidates:
            if self._winner is not None:
                return
            failed_before = len(self.failures)
            scope = trio.CancelScope()
            self._running.add(scope)
            nursery.start_soon(self._run, candidate, scope)
            with trio.move_on_after(stagger):
                while self._winner is None and len(self.failures) == failed_before:
                    await self._progress.wait()

    async def decision(self) -> Winner[C, R] | None:
        """The winner, once nobody else runs; ``None`` when all have failed."""
        while len(self._running) > (self._winner is not None):
            await self._progress.wait()
        return self._winner

    async def _run(self, candidate: C, scope: trio.CancelScope) -> None:
        start = trio.current_time()
        scope.deadline = start + self._patience
        try:
            with scope:
                async with self._dial(candidate) as connection:
                    if self._winner is None and not scope.cancel_called:
                        self._win(candidate, connection, trio.current_time() - start, scope)
                        await self.finished.wait()
            if self._winner is None:
                raise TooSlowError(f"no answer within {self._patience:g} seconds")
        except Exception as error:
            if self._winning is scope:
                raise
            self.failures.append(Failure(candidate=candidate, reason=error))
        finally:
            self._running.discard(scope)
            self._tell()

    def _win(self, candidate: C, connection: R, seconds: float, scope: trio.CancelScope) -> None:
        scope.deadline = inf
        self._winning = scope
        self._winner = Winner(candidate=candidate, connection=connection, seconds=seconds, failures=tuple(self.failures))
        for other in self._running - {scope}:
            other.cancel()
        self._tell()

    def _tell(self) -> None:
        self._progress.set()
        self._progress = trio.Event()
