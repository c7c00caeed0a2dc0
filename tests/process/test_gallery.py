"""The gallery as a person gets to it: links that work once, addresses, TLS for other machines, and an end with it."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from peer.errors import ExitCode
from peer.gallery.tls import fingerprint_of
from tests.fixtures.pictures import jpeg
from tests.fleet.programs import Device, Staying, answers_of

pytestmark = pytest.mark.process

SERVES = "Press Ctrl-C"
_REVISION = re.compile(rb'event: changed\ndata: {"revision": ([0-9]+)}')


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[Device]:
    made = Device(name="one", library=tmp_path / "one")
    await made.ask("init", "--name", "one")
    yield made
    await made.stop()


async def start(device: Device, *words: str) -> dict[str, Any]:
    """What the ready file says of a peer that serves."""
    ready = device.library.with_suffix(".ready")
    command = [each for each in device.command("run", *words, "--ready-file", str(ready)) if each != "--json"]
    device.peer, _ = await Staying.start(command, device.library.with_suffix(".log"), until=SERVES)
    document: dict[str, Any] = json.loads(await trio.Path(ready).read_text())
    return document


async def link_of(device: Device) -> str:
    return str((await device.ask("open", "--print"))["link"])


async def test_a_link_opens_the_gallery_once(device: Device) -> None:
    link = (await start(device, "--gallery", "127.0.0.1:0"))["gallery"]
    assert link.startswith("http://127.0.0.1:")
    async with httpx.AsyncClient() as browser, httpx.AsyncClient() as other:
        assert (await browser.get(link)).status_code == 303
        base = link.partition("/login")[0]
        session = await browser.get(f"{base}/api/v1/session")
        assert session.json()["device_name"] == "one"
        assert (await browser.get(f"{base}/")).text.startswith("<!doctype html>")  # on the same connection
        assert (await other.get(link)).status_code == 403
        assert (await other.get(await link_of(device))).status_code == 303
        assert (await other.get(f"{base}/api/v1/session")).status_code == 200
    log = device.library.with_suffix(".log").read_text("utf-8")
    assert link.partition("key=")[2] not in log


async def test_what_another_command_does_is_told_to_the_page(device: Device, tmp_path: Path) -> None:
    link = (await start(device, "--gallery", "127.0.0.1:0"))["gallery"]
    base = link.partition("/login")[0]
    photo = tmp_path / "sea.jpg"
    photo.write_bytes(jpeg(320, 240, seed=1))
    async with httpx.AsyncClient() as browser:
        await browser.get(link)
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        async with aclosing(_revisions(base.removeprefix("http://"), cookie)) as revisions:
            first = await anext(revisions)
            await device.ask("import", str(photo))
            with trio.fail_after(20):
                while await anext(revisions) == first:
                    pass
        assert (await browser.get(f"{base}/api/v1/timeline")).json()["total"] == 1


async def _revisions(place: str, cookie: str) -> AsyncGenerator[int]:
    """Of each event that says that something changed. By hand: a client that reads lines holds on to what it reads them from."""
    host, _, port = place.partition(":")
    content = b""
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(f"GET /api/v1/events HTTP/1.1\r\nHost: {place}\r\nCookie: {cookie}\r\n\r\n".encode())
        while chunk := await stream.receive_some():
            content += chunk
            *events, content = content.split(b"\n\n")
            for event in events:
                if (told := _REVISION.search(event)) is not None:
                    yield int(told[1])


async def test_each_peer_has_a_place_of_its_own(device: Device, tmp_path: Path) -> None:
    """The usual port is one peer's; the next takes any."""
    other = Device(name="two", library=tmp_path / "two")
    await other.ask("init", "--name", "two")
    try:
        links = [(await start(each))["gallery"] for each in (device, other)]
        assert len({link.partition("/login")[0] for link in links}) == 2
    finally:
        await other.stop()


async def test_without_a_gallery_there_is_no_link(device: Device) -> None:
    assert (await start(device, "--no-gallery"))["gallery"] is None
    assert await answers_of(device.command("open", "--print"), may_end_with=[ExitCode.UNREACHABLE]) == []


async def test_an_address_that_others_reach_speaks_tls_with_a_certificate_of_its_own(device: Device) -> None:
    """127.0.0.2 stands for an address of the network."""
    link = (await start(device, "--gallery", "127.0.0.2:0"))["gallery"]
    assert link.startswith("https://127.0.0.2:")
    (key,) = (device.library / ".calotype").glob("gallery-*.pem")
    assert key.stat().st_mode & 0o077 == 0
    host, _, port = link.removeprefix("https://").partition("/")[0].partition(":")
    shown = ssl.PEM_cert_to_DER_cert(await trio.to_thread.run_sync(ssl.get_server_certificate, (host, int(port))))
    context = ssl.create_default_context(cadata=shown)
    async with httpx.AsyncClient(verify=context) as browser:
        response = await browser.get(link)
        assert response.status_code == 303
        assert "Secure" in response.headers["set-cookie"]
        assert (await browser.get(f"https://{host}:{port}/api/v1/session")).status_code == 200
    assert len(fingerprint_of(shown)) == 32 * 3 - 1


async def test_a_place_that_is_taken(device: Device) -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        port = listener.socket.getsockname()[1]
        assert await answers_of(device.command("run", "--gallery", f"127.0.0.1:{port}"), may_end_with=[ExitCode.USAGE]) == []
