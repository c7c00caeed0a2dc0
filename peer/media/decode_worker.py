"""The process that decodes: ``python -m peer.media.decode_worker MEMORY SECONDS PIXELS``. Never imported by the program itself.

It reads requests from standard input and answers on standard output, one at a time, until its input ends. Libraries that print can't
disturb that: the program's own standard output is closed to them. Whatever goes wrong beyond a verdict ends the process; its owner sees
that and starts another.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import BinaryIO

from peer.media.examination import examine
from peer.media.limits import DecodeLimits, confine_memory, end_after
from peer.media.messages import MAX_REQUEST_BYTES, READY, decode_request, encode_answer, framed, read_message

_GRACE_SECONDS = 5.0
"""The owner ends a slow decoder first; this is for an owner that is gone."""


Answer = Callable[[bytes, DecodeLimits], bytes]
"""From a request to its answer."""


def examined(message: bytes, limits: DecodeLimits) -> bytes:
    """The answer to a request to examine a file."""
    request = decode_request(message)
    wanted = {"want_preview": request.want_preview, "want_pictures": request.want_pictures}
    return encode_answer(examine(request.path, request.media, limits=limits, **wanted))


def serve(requests: BinaryIO, answers: BinaryIO, limits: DecodeLimits, answer: Answer = examined) -> None:
    """Answers every request until ``requests`` ends."""
    _send(answers, READY)
    while (message := read_message(requests, MAX_REQUEST_BYTES)) is not None:
        end_after(limits.seconds + _GRACE_SECONDS)
        _send(answers, answer(message, limits))
        end_after(0)


def main(arguments: list[str], answer: Answer = examined) -> None:
    """The process: also for other work on files of strangers that is to be done under the same limits."""
    memory, seconds, pixels = arguments
    limits = DecodeLimits(memory=int(memory), seconds=float(seconds), pixels=int(pixels))
    requests, answers = _private_streams()
    confine_memory(limits)
    serve(requests, answers, limits, answer)


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for this module alone; whoever else uses them reads nothing and writes to standard error."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, answers


def _send(answers: BinaryIO, message: bytes) -> None:
    answers.write(framed(message))
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
