"""Decoders: processes that examine files for a trio program, each file under limits of pixels, memory and time.

Rules:

- A decoder is started when the first file needs it, and then kept. It does one file at a time.
- A file that takes too long costs its decoder: it is ended, and the next file starts another.
- A decoder that ends by itself costs nothing but time: the file is given to a fresh one. If that ends too, the file is to blame.
- A decoder that can't even start is a fault of this installation and not of any file: ``DecodersUnavailableError``.
- Whoever cancels a call ends its decoder, which may be anywhere in its work.
- When the program ends, however it ends, its decoders do: they read the end of their input.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import trio
from trio.abc import ReceiveStream, SendStream

from peer.errors import CalotypeError, ExitCode
from peer.media.findings import Examination, undrawable
from peer.media.limits import DecodeLimits
from peer.media.messages import (
    LENGTH_BYTES,
    MAX_ANSWER_BYTES,
    READY,
    Request,
    decode_answer,
    encode_request,
    frame_length,
    framed,
)
from peer.media.types import MediaType
from store.encoding import MalformedError

T = TypeVar("T")

MAX_DECODERS = 4
"""By default no more than this, and no more than there are processors: each may use the memory of ``DecodeLimits``."""

_ATTEMPTS = 2
_START_SECONDS = 30.0
_LAST_SECONDS = 1.0
"""A process closes its pipes before it can be asked how it ended."""


class DecodersUnavailableError(CalotypeError):
    """The processes that decode pictures can't be started."""

    exit_code = ExitCode.PARTLY
    hint = "Nothing was lost. Reinstall Calotype, then import again: it goes on where it stopped."


class GaveUpError(Exception):
    """A file that costs a decoder too much; the words say what happened."""


class _DecoderEndedError(Exception):
    """The process is gone, or talks nonsense."""


class Decoders:
    """A pool of decoders; made by ``open_decoders``."""

    def __init__(self, count: int, limits: DecodeLimits, command: Sequence[str]) -> None:
        self._places = trio.CapacityLimiter(count)
        self._limits = limits
        self._command = command
        self._idle: list[_Decoder] = []

    async def examine(self, path: Path, media: MediaType, *, want_preview: bool = False, want_pictures: bool = True) -> Examination:
        """Everything about the file at ``path`` (see ``examination.examine``); waits for a free decoder.

        Raises nothing but ``DecodersUnavailableError``. A relative path starts from this program's working directory.
        """
        try:
            request = Request(path=path, media=media, want_preview=want_preview, want_pictures=want_pictures)
            return await self.ask(encode_request(request), decode_answer)
        except GaveUpError as error:
            return undrawable(str(error))

    async def ask(self, request: bytes, read: Callable[[bytes], T]) -> T:
        """What ``read`` makes of the answer to ``request``; it raises ``MalformedError`` for one that can't be.

        Raises ``GaveUpError`` and ``DecodersUnavailableError``.
        """
        async with self._places:
            ending = ""
            for _ in range(_ATTEMPTS):
                decoder = self._idle.pop() if self._idle else await _Decoder.start(self._command)
                try:
                    with trio.fail_after(self._limits.seconds):
                        answer = read(await decoder.ask(framed(request)))
                except trio.TooSlowError as error:
                    await decoder.end()
                    raise GaveUpError(f"it takes longer than {self._limits.seconds:g} seconds to decode") from error
                except _DecoderEndedError:
                    ending = await decoder.end(patience=_LAST_SECONDS)
                except MalformedError:
                    ending = await decoder.end()
                except BaseException:
                    await decoder.end()
                    raise
                else:
                    self._idle.append(decoder)
                    return answer
            raise GaveUpError(f"the decoder {ending} while it worked on it")

    async def end(self) -> None:
        """Ends all decoders that wait for work."""
        while self._idle:
            await self._idle.pop().end()


@asynccontextmanager
async def open_decoders(
    count: int | None = None, *, limits: DecodeLimits | None = None, command: Sequence[str] | None = None
) -> AsyncIterator[Decoders]:
    """A pool of at most ``count`` decoders, ended with the block. ``command`` starts one; tests bring their own."""
    chosen = limits or DecodeLimits()
    decoders = Decoders(count or min(MAX_DECODERS, os.cpu_count() or 2), chosen, command or decoder_command(chosen))
    try:
        yield decoders
    finally:
        await decoders.end()


def decoder_command(limits: DecodeLimits) -> list[str]:
    """What starts a decoder. ``-P``: nothing is imported from the folder that the program happens to run in."""
    return [sys.executable, "-P", "-m", "peer.media.decode_worker", str(limits.memory), str(limits.seconds), str(limits.pixels)]


class _Decoder:
    """One process."""

    def __init__(self, process: trio.Process, requests: SendStream, answers: ReceiveStream) -> None:
        self._process = process
        self._requests = requests
        self._answers = answers

    @classmethod
    async def start(cls, command: Sequence[str]) -> _Decoder:
        try:
            process = await trio.lowlevel.open_process(
                list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            raise DecodersUnavailableError(f"The decoder of pictures can't be started: {error.strerror}.") from error
        if process.stdin is None or process.stdout is None:
            raise DecodersUnavailableError("The decoder of pictures has no pipes.")
        decoder = cls(process, process.stdin, process.stdout)
        try:
            with trio.fail_after(_START_SECONDS):
                greeting = await decoder._receive_message()
        except (trio.TooSlowError, _DecoderEndedError, MalformedError) as error:
            ending = await decoder.end()
            raise DecodersUnavailableError(f"The decoder of pictures doesn't start: it {ending}.") from error
        except BaseException:
            await decoder.end()
            raise
        if greeting != READY:
            await decoder.end()
            raise DecodersUnavailableError("The decoder of pictures is of another version than this program.")
        return decoder

    async def ask(self, request: bytes) -> bytes:
        try:
            await self._requests.send_all(request)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise _DecoderEndedError from error
        return await self._receive_message()

    async def end(self, *, patience: float = 0) -> str:
        """Ends the process unless it does so itself within ``patience`` seconds, waits for it, and says how it ended, also when the caller is being
        cancelled."""
        with trio.CancelScope(shield=True):
            with trio.move_on_after(patience):
                await self._process.wait()
            if self._process.poll() is None:
                self._process.kill()
            code = await self._process.wait()
            await self._requests.aclose()
            await self._answers.aclose()
        return f"was ended by signal {-code}" if code < 0 else f"stopped with code {code}"

    async def _receive_message(self) -> bytes:
        length = frame_length(await self._receive(LENGTH_BYTES), MAX_ANSWER_BYTES)
        return await self._receive(length)

    async def _receive(self, count: int) -> bytes:
        received = bytearray()
        while len(received) < count:
            try:
                chunk = await self._answers.receive_some(count - len(received))
            except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
                raise _DecoderEndedError from error
            if not chunk:
                raise _DecoderEndedError
            received += chunk
        return bytes(received)
