"""JSON Schemas of the messages, in the projection of ``relay.description``. Pure."""

from __future__ import annotations

from typing import Any, get_args

from relay.errors import STATUSES
from relay.messages import BlobState, BoxId, Standing
from relay.messages.framing import END, ITEM
from relay.messages.hints import BLOBS, ENTRIES, HEARTBEAT, SEEN, WANTED
from relay.messages.limits import (
    MAX_ERROR_MESSAGE_CHARACTERS,
    MAX_ERROR_NAME_CHARACTERS,
    MAX_HINT_BLOBS,
    MAX_HOLD_IDS,
    MAX_KIND_CHARACTERS,
    MAX_MAIL_BYTES,
    MAX_MAIL_MESSAGES,
    MAX_MANY_IDS,
    MAX_PUSH_BYTES,
    MAX_PUSH_ENTRIES,
    MAX_REGISTRATION_ENTRIES,
    MAX_REPORTS,
    MAX_STAT_IDS,
    MAX_STATEMENT_BYTES,
    MAX_TOKEN_CHARACTERS,
    MAX_TRACE_IDS,
    MAX_VERSIONS,
    NONCE_BYTES,
)
from store.blobs import MAX_BLOB_BYTES
from store.entries import MAX_ENTRY_BYTES
from store.errors import RefusalCode
from store.heads import MAX_TIPS
from store.ids import BlobId, EntryHash, Id, LibraryId, LogId, StoreId
from store.log import Status
from store.seen import MAX_REPORT_BYTES
from store.shapes import MAX_NUMBER
from store.signatures import SIGNATURE_BYTES, SIGNING_KEY_BYTES

Schema = dict[str, Any]

_DIGEST_BYTES = 32


def octets(*, exactly: int | None = None, at_most: int = 0, at_least: int = 0, says: str = "") -> Schema:
    """A byte string of exactly so many bytes, or of at least and at most so many."""
    schema: Schema = {"type": "string", "contentEncoding": "base16"}
    if exactly is not None:
        schema |= {"pattern": f"^[0-9a-f]{{{2 * exactly}}}$", "minLength": 2 * exactly, "maxLength": 2 * exactly}
    else:
        schema |= {"pattern": "^(?:[0-9a-f]{2})*$", "minLength": 2 * at_least, "maxLength": 2 * at_most}
    return schema | ({"description": says} if says else {})


def identifier(kind: type[Id]) -> Schema:
    """An id inside a message."""
    return octets(exactly=kind.SIZE, says=kind.__name__)


def identifier_in_path(kind: type[Id]) -> Schema:
    """An id as a part of a path."""
    return {"type": "string", "pattern": f"^[0-9a-f]{{{2 * kind.SIZE}}}$"}


def or_nothing(schema: Schema) -> Schema:
    """The same byte string, or the empty one."""
    return {"anyOf": [schema, octets(exactly=0)]}


def or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def text(*, at_most: int) -> Schema:
    return {"type": "string", "maxLength": at_most}


def several(items: Schema, *, at_most: int, at_least: int = 0, is_sorted: bool = False) -> Schema:
    """A list. A sorted one has no element twice."""
    schema: Schema = {"type": "array", "items": items, "maxItems": at_most}
    if at_least:
        schema["minItems"] = at_least
    return schema | ({"uniqueItems": True, "x-sorted": True} if is_sorted else {})


def row(*elements: Schema) -> Schema:
    """A list with a meaning for each place."""
    return {"type": "array", "prefixItems": list(elements), "items": False, "minItems": len(elements), "maxItems": len(elements)}


def message(says: str, *, optional: tuple[str, ...] = (), **fields: Schema) -> Schema:
    """A map with exactly these keys; those that are ``optional`` may be missing."""
    return {
        "type": "object",
        "description": says,
        "properties": fields,
        "required": [name for name in fields if name not in optional],
        "additionalProperties": False,
    }


def item(tag: int, content: Schema, says: str) -> Schema:
    """An item of a stream."""
    return message(says, tag={"const": tag}, content=content)


def stream(*items: Schema, last: Schema | None = None) -> Schema:
    """Items in any order, then, once and at the end, ``last``."""
    schema: Schema = {"type": "array", "items": {"anyOf": [*items, last] if last else list(items)}}
    return schema | ({"contains": last, "minContains": 1, "maxContains": 1} if last else {})


NUMBER: Schema = {"type": "integer", "minimum": 0, "maximum": MAX_NUMBER}
FLAG: Schema = {"type": "boolean"}
NOTHING = octets(exactly=0)
NONCE = octets(exactly=NONCE_BYTES)
BLOB = identifier(BlobId)
ENTRY = octets(at_most=MAX_ENTRY_BYTES, says="An entry (PROTOCOL.md section 3).")
REPORTS = several(octets(at_most=MAX_REPORT_BYTES, says="A seen report (PROTOCOL.md section 3.4)."), at_most=MAX_REPORTS)
TOKEN = text(at_most=MAX_TOKEN_CHARACTERS)

COMPONENTS: dict[str, Schema] = {
    "Limits": message("What a node accepts: bytes, and numbers of ids.", entry=NUMBER, blob=NUMBER, push=NUMBER, stat=NUMBER, many=NUMBER),
    "Hello": message(
        "A node introduces itself; `proof` is its signature over the nonce, empty without one.",
        kind={"type": "string", "maxLength": MAX_KIND_CHARACTERS, "examples": ["relay", "peer"]},
        key=octets(exactly=SIGNING_KEY_BYTES),
        store=identifier(StoreId),
        versions=several(NUMBER, at_most=MAX_VERSIONS),
        limits=reference("Limits"),
        time=NUMBER,
        proof=or_nothing(octets(exactly=SIGNATURE_BYTES)),
    ),
    "Registration": message(
        "The operator's token, the library's genesis, and entries that make its first devices members.",
        token=TOKEN,
        genesis=ENTRY,
        entries=several(ENTRY, at_most=MAX_REGISTRATION_ENTRIES),
    ),
    "Registered": message("The library is at home here; `quota` in bytes.", library=identifier(LibraryId), quota=NUMBER),
    "SessionRequest": message(
        "A session statement and the device's signature over it (PROTOCOL.md section 7).",
        statement=octets(at_most=MAX_STATEMENT_BYTES),
        signature=octets(exactly=SIGNATURE_BYTES),
    ),
    "SessionGrant": message("The token, and when it ends by the node's clock.", token=TOKEN, expires=NUMBER),
    "Tip": row(NUMBER, identifier(EntryHash)),
    "Heads": several(
        row(identifier(LogId), several(reference("Tip"), at_least=1, at_most=MAX_TIPS, is_sorted=True)), at_most=MAX_TIPS, is_sorted=True
    ),
    "Cursor": row(identifier(StoreId), NUMBER),
    "HeadsAnswer": message("What the node stores of the library.", heads=reference("Heads"), arrival=NUMBER, seen=REPORTS),
    "PullRequest": message(
        "From a cursor, or what heads lack; `limit` in bytes. `control` is there only to say that nothing but control entries is wanted.",
        optional=("control",),
        cursor=or_null(reference("Cursor")),
        heads=or_null(reference("Heads")),
        limit=NUMBER,
        seen=FLAG,
        control={"const": True},
    ),
    "PullEnd": message("Where to go on.", cursor=reference("Cursor"), more=FLAG, seen=REPORTS),
    "Push": several(
        item(ITEM, octets(at_most=MAX_PUSH_BYTES - 1), "An entry; one of more than 1 MiB is refused by itself."), at_most=MAX_PUSH_ENTRIES
    ),
    "Pulled": stream(item(ITEM, ENTRY, "An entry."), last=item(END, reference("PullEnd"), "The end.")),
    "PushOutcome": row({"enum": [int(each) for each in Status]}, {"enum": ["", *get_args(RefusalCode)]}),
    "PushResult": message(
        "For each entry its status and, when it was refused, the name of the error; arrival numbers around this push.",
        results=several(reference("PushOutcome"), at_most=MAX_PUSH_ENTRIES),
        before=NUMBER,
        after=NUMBER,
    ),
    "SeenReports": message("Seen reports.", reports=REPORTS),
    "SeenAccepted": message("How many were new.", accepted=NUMBER),
    "News": stream(
        item(ENTRIES, message("The newest arrival number.", arrival=NUMBER), "Entries came; also the first item of every stream."),
        item(BLOBS, message("Which.", blobs=several(BLOB, at_most=MAX_HINT_BLOBS)), "Blobs came."),
        item(WANTED, message("Which.", wanted=several(BLOB, at_most=MAX_HINT_BLOBS)), "The node wants these back."),
        item(HEARTBEAT, NOTHING, "Nothing happened."),
        item(SEEN, NOTHING, "New seen reports came."),
    ),
    "TraceRequest": message(
        "Since when does the node have these?",
        entries=several(identifier(EntryHash), at_most=MAX_TRACE_IDS),
        blobs=several(BLOB, at_most=MAX_TRACE_IDS),
    ),
    "EntryTrace": row({"enum": [int(each) for each in Standing]}, or_null(NUMBER), or_null(NUMBER)),
    "BlobTrace": row({"enum": [int(each) for each in BlobState]}, or_null(NUMBER)),
    "TraceAnswer": message(
        "The node's time now; of each entry, in the order asked, its standing (0 absent, 1 stored, 2 waiting, 3 applied, 4 void), since when it is stored, and"
        " since when applied; of each blob its state as in `stat`, and since when it is held. Null: it isn't, or nobody wrote down since when.",
        time=NUMBER,
        entries=several(reference("EntryTrace"), at_most=MAX_TRACE_IDS),
        blobs=several(reference("BlobTrace"), at_most=MAX_TRACE_IDS),
    ),
    "StatRequest": message("Which of these are held?", ids=several(BLOB, at_most=MAX_STAT_IDS), claim=FLAG),
    "StatAnswer": message(
        "For each id, in the order asked: 0 absent, 1 held, 2 released (in the trash, or about to go there: claim it, or send it).",
        states=several({"enum": [int(each) for each in BlobState]}, at_most=MAX_STAT_IDS),
    ),
    "HoldRequest": message("Which the node is to read again and to keep.", ids=several(BLOB, at_most=MAX_HOLD_IDS), nonce=NONCE),
    "HoldAnswer": message(
        "For each id SHA-256(nonce | sealed bytes), or nothing; kept until then.",
        proofs=several(or_nothing(octets(exactly=_DIGEST_BYTES)), at_most=MAX_HOLD_IDS),
        until=NUMBER,
    ),
    "ManyRequest": message("Which are wanted.", ids=several(BLOB, at_most=MAX_MANY_IDS)),
    "Many": stream(
        item(ITEM, octets(at_least=BlobId.SIZE, at_most=BlobId.SIZE + MAX_BLOB_BYTES), "The id of a blob, and the blob."),
        last=item(END, NOTHING, "The end."),
    ),
    "Mail": message(
        "Messages of a box, from the asked number on.", messages=several(octets(at_most=MAX_MAIL_BYTES), at_most=MAX_MAIL_MESSAGES)
    ),
    "ErrorBody": message(
        "What every refused call is answered with; `message` is for people.",
        error={"enum": sorted(STATUSES), "maxLength": MAX_ERROR_NAME_CHARACTERS},
        message=text(at_most=MAX_ERROR_MESSAGE_CHARACTERS),
    ),
}
"""Every schema by its name, which is that of the message's class where it has one."""

BOX = identifier_in_path(BoxId)
