"""The description is true to the rest: to the routes, to PROTOCOL.md, to the messages and their golden bytes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import requests
import schemathesis
from click.testing import CliRunner
from schemathesis.core.failures import FailureGroup

from relay.commands import cli
from relay.description import describe
from relay.description.operations import OPERATIONS
from relay.errors import STATUSES
from relay.http import NodeApp
from relay.media_types import CBOR
from relay.messages import ErrorBody, Hint, frame_hint
from tests.api.checking import FOR_MEMBERS, operation_in
from tests.api.projection import MismatchError, from_wire, to_wire
from tests.golden.relay.cases import HINTS, MESSAGES
from tests.unit.relay.nodes import make_node

PROTOCOL = (Path(__file__).parents[2] / "PROTOCOL.md").read_text("utf-8")
SECTION = PROTOCOL.split("\n## 7. ")[1].split("\n### ")[0]


def validator_of(name: str) -> jsonschema_rs.Validator:
    document = describe()
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": document["components"]}, pattern_options=jsonschema_rs.FancyRegexOptions()
    )


def test_it_is_valid_openapi() -> None:
    schemathesis.openapi.from_dict(describe()).validate()


def test_it_describes_the_routes_of_the_application_and_no_others() -> None:
    assert {(operation.method, operation.path) for operation in OPERATIONS} == NodeApp(make_node().service).calls


def test_it_describes_the_calls_of_the_protocol() -> None:
    """Rows begin with methods and a path, ``…`` stands for the library's part; names of parts differ."""
    rows = re.findall(r"^\| `([A-Z ]+) ([/…][^`?]*)", SECTION, re.MULTILINE)
    named = {(method, _anonymous(path.replace("…", "/v1/l/{library}"))) for methods, path in rows for method in methods.split()}
    assert named == {(operation.method, _anonymous(operation.path)) for operation in OPERATIONS}


def _anonymous(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


def test_errors_are_those_of_the_protocol() -> None:
    rows = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \| (\d{3}) \|", SECTION, re.MULTILINE)
    assert {name: int(status) for names, status in rows for name in re.findall(r"`([a-z-]+)`", names)} == dict(STATUSES)
    assert {name for operation in OPERATIONS for name in operation.errors} <= STATUSES.keys()


@pytest.mark.parametrize("name", MESSAGES)
def test_golden_messages_are_as_described(name: str) -> None:
    message = MESSAGES[name]
    schema_name = type(message).__name__
    if schema_name not in describe()["components"]["schemas"]:
        assert schema_name == "SessionStatement"  # signed bytes inside of a message
        return
    value = from_wire(CBOR, message.encode(), {"$ref": f"#/components/schemas/{schema_name}"})
    validator_of(schema_name).validate(value)
    assert to_wire(CBOR, value, {"$ref": f"#/components/schemas/{schema_name}"}) == message.encode()


@pytest.mark.parametrize("name", HINTS)
def test_golden_hints_are_as_described(name: str) -> None:
    hint: Hint = HINTS[name]
    schema = {"$ref": "#/components/schemas/News"}
    value = from_wire("application/cbor-seq", frame_hint(hint), schema)
    validator_of("News").validate(value)
    assert value[0]["content"] is not None


def test_text_and_byte_strings_are_never_each_other() -> None:
    schema = {"$ref": "#/components/schemas/SessionGrant"}
    with pytest.raises(MismatchError):
        from_wire(CBOR, b"\xa2\x65token\x42ab\x67expires\x00", schema)
    with pytest.raises(MismatchError):
        from_wire(CBOR, b"\xa1\x68messages\x81\x62ab", {"$ref": "#/components/schemas/Mail"})


def test_the_command_prints_it() -> None:
    for options in ([], ["--json"]):
        printed = CliRunner().invoke(cli, ["describe", *options])
        assert (printed.exit_code, json.loads(printed.stdout)) == (0, json.loads(json.dumps(describe())))


# What is wrong with an answer is found: each of these is a fault that a node might have.

GOOD = ErrorBody(error="malformed", message="bytes").encode()
HELLO = MESSAGES["hello"].encode()


@pytest.mark.parametrize(
    ("status", "content_type", "content"),
    [
        (200, CBOR, GOOD),
        (200, "application/json", HELLO),
        (418, CBOR, GOOD),
        (500, CBOR, ErrorBody(error="internal", message="").encode()),
        (400, CBOR, ErrorBody(error="not-found", message="").encode()),
        (400, CBOR, b"\xa1\x65error\x69malformed"),
        (400, "", GOOD),
        (503, CBOR, ErrorBody(error="unavailable", message="").encode()),
        (200, CBOR, HELLO.replace(b"\x64time", b"\x64tame")),
        (200, CBOR, HELLO[:-1]),
    ],
    ids=[
        "a body of another status",
        "a type that isn't described",
        "a status that isn't described",
        "a fault of the node",
        "an error that this status doesn't have",
        "a field missing",
        "no type",
        "no word when to come back",
        "a field with another name",
        "half a body",
    ],
)
def test_a_wrong_answer_is_noticed(status: int, content_type: str, content: bytes) -> None:
    case: Any = operation_in(FOR_MEMBERS, OPERATIONS[0]).Case()
    with pytest.raises(FailureGroup):
        case.validate_response(_response(status, content_type, content))


def test_a_right_answer_is_not_complained_about() -> None:
    case: Any = operation_in(FOR_MEMBERS, OPERATIONS[0]).Case()
    case.validate_response(_response(200, CBOR, HELLO))
    case.validate_response(_response(400, CBOR, GOOD))


def _response(status: int, content_type: str, content: bytes) -> schemathesis.Response:
    prepared = requests.Request("GET", "http://127.0.0.1/v1/hello").prepare()
    headers = {"content-type": [content_type]} if content_type else {}
    return schemathesis.Response(status_code=status, headers=headers, content=content, request=prepared, elapsed=0, verify=False)
