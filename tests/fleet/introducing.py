"""Two devices are introduced as two people would do it: at terminals, comparing the short code on both screens."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from tests.fleet.programs import Device, LineReader, ProgramError

INTRODUCTION_SECONDS = 60.0
_CODE = re.compile(r"\d{5} \d{5}")
_END_OF_INPUT = b"\x04"


@dataclass(frozen=True, kw_only=True)
class Terminal:
    """A command that somebody works with: what is typed, and what both of its outputs say."""

    process: trio.Process
    keyboard: int
    output: LineReader
    screen: LineReader

    def type(self, text: bytes) -> None:
        os.write(self.keyboard, text)

    async def code(self) -> str:
        """The short code, once it is shown."""
        while True:
            found = _CODE.search(await self.screen.next())
            if found:
                return found[0]


async def introduce(inviter: Device, joiner: Device) -> str:
    """``inviter`` lets ``joiner`` into its library. The code that both showed; ``ProgramError`` when they showed different ones."""
    with trio.fail_after(INTRODUCTION_SECONDS):
        async with _at_terminal(inviter.command("invite")) as inviting:
            ticket = json.loads(await inviting.output.next())["ticket"]
            async with _at_terminal(joiner.command("join", "-", "--name", joiner.name)) as joining:
                joining.type(ticket.encode() + b"\n" + _END_OF_INPUT)
                codes = await inviting.code(), await joining.code()
                if codes[0] != codes[1]:
                    raise ProgramError(f"{inviter.name} shows the code {codes[0]}, {joiner.name} shows {codes[1]}")
                for terminal in (inviting, joining):
                    terminal.type(b"y\n")
                for device, terminal in ((inviter, inviting), (joiner, joining)):
                    if await terminal.process.wait():
                        raise ProgramError(f"{device.name} could not be introduced: {await terminal.screen.rest()}")
    return codes[0]


@asynccontextmanager
async def _at_terminal(command: Sequence[str]) -> AsyncIterator[Terminal]:
    """Standard input is a terminal's, so that the command asks; its outputs are read here. It ends with the block."""
    keyboard, standard_input = pty.openpty()
    try:
        process = await trio.lowlevel.open_process(
            list(command), stdin=standard_input, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
    finally:
        os.close(standard_input)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        yield Terminal(process=process, keyboard=keyboard, output=LineReader(process.stdout), screen=LineReader(process.stderr))
    finally:
        with trio.CancelScope(shield=True):
            if process.poll() is None:
                process.kill()
            await process.wait()
            await process.stdout.aclose()
            await process.stderr.aclose()
        os.close(keyboard)
