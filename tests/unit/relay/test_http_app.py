"""The ASGI application in trio's virtual time: slow bodies, budgets, rates, leaving clients, faults, the access log."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from relay.http import NodeApp
from relay.http_limits import HttpLimits, Rate
from relay.log_lines import JsonLines
from relay.messages import BoxId, EntriesArrived, Hello, ItemDecoder, Mail, PullRequest, Registration, frame_hint, parse_hint
from relay.messages.limits import MAX_PUSH_BYTES
from store.errors import NoSpaceError
from store.ids import BlobId
from store.memory import MemoryBlobStore, MemoryLogStore
from tests.conformance.sync_api_support import open_session
from tests.fleet.authors import Author, FleetLibrary, make_library
from tests.unit.relay.asgi import Call
from tests.unit.relay.nodes import HTTP_LIMITS, TOKEN, FakeClock, Node, make_node, make_parts, node_of, registration

SEALED = b"a blob"
BLOB = BlobId.of(SEALED)


class Site:
    """A node with a library and a session of a member."""

    def __init__(self, node: Node, library: FleetLibrary, anna: Author, token: str) -> None:
        self.node, self.library, self.anna, self.token = node, library, anna, token
        self.app = NodeApp(node.service, HTTP_LIMITS)

    def call(self, method: str, call: str, **options: Any) -> Call:
        path = call.replace("{l}", f"/v1/l/{self.library.id.hex()}").replace("{blob}", BLOB.hex())
        headers = {"authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return Call(self.app, method, path, headers, **options)


async def make_site(node: Node | None = None) -> Site:
    node, library = node or make_node(), make_library("app")
    anna = library.join("anna")
    await node.service.register(registration(library))
    return Site(node, library, anna, await open_session(node.service, node, library, anna))


@pytest.fixture
async def site() -> Site:
    return await make_site()


async def test_a_body_that_comes_too_slowly(site: Site, autojump_clock: MockClock) -> None:
    start = trio.current_time()
    call = await site.call("PUT", "{l}/blobs/{blob}", pieces=[b"x"] * 10_000, pause=1).run()
    assert (call.status, call.error) == (408, "too-slow")
    assert trio.current_time() - start < HTTP_LIMITS.patience + 2


async def test_a_slow_body_that_keeps_the_pace(site: Site, autojump_clock: MockClock) -> None:
    piece = bytes(HTTP_LIMITS.bytes_per_second)
    call = await site.call("POST", "{l}/push", pieces=[piece] * 60, pause=1).run()
    assert call.error == "malformed"


async def test_a_slow_stranger_is_given_up_too(site: Site, autojump_clock: MockClock) -> None:
    for method, path in (("POST", "/v1/session"), ("POST", "/v1/libraries"), ("POST", "/v1/mailbox/" + "ab" * 16)):
        call = await Call(site.app, method, path, pieces=[b"x"] * 1000, pause=5).run()
        assert call.error == "too-slow"


async def test_a_client_that_leaves_in_the_middle_of_its_body(site: Site, autojump_clock: MockClock) -> None:
    call = site.call("PUT", "{l}/blobs/{blob}")

    async def leave() -> dict[str, str]:
        await trio.lowlevel.checkpoint()
        return {"type": "http.disconnect"}

    call._receive = leave  # type: ignore[method-assign]
    assert (await call.run()).sent == []


async def test_uploads_wait_for_room(autojump_clock: MockClock) -> None:
    site = await make_site()
    site.app = NodeApp(site.node.service, replace(HTTP_LIMITS, upload_bytes=1000))
    calls: list[Call] = []

    async def upload() -> None:
        headers = {"content-length": "600"}
        calls.append(await site.call("PUT", "{l}/blobs/{blob}", headers=headers, pieces=[bytes(600)], pause=1).run())

    start = trio.current_time()
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(upload)
    assert [call.error for call in calls] == ["bad-hash"] * 3
    assert trio.current_time() - start >= 3


async def test_calls_beyond_the_limit_are_told_to_come_back(autojump_clock: MockClock) -> None:
    site = await make_site()
    site.app = NodeApp(site.node.service, replace(HTTP_LIMITS, requests=2))
    waiting = [Call(site.app, "POST", "/v1/session", pieces=[b"\xa0"], pause=1) for _ in range(2)]
    async with trio.open_nursery() as nursery:
        for call in waiting:
            nursery.start_soon(call.run)
        await trio.testing.wait_all_tasks_blocked()
        refused = await Call(site.app, "GET", "/v1/hello").run()
    assert (refused.status, refused.error, refused.headers_sent["retry-after"]) == (503, "unavailable", "1")
    assert [call.error for call in waiting] == ["malformed", "malformed"]
    assert (await Call(site.app, "GET", "/v1/hello").run()).status == 200


async def test_long_streams_take_no_place(autojump_clock: MockClock) -> None:
    site = await make_site()
    site.app = NodeApp(site.node.service, replace(HTTP_LIMITS, requests=1))
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(site.call("GET", "{l}/news", leaves_after=100).run)
            nursery.start_soon(Call(site.app, "GET", "/v1/mailbox/" + "ab" * 16, query="wait=20").run)
        await trio.testing.wait_all_tasks_blocked()
        assert (await Call(site.app, "GET", "/v1/hello").run()).status == 200


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/session"), ("POST", "/v1/libraries"), ("GET", "/v1/mailbox/" + "ab" * 16)])
async def test_rates_are_limited_for_each_address(method: str, path: str, autojump_clock: MockClock) -> None:
    rate = Rate(burst=3, per_second=0.5)
    site = await make_site()
    app = NodeApp(site.node.service, HttpLimits(registrations=rate, sessions=rate, mail=rate))
    statuses = [(await Call(app, method, path).run()).status for _ in range(4)]
    assert statuses[3] == 429
    assert 429 not in statuses[:3]
    last = await Call(app, method, path).run()
    assert (last.error, last.headers_sent["retry-after"]) == ("too-many", "2")
    assert (await Call(app, method, path).run(address="192.0.2.2")).status != 429
    await trio.sleep(2)
    assert (await Call(app, method, path).run()).status != 429


async def test_a_proxy_on_this_machine_says_for_whom_it_asks() -> None:
    site = await make_site()
    rate = Rate(burst=1, per_second=0.1)
    app = NodeApp(site.node.service, replace(HTTP_LIMITS, mail=rate))

    async def status(address: str, forwarded: str) -> int:
        call = Call(app, "GET", "/v1/mailbox/" + "ab" * 16, {"x-forwarded-for": forwarded})
        return (await call.run(address=address)).status

    assert await status("127.0.0.1", "spoofed, 192.0.2.1") == 200
    assert await status("127.0.0.1", "other, 192.0.2.1") == 429
    assert await status("127.0.0.1", "192.0.2.2") == 200
    assert await status("192.0.2.9", "192.0.2.3") == 200
    assert await status("192.0.2.9", "192.0.2.4") == 429


async def test_news_go_to_the_client_until_it_leaves(autojump_clock: MockClock) -> None:
    site, start = await make_site(), trio.current_time()
    call = await site.call("GET", "{l}/news", leaves_after=40).run()
    assert trio.current_time() - start == 40
    assert not call.is_complete
    hints = [parse_hint(tag, content) for tag, content in ItemDecoder(longest=1000).feed(call.body)]
    assert len(hints) == 3
    assert isinstance(hints[0], EntriesArrived)


async def test_news_end_whole_when_the_node_stops(autojump_clock: MockClock) -> None:
    site = await make_site()
    call = site.call("GET", "{l}/news")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(call.run)
        await trio.testing.wait_all_tasks_blocked()
        site.node.service.stop()
    assert call.is_complete
    assert call.body == frame_hint(EntriesArrived(arrival=3))
    refused = await Call(site.app, "GET", "/v1/hello").run()
    assert (refused.status, refused.error) == (503, "unavailable")


async def test_whoever_waits_for_mail_is_answered_when_the_node_stops(autojump_clock: MockClock) -> None:
    site, start = await make_site(), trio.current_time()
    call = Call(site.app, "GET", "/v1/mailbox/" + "ab" * 16, query="wait=25")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(call.run)
        await trio.testing.wait_all_tasks_blocked()
        site.node.service.stop()
    assert Mail.decode(call.body).messages == ()
    assert trio.current_time() == start


class FullBlobStore(MemoryBlobStore):
    """A disk without room."""

    def put(self, blob: BlobId, sealed: bytes, *, now: int) -> bool:
        raise NoSpaceError("no room for a file")


class BrokenLogStore(MemoryLogStore):
    """A store with a fault that nobody thought of."""

    def heads(self) -> Any:
        raise RuntimeError("hush: what went wrong inside")


class SuddenlyBrokenLogStore(MemoryLogStore):
    """A store that breaks in the middle of a long answer."""

    def after(self, arrival: int, *, limit_bytes: int) -> Any:
        if arrival == 7:
            raise RuntimeError("hush")
        return super().after(arrival, limit_bytes=1)


async def test_a_full_disk_stops_blobs_and_is_named() -> None:
    clock = FakeClock()
    site = await make_site(node_of(make_parts(clock), clock, blobs=FullBlobStore()))
    call = await site.call("PUT", "{l}/blobs/{blob}", pieces=[SEALED]).run()
    assert (call.status, call.error) == (507, "no-space")
    assert not site.node.parts.libraries.held(site.library.id, [BLOB])
    account = site.node.parts.libraries.account(site.library.id)
    assert account is not None
    assert account.blob_bytes == 0


async def test_a_fault_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    site = await make_site(with_logs(clock, BrokenLogStore))
    call = await site.call("GET", "{l}/heads").run()
    assert (call.status, call.error) == (500, "internal")
    assert b"hush" not in call.body
    assert "RuntimeError" in caplog.text


async def test_an_answer_that_breaks_off_has_no_end(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    site = await make_site(with_logs(clock, SuddenlyBrokenLogStore))
    large = [site.anna.change(bytes(70_000)).raw for _ in range(6)]
    site.node.parts.logs.of(site.library.id).append([*site.library.raws(), *large], now=0)
    call = await site.call("POST", "{l}/pull", pieces=[PullRequest().encode()]).run()
    assert len(call.body) > 100_000
    assert (call.status, call.is_complete) == (200, False)
    assert "RuntimeError" in caplog.text


def with_logs(clock: FakeClock, kind: type[MemoryLogStore]) -> Node:
    parts = make_parts(clock)
    return node_of(parts, clock, logs=type(parts.logs)(kind))


async def test_the_access_log_has_facts_and_no_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "relay.access")
    site = await make_site()
    token_body = Registration(token=TOKEN, genesis=b"x").encode()
    await Call(site.app, "POST", "/v1/libraries", pieces=[token_body]).run()
    await site.call("PUT", "{l}/blobs/{blob}", pieces=[SEALED]).run()
    await site.call("DELETE", "/v1/session").run()
    await Call(site.app, "GET", "/v1/mailbox/" + BoxId(b"m" * 16).hex(), query="after=0").run()
    await Call(site.app, "GET", "/some/secret/path").run()
    lines = [JsonLines().format(record) for record in caplog.records if record.name == "relay.access"]
    text = "\n".join(lines)
    assert site.token not in text
    assert TOKEN not in text
    assert "secret" not in text
    assert BoxId(b"m" * 16).hex() not in text
    assert site.library.id.hex() not in text
    assert BLOB.short() not in text
    put = json.loads(lines[1])
    assert put["ms"] >= 0
    facts = {name: put[name] for name in ("client", "method", "route", "library", "status", "received", "sent")}
    assert facts == {
        "client": "192.0.2.1",
        "method": "PUT",
        "route": "/v1/l/{library}/blobs/{blob}",
        "library": site.library.id.short(),
        "status": 201,
        "received": 6,
        "sent": 0,
    }


async def test_hello_over_asgi() -> None:
    site = await make_site()
    call = await Call(site.app, "GET", "/v1/hello", query="nonce=" + "ab" * 32).run()
    assert Hello.decode(call.body).key == site.node.key


async def test_a_long_push_is_decoded_as_it_comes(site: Site) -> None:
    call = await site.call("POST", "{l}/push", pieces=[bytes(65536)] * (MAX_PUSH_BYTES // 65536 + 10)).run()
    assert call.error == "malformed"
