"""One of each message and hint; ``messages.json`` beside this file has the bytes that each must have for ever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from relay.messages import (
    BlobsArrived,
    BlobState,
    BlobsWanted,
    BlobTrace,
    Cursor,
    EntriesArrived,
    EntryTrace,
    ErrorBody,
    HeadsAnswer,
    Heartbeat,
    Hello,
    Hint,
    HoldAnswer,
    HoldRequest,
    Limits,
    Mail,
    ManyRequest,
    PullEnd,
    PullRequest,
    PushOutcome,
    PushResult,
    Registered,
    Registration,
    SeenAccepted,
    SeenChanged,
    SeenReports,
    SessionGrant,
    SessionRequest,
    SessionStatement,
    Standing,
    StatAnswer,
    StatRequest,
    TraceAnswer,
    TraceRequest,
)
from store.heads import Heads, Tip
from store.ids import BlobId, DeviceId, EntryHash, LibraryId, LogId, StoreId
from store.log import Status

TIME = 1_721_577_791_000
STORE = StoreId(b"s" * 16)
LIBRARY = LibraryId(b"l" * 32)
BLOBS = (BlobId(b"b" * 32), BlobId(b"c" * 32))
HEADS = Heads({LogId(b"1" * 16): [Tip(7, EntryHash(b"e" * 32)), Tip(9, EntryHash(b"f" * 32))]})

MESSAGES: dict[str, Any] = {
    "hello": Hello(
        kind="relay",
        key=b"k" * 32,
        store=STORE,
        versions=(1,),
        limits=Limits(entry=1, blob=2, push=3, stat=4, many=5),
        time=TIME,
        proof=b"p" * 64,
    ),
    "hello without proof": Hello(kind="peer", key=b"k" * 32, store=STORE, versions=(1, 2), limits=Limits(), time=TIME, proof=b""),
    "registration": Registration(token="the token", genesis=b"genesis", entries=(b"entry",)),
    "registered": Registered(library=LIBRARY, quota=100_000_000_000),
    "session statement": SessionStatement(node_key=b"k" * 32, library=LIBRARY, device=DeviceId(b"d" * 16), nonce=b"n" * 32, expiry=TIME),
    "session request": SessionRequest(statement=b"statement", signature=b"s" * 64),
    "session grant": SessionGrant(token="the token", expires=TIME),
    "heads": HeadsAnswer(heads=HEADS, arrival=12, seen=(b"report",)),
    "pull by cursor": PullRequest(cursor=Cursor(store=STORE, arrival=12), limit=1000, seen=False),
    "pull by heads": PullRequest(heads=HEADS),
    "pull control": PullRequest(cursor=Cursor(store=STORE, arrival=12), limit=1000, seen=False, control=True),
    "pull end": PullEnd(cursor=Cursor(store=STORE, arrival=13), more=True, seen=(b"report",)),
    "push result": PushResult(
        outcomes=(PushOutcome(status=Status.STORED), PushOutcome(status=Status.REFUSED, error="bad-hash")), before=12, after=13
    ),
    "seen reports": SeenReports(reports=(b"report",)),
    "seen accepted": SeenAccepted(accepted=1),
    "stat request": StatRequest(ids=BLOBS, claim=True),
    "stat answer": StatAnswer(states=(BlobState.ABSENT, BlobState.HELD, BlobState.RELEASED)),
    "hold request": HoldRequest(ids=BLOBS, nonce=b"n" * 32),
    "hold answer": HoldAnswer(proofs=(b"", b"p" * 32), until=TIME),
    "many request": ManyRequest(ids=BLOBS),
    "trace request": TraceRequest(entries=(EntryHash(b"e" * 32),), blobs=BLOBS),
    "trace answer": TraceAnswer(
        time=TIME,
        entries=(
            EntryTrace(standing=Standing.ABSENT),
            EntryTrace(standing=Standing.STORED, stored=TIME),
            EntryTrace(standing=Standing.APPLIED, stored=TIME, applied=TIME + 7),
        ),
        blobs=(BlobTrace(state=BlobState.HELD, stored=TIME), BlobTrace(state=BlobState.HELD), BlobTrace(state=BlobState.ABSENT)),
    ),
    "mail": Mail(messages=(b"one", b"two")),
    "error": ErrorBody(error="quota", message="used up"),
}
HINTS: dict[str, Hint] = {
    "hint entries": EntriesArrived(arrival=12),
    "hint blobs": BlobsArrived(blobs=BLOBS),
    "hint wanted": BlobsWanted(blobs=BLOBS[:1]),
    "hint heartbeat": Heartbeat(),
    "hint seen": SeenChanged(),
}


def golden() -> dict[str, bytes]:
    """The bytes on file."""
    content = json.loads(Path(__file__).with_name("messages.json").read_text("ascii"))
    return {name: bytes.fromhex(digits) for name, digits in content.items()}
