"""What a relay and the network get to see, and where secrets lie: nothing that a person wrote, no bytes of a photograph, no key."""

from __future__ import annotations

import base64
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from peer.joining.ticket import parse_ticket
from peer.keys.device import DeviceKeys
from tests.fixtures.pictures import Shot, jpeg
from tests.fleet.programs import Device, ProgramError
from tests.process.pair import World, digest, files_in, join, stored, world
from tests.process.recording_proxy import RecordingProxy, recording

pytestmark = pytest.mark.process
RUN = 16
WORDS = {
    "file name": "Geheimer Ausflug 2024",
    "caption": "a very private caption",
    "keyword": "secretkeyword",
    "album title": "An album that nobody knows",
    "name of the first device": "laptop-of-anna",
    "name of the second device": "telephone-of-bert",
    "camera": "Unmistakable Camera Mark VII",
    "lens": "Unmistakable Lens 50mm",
}


def runs(contents: bytes) -> Iterator[bytes]:
    """Every run of 16 bytes, at every place; but for those with hardly anything in them, which lie everywhere."""
    for start in range(len(contents) - RUN + 1):
        run = contents[start : start + RUN]
        if len(set(run)) > 3:
            yield run


def common_runs(places: Iterable[bytes], originals: Iterable[bytes]) -> set[bytes]:
    """The runs that any of the ``originals`` has in common with what lies in ``places``."""
    known = {run for original in originals for run in runs(original)}
    return {run for place in places for run in runs(place) if run in known}


async def live(made: World, proxy: RecordingProxy) -> dict[str, Any]:
    """Two devices do everything that this version can, through the proxy. What is to be kept from others."""
    one, two = made.one, made.two
    one.name, two.name = WORDS["name of the first device"], WORDS["name of the second device"]
    phrase = (await one.ask("init", "--name", one.name))["recovery_phrase"]
    await one.ask("relay", "add", f"http://127.0.0.1:{proxy.port}", "--token", made.token)
    await one.ask("import", str(made.photos))
    row = (await one.lines("ls"))[0]
    await one.ask("set", row["id"], f"caption={WORDS['caption']}", f"keyword+={WORDS['keyword']}", "rating=4")
    album = await one.ask("album", "create", WORDS["album title"])
    await one.ask("album", "add", album["id"], row["id"])
    ticket = await join(made)
    await one.ask("sync")
    await two.ask("sync")
    await two.ask("set", row["id"], "favorite=yes")
    await one.start()
    await two.start()
    await two.settle()
    await one.settle()
    assert digest(one) == digest(two)
    return {"phrase": phrase, "token": made.token, "ticket": ticket}


async def test_neither_the_relay_nor_the_network_nor_anybody_else_on_the_machine_sees_anything(tmp_path: Path) -> None:
    async with world(tmp_path, photos=0, initialised=False) as made, recording(int(made.relay.url.rpartition(":")[2])) as proxy:
        shot = Shot(model=WORDS["camera"], lens=WORDS["lens"], position=(48.8584, 2.2945, 35.0))
        for number in range(3):
            name = f"{WORDS['file name']} {number}.jpg"
            (made.photos / name).write_bytes(jpeg(240, 180, seed=number, shot=shot))
        secrets = await live(made, proxy)
        relay = [path.read_bytes() for path in files_in(made.relay.data)]
        traffic = bytes(proxy.seen)
        log = (tmp_path / "relay.log").read_bytes()

        originals = [path.read_bytes() for path in made.photos.iterdir()]
        pictures = [path.read_bytes() for path in files_in(made.one.folder.renditions)]
        assert len(pictures) == 3
        assert len(traffic) > 2 * sum(map(len, originals)), "it was all recorded"
        assert sum(map(len, relay)) > sum(map(len, originals))
        assert common_runs(originals[:1], originals), "it finds what is there"
        assert common_runs([*relay, traffic, log], [*originals, *pictures]) == set()
        for place in (*relay, traffic, log):
            for what, word in WORDS.items():
                for spelled in (word.encode(), word.encode("utf-16-le"), base64.b64encode(word.encode())[:-4]):
                    assert spelled not in place, what
        assert_kept(made, secrets, relay=relay, traffic=traffic, log=log)
        await assert_processes_show_nothing(made, secrets)
        assert_files_are_closed(made)


def assert_kept(made: World, secrets: dict[str, Any], *, relay: list[bytes], traffic: bytes, log: bytes) -> None:
    """Phrase, ticket and private keys are nowhere but where they belong; the registration token isn't in the relay's log or files."""
    ticket = parse_ticket(secrets["ticket"])
    keys = [DeviceKeys.load(device.folder.device_key) for device in (made.one, made.two)]
    private = [key for each in keys for key in (each.signing_private, each.wrapping.private)]
    hidden = [secrets["phrase"].encode(), secrets["ticket"].encode(), ticket.secret, *private]
    for secret in hidden:
        for spelled in (secret, secret.hex().encode(), base64.urlsafe_b64encode(secret).rstrip(b"=")):
            for place in (*relay, traffic, log):
                assert spelled not in place
    for place in (*relay, log):
        assert secrets["token"].encode() not in place
    for device in (made.one, made.two):
        for path in files_in(device.library):
            contents = path.read_bytes()
            assert secrets["phrase"].encode() not in contents, path
            assert path.name == "device.key" or not any(key in contents for key in private), path
        output = device.library.with_suffix(".log")
        assert not any(secret in output.read_bytes() for secret in (*hidden, secrets["token"].encode()))


async def assert_processes_show_nothing(made: World, secrets: dict[str, Any]) -> None:
    """What stays is started without secrets: everybody on the machine sees arguments."""
    for running in (made.relay.serving, made.one.peer, made.two.peer):
        assert running is not None
        arguments = Path(f"/proc/{running.pid}/cmdline").read_bytes()  # noqa: ASYNC240 - no file
        for secret in secrets.values():
            assert secret.encode() not in arguments


def assert_files_are_closed(made: World) -> None:
    """Keys, databases and the address of the engine are for their owner alone, and the folders around everything that is private too."""
    closed = [made.relay.data, made.relay.data / "node.key"]
    for device in (made.one, made.two):
        folder = device.folder
        closed += [folder.private, folder.device_key, folder.database, folder.engine_address]
        closed += folder.private.glob("library.db-*")
    for path in closed:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


async def test_a_token_that_is_wrong_or_used_up(tmp_path: Path) -> None:
    async with world(tmp_path, photos=0) as made:
        device = Device(name="three", library=tmp_path / "three")
        await device.ask("init", "--name", "three")
        for token in ("wrong", made.token):
            with pytest.raises(ProgramError, match="used up") as caught:
                await device.ask("relay", "add", made.relay.url, "--token", token)
            assert "ended with code 5" in str(caught.value)
        assert stored(device, "SELECT count(*) FROM node") == 0
        await device.ask("relay", "add", made.relay.url, "--token", await made.relay.token())
