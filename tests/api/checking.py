"""Schemathesis as it is used here: how CBOR travels, what every answer is held to, and cases for an operation.

``checked`` sends a case and raises what is wrong with its answer: status, type and headers that aren't described, a body that isn't as described or is
too long, a fault of the node, bad data that was taken, good data that was refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import unquote, urlsplit

import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import CheckFunction, load_all_checks, not_a_server_error
from schemathesis.specs.openapi import checks as openapi

from relay.description.operations import OPERATIONS, Operation
from relay.media_types import BYTES, CBOR, CBOR_SEQUENCE
from relay.messages import ErrorBody
from tests.api.projection import DOCUMENT, answer_schema, from_wire, request_schema, to_wire
from tests.api.site import SECONDS, Site

load_all_checks()

OPAQUE = frozenset({"register", "open_session", "seen"})
"""What these take holds signed bytes that a schema can't describe: well-formed ones are malformed inside."""

_REFUSALS_OF_GOOD_DATA = ["2xx", "401", "403", "404", "413", "422", "429"]
_CONFIG = {
    "analysis": {"constants": {"enabled": False}},  # else cases would depend on the wording of the program's source
    "checks": {
        "positive_data_acceptance": {"expected-statuses": _REFUSALS_OF_GOOD_DATA},
        "negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "413", "422"]},
    },
}
_LARGE = 100
_EVERY_ANSWER_HAS = {"content-length", "content-type", "date", "transfer-encoding", "connection"}
_ROUTES = [re.compile(re.sub(r"{\w+}", "[^/]+", operation.path)) for operation in OPERATIONS]


@schemathesis.serializer(CBOR, CBOR_SEQUENCE, BYTES)
def _serialize(context: schemathesis.SerializationContext, value: Any) -> bytes:
    case = context.case
    if isinstance(value, bytes):
        return value
    assert case.media_type is not None
    return to_wire(case.media_type, value, request_schema(case.method, case.path, case.media_type))


schemathesis.openapi.media_type(BYTES, st.binary(max_size=2000))


@schemathesis.deserializer(CBOR, CBOR_SEQUENCE)
def _deserialize(context: schemathesis.DeserializationContext, response: schemathesis.Response) -> Any:
    media_type = response.headers["content-type"][0]
    schema = answer_schema(context.operation.method, context.operation.path, response.status_code, media_type)
    return None if schema is None else from_wire(media_type, response.content, schema)


def _without_security(document: dict[str, Any]) -> dict[str, Any]:
    """The same document, in which nobody has to sign in: who calls as a member brings the session to every case."""
    paths = {
        path: {method: {name: value for name, value in call.items() if name != "security"} for method, call in calls.items()}
        for path, calls in document["paths"].items()
    }
    return document | {"paths": paths}


def _small_requests(document: dict[str, Any]) -> dict[str, Any]:
    """The same document, in which nothing bounds long lists and texts of requests: so nobody makes some that are longer still. Limits have a test of
    their own. Answers are held to all that is said of them."""
    schemas = document["components"]["schemas"]
    asked = {f"Asked{name}": _without_large_limits(schema) for name, schema in schemas.items()}
    for calls in document["paths"].values():
        for call in calls.values():
            if "requestBody" in call:
                call["requestBody"] = _without_large_limits(call["requestBody"])
    return document | {"components": document["components"] | {"schemas": schemas | asked}}


def _without_large_limits(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_large_limits(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        name: each for name, each in schema.items() if name not in ("maxLength", "maxItems") or not isinstance(each, int) or each < _LARGE
    }
    named = {"$ref": kept["$ref"].replace("/schemas/", "/schemas/Asked")} if "$ref" in kept else {}
    return {name: _without_large_limits(each) for name, each in kept.items()} | named


def _loaded(document: dict[str, Any]) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_dict(_small_requests(deepcopy(document)), config=schemathesis.Config.from_dict(_CONFIG))


FOR_MEMBERS = _loaded(_without_security(DOCUMENT))
FOR_STRANGERS = _loaded(DOCUMENT)

CONFORMANCE: list[CheckFunction] = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
]
DATA: list[CheckFunction] = [openapi.negative_data_rejection, openapi.positive_data_acceptance]


def operation_in(schema: schemathesis.BaseSchema, operation: Operation) -> schemathesis.APIOperation[Any, Any, Any, Any]:
    """Schemathesis's view of an operation."""
    return schema[operation.path][operation.method]


def checked(case: schemathesis.Case[Any], operation: Operation, site: Site, headers: Mapping[str, str]) -> schemathesis.Response:
    """The answer, which is as it should be."""
    response = case.call(base_url=site.url, session=site.http, headers=dict(headers), timeout=SECONDS)
    if _is_elsewhere(str(response.request.url)):
        assert_no_such_call(response.status_code, response.content)
        return response
    excluded: list[CheckFunction] = [openapi.positive_data_acceptance] if operation.id in OPAQUE else []
    case.validate_response(response, checks=CONFORMANCE + DATA, excluded_checks=excluded, transport_kwargs={"base_url": site.url})
    _check_headers_and_length(operation, response)
    return response


def _is_elsewhere(url: str) -> bool:
    """Whether a part of the path was such that it names no described path any more: empty, or with a slash in it."""
    path = unquote(urlsplit(url).path)
    return not any(route.fullmatch(path) for route in _ROUTES)


def assert_no_such_call(status: int, content: bytes) -> None:
    assert (status, ErrorBody.decode(content).error) == (404, "not-found")


def _check_headers_and_length(operation: Operation, response: schemathesis.Response) -> None:
    described = DOCUMENT["paths"][operation.path][operation.method.lower()]["responses"][str(response.status_code)]
    allowed = _EVERY_ANSWER_HAS | {name.lower() for name in described.get("headers", {})}
    assert {name.lower() for name in response.headers} <= allowed
    limits = [each.get("x-max-bytes", 0) for each in described.get("content", {}).values()] or [0]
    assert len(response.content) <= max(limits)
