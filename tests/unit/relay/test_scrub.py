"""`calotype-relay scrub`: what a disk lost is found, and asked for."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from relay.command_errors import ExitCode
from relay.commands import cli
from relay.messages import BlobState, BlobsWanted
from store.ids import BlobId
from tests.fleet.authors import make_library
from tests.unit.relay.releasing import Stage, parts_in, release

SEALED = [b"whole", b"damaged", b"missing", b"in the trash"]


def scrub(data: Path, *options: str) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(cli, ["scrub", "--data", str(data), "--json", *options], env={"CALOTYPE_RELAY_DATA": ""})
    return result.exit_code, json.loads(result.stdout)


async def test_what_the_disk_lost_is_asked_for(tmp_path: Path) -> None:
    data = tmp_path / "relay"
    with parts_in(data) as parts:
        stage = Stage(parts, make_library("scrub"))
        stage.anna = stage.library.join("anna")
        await stage.begin()
        whole, damaged, missing, trashed = await stage.put(stage.anna, *SEALED)
        release(stage.anna, trashed)
        await stage.push()
        await stage.report(stage.anna)
        stage.hours(30)
        assert stage.is_trashed(trashed)
        assert scrub(data) == (0, {"checked": 4, "bytes": 31, "damaged": [], "missing": [], "repaired": False})
        file_of(data, damaged).write_bytes(b"other bytes")
        file_of(data, missing).unlink()
        file_of(data, trashed).unlink()
        found = {"checked": 4, "bytes": 5, "damaged": [damaged.hex()], "missing": sorted([missing.hex(), trashed.hex()])}
        assert scrub(data) == (ExitCode.INTEGRITY, found | {"repaired": False})
        assert file_of(data, damaged).exists()
        session = stage.session(stage.anna)
        assert set(await session.stat([whole, damaged, missing])) == {BlobState.HELD}
        assert scrub(data, "--repair") == (ExitCode.INTEGRITY, found | {"repaired": True})
        assert (data / "quarantine" / damaged.hex()).read_bytes() == b"other bytes"
        assert await session.stat([whole, damaged, missing, trashed]) == (BlobState.HELD, *[BlobState.ABSENT] * 3)
        async with session.news() as hints:
            await anext(hints)
            assert await anext(hints) == BlobsWanted(blobs=tuple(sorted([damaged, missing])))
        await stage.put(stage.anna, *SEALED[1:3])
        assert stage.parts.libraries.wanted(stage.library.id, limit=9) == []
        assert scrub(data) == (0, {"checked": 3, "bytes": 19, "damaged": [], "missing": [], "repaired": False})


def file_of(data: Path, blob: BlobId) -> Path:
    return data / "blobs" / blob.hex()[:2] / blob.hex()
