"""The relay as a real process: ready file, signals, restarts, a power cut, a disk that is full."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from relay.client import HttpNode
from relay.errors import NodeFullError, SyncError
from relay.messages import BlobState, PullRequest
from relay.session import LibrarySession
from store.ids import BlobId
from store.log import Status
from tests.conformance.sync_api_support import pull
from tests.fleet.authors import Author, FleetLibrary, filler, make_library
from tests.unit.relay.nodes import registration, session_of

pytestmark = pytest.mark.process
COMMAND = [sys.executable, "-c", "from relay.commands import run; run()"]


class RelayProcess:
    """A relay in a folder, started and stopped as often as a test likes."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.ready_file = data.with_name(data.name + ".ready")
        self.log = data.with_name(data.name + ".log")

    def token(self) -> str:
        output = subprocess.run([*COMMAND, "token", "create", "--data", self.data, "--json"], check=True, capture_output=True).stdout
        return str(json.loads(output)["token"])

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
        with self.log.open("ab") as log:
            arguments = ["serve", "--data", str(self.data), "--listen", "127.0.0.1:0", "--ready-file", str(self.ready_file)]
            process = subprocess.Popen([*COMMAND, *arguments], stdout=log, stderr=log)  # noqa: ASYNC220
        try:
            with trio.fail_after(20):
                while not self.ready_file.exists():
                    assert process.poll() is None, self.log.read_text()
                    await trio.testing.wait_all_tasks_blocked(0.01)
            yield process, json.loads(self.ready_file.read_text())
        finally:
            process.kill()
            process.wait()
            self.ready_file.unlink(missing_ok=True)


@pytest.fixture
def relay(tmp_path: Path) -> RelayProcess:
    return RelayProcess(tmp_path / "relay")


def at(node: HttpNode, ready: dict[str, Any], library: FleetLibrary, device: Author) -> LibrarySession:
    # Every process has its own nonces.
    return session_of(node, library, device, key=bytes.fromhex(ready["key"]), seed=int.from_bytes(os.urandom(8), "big"))


async def test_a_relay_s_life(relay: RelayProcess) -> None:
    library = make_library("process")
    anna = library.join("anna")
    sealed = filler("a blob", 100_000)
    blob, token = BlobId.of(sealed), relay.token()
    async with relay.running() as (process, ready):
        assert ready["pid"] == process.pid
        async with HttpNode(f"http://{ready['address']}") as node:
            session = at(node, ready, library, anna)
            await node.register(registration(library, token))
            result = await session.push(library.raws())
            assert {outcome.status for outcome in result.outcomes} <= {Status.STORED, Status.KNOWN}
            assert await session.put_blob(blob, sealed)
            assert relay.token()
            async with session.news() as hints:
                await anext(hints)
                process.send_signal(signal.SIGTERM)
                assert [hint async for hint in hints] == []
        with trio.fail_after(10):
            assert await trio.to_thread.run_sync(process.wait) == 0
        assert not relay.ready_file.exists()
    async with relay.running() as (process, again), HttpNode(f"http://{again['address']}") as node:
        assert again["key"] == ready["key"]
        session = at(node, again, library, anna)
        assert (await pull(session, PullRequest()))[0] == library.raws()
        assert await session.get_blob(blob) == sealed
        process.send_signal(signal.SIGINT)
        with trio.fail_after(10):
            assert await trio.to_thread.run_sync(process.wait) == 0
    log = relay.log.read_text()
    assert token not in log
    assert library.id.hex() not in log
    assert "Traceback" not in log


async def test_what_was_acknowledged_survives_a_kill(relay: RelayProcess) -> None:
    library = make_library("kill")
    anna = library.join("anna")
    token = relay.token()
    stored: list[BlobId] = []
    pushed: list[bytes] = []
    async with relay.running() as (process, ready), HttpNode(f"http://{ready['address']}") as node:
        await node.register(registration(library, token))
        session = at(node, ready, library, anna)
        await session.push(library.raws())
        base = filler("blob", 300_000)

        async def upload(worker: int) -> None:
            for n in range(10_000):
                sealed = base + bytes([worker]) + n.to_bytes(4, "big")
                try:
                    await session.put_blob(BlobId.of(sealed), sealed)
                except SyncError:
                    return
                stored.append(BlobId.of(sealed))
                if len(stored) == 20:
                    process.kill()

        async def push() -> None:
            for _ in range(10_000):
                change = anna.change().raw
                try:
                    await session.push([change])
                except SyncError:
                    return
                pushed.append(change)

        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(push)
                for worker in range(3):
                    nursery.start_soon(upload, worker)
    assert pushed
    async with relay.running() as (_, ready), HttpNode(f"http://{ready['address']}") as node:
        session = at(node, ready, library, anna)
        assert set(await session.stat(stored)) == {BlobState.HELD}
        for blob in stored:
            assert len(await session.get_blob(blob)) == 300_005
        entries, _ = await pull(session, PullRequest())
        assert set(pushed) <= set(entries)
        result = await session.push([entry.raw for entry in library.entries])
        assert {outcome.status for outcome in result.outcomes} <= {Status.STORED, Status.KNOWN}


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[Path]:
    path.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or os.geteuid() != 0
        or subprocess.run([mount, "-t", "tmpfs", "-o", f"size={size}", "none", path], check=False).returncode
    ):
        pytest.skip("only root may mount a small disk")
    try:
        yield path
    finally:
        subprocess.run(["umount", path], check=True)


async def test_a_full_disk(tmp_path: Path) -> None:
    library = make_library("full")
    anna = library.join("anna")
    with small_disk(tmp_path / "disk", "3m") as disk:
        relay = RelayProcess(disk / "relay")
        relay.ready_file, relay.log = tmp_path / "ready", tmp_path / "log"
        token = relay.token()
        async with relay.running() as (_, ready), HttpNode(f"http://{ready['address']}") as node:
            await node.register(registration(library, token))
            session = at(node, ready, library, anna)
            await session.push(library.raws())
            sealed = [filler(f"blob {n}", 500_000) for n in range(10)]
            stored: list[BlobId] = []
            try:
                for each in sealed:
                    await session.put_blob(BlobId.of(each), each)
                    stored.append(BlobId.of(each))
            except NodeFullError:
                pass
            assert 0 < len(stored) < len(sealed)
            assert {await session.get_blob(blob) for blob in stored} == set(sealed[: len(stored)])
            assert not await session.has_blob(BlobId.of(sealed[len(stored)]))
            full = BlobId.of(sealed[0])
            (disk / "relay" / "blobs" / full.hex()[:2] / full.hex()).unlink()
            again = sealed[len(stored)]
            assert await session.put_blob(BlobId.of(again), again)
