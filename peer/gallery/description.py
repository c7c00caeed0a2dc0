"""The description of the local API (OpenAPI 3.1), made from the table of its calls, so that it can't tell anything else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from peer.gallery.calls import Operation
from peer.gallery.fields import Field

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_ERROR = {
    "description": "What went wrong, and what to do.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}
_ABOUT = """The local API of a running peer, which its page uses, for scripts and other clients on the same machine.

Log in by a link of `calotype open --print`: it sets a cookie. What changes something has to carry the header Origin with the gallery's own address
and the type application/json (files: application/octet-stream). Everything that people can undo is one action in `calotype undo --list`."""


def describe(operations: Iterable[Operation], *, version: str) -> dict[str, Any]:
    """The document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Calotype gallery", "version": version, "description": _ABOUT},
        "paths": paths,
        "components": {
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "calotype_session"}},
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error", "message", "hint"],
                    "properties": {"error": {"type": ["string", "integer"]}, "message": {"type": "string"}, "hint": {"type": "string"}},
                }
            },
        },
        "security": [{"session": []}],
    }


def _described(operation: Operation) -> dict[str, Any]:
    document: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": [*map(_path_parameter, _PLACEHOLDER.findall(operation.path)), *map(_query_parameter, operation.query)],
        "responses": {
            "2XX": {"description": operation.answers, "content": {operation.media_type: {}}},
            "4XX": _ERROR,
            "5XX": _ERROR,
        },
    }
    if operation.body is not None:
        document["requestBody"] = {"required": True, "content": {"application/json": {"schema": _object(operation.body)}}}
    if operation.raw:
        document["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    return document


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameter(field: Field) -> dict[str, Any]:
    return {"name": field.name, "in": "query", "required": field.required, "description": field.text, "schema": dict(field.kind.schema)}


def _object(fields: Sequence[Field]) -> Mapping[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [field.name for field in fields if field.required],
        "properties": {field.name: {**field.kind.schema, "description": field.text} for field in fields},
    }
