"""Answers that can be read and aren't true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from starlette.types import Send

from relay.messages import (
    BlobsArrived,
    BlobState,
    BlobsWanted,
    Cursor,
    EntriesArrived,
    ErrorBody,
    HeadsAnswer,
    Heartbeat,
    Hello,
    Hint,
    HoldAnswer,
    ItemDecoder,
    PullEnd,
    PushOutcome,
    PushResult,
    SeenAccepted,
    SeenReports,
    StatAnswer,
    StatRequest,
    frame,
)
from relay.messages.framing import END, ITEM
from relay.messages.limits import MAX_PULL_ITEM, MAX_PUSH_BYTES
from store.entries import Entry, parse_entry
from store.heads import Heads
from store.ids import BlobId, DeviceId, LogId, StoreId
from store.log import Status
from tests.simulation.wire.behaviour import Answer, Behaviour, Question

YEAR_MS = 365 * 24 * 60 * 60 * 1000
CBOR = ((b"content-type", b"application/cbor"),)


def pulled(answer: Answer, keep: Callable[[Entry], bool], end: Callable[[PullEnd], PullEnd]) -> Answer:
    """The answer to a pull, some entries left out, and with another end."""
    parts: list[bytes] = []
    for tag, content in ItemDecoder(longest=MAX_PULL_ITEM).feed(answer.body):
        if tag == END:
            parts.append(frame(END, end(PullEnd.decode(content)).encode()))
        elif keep(parse_entry(content)):
            parts.append(frame(ITEM, content))
    return answer.saying(b"".join(parts))


class WithholdsLog(Behaviour):
    """One log isn't there: not in heads, not in pulls. The relay says nothing of it, and serves what builds on it.

    Devices keep what builds on it from being stored until its past comes, say so, remember no cursor as long as something is refused, and get the log by any
    other way. A device whose own log is withheld sends it again and again at the beginning of sessions, never in a loop.
    """

    calls = frozenset({"heads", "pull"})

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._log: LogId | None = None

    def change(self, question: Question, honest: Answer) -> Answer:
        if question.call == "heads":
            answer = HeadsAnswer.decode(honest.body)
            self._choose(answer.heads)
            return honest.saying(replace(answer, heads=answer.heads.without([self._log] if self._log else [])).encode())
        return pulled(honest, lambda entry: entry.log != self._log, lambda end: end)

    def _choose(self, heads: Heads) -> None:
        if self._log is None and len(heads) > 1:
            self._log = self.random.choice(list(heads)[1:])


class TellsDevicesDifferentThings(Behaviour):
    """Some devices see the relay as it was when this began: heads, pulls and news stand still for them, while what they send is taken. Others see all.

    Nobody can know it from the relay alone. Devices lose nothing by it: what they were shown is whole and verified; what they weren't comes by other ways, or
    when the relay is honest again.
    """

    calls = frozenset({"heads", "pull", "news"})

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._fooled: dict[DeviceId, bool] = {}
        self._view: HeadsAnswer | None = None

    def concerns(self, question: Question) -> bool:
        if question.device is None or not super().concerns(question):
            return False
        return self._fooled.setdefault(question.device, self.random.random() < 0.5)

    async def answer(self, question: Question, send: Send) -> None:
        if question.call == "news" and self._view is not None:
            await question.news(send, self._stands_still)
        elif question.call == "news":
            await question.pass_on(send)
        else:
            await super().answer(question, send)

    def change(self, question: Question, honest: Answer) -> Answer:
        if question.call == "heads":
            self._view = self._view or HeadsAnswer.decode(honest.body)
            return honest.saying(self._view.encode())
        return honest if self._view is None else pulled(honest, self._is_in_view, self._ends_in_view)

    def _stands_still(self, hint: Hint) -> Hint | None:
        if isinstance(hint, EntriesArrived) and self._view is not None:
            return EntriesArrived(arrival=self._view.arrival)
        return None if isinstance(hint, BlobsArrived) else hint

    def _is_in_view(self, entry: Entry) -> bool:
        assert self._view is not None
        return any(entry.seq <= tip.seq for tip in self._view.heads.get(entry.log, ()))

    def _ends_in_view(self, end: PullEnd) -> PullEnd:
        assert self._view is not None
        arrival = min(end.cursor.arrival, self._view.arrival)
        return replace(end, cursor=Cursor(store=end.cursor.store, arrival=arrival), more=False, seen=self._view.seen)


class CountsWrong(Behaviour):
    """Arrival numbers go backwards, or far ahead, in heads, pulls, pushes and news.

    A number is a hint of where to go on: whoever follows a wrong one misses entries for a while, and finds them by comparing heads.
    """

    calls = frozenset({"heads", "pull", "push", "news"})

    def _wrong(self, arrival: int) -> int:
        return self.random.choice((0, max(0, arrival - self.random.randint(1, 9)), arrival + self.random.randint(1, 9), 2**62))

    async def answer(self, question: Question, send: Send) -> None:
        if question.call == "news":
            await question.news(
                send, lambda hint: EntriesArrived(arrival=self._wrong(hint.arrival)) if isinstance(hint, EntriesArrived) else hint
            )
        else:
            await super().answer(question, send)

    def change(self, question: Question, honest: Answer) -> Answer:
        if question.call == "heads":
            answer = HeadsAnswer.decode(honest.body)
            return honest.saying(replace(answer, arrival=self._wrong(answer.arrival)).encode())
        if question.call == "push":
            result = PushResult.decode(honest.body)
            return honest.saying(replace(result, before=self._wrong(result.before), after=self._wrong(result.after)).encode())
        return pulled(honest, lambda _: True, lambda end: replace(end, cursor=replace(end.cursor, arrival=self._wrong(end.cursor.arrival))))


class IsAlwaysRestored(Behaviour):
    """Another store id at each `hello`, as if it had been restored from a backup again: devices forget what they remembered of it, each time, and compare."""

    calls = frozenset({"hello"})

    def change(self, question: Question, honest: Answer) -> Answer:
        return honest.saying(replace(Hello.decode(honest.body), store=StoreId(self.random.randbytes(16))).encode())


class HasWrongTime(Behaviour):
    """The time in `hello` is years off. Sessions can't be opened by it, so devices stay away, and say why; stamps made meanwhile are flagged, never lost."""

    calls = frozenset({"hello"})

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._off = random.choice((-30, -1, 1, 30)) * YEAR_MS

    def change(self, question: Question, honest: Answer) -> Answer:
        hello = Hello.decode(honest.body)
        return honest.saying(replace(hello, time=max(0, hello.time + self._off)).encode())


class ClaimsBlobs(Behaviour):
    """It says that it holds every blob, and promises so with proofs of nothing.

    Bytes count, words don't: no original is given up for it (a proof is checked), and who misses a blob there looks elsewhere. What wasn't uploaded because
    of it is uploaded when the relay is asked about everything again, a week later at most (``peer.library.upload_planning.AUDIT_MS``).
    """

    calls = frozenset({"stat", "has_blob", "hold"})

    def change(self, question: Question, honest: Answer) -> Answer:
        if question.call == "stat":
            return honest.saying(StatAnswer(states=(BlobState.HELD,) * len(StatRequest.decode(question.body).ids)).encode())
        if question.call == "hold":
            answer = HoldAnswer.decode(honest.body)
            return honest.saying(replace(answer, proofs=tuple(self.random.randbytes(32) for _ in answer.proofs)).encode())
        return honest

    async def answer(self, question: Question, send: Send) -> None:
        if question.call == "has_blob":
            await Answer(status=200, headers=(), body=b"").give(send)
        else:
            await super().answer(question, send)


class DeniesBlobs(Behaviour):
    """It has no blobs, whatever it has. Devices upload again (which it takes), fetch elsewhere, and say where a file is missing."""

    calls = frozenset({"stat", "has_blob", "hold", "get_blob", "many"})

    async def answer(self, question: Question, send: Send) -> None:
        match question.call:
            case "stat":
                states = (BlobState.ABSENT,) * len(StatRequest.decode(question.body).ids)
                await Answer(status=200, headers=CBOR, body=StatAnswer(states=states).encode()).give(send)
            case "hold":
                honest = await question.honest()
                answer = HoldAnswer.decode(honest.body)
                await honest.saying(replace(answer, proofs=(b"",) * len(answer.proofs)).encode()).give(send)
            case "many":
                await Answer(status=200, headers=CBOR, body=frame(END)).give(send)
            case _:
                await Answer(status=404, headers=CBOR, body=ErrorBody(error="not-found", message="it isn't here").encode()).give(send)


class ForgetsPushes(Behaviour):
    """What is pushed, reported and uploaded is acknowledged, and thrown away.

    Nobody can know it at once. Devices compare heads when a session begins, and send what isn't there; about blobs they ask again within a week, as
    above. Nothing is given up on a device for an acknowledgement alone.
    """

    calls = frozenset({"push", "seen", "put_blob"})

    async def answer(self, question: Question, send: Send) -> None:
        match question.call:
            case "push":
                count = sum(1 for _ in ItemDecoder(longest=MAX_PUSH_BYTES).feed(question.body))
                result = PushResult(outcomes=(PushOutcome(status=Status.STORED),) * count, before=0, after=0)
                await Answer(status=200, headers=CBOR, body=result.encode()).give(send)
            case "seen":
                count = len(SeenReports.decode(question.body).reports)
                await Answer(status=200, headers=CBOR, body=SeenAccepted(accepted=count).encode()).give(send)
            case _:
                await Answer(status=201, headers=(), body=b"").give(send)


class AnswersOtherQuestions(Behaviour):
    """The answer to some other question: the last of the same call, or of another one. What doesn't fit the question is a breach of the protocol; what fits
    is judged by itself: entries by their signatures, blobs by their names."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._last: dict[str, Answer] = {}

    def concerns(self, question: Question) -> bool:
        return question.call not in ("news", "messages")

    def change(self, question: Question, honest: Answer) -> Answer:
        known = [self._last[call] for call in sorted(self._last)]
        other = self._last.get(question.call) if self.random.random() < 0.5 or not known else self.random.choice(known)
        self._last[question.call] = honest
        return other or honest


class AsksForEverythingBack(Behaviour):
    """Its news say again and again that it wants blobs back, those of this library and others. Devices queue what they have, each once."""

    calls = frozenset({"news"})

    async def answer(self, question: Question, send: Send) -> None:
        known: list[BlobId] = []

        def wanted(hint: Hint) -> Hint:
            if isinstance(hint, BlobsArrived):
                known.extend(hint.blobs[:64])
            made_up = [BlobId(self.random.randbytes(32)) for _ in range(4)]
            return BlobsWanted(blobs=(*known[-200:], *made_up)) if isinstance(hint, Heartbeat | BlobsArrived) else hint

        await question.news(send, wanted)
