"""Answers that can't be read, don't end, or don't come."""

from __future__ import annotations

import re

import trio
from starlette.types import Send

from relay.messages import EntriesArrived, ErrorBody, frame_hint
from tests.simulation.wire.behaviour import Answer, Behaviour, Question

PIECE = bytes(64 * 1024)
STATUSES = (201, 301, 401, 403, 404, 408, 413, 418, 422, 429, 500, 502, 503, 507)
ERRORS = (
    "malformed",
    "session-invalid",
    "not-a-member",
    "not-found",
    "too-many",
    "quota",
    "no-space",
    "internal",
    "unavailable",
    "never heard of",
)
MOST_BYTES = 64 * 1024 * 1024


async def _begin(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})


async def _more(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


class FlipsBits(Behaviour):
    """Some bits of what it answers are others. Entries, reports and blobs are verified, messages are read strictly: what isn't right is asked for again."""

    def concerns(self, question: Question) -> bool:
        return question.call not in ("news", "messages")

    def change(self, question: Question, honest: Answer) -> Answer:
        body = bytearray(honest.body)
        for _ in range(self.random.randint(1, 4) if body else 0):
            body[self.random.randrange(len(body))] ^= 1 << self.random.randrange(8)
        return honest.saying(bytes(body))


class GivesTooMuch(Behaviour):
    """An answer goes on with zeros for dozens of mebibytes. The client leaves at the limit of the call, and keeps no more than that in memory."""

    def concerns(self, question: Question) -> bool:
        return question.call not in ("news", "messages")

    async def answer(self, question: Question, send: Send) -> None:
        honest = await question.honest()
        await _begin(send, honest)
        await _more(send, honest.body)
        for _ in range(MOST_BYTES // len(PIECE)):
            await _more(send, PIECE)


class NeverEnds(Behaviour):
    """An answer is said again and again, faster than anybody could call slow. The client leaves at the limit of the call; news may go on for ever, and cost
    little, because hints are merged."""

    PAUSE_SECONDS = 0.25

    async def answer(self, question: Question, send: Send) -> None:
        if question.call == "news":
            await self._endless_news(question, send)
            return
        honest = await question.honest()
        await _begin(send, honest)
        while True:
            await _more(send, honest.body or b"\0")
            await trio.sleep(self.PAUSE_SECONDS)

    async def _endless_news(self, question: Question, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await _more(send, frame_hint(EntriesArrived(arrival=self.random.randrange(10**6))))
            await trio.sleep(self.PAUSE_SECONDS)


class Drips(Behaviour):
    """An answer comes byte by byte, with seconds between. The client has patience for a call and a rate for its bytes, and gives up after that."""

    PAUSE_SECONDS = 5.0

    async def answer(self, question: Question, send: Send) -> None:
        honest = await question.honest()
        await _begin(send, honest)
        for byte in honest.body:
            await _more(send, bytes((byte,)))
            await trio.sleep(self.PAUSE_SECONDS)


class NeverAnswers(Behaviour):
    """Requests are taken, their effects too, and nothing comes back. Each step has a deadline."""

    async def answer(self, question: Question, send: Send) -> None:
        if question.call != "news":
            await question.honest()
        await trio.sleep_forever()


class BreaksOff(Behaviour):
    """An answer ends in its middle. What came of it whole counts; the rest is asked for again."""

    def concerns(self, question: Question) -> bool:
        return question.call not in ("news", "messages")

    async def answer(self, question: Question, send: Send) -> None:
        honest = await question.honest()
        headers = [*honest.headers, (b"content-length", str(len(honest.body) + 1).encode())]
        await send({"type": "http.response.start", "status": honest.status, "headers": headers})
        await _more(send, honest.body[: self.random.randint(0, len(honest.body))])


class GivesWrongStatus(Behaviour):
    """Any status, with the honest body or the body of some error. An error ends the call and no more: the device says it, waits, and tries again."""

    async def answer(self, question: Question, send: Send) -> None:
        honest = await question.honest() if question.call not in ("news", "messages") else Answer(status=200, headers=(), body=b"")
        status = self.random.choice(STATUSES)
        error = ErrorBody(error=self.random.choice(ERRORS), message="because").encode()
        await Answer(status=status, headers=(), body=self.random.choice((honest.body, error, b"<html>"))).give(send)


class GivesWrongLengths(Behaviour):
    """The length that an answer announces is too large or too small. Too large: the client waits, and gives up. Too small: what is left over is no answer
    to the next question, and the connection isn't used again."""

    def mangle(self, data: bytes) -> bytes:
        return re.sub(rb"(?i)(content-length: )([0-9]+)", self._wrong, data) if data.startswith(b"HTTP/") else data

    def _wrong(self, match: re.Match[bytes]) -> bytes:
        wrong = max(0, int(match[2]) + self.random.choice((-1000, -2, -1, 1, 2, 1000, 10**9)))
        return match[1] + str(wrong).encode()

    def concerns(self, question: Question) -> bool:
        return False


class SpeaksNoHttp(Behaviour):
    """What comes is no HTTP."""

    def mangle(self, data: bytes) -> bytes:
        return self.random.randbytes(len(data))

    def concerns(self, question: Question) -> bool:
        return False
