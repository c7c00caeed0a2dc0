"""The process that decodes: ``python -m peer.media.decode_worker MEMORY SECONDS PIXELS``. Never imported by the program itself.

It reads requests from standard input and answers on standard output, one at a time, until its input ends. Libraries that print can't
disturb that: the program's own standard output is closed to them. Whatever goes wrong beyond a verdict ends the process; its owner sees
that and starts another.
"""

from __future__ import annotations

import os
import sys
from typing import BinaryIO

from peer.media.examination import examine
from peer.media.limits import DecodeLimits, confine_memory, end_after
from peer.media.messages import MAX_REQUEST_BYTES, READY, decode_request, encode_answer, framed, read_message

_GRACE_SECONDS = 5.0
"""The owner ends a slow decoder first; this is for an owner that is gone."""


def serve(requests: BinaryIO, answers: BinaryIO, limits: DecodeLimits) -> None:
    """Answers every request until ``requests`` ends."""
    _send(answers, READY)
    while (message := read_message(requests, MAX_REQUEST_BYTES)) is not None:
        end_after(limits.seconds + _GRACE_SECONDS)
        request = decode_request(message)
        _send(answers, encode_answer(examine(request.path, request.media, want_preview=request.want_preview, limits=limits)))
        end_after(0)


def main(arguments: list[str]) -> None:
    memory, seconds, pixels = arguments
    limits = DecodeLimits(memory=int(memory), seconds=float(seconds), pixels=int(pixels))
    requests, answers = _private_streams()
    confine_memory(limits)
    serve(requests, answers, limits)


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
