"""What every node is held to that serves the sync API: its description, whoever asks, and however.

``CALOTYPE_API_EXAMPLES`` examples for each call and each kind of caller; ``make api EXAMPLES=…`` is for long runs.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any, ClassVar
from urllib.parse import urlsplit

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode

from relay.description.operations import OPERATIONS, PATH_PARAMETERS, Operation
from relay.exchange import MAX_THROWN_AWAY
from relay.media_types import CBOR
from relay.messages import EntriesArrived, ErrorBody, ItemDecoder, frame, parse_hint
from relay.messages.framing import ITEM
from relay.messages.limits import MAX_MAIL_WAIT_SECONDS, MAX_PUSH_BYTES
from tests.api.calls import Knowing, Known
from tests.api.checking import FOR_MEMBERS, FOR_STRANGERS, assert_no_such_call, checked, operation_in
from tests.api.hostile import hostile_bodies
from tests.api.site import SECONDS, Site

EXAMPLES = int(os.environ.get("CALOTYPE_API_EXAMPLES", "3"))
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND")

each_that_ends = pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.id != "news"], ids=lambda operation: operation.id
)
each_with_a_body = pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.request], ids=lambda operation: operation.id)
each_way_to_generate = pytest.mark.parametrize(
    ("operation", "mode"),
    [
        pytest.param(each, mode, id=f"{each.id}-{mode.value}")
        for each in OPERATIONS
        for mode in GenerationMode
        if each.id != "news" and (mode.is_positive or each.request or each.query or "{" in each.path)
    ],
)
each_that_takes_a_map = pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.request and each.request.media_type == CBOR], ids=lambda operation: operation.id
)
each_with_a_session = pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.needs_session], ids=lambda operation: operation.id
)


def explore(cases: SearchStrategy[Any], test: Callable[[Any], None], *, examples: int = EXAMPLES) -> None:
    """``test`` for so many of the cases."""

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(cases)
    def each(case: Any) -> None:
        test(case)

    each()


class ApiSuite:
    """``answers``: the statuses that were seen, by operation; a run in which nothing ever succeeded would have shown nothing."""

    never: ClassVar[dict[str, set[int]]] = {}
    """Answers that a kind of node doesn't give."""

    @pytest.fixture(scope="class")
    @classmethod
    def site(cls) -> Iterator[Site]:
        """A node, its library moved in. After all tests of the class: the session still works, the stores are whole."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def known(cls, site: Site) -> Known:
        return Known(site)

    @each_way_to_generate
    def test_a_member_with_generated_data(self, site: Site, operation: Operation, mode: GenerationMode) -> None:
        described = operation_in(FOR_MEMBERS, operation)
        library = {"library": site.library.id.hex()}
        in_it = [library] if operation.needs_session and (mode.is_positive or operation.request or "{blob}" in operation.path) else []
        elsewhere: list[dict[str, str]] = [{}] if mode.is_negative or not in_it else []
        cases = st.one_of([described.as_strategy(generation_mode=mode, path_parameters=path) for path in [*in_it, *elsewhere]])

        def ask(case: Any) -> None:
            if operation.id == "messages" and _waits(case.query.get("wait")):
                case.query["wait"] = 0
            token = site.token if operation.needs_session else None
            checked(case, operation, site, site.headers(token))

        explore(cases, ask)

    @each_with_a_session
    def test_a_stranger(self, site: Site, operation: Operation) -> None:
        """With a session that somebody made up, in every library."""
        described = operation_in(FOR_STRANGERS, operation)
        body: dict[str, Any] = {"body": b"anything", "media_type": operation.request.media_type} if operation.request else {}
        cases = st.one_of([described.as_strategy(path_parameters=path, **body) for path in ({}, {"library": site.library.id.hex()})])

        def ask(case: Any) -> None:
            assert checked(case, operation, site, site.headers()).status_code == 401

        explore(cases, ask)

    @each_with_a_session
    def test_a_session_is_looked_at_first(self, site: Site, known: Known, operation: Operation) -> None:
        """Whatever the rest of the call is, right ids in the path given."""
        paths = st.just({"library": site.library.id.hex()}) if operation.id == "news" else known.paths(operation.id)
        tokens = st.sampled_from([None, "", site.token[:-1], site.token + "A", site.token.upper(), "é"])
        described = operation_in(FOR_MEMBERS, operation)

        def ask(drawn: tuple[dict[str, Any], str | None, bytes]) -> None:
            path, token, body = drawn
            case = _case(described, operation, Knowing(path=path, body=body))
            assert checked(case, operation, site, site.headers(token)).status_code == 401

        explore(st.tuples(paths, tokens, st.binary(max_size=100)), ask)

    @each_that_ends
    def test_who_knows_the_node(self, site: Site, known: Known, operation: Operation) -> None:
        """Real ids, entries, reports and statements, and some that are nearly right; each described success is seen."""
        described = operation_in(FOR_MEMBERS, operation)
        seen: defaultdict[int, int] = defaultdict(int)

        def ask(call: Knowing) -> None:
            token = site.token if operation.needs_session else call.token
            answer = checked(_case(described, operation, call), operation, site, site.headers(token))
            seen[answer.status_code] += 1

        explore(known.calls(operation.id), ask, examples=max(15, EXAMPLES))
        assert operation.answers.keys() - self.never.get(operation.id, set()) <= seen.keys()

    @each_with_a_body
    def test_hostile_bodies(self, site: Site, known: Known, operation: Operation) -> None:
        described = operation_in(FOR_MEMBERS, operation)
        cases = st.tuples(known.paths(operation.id), hostile_bodies(known.bodies(operation.id)))

        def ask(drawn: tuple[dict[str, Any], bytes]) -> None:
            path, body = drawn
            token = site.token if operation.needs_session else None
            answer = checked(_case(described, operation, Knowing(path=path, body=body)), operation, site, site.headers(token))
            if answer.status_code < 300 and operation.request is not None and operation.request.media_type == CBOR:
                assert cbor2.dumps(cbor2.loads(body), canonical=True) == body

        explore(cases, ask, examples=3 * EXAMPLES)

    @each_that_takes_a_map
    def test_a_field_too_many_or_too_few(self, site: Site, known: Known, operation: Operation) -> None:
        described = operation_in(FOR_MEMBERS, operation)
        token = site.token if operation.needs_session else None

        def ask(call: Knowing) -> None:
            fields = cbor2.loads(call.body or b"")
            fewer = [{name: each for name, each in fields.items() if name != left_out} for left_out in fields.keys() - {"control"}]
            for changed in (fields | {"more": 0}, *fewer):
                case = _case(described, operation, replace(call, body=cbor2.dumps(changed, canonical=True)))
                assert checked(case, operation, site, site.headers(token)).status_code == 400

        explore(known.calls(operation.id), ask, examples=1)

    @each_with_a_body
    def test_bodies_at_their_limit_and_above(self, site: Site, operation: Operation) -> None:
        """Announced or not, one byte too many is too large; a body of the greatest length is judged by what it is."""
        assert operation.request is not None
        assert operation.request.max_bytes is not None
        most = operation.request.max_bytes
        path = _filled(operation, site)
        headers = site.headers(site.token if operation.needs_session else None)
        too_long: list[bytes | Iterator[bytes]] = [bytes(most + 1), iter([b"\xff" * most, b"\xff"])]
        for body in too_long if most < MAX_THROWN_AWAY else []:
            answer = site.ask(operation.method, path, body, headers)
            assert (answer.status_code, ErrorBody.decode(answer.content).error) == (413, "too-large")
        if most >= MAX_THROWN_AWAY:
            assert _answer_to_length(site, operation.method, path, headers, most + 1) == 413
        longest = frame(ITEM, bytes(MAX_PUSH_BYTES - 1)) if operation.id == "push" else b"\xff" * most
        assert site.ask(operation.method, path, longest, headers).status_code != 413

    def test_methods_that_are_not_described(self, site: Site) -> None:
        described = {(operation.method, operation.path) for operation in OPERATIONS}
        for operation in OPERATIONS:
            for method in METHODS:
                if (method, operation.path) not in described:
                    answer = site.ask(method, _filled(operation, site))
                    if method == "HEAD":
                        assert (answer.status_code, answer.content) == (404, b"")
                    else:
                        assert_no_such_call(answer.status_code, answer.content)

    def test_headers_of_all_kinds(self, site: Site) -> None:
        names = st.from_regex(r"[A-Za-z][A-Za-z-]{0,20}", fullmatch=True).filter(
            lambda name: (
                name.lower() not in ("host", "connection", "content-length", "transfer-encoding", "upgrade", "expect", "te", "cookie")
            )
        )
        values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=60)
        known_names = st.sampled_from(
            ["Accept", "Accept-Encoding", "Range", "If-None-Match", "X-Forwarded-For", "Content-Type", "Forwarded"]
        )

        def ask(headers: dict[str, str]) -> None:
            sent = {name: value.encode("latin-1") for name, value in headers.items()}
            answer = site.http.get(site.url + "/v1/hello", headers=sent, timeout=SECONDS)
            assert answer.status_code == 200

        explore(st.dictionaries(names | known_names, values, max_size=5), ask)

    def test_the_news_begin_with_the_newest_number(self, site: Site) -> None:
        url = f"{site.url}/v1/l/{site.library.id.hex()}/news"
        with site.http.get(url, headers=site.headers(site.token), stream=True, timeout=SECONDS) as answer:
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/cbor-seq")
            assert "content-length" not in answer.headers
            decoder = ItemDecoder(longest=1 << 20)
            chunks = answer.iter_content(chunk_size=None)
            items: list[tuple[int, bytes]] = []
            while not items:
                items = list(decoder.feed(next(chunks)))
        assert isinstance(parse_hint(*items[0]), EntriesArrived)


def _case(described: Any, operation: Operation, call: Knowing) -> Any:
    body = {} if call.body is None or operation.request is None else {"body": call.body, "media_type": operation.request.media_type}
    return described.Case(path_parameters=dict(call.path), query=dict(call.query), **body)


def _answer_to_length(site: Site, method: str, path: str, headers: dict[str, str], length: int) -> int:
    """The status that a call is answered with whose body is announced and doesn't come."""
    connection = HTTPConnection(urlsplit(site.url).netloc, timeout=SECONDS)
    with closing(connection):
        connection.request(method, path, headers=headers | {"Content-Length": str(length)})
        return connection.getresponse().status


def _filled(operation: Operation, site: Site) -> str:
    """The path with the library's id, and zeros for others."""
    path = operation.path.replace("{library}", site.library.id.hex())
    for name, schema in PATH_PARAMETERS.items():
        digits = int(schema["pattern"].partition("{")[2].partition("}")[0])
        path = path.replace(f"{{{name}}}", "0" * digits)
    return path


def _waits(value: Any) -> bool:
    """Whether a query would keep its caller waiting."""
    text = str(value)
    return text.isascii() and text.isdecimal() and 0 < int(text[:18]) <= MAX_MAIL_WAIT_SECONDS
