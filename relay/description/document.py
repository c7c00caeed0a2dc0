"""The OpenAPI document, put together from the table of operations. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import deepcopy
from itertools import groupby
from typing import Any

from relay.description.operations import COMMON, OPERATIONS, PATH_PARAMETERS, Body, Operation
from relay.description.schemas import COMPONENTS, reference
from relay.errors import STATUSES
from relay.media_types import CBOR
from relay.messages.limits import PROTOCOL_VERSION, SMALL_BODY

OPENAPI_VERSION = "3.1.0"
_SCHEME = "session"
_COME_BACK = frozenset({"too-many", "unavailable"})
"""Errors that say when to try again."""

_ABOUT = """The API between devices, and between devices and relays. Rules and formats are in PROTOCOL.md section 7.

Byte strings are described as small hexadecimal digits (`contentEncoding: base16`), streams as arrays of items `{tag, content}`, an item being a CBOR byte \
string whose first byte is its tag. Elements of `x-sorted` arrays ascend. `x-max-bytes` bounds a whole body as it travels. CBOR is deterministic: a body \
that isn't byte for byte what an encoder would have written is refused, and so is a part of a query that a call doesn't know. Bodies travel as they are, \
without content encoding; the type that a request names for its body isn't looked at. To whoever was invited by a peer every call but `hello` and those of \
the one mailbox is `not-found`, as paths and methods are that aren't listed here."""


def describe() -> dict[str, Any]:
    """The document, as what JSON is made of: the caller's own, and the same in each run."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    document = {
        "openapi": OPENAPI_VERSION,
        "info": {"title": "Calotype sync API", "version": str(PROTOCOL_VERSION), "description": _ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": COMPONENTS,
            "securitySchemes": {_SCHEME: {"type": "http", "scheme": "bearer", "description": "The token that `open_session` gives."}},
        },
    }
    return deepcopy(document)


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "security": _security(operation),
        "parameters": list(_parameters(operation)),
        "responses": {str(status): _answer(body) for status, body in operation.answers.items()} | _refusals(operation),
    }
    if operation.request is not None:
        described["requestBody"] = {"required": not operation.request.may_be_missing, "content": _content(operation.request)}
    return described


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    """The ways in, of which one is enough."""
    if operation.needs_session:
        return [{_SCHEME: []}]
    return [{_SCHEME: []}, {}] if operation.takes_session else []


def _parameters(operation: Operation) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", operation.path):
        yield {"name": name, "in": "path", "required": True, "schema": PATH_PARAMETERS[name]}
    for name, schema in operation.query.items():
        yield {"name": name, "in": "query", "schema": schema}
    if operation.request is not None:
        yield {"name": "Content-Encoding", "in": "header", "schema": {"enum": ["identity"]}}


def _answer(body: Body | None) -> dict[str, Any]:
    return {"description": "Done."} | ({} if body is None else {"content": _content(body)})


def _content(body: Body) -> dict[str, Any]:
    limit = {} if body.max_bytes is None else {"x-max-bytes": body.max_bytes}
    return {body.media_type: {"schema": body.schema, **limit}}


def _refusals(operation: Operation) -> dict[str, Any]:
    """The errors of a call by their status. The answer to HEAD has the status alone."""
    names = sorted(operation.errors | COMMON, key=lambda name: (STATUSES[name], name))
    by_status = groupby(names, key=STATUSES.__getitem__)
    return {str(status): _refusal(list(group), has_body=operation.method != "HEAD") for status, group in by_status}


def _refusal(names: list[str], *, has_body: bool) -> dict[str, Any]:
    refusal: dict[str, Any] = {"description": ", ".join(names)}
    if has_body:
        schema = {"allOf": [reference("ErrorBody"), {"properties": {"error": {"enum": names}}}]}
        refusal["content"] = _content(Body(media_type=CBOR, schema=schema, max_bytes=SMALL_BODY))
    if _COME_BACK.issuperset(names):
        refusal["headers"] = {
            "Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "integer", "minimum": 1}},
        }
    return refusal
