"""Makes a failing input shorter, as long as it fails in the same way."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.fuzz.target import Check

Clock = Callable[[], float]


def failure_of(check: Check, data: bytes) -> BaseException | None:
    """What leaves ``check`` for this input."""
    try:
        check(data)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the find
        return error
    return None


def shrunk(check: Check, data: bytes, *, seconds: float, clock: Clock = time.monotonic) -> bytes:
    """The shortest input found by leaving out pieces, then by making bytes zero; ``data`` when it doesn't fail here."""
    failure = failure_of(check, data)
    if failure is None:
        return data
    until = clock() + seconds
    kind = type(failure)

    def still_fails(candidate: bytes) -> bool:
        return clock() < until and type(failure_of(check, candidate)) is kind

    length = len(data)
    while length:
        data = _without_pieces(data, length, still_fails)
        length //= 2
    for place, byte in enumerate(data):
        zeroed = data[:place] + b"\0" + data[place + 1 :]
        if byte and still_fails(zeroed):
            data = zeroed
    return data


def _without_pieces(data: bytes, length: int, still_fails: Callable[[bytes], bool]) -> bytes:
    place = 0
    while place < len(data):
        candidate = data[:place] + data[place + length :]
        if still_fails(candidate):
            data = candidate
        else:
            place += length
    return data
