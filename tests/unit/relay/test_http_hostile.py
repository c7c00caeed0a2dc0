"""Hostile input over real HTTP: each is refused by name, nothing is stored, and the node serves on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest
import trio

from relay.messages import ManyRequest, PullRequest, Registration, StatRequest, frame
from relay.messages.limits import MAX_MAIL_BYTES, MAX_PULL_BODY, MAX_PUSH_BYTES, MAX_REGISTRATION_BODY, MAX_SEEN_BODY, SMALL_BODY
from store.blobs import MAX_BLOB_BYTES
from store.ids import BlobId
from tests.conformance.sync_api_support import open_session
from tests.fleet.authors import FleetLibrary, filler, make_library
from tests.unit.relay.nodes import TOKEN, Node, make_node, registration, serving
from tests.unit.relay.raw_http import ask, connect, head, read_all, whole

BLOB = BlobId.of(b"a blob")
DEEP = b"\x81" * 5000 + b"\x00"


@dataclass(frozen=True, kw_only=True)
class Site:
    """A node on loopback with a library and a session of a member."""

    node: Node
    library: FleetLibrary
    url: str
    token: str

    @property
    def auth(self) -> str:
        return f"Authorization: Bearer {self.token}"

    def path(self, call: str) -> str:
        return call.replace("{l}", f"/v1/l/{self.library.id.hex()}").replace("{blob}", BLOB.hex()).replace("{box}", "ab" * 16)


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    node, library = make_node(), make_library("hostile")
    anna = library.join("anna")
    await node.service.register(registration(library))
    token = await open_session(node.service, node, library, anna)
    async with serving(node.service) as url:
        yield Site(node=node, library=library, url=url, token=token)
        assert (await ask(url, whole("GET", "/v1/hello"))).status == 200


CALLS_WITH_A_BODY = {
    ("POST", "/v1/libraries"): MAX_REGISTRATION_BODY,
    ("POST", "/v1/session"): SMALL_BODY,
    ("POST", "{l}/pull"): MAX_PULL_BODY,
    ("POST", "{l}/seen"): MAX_SEEN_BODY,
    ("POST", "{l}/blobs/stat"): SMALL_BODY,
    ("POST", "{l}/blobs/hold"): SMALL_BODY,
    ("POST", "{l}/blobs/many"): SMALL_BODY,
}
CALLS_WITH_BYTES = {
    ("POST", "{l}/push"): MAX_PUSH_BYTES + 6 * 4096,
    ("PUT", "{l}/blobs/{blob}"): MAX_BLOB_BYTES,
    ("POST", "/v1/mailbox/{box}"): MAX_MAIL_BYTES,
}
each_cbor_call = pytest.mark.parametrize(("method", "call"), CALLS_WITH_A_BODY)
each_call_with_a_body = pytest.mark.parametrize(
    ("method", "call", "limit"), [(*k, v) for k, v in {**CALLS_WITH_A_BODY, **CALLS_WITH_BYTES}.items()]
)
EVERY_CALL_OF_A_LIBRARY = [
    ("GET", "{l}/heads"),
    ("POST", "{l}/pull"),
    ("POST", "{l}/push"),
    ("POST", "{l}/seen"),
    ("GET", "{l}/news"),
    ("POST", "{l}/blobs/stat"),
    ("POST", "{l}/blobs/hold"),
    ("POST", "{l}/blobs/many"),
    ("GET", "{l}/blobs/{blob}"),
    ("PUT", "{l}/blobs/{blob}"),
]


BAD_CBOR = {
    b"": "malformed",
    b"\xff\xfe garbage": "malformed",
    b"\xa0": "malformed",
    b"\xbf\xff": "malformed",
    b"\xa2\x61a\x01\x61a\x02": "malformed",
    DEEP: "too-deep",
    b"\xc1\x00": "malformed",
    b"\xa1\x63ids\x9b" + b"\xff" * 8: "malformed",
}


@each_cbor_call
async def test_bodies_that_aren_t_what_the_call_asks_for(site: Site, method: str, call: str) -> None:
    for body, error in BAD_CBOR.items():
        reply = await ask(site.url, whole(method, site.path(call), body, site.auth))
        assert (reply.error, reply.headers["content-type"]) == (error, "application/cbor"), body[:20]
        assert reply.status == (400 if error == "malformed" else 422)


@each_call_with_a_body
async def test_a_body_that_says_it_is_too_long(site: Site, method: str, call: str, limit: int) -> None:
    reply = await ask(site.url, head(method, site.path(call), f"Content-Length: {limit + 1}", site.auth))
    assert (reply.status, reply.error) == (413, "too-large")
    reply = await ask(site.url, head(method, site.path(call), f"Content-Length: {10**30}", site.auth))
    assert reply.status in (400, 413)


@each_call_with_a_body
async def test_a_body_that_doesn_t_say_and_is_too_long(site: Site, method: str, call: str, limit: int) -> None:
    piece = b"10000\r\n" + bytes(65536) + b"\r\n"
    pieces = [piece] * (limit // 65536 + 2)
    reply = await ask(site.url, head(method, site.path(call), "Transfer-Encoding: chunked", site.auth), *pieces, b"0\r\n\r\n")
    assert reply.error in ("too-large", "malformed")


@each_call_with_a_body
async def test_a_body_that_ends_too_early(site: Site, method: str, call: str, limit: int) -> None:
    stream = await connect(site.url)
    async with stream:
        await stream.send_all(head(method, site.path(call), "Content-Length: 1000", site.auth) + b"only this")
        await stream.send_eof()
        await read_all(stream)
    assert not site.node.parts.libraries.held(site.library.id, [BLOB])


@each_call_with_a_body
async def test_an_encoded_body(site: Site, method: str, call: str, limit: int) -> None:
    reply = await ask(site.url, whole(method, site.path(call), b"x", site.auth, "Content-Encoding: gzip"))
    assert (reply.status, reply.error) == (400, "malformed")


@pytest.mark.parametrize(("method", "call"), EVERY_CALL_OF_A_LIBRARY)
async def test_calls_without_a_session(site: Site, method: str, call: str) -> None:
    for auth in ("X: y", "Authorization: Bearer wrong", "Authorization: Basic dTpw", "Authorization: Bearer \xff\xfe"):
        reply = await ask(site.url, whole(method, site.path(call), bytes(100), auth))
        assert (reply.status, reply.error) == (401, "session-invalid"), auth


async def test_an_upload_without_a_session_is_told_so_after_its_body(site: Site) -> None:
    reply = await ask(site.url, whole("PUT", site.path("{l}/blobs/{blob}"), bytes(MAX_BLOB_BYTES)))
    assert (reply.status, reply.error) == (401, "session-invalid")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"\x00", "malformed"),
        (frame(0, b"entry")[:-1], "malformed"),
        (frame(1, b"entry"), "malformed"),
        (b"\x5f\x41\x00\xff", "malformed"),
        (b"\x5b" + b"\x7f" * 8, "too-large"),
        (frame(0) * 4097, "too-large"),
    ],
)
async def test_pushes_that_are_no_stream_of_entries(site: Site, body: bytes, error: str) -> None:
    reply = await ask(site.url, whole("POST", site.path("{l}/push"), body, site.auth))
    assert reply.error == error


@pytest.mark.parametrize(
    "path",
    [
        "/v1/l/zz/heads",
        "/v1/l/" + "AB" * 32 + "/heads",
        "/v1/l/" + "ab" * 31 + "/heads",
        "/v1/l/" + "%20" * 64 + "/heads",
        "{l}/blobs/short",
        "{l}/blobs/" + "g" * 64,
        "/v1/mailbox/ab",
        "/v1/mailbox/{box}?after=-1",
        "/v1/mailbox/{box}?after=x",
        "/v1/mailbox/{box}?wait=26",
        "/v1/mailbox/{box}?wait=1&wait=2",
        "/v1/mailbox/{box}?other=1",
        "/v1/hello?nonce=00",
        "/v1/hello?nonce=" + "AB" * 32,
        "/v1/hello?nonce=%ff",
        "/v1/hello?;;;",
    ],
)
async def test_wrong_ids_and_queries(site: Site, path: str) -> None:
    reply = await ask(site.url, whole("GET", site.path(path), b"", site.auth))
    assert (reply.status, reply.error) == (400, "malformed")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v1/hello/"),
        ("POST", "/v1/hello"),
        ("GET", "{l}/push"),
        ("DELETE", "{l}/blobs/{blob}"),
        ("PATCH", "{l}/heads"),
        ("GET", "/v1/l/../hello"),
        ("GET", "//v1/hello"),
        ("OPTIONS", "*"),
    ],
)
async def test_calls_that_don_t_exist(site: Site, method: str, path: str) -> None:
    reply = await ask(site.url, whole(method, site.path(path), b"", site.auth))
    assert (reply.status, reply.error) == (404, "not-found")


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /v1/hello HTTP/1.1\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
        b"POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST /v1/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\r\n" * 1000,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100,
    ],
)
async def test_bytes_that_are_no_http(site: Site, data: bytes) -> None:
    stream = await connect(site.url)
    async with stream:
        try:
            await stream.send_all(data)
            await stream.send_eof()
        except trio.BrokenResourceError:
            return
        received = await read_all(stream)
    assert b"Traceback" not in received
    assert not received.startswith(b"HTTP/1.1 2")


async def test_a_websocket_is_refused(site: Site) -> None:
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
    request = ("GET /v1/hello HTTP/1.1\r\nHost: x\r\n" + "\r\n".join(upgrade) + "\r\n\r\n").encode()
    reply = await ask(site.url, request)
    assert reply.status == 403


async def test_http_1_0(site: Site) -> None:
    reply = await ask(site.url, b"GET /v1/hello HTTP/1.0\r\n\r\n")
    assert reply.status == 200


async def test_requests_one_after_the_other_in_one_piece(site: Site) -> None:
    stream = await connect(site.url)
    async with stream:
        await stream.send_all(b"GET /v1/hello HTTP/1.1\r\nHost: x\r\n\r\n" * 3 + whole("GET", "/v1/hello"))
        received = await read_all(stream)
    assert received.count(b"HTTP/1.1 200") == 4


async def test_answers_carry_no_banner_and_nothing_to_decode(site: Site) -> None:
    reply = await ask(site.url, whole("GET", "/v1/hello", b"", "Accept-Encoding: gzip, br"))
    assert reply.headers.keys() == {"content-type", "content-length", "date", "connection"}


async def test_head_tells_whether_a_blob_is_held(site: Site) -> None:
    path = site.path("{l}/blobs/{blob}")
    assert (await ask(site.url, whole("HEAD", path, b"", site.auth))).status == 404
    assert (await ask(site.url, whole("PUT", path, b"a blob", site.auth))).status == 201
    assert (await ask(site.url, whole("PUT", path, b"a blob", site.auth))).status == 200
    reply = await ask(site.url, whole("HEAD", path, b"", site.auth))
    assert (reply.status, reply.body) == (200, b"")
    reply = await ask(site.url, whole("GET", path, b"", site.auth))
    assert (reply.status, reply.body, reply.headers["content-type"]) == (200, b"a blob", "application/octet-stream")


async def test_an_empty_blob_has_a_type_like_any_other(site: Site) -> None:
    path = site.path("{l}/blobs/") + BlobId.of(b"").hex()
    assert (await ask(site.url, whole("PUT", path, b"", site.auth))).status == 201
    reply = await ask(site.url, whole("GET", path, b"", site.auth))
    assert (reply.status, reply.body, reply.headers.get("content-type")) == (200, b"", "application/octet-stream")


async def test_an_upload_in_pieces_without_a_length(site: Site) -> None:
    path, sealed = site.path("{l}/blobs/{blob}"), b"a blob"
    pieces = [b"1\r\n" + sealed[n : n + 1] + b"\r\n" for n in range(len(sealed))]
    reply = await ask(site.url, head("PUT", path, "Transfer-Encoding: chunked", site.auth), *pieces, b"0\r\n\r\n")
    assert reply.status == 201


async def test_a_registration_with_a_wrong_token_tells_nothing(site: Site) -> None:
    other = make_library("other")
    body = Registration(token="wrong-token-hush", genesis=other.genesis.raw).encode()
    reply = await ask(site.url, whole("POST", "/v1/libraries", body))
    assert (reply.status, reply.error) == (401, "token-invalid")
    assert b"hush" not in reply.body
    assert TOKEN.encode() not in reply.body


async def test_short_streams_have_a_length_and_long_ones_are_chunked(site: Site) -> None:
    body = PullRequest().encode()
    reply = await ask(site.url, whole("POST", site.path("{l}/pull"), body, site.auth))
    assert reply.headers["content-length"] == str(len(reply.body))
    assert reply.headers["content-type"] == "application/cbor-seq"
    blobs = [filler(f"blob {n}", 100_000) for n in range(3)]
    for sealed in blobs:
        site.node.parts.blobs.put(BlobId.of(sealed), sealed, now=0)
        site.node.parts.libraries.add_blob(site.library.id, BlobId.of(sealed), len(sealed), now=0)
    body = ManyRequest(ids=tuple(BlobId.of(sealed) for sealed in blobs)).encode()
    reply = await ask(site.url, whole("POST", site.path("{l}/blobs/many"), body, site.auth))
    assert reply.headers["transfer-encoding"] == "chunked"
    assert reply.body == b"".join(frame(0, BlobId.of(sealed), sealed) for sealed in blobs) + frame(1)


async def test_more_ids_than_allowed(site: Site) -> None:
    for call, body in (("stat", StatRequest(ids=(BLOB,) * 1001).encode()), ("many", ManyRequest(ids=(BLOB,) * 257).encode())):
        reply = await ask(site.url, whole("POST", site.path("{l}/blobs/" + call), body, site.auth))
        assert (reply.status, reply.error) == (413, "too-large")
