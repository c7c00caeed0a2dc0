"""What travels over the sync API: frozen messages with strict codecs, and the framing of streams (PROTOCOL.md section 7). Pure.

Every body is a CBOR map with exactly the keys of its message; ``decode`` raises ``MalformedError`` (``TooLongError`` above a
limit) for anything else. Times are milliseconds since 1970 UTC, sizes are bytes.
"""

from relay.messages.blobs import BlobState, HoldAnswer, HoldRequest, ManyRequest, StatAnswer, StatRequest
from relay.messages.framing import ItemDecoder, frame
from relay.messages.hints import BlobsArrived, BlobsWanted, EntriesArrived, Heartbeat, Hint, SeenChanged, frame_hint, parse_hint
from relay.messages.logs import Cursor, HeadsAnswer, PullEnd, PullRequest, PushOutcome, PushResult, SeenAccepted, SeenReports
from relay.messages.nodes import (
    BoxId,
    ErrorBody,
    Hello,
    Limits,
    Mail,
    Registered,
    Registration,
    SessionGrant,
    SessionRequest,
    SessionStatement,
    hello_proof_message,
)
from relay.messages.trace import BlobTrace, EntryTrace, Standing, TraceAnswer, TraceRequest

__all__ = [
    "BlobState",
    "BlobTrace",
    "BlobsArrived",
    "BlobsWanted",
    "BoxId",
    "Cursor",
    "EntriesArrived",
    "EntryTrace",
    "ErrorBody",
    "HeadsAnswer",
    "Heartbeat",
    "Hello",
    "Hint",
    "HoldAnswer",
    "HoldRequest",
    "ItemDecoder",
    "Limits",
    "Mail",
    "ManyRequest",
    "PullEnd",
    "PullRequest",
    "PushOutcome",
    "PushResult",
    "Registered",
    "Registration",
    "SeenAccepted",
    "SeenChanged",
    "SeenReports",
    "SessionGrant",
    "SessionRequest",
    "SessionStatement",
    "Standing",
    "StatAnswer",
    "StatRequest",
    "TraceAnswer",
    "TraceRequest",
    "frame",
    "frame_hint",
    "hello_proof_message",
    "parse_hint",
]
