"""The CBOR messages of the sync API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from relay.errors import MAX_MESSAGE_CHARACTERS, error_named
from relay.messages import (
    ErrorBody,
    HeadsAnswer,
    Hello,
    HoldAnswer,
    HoldRequest,
    ItemDecoder,
    Mail,
    ManyRequest,
    PullEnd,
    PullRequest,
    PushResult,
    Registered,
    Registration,
    SeenAccepted,
    SeenReports,
    SessionGrant,
    SessionRequest,
    SessionStatement,
    StatAnswer,
    StatRequest,
    TraceAnswer,
    TraceRequest,
    frame,
    frame_hint,
    parse_hint,
)
from relay.messages.limits import MAX_HINT_BLOBS
from store.encoding import MalformedError
from tests.fuzz.structure import mutated_cbor, selected
from tests.fuzz.target import Target, promise
from tests.golden.relay.cases import MESSAGES, golden


class _Message(Protocol):
    def encode(self) -> bytes: ...

    @classmethod
    def decode(cls, data: bytes) -> _Message: ...


_MESSAGES: Mapping[int, type[_Message]] = {
    0: Hello,
    1: Registration,
    2: Registered,
    3: SessionStatement,
    4: SessionRequest,
    5: SessionGrant,
    6: HeadsAnswer,
    7: PullRequest,
    8: PullEnd,
    9: PushResult,
    10: SeenReports,
    11: SeenAccepted,
    12: StatRequest,
    13: StatAnswer,
    14: HoldRequest,
    15: HoldAnswer,
    16: ManyRequest,
    17: Mail,
    18: ErrorBody,
    19: TraceRequest,
    20: TraceAnswer,
}
"""By the first byte of an input: the corpus depends on these numbers."""


def message(data: bytes) -> None:
    """An accepted message of the sync API has one encoding."""
    kind = _MESSAGES.get(data[0]) if data else None
    if kind is None:
        return
    try:
        parsed = kind.decode(data[1:])
    except MalformedError:
        return
    promise(parsed.encode() == data[1:], "another encoding of the same message")
    if isinstance(parsed, ErrorBody):
        error = error_named(parsed.error, parsed.message, status=500)
        promise(len(error.message) <= MAX_MESSAGE_CHARACTERS, "an error that fills the screen")


def hint(data: bytes) -> None:
    """An accepted hint has one encoding; unknown tags are passed over."""
    if not data:
        return
    try:
        parsed = parse_hint(data[0], data[1:])
    except MalformedError:
        promise(data[0] < 5, "an unknown tag is no error")
        return
    if parsed is None:
        promise(data[0] > 4, "a known tag that says nothing")
        return
    promise(frame_hint(parsed) == frame(data[0], data[1:]), "another encoding of the same hint")
    promise(len(getattr(parsed, "blobs", ())) <= MAX_HINT_BLOBS, "more blobs than allowed")


def _message_seeds() -> Mapping[str, bytes]:
    numbers = {kind: number for number, kind in _MESSAGES.items()}
    return {name.replace(" ", "-"): bytes([numbers[type(each)]]) + golden()[name] for name, each in MESSAGES.items()}


def _hint_seeds() -> Mapping[str, bytes]:
    return {name.replace(" ", "-"): _content(data) for name, data in golden().items() if name.startswith("hint")}


def _content(item: bytes) -> bytes:
    ((tag, content),) = ItemDecoder(longest=1 << 16).feed(item)
    return bytes([tag]) + content


TARGETS = (
    Target(name="message", check=message, seeds=_message_seeds, mutate=selected(mutated_cbor)),
    Target(name="hint", check=hint, seeds=_hint_seeds, mutate=selected(mutated_cbor)),
)
