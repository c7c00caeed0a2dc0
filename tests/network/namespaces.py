"""Network namespaces as the kernel and ``ip`` have them: made, entered by one thread, removed with all that runs in them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trio

from tests.network.needs import program_path

NEW_NETWORK = 0x40000000
"""``CLONE_NEWNET`` of sched.h: ``os.setns`` came with Python 3.12."""
END_SECONDS = 5.0


class NetworkError(Exception):
    """A tool refused to build or change a network: its own words."""


async def tool(*command: str) -> str:
    """What an administrator's program says; ``NetworkError`` when it refuses."""
    done = await trio.run_process([program_path(command[0]), *command[1:]], capture_stdout=True, capture_stderr=True, check=False)
    if done.returncode:
        raise NetworkError(f"`{' '.join(command)}`: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout.decode("utf-8", "replace")


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Sockets and devices that this thread opens meanwhile belong to the namespace, and stay there. Nothing may be awaited within."""
    with Path("/proc/thread-self/ns/net").open() as home, Path("/run/netns", namespace).open() as there:
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(home.fileno())


def _enter(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "the namespace can't be entered")


async def add_namespace(name: str) -> None:
    """Its loopback is up. Addresses are used at once: nobody else could have them."""
    await tool("ip", "netns", "add", name)
    with inside(name), contextlib.suppress(FileNotFoundError):  # without IPv6 there is nothing to set
        Path("/proc/sys/net/ipv6/conf/default/accept_dad").write_text("0")  # noqa: ASYNC240 - the kernel's memory
    await tool("ip", "-n", name, "link", "set", "lo", "up")


async def remove_namespace(name: str) -> None:
    """What still runs in it is ended first, since it would keep the namespace alive."""
    with trio.move_on_after(END_SECONDS):
        while running := (await tool("ip", "netns", "pids", name)).split():
            for pid in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            await trio.sleep(0.01)
    await tool("ip", "netns", "delete", name)


def namespaces() -> set[str]:
    """The names of all that there are."""
    listed = subprocess.run([program_path("ip"), "netns", "list"], capture_output=True, check=True, text=True)
    return {line.split()[0] for line in listed.stdout.splitlines()}
