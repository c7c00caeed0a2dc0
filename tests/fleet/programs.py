"""The installed programs as real processes: for the demo, for benchmarks and for tests marked ``process``.

    relay = await start_relay(folder)
    alpha = Device(name="alpha", library=folder / "alpha")
    await alpha.ask("init", "--name", "alpha")
    …
    await relay.serving.stop()

Everything waits for events (an answer, a line, an end), never for time. Programs that stay run in sessions of their own, so that Ctrl-C reaches
only who started them, and are to be stopped by them.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trio

from peer.control import ask
from peer.engine_address import read_address
from peer.layout import LibraryFolder

START_SECONDS = 30.0
STOP_SECONDS = 10.0
COMMAND_SECONDS = 600.0
SERVES = "Press Ctrl-C to stop."


class ProgramError(Exception):
    """A program didn't do what it was asked: what, and its own words."""


def program(name: str) -> str:
    """The path of an installed command, beside the Python that runs this."""
    return str(Path(sys.executable).parent / name)


async def answers_of(command: Sequence[str], *, stdin: bytes = b"", may_end_with: Sequence[int] = (0,)) -> list[Any]:
    """The JSON documents that a command answers with."""
    with trio.fail_after(COMMAND_SECONDS):
        done = await trio.run_process(command, stdin=stdin, capture_stdout=True, capture_stderr=True, check=False, start_new_session=True)
    if done.returncode not in may_end_with:
        raise ProgramError(
            f"`{' '.join([Path(command[0]).name, *command[1:]])}` ended with code {done.returncode}: {_last_words(done.stderr)}"
        )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _last_words(output: bytes) -> str:
    text = output.decode("utf-8", "replace").strip()
    try:
        return str(json.loads(text.splitlines()[-1])["message"])
    except (ValueError, KeyError, TypeError, IndexError):
        return text or "it said nothing"


class Staying:
    """A program that serves until it is stopped. Its standard error goes into a file."""

    def __init__(self, process: trio.Process, lines: LineReader) -> None:
        self._process = process
        self._lines = lines

    @classmethod
    async def start(cls, command: Sequence[str], log: Path, *, until: str) -> tuple[Staying, str]:
        """Started, and has said a line with ``until`` in it: that line."""
        with log.open("ab") as errors:
            process = await trio.lowlevel.open_process(
                list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
            )
        assert process.stdout is not None
        lines = LineReader(process.stdout)
        try:
            with trio.fail_after(START_SECONDS):
                line = await lines.until(until)
        except BaseException:
            process.kill()
            raise
        return cls(process, lines), line

    @property
    def pid(self) -> int:
        return self._process.pid

    async def stop(self) -> None:
        """Asks it to end, as a person's Ctrl-C does, and waits for it; whoever is cancelled meanwhile waits too."""
        with trio.CancelScope(shield=True):
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)
            with trio.move_on_after(STOP_SECONDS) as waiting:
                await self._process.wait()
            if waiting.cancelled_caught:
                self._process.kill()
                await self._process.wait()
            await self._lines.aclose()

    def kill(self) -> None:
        """As a power cut would end it."""
        self._process.kill()

    def memory(self) -> int:
        """The most memory that it ever had in use (resident), in bytes. Linux only."""
        return peak_memory(self.pid)


def peak_memory(pid: int) -> int:
    """``VmHWM`` of a process, in bytes; 0 when it has ended."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("ascii", "replace"))
    return int(found[1]) * 1024 if found else 0


class LineReader:
    """A program's standard output, line by line."""

    def __init__(self, stream: trio.abc.ReceiveStream) -> None:
        self._stream = stream
        self._buffer = b""

    async def until(self, words: str) -> str:
        """The next line with ``words`` in it; ``ProgramError`` when the output ends before."""
        while True:
            line = await self.next()
            if words in line:
                return line

    async def next(self) -> str:
        while b"\n" not in self._buffer:
            chunk = await self._stream.receive_some(65536)
            if not chunk:
                raise ProgramError(f"a program ended before it served: {self._buffer.decode('utf-8', 'replace') or 'it said nothing'}")
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.decode("utf-8", "replace")

    async def rest(self) -> str:
        """All that comes until the end."""
        while chunk := await self._stream.receive_some(65536):
            self._buffer += chunk
        return self._buffer.decode("utf-8", "replace").strip()

    async def aclose(self) -> None:
        await self._stream.aclose()


@dataclass(kw_only=True)
class RelayProgram:
    """``calotype-relay serve`` in a folder of its own."""

    data: Path
    serving: Staying
    url: str

    async def token(self) -> str:
        (created,) = await answers_of([program("calotype-relay"), "token", "create", "--data", str(self.data), "--json"])
        return str(created["token"])


async def start_relay(folder: Path, *, listen: str = "127.0.0.1:0", run_as: Sequence[str] = ()) -> RelayProgram:
    """A relay with its data in ``folder/relay`` and its log beside it. ``run_as``: how to start it, if not as it is installed."""
    data = folder / "relay"
    command = [*(run_as or [program("calotype-relay")]), "serve", "--data", str(data), "--listen", listen, "--json"]
    serving, line = await Staying.start(command, folder / "relay.log", until="address")
    return RelayProgram(data=data, serving=serving, url=f"http://{json.loads(line)['address']}")


@dataclass(kw_only=True)
class Device:
    """One device: its library, its commands, and its peer while it runs. ``lan``: it may meet others on the local network too, not at a
    relay alone; all devices of a test are on one machine. ``run_as``: how to start its commands, if not as they are installed."""

    name: str
    library: Path
    peer: Staying | None = None
    lan: bool = False
    run_as: Sequence[str] = ()

    @property
    def folder(self) -> LibraryFolder:
        return LibraryFolder(self.library)

    def command(self, *arguments: str) -> list[str]:
        apart = [] if self.lan or arguments[:1] not in (("run",), ("sync",), ("invite",)) else ["--no-lan"]
        return [*(self.run_as or [program("calotype")]), *arguments, *apart, "--library", str(self.library), "--json"]

    async def ask(self, *arguments: str, may_end_with: Sequence[int] = (0,)) -> Any:
        """The one JSON document that a command answers with."""
        (answer,) = await answers_of(self.command(*arguments), may_end_with=may_end_with)
        return answer

    async def lines(self, *arguments: str) -> list[Any]:
        """The JSON documents that a command answers with, one a line."""
        return await answers_of(self.command(*arguments))

    async def start(self) -> None:
        """The peer, which serves when this returns."""
        assert self.peer is None
        command = [each for each in self.command("run") if each != "--json"]
        self.peer, _ = await Staying.start(command, self.library.with_suffix(".log"), until=SERVES)

    async def stop(self) -> None:
        if self.peer is not None:
            await self.peer.stop()
            self.peer = None

    async def nodes(self) -> list[dict[str, Any]]:
        """What the running peer knows of its nodes, its bytes over the wire among it."""
        return list((await self._request({"do": "nodes"}))["nodes"])

    async def settle(self, seconds: float = COMMAND_SECONDS) -> dict[str, Any]:
        """What ``calotype sync`` asks of the running peer, without the time that a command takes to start."""
        return await self._request({"do": "sync", "wait": seconds})

    async def _request(self, request: dict[str, Any]) -> dict[str, Any]:
        address = read_address(self.folder.engine_address)
        if address is None:
            raise ProgramError(f"the peer of {self.name} doesn't run")
        return await ask(address, request)
