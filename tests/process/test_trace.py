"""A photo is followed on its way through a real relay to another device: every step has a time, in order within the clock of each node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fleet.programs import Device, answers_of, program
from tests.process.pair import join, world

pytestmark = pytest.mark.process


async def trace(device: Device, *words: str) -> Any:
    (document,) = await answers_of([program("calotype-inspect"), "trace", *words, "--library", str(device.library), "--json"])
    return document


def times(node: dict[str, Any]) -> list[str]:
    """Of all steps that a node takes, in their order."""
    steps = [step for step in node["steps"].values() if step is not None]
    assert all(step["state"] == "done" for step in steps), node
    assert all(step["time"] for step in steps), node
    return [step["time"] for step in steps]


async def test_from_one_device_over_a_relay_to_another(tmp_path: Path) -> None:
    async with world(tmp_path, photos=1) as made:
        await join(made)
        (photo,) = (await made.one.ask("import", str(made.photos)))["assets"]
        await made.one.ask("sync", "--originals")
        await made.two.ask("sync", "--originals")
        document = await trace(made.two, photo, "--ask", "--also", str(made.one.library))
        assert (document["asset"], document["problems"], document["asking"]) == (photo, [], "")
        nodes = {node["name"]: node for node in document["nodes"]}
        assert nodes.keys() == {"one", "two", made.relay.url}
        one, relay, two = nodes["one"], nodes[made.relay.url], nodes["two"]
        assert (one["author"], two["this"], relay["reached"], one["reached"]) == (True, True, True, False)
        assert abs(relay["clock_offset_ms"]) < 1000
        _, stored, applied, *_files = times(one)
        assert stored == applied
        came = times(two)
        assert min(came) == came[0] == came[1]  # applied in the transaction in which it is stored, and fetched after that
        assert times(relay)[0] <= came[0]  # one machine, one clock
        assert document["waiting_for"] == []
        assert {step["step"]["state"] for file in document["files"] for step in file["at"]} == {"done"}

        await made.relay.serving.stop()
        away = await trace(made.two, photo, "--ask")
        (gone,) = (node for node in away["nodes"] if node["kind"] == "relay")
        assert gone["reached"] is False
        assert gone["reason"]
        assert gone["steps"]["stored"]["state"] == "done"
