"""A session with one node: exchanging entries until both sides have the same, and staying in touch.

States, as ``status`` names them:

- *comparing*: asking what the node has and telling apart what is missing where.
- *pulling entries*, *pushing entries*, *reporting what was seen*: the steps of ``peer.engine.plan``, one at a time.
- *listening*: both have the same; the news stream and this device's own changes wake it. Nothing is polled.

**Who sends what, where there are several ways.** This device's own entries are pushed at once. Those of others most often reach the node by another
way: so it is given a moment, then heads are compared, and only what it lacks is pushed. A neighbour that follows this device's news comes for
entries by itself; it is given further moments for as long as it gets on. In the same way a hint of a neighbour that pushes to this device is followed
a moment later, when what it pushed has come. Where entries come from several nodes they are pulled by what is missing here instead of by arrival
numbers, from one node at a time (``peer.engine.turns``); as heads are a guess where logs have branches, they are compared once more, later.

Entries that the node sends are verified, stored and applied in one transaction as they come, so a stream that breaks off
loses nothing: the next pull goes on from what is stored. Entries that come damaged are asked for again by what is missing here, and
as long as any is, nothing is remembered of how far the node was pulled. A hint is only a reason to ask. What the node refuses of ours is
remembered by the error it raises: a refused entry of our own log is a fault of this program or of that node, and is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import inf

import trio

from peer.engine.bootstrapping import bootstrap_from
from peer.engine.exchanging import push_floor
from peer.engine.node_work import NodeWork
from peer.engine.plan import Exchange, Step, next_step
from peer.engine.scheduler import Wake
from peer.engine.turns import Turn
from peer.library.membership import keep_up
from peer.library.nodes import NodeKind
from peer.library.upload_planning import queue_again, queue_everything
from relay.errors import ProtocolViolationError, UnreachableError
from relay.messages import BlobsArrived, BlobsWanted, Cursor, EntriesArrived, HeadsAnswer, PullEnd, PullRequest, SeenChanged
from store.heads import Heads
from store.ids import EntryHash, LogId
from store.log import Arrived, Status

PULL_BYTES = 4 * 1024 * 1024
APPLY_BYTES = 256 * 1024
APPLY_ENTRIES = 64
PUSH_BYTES = 2 * 1024 * 1024
REPORT_SECONDS = 5.0
OTHERS_REPORTS_SECONDS = 30.0
"""Nobody waits for what others have seen: their reports are fetched together, some time after the first hint."""
STEP_SECONDS = 120.0
MOMENT_SECONDS = 1.0
"""In which others' entries most often reach a node by another way."""
HINT_MOMENT_SECONDS = 0.03
"""In which what a neighbour pushes is here, after it said that it has something."""
LATER_SECONDS = 30.0


class Session:
    """Runs on one connection until it breaks or is cancelled."""

    def __init__(self, work: NodeWork) -> None:
        self._work = work
        self._library = work.library
        self._node = work.node
        self._connection = work.connection
        self._api = work.connection.api
        self._progress = work.progress
        self._state = work.state
        self._run = work.run_blocking
        self._wakes = work.wakes
        self._reports_at_once = work.reports_at_once
        self._fetching = work.fetching
        self._turns = work.turns
        self._is_peer = work.node.kind is NodeKind.PEER
        self._compare_at = inf
        self._is_unsure = False
        """Whether the node may lack something that nobody has pushed: until heads were compared, this isn't known."""
        self._heads_there: Heads | None = None
        self._turn = Turn()
        self._exchange = Exchange(pulled_to=None, their_arrival=0, pushed_to=0, our_arrival=0, reported_to=0)
        self._came_from_node: set[EntryHash] = set()
        self._reports: tuple[bytes, ...] = ()
        self._reports_there: frozenset[bytes] = frozenset()
        self._others_reported = False
        self._look_for_reports = Wake()
        self._remembered = (work.node.cursor, work.node.pushed)

    async def run(self) -> None:
        """Exchange entries for as long as the connection lasts."""
        await self._compare()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._listen)
            nursery.start_soon(self._follow_reports)
            while True:
                await self._exchange_all()
                settled = not self._is_unsure and not self._wakes.entries.pending
                self._set_state("comparing" if self._is_unsure else "listening", settled=settled)
                await self._rest()

    async def _rest(self) -> None:
        """Until something happens, or it is time to compare heads or to say what was seen."""
        until_compared = max(self._compare_at - trio.current_time(), 0)
        until_reported = REPORT_SECONDS if self._report_due() else inf
        something = await self._wakes.entries.wait_at_most(min(until_compared, until_reported))
        if not something and until_reported < until_compared:
            await self._report()

    async def _compare(self) -> None:
        self._set_state("comparing")
        answer = await self._heads()
        cursor = self._node.cursor if self._node.store == self._connection.store else 0
        if cursor > answer.arrival:
            cursor = 0
            if not self._is_peer:  # a relay's folder was put back from a backup: what it acknowledged since may be gone, blobs too
                await self._run(queue_everything, self._library, self._node.number)
                self._wakes.uploads.set()
        own = [seen.raw for seen in await self._run(self._library.log.seen) if seen.device == self._library.device]
        has_report = self._reports_there.issuperset(own)  # not when it was put back from a backup: then it is told again
        self._exchange = Exchange(
            pulled_to=cursor or None,
            their_arrival=answer.arrival,
            pushed_to=0,
            our_arrival=0,
            reported_to=self._library.meta.get_int(f"reported:{self._node.number}") if has_report else 0,
        )
        if not cursor and await self._unknown(answer.heads):
            await bootstrap_from(self._work)
        while cursor and self._exchange.behind:
            await self._pull()
        # A node whose folder was put back by hand has the store id and other entries under the numbers: its tips say whether all came.
        if not cursor or await self._unknown(answer.heads):
            await self._pull_by_heads()
        await self._pull_the_rest(answer.heads)
        if self._is_peer and not self._reports_at_once:
            self._exchange = replace(self._exchange, pushed_to=await self._run(self._library.log.arrival))
            self._compare_soon(unsure=True)
        else:
            await self._push_missing(answer.heads)

    async def _pull_the_rest(self, theirs: Heads) -> None:
        """What heads alone didn't bring: of logs with branches everything, and what lies below a checkpoint with that."""
        if unknown := await self._unknown(theirs):
            await self._pull_by_heads(without=unknown)
            if await self._unknown(theirs) and await bootstrap_from(self._work):
                self._state.lacks_here, self._state.reason = False, ""
                await self._pull_by_heads()

    async def _compare_again(self) -> None:
        """Whether both have the same, whatever the hints said."""
        self._set_state("comparing")
        self._compare_at, self._is_unsure, self._state.look_requested = inf, False, False
        answer = await self._heads()
        if await self._unknown(answer.heads):
            await self._pull_by_heads()
        await self._pull_the_rest(answer.heads)
        gets_on = self._heads_there != answer.heads
        self._heads_there = answer.heads
        if gets_on and not self._reports_at_once and self._work.is_followed and await self._lacks_something(answer.heads):
            self._compare_soon(unsure=True)
        else:
            await self._push_missing(answer.heads)

    async def _lacks_something(self, theirs: Heads) -> bool:
        return bool(await self._run(lambda: self._library.log.missing(theirs, limit_bytes=1)))

    def _compare_soon(self, *, unsure: bool) -> None:
        """``unsure``: nothing counts as settled before."""
        self._is_unsure |= unsure
        moment = (0 if self._reports_at_once else MOMENT_SECONDS) if unsure else LATER_SECONDS
        self._compare_at = min(self._compare_at, trio.current_time() + moment)

    async def _unknown(self, heads: Heads) -> frozenset[LogId]:
        return await self._run(lambda: heads.unknown(self._library.log.has))

    async def _exchange_all(self) -> None:
        while True:
            arrival = await self._run(self._library.log.arrival)
            self._exchange = self._exchange.seen_here(arrival)
            self._state.behind, self._state.ahead = self._exchange.behind, self._exchange.ahead
            step = next_step(self._exchange)
            match step:
                case Step.PULL:
                    self._set_state(step.value)
                    await self._pull()
                case Step.PUSH:
                    self._set_state(step.value)
                    await self._push()
                case _ if self._state.look_requested or trio.current_time() >= self._compare_at:
                    await self._compare_again()
                case Step.REPORT if self._state.report_requested:
                    await self._report()
                case _:
                    if self._state.report_requested and self._others_reported:
                        await self._heads()
                    self._state.report_requested = self._reports_at_once
                    self._came_from_node.clear()  # all of it counts as pushed now
                    await self._remember_cursor()
                    return

    async def _remember_cursor(self) -> None:
        """Where to go on after a restart. A cursor that was not kept costs entries that are known already, so it is written when there is time."""
        cursor = 0 if self._state.lacks_here else self._exchange.pulled_to
        pushed = 0 if self._state.lacks_there or self._is_unsure else self._exchange.pushed_to
        if cursor is not None and (cursor, pushed) != self._remembered:
            self._remembered = cursor, pushed
            advance = partial(self._library.nodes.advance, self._node.number, cursor=cursor, pushed=pushed, now=self._library.clock.now())
            await self._run(advance)

    def _report_due(self) -> bool:
        return self._exchange.our_arrival > self._exchange.reported_to

    # Pulling

    async def _pull(self) -> None:
        if self._progress.one_source:
            await self._pull_by_cursor()
            return
        await self._pull_by_heads(seen=False)
        if self._state.lacks_here:
            self._state.lacks_here, self._state.reason = False, ""
            await self._compare_again()
        else:
            self._compare_soon(unsure=False)

    async def _pull_by_cursor(self) -> None:
        assert self._exchange.pulled_to is not None
        cursor = Cursor(store=self._connection.store, arrival=self._exchange.pulled_to)
        announced = self._exchange.their_arrival
        end = await self._pull_once(PullRequest(cursor=cursor, heads=None, limit=PULL_BYTES, seen=False))
        if end.more and end.cursor.arrival <= cursor.arrival:
            raise ProtocolViolationError("the node says that it has more entries, and doesn't get on")
        if self._state.lacks_here:
            self._state.lacks_here, self._state.reason = False, ""
            await self._pull_by_heads()
        else:
            self._pulled(end, None if end.more else announced)

    async def _pull_by_heads(self, *, without: frozenset[LogId] = frozenset(), seen: bool = True) -> None:
        """Everything that our heads lack, in portions: at the first meeting with this store, when something came damaged, and where others bring entries
        too; from then on the store's numbers are known."""
        self._set_state(Step.PULL.value)
        more, announced = True, self._exchange.their_arrival
        async with self._turns.taken() as self._turn:
            while more:
                heads = await self._run(self._library.log.heads)
                if without:
                    heads = heads.without(without)
                before = await self._run(self._library.log.count)
                end = await self._pull_once(PullRequest(cursor=None, heads=heads, limit=PULL_BYTES, seen=seen))
                more = end.more and await self._run(self._library.log.count) > before
        self._pulled(end, announced)

    def _pulled(self, end: PullEnd, announced: int | None) -> None:
        """``announced``: the number that the node had named before this pull, after which it has nothing more to give."""
        if end.cursor.store != self._connection.store:
            raise UnreachableError("its stores were replaced by others while we were connected")
        self._exchange = self._exchange.pulled(end.cursor.arrival)
        if announced is not None:
            if announced > end.cursor.arrival:  # it isn't asked for those again and again; whether all is here, heads say
                self._compare_soon(unsure=False)
            self._exchange = self._exchange.exhausted(announced)

    async def _pull_once(self, request: PullRequest) -> PullEnd:
        portion: list[bytes] = []
        size = 0
        with trio.fail_after(STEP_SECONDS) as scope:
            async with self._api.pull(request) as items:
                async for item in items:
                    scope.deadline = trio.current_time() + STEP_SECONDS  # a slow network gets there too, as long as something comes
                    self._turn.use()
                    if isinstance(item, PullEnd):
                        await self._receive(portion)
                        await self._run(self._take_reports, item.seen or self._reports)
                        return item
                    portion.append(item)
                    size += len(item)
                    if size >= APPLY_BYTES or len(portion) >= APPLY_ENTRIES:
                        await self._receive(portion)
                        portion, size = [], 0
        raise ProtocolViolationError("the node ended a stream of entries without saying where it stands")

    async def _receive(self, raws: Sequence[bytes]) -> None:
        if not raws:
            return
        outcomes = await self._run(self._library.receive, raws)
        self._state.checkpoints_settled = False
        self._wakes.checkpoints.set()
        refused = [outcome for outcome in outcomes if outcome.status in (Status.REFUSED, Status.WAITING)]
        self._came_from_node.update(outcome.name for outcome in outcomes if outcome.name is not None and outcome not in refused)
        new = sum(outcome.status is Status.STORED for outcome in outcomes)
        self._progress.counts.received += new
        if new:
            self._state.useful = True
            self._progress.entries_came()
        self._fetching.look()
        if not self._progress.one_source:
            self._progress.committed.set()  # what came from one node is news for the others
        if refused:
            self._state.lacks_here = True
            self._state.reason = (
                f"sent {len(refused)} entries that were refused: {refused[0].code or 'waiting'} {refused[0].detail}".rstrip()
            )
        if await self._run(keep_up, self._library):
            self._wakes.entries.set()

    # Pushing

    async def _push_missing(self, theirs: Heads) -> None:
        """At the beginning of a session: everything that the node's heads lack."""
        to = await self._run(self._library.log.arrival)
        await push_floor(self._library, self._api, theirs, self._run)
        after = 0
        while page := await self._run(lambda: self._library.log.missing(theirs, limit_bytes=PUSH_BYTES, after=after)):  # noqa: B023 - called at once
            self._set_state(Step.PUSH.value)
            before, now_there = await self._push_page([arrived.entry.raw for arrived in page], all_was_sent=True)
            after = page[-1].arrival
            self._exchange = self._exchange.pushed(after, before=before, after=now_there)
        self._exchange = replace(self._exchange, pushed_to=to)

    async def _push(self) -> None:
        page = await self._run(lambda: self._library.log.after(self._exchange.pushed_to, limit_bytes=PUSH_BYTES))
        own, others = await self._run(self._new_there, page)
        to = page[-1].arrival if page else self._exchange.our_arrival
        before = after = self._exchange.pulled_to or 0
        if others:
            self._compare_soon(unsure=True)
        if own and self._is_unsure and not self._work.is_followed:
            self._compare_at = trio.current_time()  # they may build on what the node lacks
        elif own and not self._is_unsure:
            before, after = await self._push_page(own)
        self._exchange = self._exchange.pushed(to, before=before, after=after)
        self._came_from_node.difference_update(arrived.entry.name for arrived in page)

    def _new_there(self, page: Sequence[Arrived]) -> tuple[list[bytes], bool]:
        """Of ``page``, the entries that this device wrote, and whether there are others that the node may lack."""
        roster, own, others = self._library.roster(), [], False
        ours = frozenset(roster.logs_of(self._library.device))
        theirs = frozenset() if self._node.device is None else frozenset(roster.logs_of(self._node.device))
        for arrived in page:
            entry = arrived.entry
            if entry.name in self._came_from_node or entry.log in theirs - ours:
                continue
            if entry.log in ours:
                own.append(entry.raw)
            else:
                others = True
        return own, others

    async def _push_page(self, raws: Sequence[bytes], *, all_was_sent: bool = False) -> tuple[int, int]:
        """``all_was_sent``: the node has, or was sent before, what these build on."""
        with trio.fail_after(STEP_SECONDS):
            result = await self._api.push(raws)
        for outcome in result.outcomes:
            if outcome.status is Status.STORED:
                self._progress.counts.sent += 1
                self._state.useful = True
            elif outcome.status is Status.WAITING and not all_was_sent:
                self._is_unsure, self._compare_at = True, trio.current_time()
            elif outcome.status is not Status.KNOWN:
                self._state.lacks_there = True
                self._state.reason = f"refused an entry of ours: {outcome.error or 'something that it builds on is missing there'}"
        return result.before, result.after

    # Seen reports and news

    async def _report(self) -> None:
        self._set_state(Step.REPORT.value)
        covered = self._exchange.our_arrival
        report = await self._run(self._library.report_seen)
        reports = frozenset(seen.raw for seen in await self._run(self._library.log.seen))
        with trio.fail_after(STEP_SECONDS):
            await self._api.seen([*((report.raw,) if report else ()), *(reports - self._reports_there - {report.raw if report else b""})])
        self._reports_there = reports
        await self._run(self._library.meta.put_int, f"reported:{self._node.number}", covered)
        self._exchange = self._exchange.reported(covered)

    async def _heads(self) -> HeadsAnswer:
        """What the node has; the seen reports among it are kept."""
        self._others_reported = False
        with trio.fail_after(STEP_SECONDS):
            answer = await self._api.heads()
        self._reports_there = frozenset(answer.seen)
        await self._run(self._take_reports, answer.seen)
        return answer

    async def _follow_reports(self) -> None:
        while True:
            await self._look_for_reports.wait()
            await trio.sleep(OTHERS_REPORTS_SECONDS)
            if self._others_reported:
                await self._heads()

    def _take_reports(self, reports: Sequence[bytes]) -> None:
        """Keep what is newer. A report that covers entries which are still to be pulled is looked at again after the next pull."""
        self._reports = tuple(raw for raw in reports if not self._library.take_report(raw))

    async def _listen(self) -> None:
        async with self._api.news() as hints:
            async for hint in hints:
                match hint:
                    case EntriesArrived(arrival=arrival):
                        await self._announced(arrival)
                    case BlobsArrived(blobs=blobs):
                        self._fetching.came(self._node.number, blobs)
                        if not self._is_peer and await self._run(self._library.uploads.look_again, self._node.number, blobs):
                            self._wakes.uploads.set()
                    case BlobsWanted(blobs=blobs) if not self._is_peer:
                        await self._run(queue_again, self._library, self._node.number, blobs)
                        self._wakes.uploads.set()
                    case SeenChanged():
                        self._others_reported = True
                        self._look_for_reports.set()
                    case _:
                        pass
        raise UnreachableError("the node ended the stream of news")

    async def _announced(self, arrival: int) -> None:
        self._exchange = self._exchange.announced(arrival)
        if self._exchange.behind:
            self._state.entries_settled = False
            if self._work.is_followed:
                await trio.sleep(HINT_MOMENT_SECONDS)
            self._wakes.entries.set()

    def _set_state(self, state: str, *, settled: bool = False) -> None:
        self._state.state = state
        self._state.entries_settled = settled
        if settled:
            self._state.behind = self._state.ahead = 0
            self._state.useful = True
        self._progress.changed.notify()
