"""Peers and a relay as real processes, for tests that aren't asynchronous: Playwright's are not."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.fixtures.pictures import Shot, jpeg
from tests.fleet.programs import SERVES, Device, program

COMMAND_SECONDS = 60
STOP_SECONDS = 10


@dataclass
class Program:
    """One that stays until it is stopped; its standard error goes into ``log``. What it says is a line each."""

    command: list[str]
    log: Path
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        with self.log.open("ab") as errors:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
            )

    @property
    def output(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def line(self, words: str) -> str:
        """The next one with ``words`` in it."""
        found = next((line for line in self.output if words in line), None)
        assert found is not None, f"{self.command[0]} ended: {self.log.read_text('utf-8')}"
        return found

    def end(self, number: signal.Signals = signal.SIGINT) -> None:
        """As a person ends it, or a power cut (SIGKILL)."""
        self.process.send_signal(number)
        try:
            self.process.wait(STOP_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()
            self.output.close()


@dataclass
class Peer:
    """One device. ``base``: the address of its gallery while it runs; ``link``: logs one browser in, once."""

    folder: Path
    name: str
    serving: Program | None = None
    base: str = ""
    link: str = ""
    photos: list[str] = field(default_factory=list)

    @property
    def device(self) -> Device:
        return Device(name=self.name, library=self.folder / self.name)

    def lines(self, *words: str) -> list[Any]:
        """The JSON documents that a command answers with, one a line."""
        done = subprocess.run(self.device.command(*words), capture_output=True, text=True, encoding="utf-8", timeout=COMMAND_SECONDS)
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def ask(self, *words: str) -> Any:
        """The last of them."""
        return self.lines(*words)[-1]

    def start(self, place: str = "127.0.0.1:0") -> None:
        ready = self.folder / f"{self.name}.ready"
        command = [each for each in self.device.command("run", "--gallery", place, "--ready-file", str(ready)) if each != "--json"]
        self.serving = Program(command, self.folder / f"{self.name}.log")
        self.serving.line(SERVES)
        self.link = json.loads(ready.read_text("utf-8"))["gallery"]
        self.base = self.link.partition("/login")[0]

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        if self.serving is not None:
            self.serving.end(number)
            self.serving = None

    def new_link(self) -> str:
        """As `calotype open` makes it."""
        return str(self.ask("open", "--print")["link"])

    def photo(self, number: int) -> str:
        """The id of a photo that the library was made with."""
        return self.photos[number]


@contextmanager
def running(peer: Peer) -> Iterator[Peer]:
    peer.start()
    try:
        yield peer
    finally:
        peer.stop()


def make_peer(folder: Path, name: str, photos: int = 0) -> Peer:
    """A library with so many photos, named IMG_0000.jpg and on, each of another day of 2024, from the first of January."""
    peer = Peer(folder, name)
    peer.ask("init", "--name", name)
    if photos:
        peer.ask("import", str(take_photos(folder / f"card of {name}", photos)))
        peer.photos = [row["id"] for row in peer.lines("ls")]  # oldest first
    return peer


def take_photos(folder: Path, count: int, *, seed: int = 0) -> Path:
    folder.mkdir()
    for number in range(count):
        shot = Shot(taken=f"2024:{1 + number // 28:02}:{1 + number % 28:02} 12:00:00")
        (folder / f"IMG_{number:04}.jpg").write_bytes(jpeg(480, 360, seed=seed + number, shot=shot))
    return folder


@dataclass
class Relay:
    """What peers meet at. ``apart``: for the time of a block they don't, and nobody is told so; then it goes on at once."""

    folder: Path
    serving: Program
    url: str

    @contextmanager
    def apart(self) -> Iterator[None]:
        self.serving.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.serving.process.send_signal(signal.SIGCONT)


@contextmanager
def serving_relay(folder: Path) -> Iterator[Relay]:
    command = [program("calotype-relay"), "serve", "--data", str(folder / "relay"), "--listen", "127.0.0.1:0", "--json"]
    serving = Program(command, folder / "relay.log")
    try:
        yield Relay(folder, serving, f"http://{json.loads(serving.line('address'))['address']}")
    finally:
        serving.end()


@dataclass
class Household:
    """Two devices of one library, both running, and the relay between them."""

    relay: Relay
    one: Peer
    two: Peer

    def photo(self, number: int) -> str:
        return self.one.photo(number)


@contextmanager
def household(folder: Path, *, photos: int = 0) -> Iterator[Household]:
    with serving_relay(folder) as relay:
        one, two = make_peer(folder, "one", photos), Peer(folder, "two")
        command = [program("calotype-relay"), "token", "create", "--data", str(folder / "relay"), "--json"]
        made = subprocess.run(command, capture_output=True, check=True, timeout=COMMAND_SECONDS)
        one.ask("relay", "add", relay.url, "--token", json.loads(made.stdout)["token"])
        with running(one):
            invitation = Program(one.device.command("invite", "--yes"), folder / "invite.log")
            two.ask("join", json.loads(invitation.line("ticket"))["ticket"], "--name", "two", "--yes")
            invitation.line("joined")
            invitation.end()
            with running(two):
                yield Household(relay, one, two)
