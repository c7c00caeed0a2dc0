"""A device joins over the local network: no relay, no configuration, nothing but the ticket."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import trio

from peer.joining.ticket import parse_ticket
from tests.fleet.introducing import introduce
from tests.fleet.programs import ProgramError, answers_of
from tests.network.devices import HostDevice, let_in, members, stopping, until_same
from tests.network.hosts import Lab, Network

pytestmark = pytest.mark.network


async def test_two_people_compare_the_code(lab: Lab, network: Network, tmp_path: Path) -> None:
    alpha, beta = [
        HostDevice(name=host.name, library=tmp_path / host.name, host=host) for host in await lab.hosts(["alpha", "beta"], network)
    ]
    async with stopping([alpha, beta]):
        library = (await alpha.ask("init", "--name", "alpha"))["library"]
        await introduce(alpha, beta)
        for device in (alpha, beta):
            await device.start()
        await beta.until_connected("alpha")
        await until_same(alpha, beta)
        assert (await beta.ask("status"))["library"] == library
        assert {row["name"] for row in await alpha.lines("devices")} == {"alpha", "beta"}


async def test_a_running_peer_answers(lab: Lab, network: Network, tmp_path: Path) -> None:
    """The ticket is made on a device that doesn't wait for it."""
    hosts = await lab.hosts(["alpha", "beta"], network)
    async with members(tmp_path, hosts[0]) as (alpha,):
        await alpha.start()
        beta = HostDevice(name="beta", library=tmp_path / "beta", host=hosts[1])
        async with stopping([beta]):
            ticket = (await alpha.ask("invite", "--no-wait", "--yes"))["ticket"]
            await answers_of(beta.command("join", "-", "--name", "beta", "--yes"), stdin=ticket.encode())
            await beta.start()
            await alpha.until_connected("beta")
            await until_same(alpha, beta)


async def test_a_ticket_lets_one_device_in(lab: Lab, network: Network, tmp_path: Path) -> None:
    alpha_host, beta_host, gamma_host = await lab.hosts(["alpha", "beta", "gamma"], network)
    async with members(tmp_path, alpha_host) as (alpha,):
        await alpha.start()
        beta, gamma = [HostDevice(name=host.name, library=tmp_path / host.name, host=host) for host in (beta_host, gamma_host)]
        ticket = await let_in(alpha, beta)
        with trio.fail_after(60), pytest.raises(ProgramError, match="ended with code"):
            await answers_of(gamma.command("join", "-", "--name", "gamma", "--yes"), stdin=ticket.encode())
        assert {row["name"] for row in await alpha.lines("devices")} == {"alpha", "beta"}


async def test_a_ticket_whose_secret_is_wrong_gets_nowhere(lab: Lab, network: Network, tmp_path: Path) -> None:
    """What somebody could know who saw the network but not the ticket: everything but the secret."""
    alpha_host, beta_host = await lab.hosts(["alpha", "beta"], network)
    async with members(tmp_path, alpha_host) as (alpha,):
        await alpha.start()
        ticket = parse_ticket((await alpha.ask("invite", "--no-wait", "--yes"))["ticket"])
        forged = replace(ticket, secret=bytes(len(ticket.secret))).to_text()
        beta = HostDevice(name="beta", library=tmp_path / "beta", host=beta_host)
        with trio.fail_after(60), pytest.raises(ProgramError, match="ended with code"):
            await answers_of(beta.command("join", "-", "--name", "beta", "--yes"), stdin=forged.encode())
        assert [row["name"] for row in await alpha.lines("devices")] == ["alpha"]
