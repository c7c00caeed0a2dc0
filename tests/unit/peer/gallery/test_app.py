"""The door: login, sessions, methods, bodies, the page's files; and that each call is what the description says."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio

from peer.gallery.app import COOKIE
from peer.gallery.calls import MAX_JSON_BYTES
from peer.gallery.operations import OPERATIONS
from tests.fleet.libraries import add_photo
from tests.unit.peer.gallery.conftest import HOST, ORIGIN, Site

NO_ID = "0" * 32


async def test_nothing_is_told_to_who_is_not_logged_in(site: Site) -> None:
    for operation in OPERATIONS:
        path = operation.path.replace("{id}", NO_ID).replace("{month}", "none").replace("{import}", "x")
        response = await site.stranger.request(
            operation.method, path, headers={"Origin": ORIGIN, "Content-Type": "application/json"}, content="{}"
        )
        assert (response.status_code, response.json()["error"]) == (401, "login"), path


async def test_a_link_logs_in_once(site: Site) -> None:
    key = site.sessions.new_key()
    first = await site.stranger.get("/login", params={"key": key})
    assert (first.status_code, first.headers["location"]) == (303, "/")
    cookie = first.headers["set-cookie"].lower()
    for part in (f"{COOKIE}=", "httponly", "samesite=strict", "path=/"):
        assert part in cookie
    assert "secure" not in cookie  # over plain HTTP on this machine the browser wouldn't send it back
    site.stranger.cookies.clear()
    again = await site.stranger.get("/login", params={"key": key})
    assert again.status_code == 403
    assert "set-cookie" not in again.headers
    assert "calotype open" in again.text


@pytest.mark.parametrize("query", [{}, {"key": ""}, {"key": "x" * 5000}, {"key": "\u202e<script>"}])
async def test_what_is_no_key(site: Site, query: dict[str, str]) -> None:
    response = await site.stranger.get("/login", params=query)
    assert response.status_code == 403
    assert "<script" not in response.text


async def test_another_host_is_told_nothing(site: Site) -> None:
    for path in ("/", "/login", "/api/v1/session", "/style.css"):
        response = await site.client.get(path, headers={"Host": "evil.example"})
        assert response.status_code == 421


async def test_changes_need_the_pages_own_origin(site: Site) -> None:
    body = json.dumps({"title": "Sweden"})
    for headers in (
        {"Content-Type": "application/json"},
        {"Content-Type": "application/json", "Origin": "http://evil.example"},
        {"Content-Type": "text/plain", "Origin": ORIGIN},
        {"Content-Type": "application/json", "Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
    ):
        response = await site.client.post("/api/v1/albums", content=body, headers=headers)
        assert response.status_code in (403, 415)
    assert (await site.get("/api/v1/albums"))["albums"] == []


async def test_every_answer_carries_the_policy(site: Site) -> None:
    for path in ("/", "/albums", "/app.js", "/api/v1/session", "/api/v1/nothing", "/media/x/thumbnail", "/nothing.js"):
        response = await site.client.get(path)
        assert "default-src 'none'" in response.headers["content-security-policy"], path
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"


async def test_the_page_is_shown_at_each_of_its_views(site: Site) -> None:
    index = (await site.stranger.get("/")).text
    assert "<!doctype html>" in index.lower()
    for path in ("/albums", "/album/0123", "/favorites"):
        assert (await site.stranger.get(path)).text == index
    for path in ("/nothing.js", "/api/nothing", "/media/nothing", "/../pyproject.toml", "/vendor/LICENSE.htm"):
        assert (await site.stranger.get(path)).status_code == 404, path


async def test_files_are_kept_as_long_as_they_are_the_same(site: Site) -> None:
    first = await site.stranger.get("/lib/api.js")
    assert first.headers["content-type"].startswith("text/javascript")
    again = await site.stranger.get("/lib/api.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_wrong_method_is_told_the_right_ones(site: Site) -> None:
    response = await site.client.get("/api/v1/assets/set")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', "null", "[" * 100_000, '{"title": 1}', '{"titel": "x"}', "\x00"])
async def test_what_is_no_body_changes_nothing(site: Site, body: str) -> None:
    response = await site.client.post("/api/v1/albums", content=body, headers={"Origin": ORIGIN, "Content-Type": "application/json"})
    assert response.status_code == 400
    assert response.json()["message"].endswith("Nothing was changed.")
    assert (await site.get("/api/v1/albums"))["albums"] == []


@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <async_generator object ByteStream"
)  # the client's own, which it leaves when nobody reads on
async def test_a_body_without_end(site: Site) -> None:
    response = await site.client.post(
        "/api/v1/albums", content=b" " * (MAX_JSON_BYTES + 1), headers={"Origin": ORIGIN, "Content-Type": "application/json"}
    )
    assert (response.status_code, response.json()["message"]) == (400, "The request is too long. Nothing was changed.")


async def test_what_goes_wrong_inside_is_not_told(site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> Any:
        raise RuntimeError("/home/anna/secret")

    monkeypatch.setattr("peer.gallery.api_albums.Queries", broken)
    response = await site.client.get("/api/v1/albums")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "secret" in caplog.text


async def test_the_description_is_that_of_the_calls(site: Site) -> None:
    document = await site.get("/api/v1/description")
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(operation.method, operation.path) for operation in OPERATIONS}
    for operation in OPERATIONS:
        told = document["paths"][operation.path][operation.method.lower()]
        assert {each["name"] for each in told["parameters"] if each["in"] == "query"} == {field.name for field in operation.query}
        assert ("requestBody" in told) == (operation.body is not None or operation.raw)
        assert (operation.body is not None or operation.raw) == (operation.method in ("POST", "PUT"))


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if "{id}" in each.path and each.method == "GET"], ids=lambda each: each.path
)
async def test_a_photo_that_is_not_there(site: Site, operation: Any) -> None:
    for text in (NO_ID, "x", "%00", "0" * 5000, "..%2f.."):
        response = await site.client.get(operation.path.replace("{id}", text))
        assert response.status_code in (400, 404)
        assert response.json()["message"]


async def test_head_is_answered_like_get_without_a_body(site: Site) -> None:
    add_photo(site.library, "a")
    response = await site.client.head("/api/v1/session", headers={"Host": HOST})
    assert response.status_code == 200


async def test_what_nobody_reads_is_read_out_before_an_answer_ends(site: Site) -> None:
    """As the server does: a queue of one message, and no end of the answer before all were taken."""
    told: list[str] = []
    to_app, from_server = trio.open_memory_channel[dict[str, Any]](0)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            told.append("answered")
            await to_app.send({"type": "http.disconnect"})

    async def receive() -> Any:
        return await from_server.receive()

    scope = {"type": "http", "method": "POST", "path": "/api/v1/albums", "headers": [(b"host", HOST.encode())], "query_string": b""}
    app = site.client._transport.app  # type: ignore[attr-defined]
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(app, scope, receive, send)
            for more in (True, True, False):
                await to_app.send({"type": "http.request", "body": b"x" * 1000, "more_body": more})
            told.append("sent")
            assert (await from_server.receive())["type"] == "http.disconnect"
    assert sorted(told) == ["answered", "sent"]
