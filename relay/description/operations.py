"""Every call of the sync API: where it is, what it takes, what it answers, and which errors it may answer with instead. Pure.

The application's routes, the table of PROTOCOL.md section 7 and this one are held to each other by a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from relay.description.schemas import BOX, Schema, identifier_in_path, reference
from relay.media_types import BYTES, CBOR, CBOR_SEQUENCE
from relay.messages.limits import (
    MAX_HEADS_BODY,
    MAX_MAIL_ANSWER,
    MAX_MAIL_BYTES,
    MAX_MAIL_NUMBER,
    MAX_MAIL_WAIT_SECONDS,
    MAX_MANY_BYTES,
    MAX_MANY_ITEM,
    MAX_PULL_BODY,
    MAX_PULL_BYTES,
    MAX_PULL_ITEM,
    MAX_PUSH_ANSWER,
    MAX_PUSH_BODY,
    MAX_REGISTRATION_BODY,
    MAX_SEEN_BODY,
    MAX_TRACE_BODY,
    NONCE_BYTES,
    SMALL_BODY,
)
from store.blobs import MAX_BLOB_BYTES
from store.errors import RefusalCode
from store.ids import BlobId, LibraryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What travels: its type, its schema, and how many bytes at most; ``None`` for a stream without an end."""

    media_type: str = CBOR
    schema: Schema = field(default_factory=dict)
    max_bytes: int | None = SMALL_BODY
    may_be_missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call. ``errors`` are names, without those that every call may be answered with; ``query``: the parameters that it knows, of which none
    has to be there."""

    id: str
    method: str
    path: str
    summary: str
    request: Body | None = None
    answers: Mapping[int, Body | None]
    errors: frozenset[str]
    query: Mapping[str, Schema] = field(default_factory=dict)

    takes_session: bool = False

    @property
    def needs_session(self) -> bool:
        return self.path.startswith(_LIBRARY)


_LIBRARY = "/v1/l/{library}"
_BLOB = f"{_LIBRARY}/blobs/{{blob}}"
_MAILBOX = "/v1/mailbox/{box}"

PATH_PARAMETERS: dict[str, Schema] = {"library": identifier_in_path(LibraryId), "blob": identifier_in_path(BlobId), "box": BOX}

COMMON = frozenset({"internal", "unavailable"})
"""What any call may be answered with."""

_STORED = frozenset({"no-space"})
_SENT = frozenset({"malformed", "too-large", "too-slow"})
_SENT_CBOR = _SENT | {"too-deep"}
_REFUSED = frozenset(get_args(RefusalCode))
_MEMBER = frozenset({"malformed", "session-invalid", "not-a-member"}) | _STORED


def _message(name: str, max_bytes: int | None = SMALL_BODY) -> Body:
    return Body(schema=reference(name), max_bytes=max_bytes)


def _stream(name: str, max_bytes: int | None) -> Body:
    return Body(media_type=CBOR_SEQUENCE, schema=reference(name), max_bytes=max_bytes, may_be_missing=True)


def _bytes(max_bytes: int) -> Body:
    return Body(media_type=BYTES, max_bytes=max_bytes, may_be_missing=True)


def _whole_number(at_most: int) -> Schema:
    return {"type": "integer", "minimum": 0, "maximum": at_most}


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="hello",
        method="GET",
        path="/v1/hello",
        summary="The node introduces itself. `port` is the port at which a device on the local network serves itself; anything else there says nothing.",
        query={"nonce": {"type": "string", "pattern": f"^[0-9a-f]{{{2 * NONCE_BYTES}}}$"}, "port": {"type": "string"}},
        answers={200: _message("Hello")},
        errors=frozenset({"malformed"}),
    ),
    Operation(
        id="register",
        method="POST",
        path="/v1/libraries",
        summary="Bring a library to a relay, with the operator's token. Once it is registered, the same answer again. Nobody registers at a peer.",
        request=_message("Registration", MAX_REGISTRATION_BODY),
        answers={200: _message("Registered")},
        errors=_SENT_CBOR | _REFUSED | _STORED | {"token-invalid", "too-many"},
    ),
    Operation(
        id="open_session",
        method="POST",
        path="/v1/session",
        summary="A device proves its key and gets a token.",
        request=_message("SessionRequest"),
        answers={200: _message("SessionGrant")},
        errors=_SENT_CBOR | _STORED | {"session-invalid", "not-found", "not-a-member", "bad-signature", "too-many"},
    ),
    Operation(
        id="close_session",
        method="DELETE",
        path="/v1/session",
        summary="The token of the header, whatever it is, is worth nothing from now on.",
        answers={204: None},
        errors=_STORED,
        takes_session=True,
    ),
    Operation(
        id="post_message",
        method="POST",
        path=_MAILBOX,
        summary="Leave a message in a box. At a peer a box is there as long as its invitation is open.",
        request=_bytes(MAX_MAIL_BYTES),
        answers={204: None},
        errors=_SENT | _STORED | {"not-found", "too-many"},
    ),
    Operation(
        id="messages",
        method="GET",
        path=_MAILBOX,
        summary="The messages of a box from number `after` on; waits `wait` seconds for the first of them.",
        query={"after": _whole_number(MAX_MAIL_NUMBER), "wait": _whole_number(MAX_MAIL_WAIT_SECONDS)},
        answers={200: _message("Mail", MAX_MAIL_ANSWER)},
        errors=_STORED | {"malformed", "not-found", "too-many"},
    ),
    Operation(
        id="heads",
        method="GET",
        path=f"{_LIBRARY}/heads",
        summary="What the node stores: heads, its newest arrival number, seen reports.",
        answers={200: _message("HeadsAnswer", MAX_HEADS_BODY)},
        errors=_MEMBER,
    ),
    Operation(
        id="pull",
        method="POST",
        path=f"{_LIBRARY}/pull",
        summary="Entries that are missing, each after all that it depends on; the end comes last.",
        request=_message("PullRequest", MAX_PULL_BODY),
        answers={200: _stream("Pulled", MAX_PULL_BYTES + 2 * MAX_PULL_ITEM)},
        errors=_MEMBER | _SENT_CBOR,
    ),
    Operation(
        id="push",
        method="POST",
        path=f"{_LIBRARY}/push",
        summary="Entries for the node; each is judged by itself.",
        request=_stream("Push", MAX_PUSH_BODY),
        answers={200: _message("PushResult", MAX_PUSH_ANSWER)},
        errors=_MEMBER | _SENT | {"quota"},
    ),
    Operation(
        id="seen",
        method="POST",
        path=f"{_LIBRARY}/seen",
        summary="Seen reports for the node. All that are good are kept; if one was refused, the answer is its error.",
        request=_message("SeenReports", MAX_SEEN_BODY),
        answers={200: _message("SeenAccepted")},
        errors=_MEMBER | _SENT_CBOR | _REFUSED,
    ),
    Operation(
        id="news",
        method="GET",
        path=f"{_LIBRARY}/news",
        summary="Hints as long as the client stays and its session lasts. Tags that aren't known are skipped.",
        answers={200: _stream("News", None)},
        errors=_MEMBER,
    ),
    Operation(
        id="trace",
        method="POST",
        path=f"{_LIBRARY}/trace",
        summary="Since when the node has entries and blobs, and on a peer what became of the entries. Nothing is changed.",
        request=_message("TraceRequest", MAX_TRACE_BODY),
        answers={200: _message("TraceAnswer", MAX_TRACE_BODY)},
        errors=_MEMBER | _SENT_CBOR,
    ),
    Operation(
        id="stat",
        method="POST",
        path=f"{_LIBRARY}/blobs/stat",
        summary="Which blobs are held; with `claim` also those that were released are from then on.",
        request=_message("StatRequest"),
        answers={200: _message("StatAnswer")},
        errors=_MEMBER | _SENT_CBOR,
    ),
    Operation(
        id="hold",
        method="POST",
        path=f"{_LIBRARY}/blobs/hold",
        summary="Proof that the node has blobs, and its promise to keep them.",
        request=_message("HoldRequest"),
        answers={200: _message("HoldAnswer")},
        errors=_MEMBER | _SENT_CBOR,
    ),
    Operation(
        id="many",
        method="POST",
        path=f"{_LIBRARY}/blobs/many",
        summary="Small blobs in one answer: those that are held, in the order asked; the end comes last.",
        request=_message("ManyRequest"),
        answers={200: _stream("Many", MAX_MANY_BYTES + MAX_MANY_ITEM)},
        errors=_MEMBER | _SENT_CBOR,
    ),
    Operation(
        id="get_blob",
        method="GET",
        path=_BLOB,
        summary="The sealed bytes, verified against their name.",
        answers={200: _bytes(MAX_BLOB_BYTES)},
        errors=_MEMBER | {"not-found"},
    ),
    Operation(
        id="has_blob",
        method="HEAD",
        path=_BLOB,
        summary="Whether a blob is held.",
        answers={200: None},
        errors=_MEMBER | {"not-found"},
    ),
    Operation(
        id="put_blob",
        method="PUT",
        path=_BLOB,
        summary="Sealed bytes whose SHA-256 is the id; durable before the answer. 201: new; 200: known.",
        request=_bytes(MAX_BLOB_BYTES),
        answers={201: None, 200: None},
        errors=_MEMBER | _SENT | {"bad-hash", "quota"},
    ),
)
