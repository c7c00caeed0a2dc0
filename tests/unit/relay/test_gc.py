"""`calotype-relay gc`, and what other commands and HTTP say of what was released."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from relay.client import HttpNode
from relay.commands import cli
from relay.messages import BlobState
from store.bodies import Checkpoint
from store.entries import EntryKind
from store.ids import BlobId
from store.releases import HOUR_MS
from tests.fleet.authors import make_library
from tests.unit.relay.nodes import serving, session_of
from tests.unit.relay.releasing import Stage, claim, parts_in, release

SEALED = [b"one", b"twoo", b"three"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "relay"


def run(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], env={"CALOTYPE_RELAY_DATA": ""})
    assert result.exit_code == 0, result.output
    return result.stdout


def gc(data: Path, *options: str) -> dict[str, Any]:
    content = json.loads(run("gc", "--data", data, "--json", *options))
    assert isinstance(content, dict)
    return content


class Story(Stage):
    """Anna and Bert; three blobs."""

    async def begin(self) -> None:
        self.anna, self.bert = self.library.join("anna"), self.library.join("bert")
        await super().begin()
        self.blobs = await self.put(self.anna, *SEALED)


async def test_from_the_first_look_to_the_last(data: Path) -> None:
    with parts_in(data) as parts:
        story = Story(parts, make_library("gc"))
        await story.begin()
        entry = release(story.anna, *story.blobs)
        claim(story.bert, story.blobs[:1], entry)
        await story.push()
        await story.report(story.anna)
        nothing = {"blobs": 0, "bytes": 0}
        found = gc(data)
        assert (found["trashed"], found["emptied"], found["trash"], found["cancelled"]) == (nothing, nothing, nothing, 1)
        [shown] = found["releases"]
        assert shown == {
            "library": story.library.id.hex(),
            "release": entry.name.hex(),
            "author": story.anna.device.hex(),
            "blobs": 2,
            "bytes": 9,
            "cancelled": 1,
            "not_seen_by": [story.bert.device.hex()],
            "held_back": [{"reason": "devices haven't seen it", "blobs": 2}],
            "waiting": 0,
            "hours_left": None,
        }
        assert "not seen by" in run("gc", "--data", data)
        await story.report(story.bert)
        assert gc(data)["releases"][0]["hours_left"] == pytest.approx(24.25)
        for _ in range(3):  # however often it is called
            assert gc(data)["trashed"] == nothing
        story.book.count(26 * HOUR_MS)
        assert gc(data, "--dry-run")["releases"][0]["hours_left"] == 0
        assert gc(data)["trashed"] == nothing
        story.book.count(2 * HOUR_MS)
        would = gc(data, "--dry-run")
        assert (would["dry_run"], would["trashed"], would["trash"]) == (True, {"blobs": 2, "bytes": 9}, nothing)
        assert all(map(story.is_held, story.blobs))
        did = gc(data)
        assert (did["dry_run"], did["trashed"], did["trash"]) == (False, {"blobs": 2, "bytes": 9}, {"blobs": 2, "bytes": 9})
        assert [story.is_held(blob) for blob in story.blobs] == [True, False, False]
        [library] = [json.loads(line) for line in run("libraries", "--data", data, "--json").splitlines()]
        assert (library["blobs"], library["trash_blobs"], library["trash_bytes"]) == (1, 2, 9)
        assert "9 B in the trash" in run("libraries", "--data", data)
        assert json.loads(run("stats", "--data", data, "--json"))["trash_bytes"] == 9
        story.book.count(31 * 24 * HOUR_MS)
        assert gc(data, "--dry-run")["emptied"] == {"blobs": 2, "bytes": 9}
        assert story.has_file(story.blobs[1])
        last = gc(data)
        assert (last["emptied"], last["trash"]) == ({"blobs": 2, "bytes": 9}, nothing)
        assert [story.has_file(blob) for blob in story.blobs] == [True, False, False]
    assert gc(data)["emptied"] == nothing  # offline


async def test_what_keeps_a_blob_is_said(data: Path) -> None:
    with parts_in(data) as parts:
        story = Story(parts, make_library("gc"))
        await story.begin()
        story.anna.control(EntryKind.CHECKPOINT, Checkpoint(heads=story.library.heads(), records=1, blobs=tuple(story.blobs[:1])))
        await story.session(story.bert).hold(story.blobs[1:2], bytes(32))
        release(story.anna, *story.blobs)
        await story.push()
        await story.report(story.anna, story.bert)
    [shown] = gc(data)["releases"]
    assert {each["reason"]: each["blobs"] for each in shown["held_back"]} == {"a checkpoint names it": 1, "a promise keeps it": 1}
    assert shown["waiting"] == 1
    text = run("gc", "--data", data, "--dry-run")
    assert "a checkpoint names it: 1" in text
    assert "hours of running time more" in text


async def test_over_http(data: Path) -> None:
    with parts_in(data) as parts:
        story = Story(parts, make_library("gc over http"))
        await story.begin()
        release(story.anna, *story.blobs[:2])
        await story.push()
        await story.report(story.anna, story.bert)
        async with serving(story.node.service) as url, HttpNode(url) as node:
            session = session_of(node, story.library, story.bert, key=story.node.key, clock=story.clock, seed=99)
            asked = [*story.blobs, BlobId(bytes(32))]
            assert await session.stat(asked) == (BlobState.RELEASED, BlobState.RELEASED, BlobState.HELD, BlobState.ABSENT)
            assert (await session.hold(story.blobs[:1], bytes(32))).proofs == (b"",)
            assert await session.put_blob(story.blobs[0], SEALED[0]) is False
            assert await session.stat(asked[:2]) == (BlobState.HELD, BlobState.RELEASED)
            story.hours(30)
            assert not await session.has_blob(story.blobs[1])
            assert await session.has_blob(story.blobs[0])
            assert await session.stat(asked[:2], claim=True) == (BlobState.HELD, BlobState.HELD)
            assert await session.get_blob(story.blobs[1]) == SEALED[1]
