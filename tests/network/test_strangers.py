"""Somebody on the same network who isn't a member: sees that a device is there, learns nothing and gets nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trio

from peer.joining.ticket import parse_ticket
from peer.lan.gates import NONCE_BYTES, members_gate
from store.ids import LibraryId
from tests.fixtures.pictures import Shot, jpeg
from tests.network.announcing import announcing, avahi_on, browse
from tests.network.capture import Capture, capturing
from tests.network.devices import HostDevice, let_in, members, stopping, together, until_same
from tests.network.hosts import Host, Lab, Network
from tests.network.impostor import waiting_at
from tests.network.tls_front import write_certificate
from tests.process.pair import files_in

pytestmark = pytest.mark.network
REQUEST = b"GET /v1/hello HTTP/1.1\r\nHost: calotype\r\nConnection: close\r\n\r\n"
NO_CERTIFICATE = "no peer certificate available"
RUN = 24
WORDS = {
    "file name": b"Geheimer Ausflug 2024",
    "caption": b"a very private caption",
    "keyword": b"secretkeyword",
    "album title": b"An album that nobody knows",
    "name of the first device": b"laptop-of-anna",
    "name of the second device": b"telephone-of-bert",
    "camera": b"Unmistakable Camera Mark VII",
    "host": os.uname().nodename.encode() + b".local",
}


@pytest.mark.network("dbus-daemon", "avahi-daemon", "avahi-browse")
async def test_another_program_sees_a_well_formed_service_that_tells_nothing(lab: Lab, network: Network, tmp_path: Path) -> None:
    alpha_host, stranger = await lab.hosts(["alpha", "stranger"], network)
    async with members(tmp_path, alpha_host) as (alpha,):
        identity = await alpha.ask("status")
        await alpha.start()
        async with avahi_on(stranger, tmp_path) as avahi:
            seen = await avahi.browse()
    assert {each.protocol for each in seen} == {"IPv4", "IPv6"}
    assert {(each.port, each.type, each.domain) for each in seen} == {(alpha.port(), "_calotype._tcp", "local")}
    for each in seen:
        assert each.address in (alpha_host.ipv4, alpha_host.ipv6) or each.address.startswith("fe80:")
        assert sorted(text.partition("=")[0] for text in each.texts) == ["t", "v"]
        said = " ".join([each.name, each.host, *each.texts])
        for known in ("alpha", identity["library"], identity["device"], os.uname().nodename):
            assert known not in said


@pytest.mark.network("openssl")
@pytest.mark.parametrize("shown", ["no certificate", "a certificate of its own"])
async def test_a_client_that_is_no_member_is_refused(lab: Lab, network: Network, tmp_path: Path, shown: str) -> None:
    """Who doesn't know by which name to ask isn't even shown a certificate; who recorded such a name is, and gets no further."""
    alpha_host, stranger = await lab.hosts(["alpha", "stranger"], network)
    write_certificate(tmp_path / "stranger.pem", stranger.ipv4)
    mine = [] if shown == "no certificate" else ["-cert", str(tmp_path / "stranger.pem"), "-key", str(tmp_path / "stranger.key")]
    async with members(tmp_path, alpha_host) as (alpha,):
        identity = await alpha.ask("status")
        recorded = members_gate(LibraryId.parse(identity["library"])).name(os.urandom(NONCE_BYTES))
        await alpha.start()
        nameless, named, old = [
            await s_client(stranger, alpha, *asking, *mine)
            for asking in (["-tls1_3"], ["-tls1_3", "-servername", recorded], ["-tls1_2", "-servername", recorded])
        ]
        assert NO_CERTIFICATE in nameless
        assert NO_CERTIFICATE in old
        assert NO_CERTIFICATE not in named
        assert "TLSv1.3" in named
        for said in (nameless, named, old):
            assert "CONNECTED" in said
            assert "HTTP/" not in said
            for known in ("alpha", identity["library"], identity["device"]):
                assert known not in said
        assert (await alpha.ask("status"))["library"] == identity["library"], "it serves as before"


async def s_client(stranger: Host, device: HostDevice, *options: str) -> str:
    """A request by openssl's own client, and all that it says about the connection."""
    where = f"{device.host.ipv4}:{device.port()}"
    done = await stranger.run("openssl", "s_client", "-connect", where, "-ign_eof", *options, stdin=REQUEST)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


async def test_plain_http_gets_no_answer(lab: Lab, network: Network, tmp_path: Path) -> None:
    alpha_host, stranger = await lab.hosts(["alpha", "stranger"], network)
    async with members(tmp_path, alpha_host) as (alpha,):
        await alpha.start()
        answer = b""
        with trio.fail_after(30):
            async with await stranger.connect(alpha_host.ipv4, alpha.port()) as stream:
                await stream.send_all(REQUEST)
                try:
                    while chunk := await stream.receive_some():
                        answer += chunk
                except trio.BrokenResourceError:
                    pass
        assert b"HTTP/" not in answer


async def test_a_spoofed_announcement_leads_nowhere(lab: Lab, network: Network, tmp_path: Path) -> None:
    """Tags copied from a member's announcement, with an address and a port of the stranger's. Who follows it finds nobody, and says nothing."""
    alpha_host, beta_host, stranger = await lab.hosts(["alpha", "beta", "stranger"], network)
    async with waiting_at(stranger, tmp_path) as impostor, together(tmp_path, alpha_host, beta_host) as ((alpha, beta), talk):
        genuine = (await browse(stranger, 1))[0]
        label = genuine["name"].partition(".")[0]
        false = os.urandom(len(label)).hex()[: len(label)]
        spoofed = {**genuine, "name": genuine["name"].replace(label, false), "server": genuine["server"].replace(label, false)}
        spoofed |= {"addresses": [stranger.ipv4], "port": impostor.port}
        async with announcing(stranger, spoofed, tmp_path / "spoof.log"):
            with trio.move_on_after(10):
                await impostor.came.wait()
            await talk.tell(alpha, beta)
            await talk.tell(beta, alpha)
            for device in (alpha, beta):
                assert not any(str(impostor.port) in node["address"] for node in (await device.connected()).values())
    for visit in impostor.visits:
        assert not visit.trusted
        assert (visit.read, visit.certificate) == (b"", b"")


async def test_a_genuine_announcement_with_a_false_address_keeps_nobody_apart(lab: Lab, network: Network, tmp_path: Path) -> None:
    """The stranger repeats a member's own announcement, and adds itself to its addresses."""
    alpha_host, beta_host, stranger = await lab.hosts(["alpha", "beta", "stranger"], network)
    async with waiting_at(stranger, tmp_path) as impostor, members(tmp_path, alpha_host, beta_host) as (alpha, beta):
        await alpha.start()
        genuine = (await browse(stranger, 1))[0]
        spoofed = {**genuine, "addresses": [stranger.ipv4, *genuine["addresses"]]}
        async with announcing(stranger, spoofed, tmp_path / "spoof.log"):
            await beta.start()
            await beta.until_connected("alpha")
            await until_same(alpha, beta)
    assert not any(visit.trusted or visit.read or visit.certificate for visit in impostor.visits)


async def test_a_capture_of_everything_shows_nothing(lab: Lab, network: Network, tmp_path: Path) -> None:
    """From joining to the last change: no text, no bytes of a photo, no id of the library or a device, no name, no secret."""
    alpha_host, beta_host = await lab.hosts(["alpha", "beta"], network)
    alpha = HostDevice(name=WORDS["name of the first device"].decode(), library=tmp_path / "one", host=alpha_host)
    beta = HostDevice(name=WORDS["name of the second device"].decode(), library=tmp_path / "two", host=beta_host)
    photo = tmp_path / f"{WORDS['file name'].decode()}.jpg"
    photo.write_bytes(jpeg(shot=Shot(model=WORDS["camera"].decode(), position=(48.8584, 2.2945, 35.0))))
    with capturing(network) as capture:
        async with stopping([alpha, beta]):
            made = await alpha.ask("init", "--name", alpha.name)
            ticket = await let_in(alpha, beta)
            await live(alpha, beta, photo)
            joined = await beta.ask("status")
    assert capture.lost == 0
    assert sum(map(len, capture.frames)) > photo.stat().st_size, "it was all taken down"
    ids = {name: bytes.fromhex(value) for name, value in (("library", made["library"]), ("one", made["device"]), ("two", joined["device"]))}
    secrets = {"phrase": made["recovery_phrase"].encode(), "ticket": ticket.encode(), "secret": parse_ticket(ticket).secret}
    assert capture.find(WORDS | ids | secrets) == set()
    assert_no_bytes_of(capture, [photo, *files_in(alpha.folder.renditions)])


async def live(alpha: HostDevice, beta: HostDevice, photo: Path) -> None:
    """What two people do with a photo, both peers running."""
    for device in (alpha, beta):
        await device.start()
    await beta.until_connected(alpha.name)
    (asset,) = (await alpha.ask("import", str(photo)))["assets"]
    await alpha.ask("set", asset, f"caption={WORDS['caption'].decode()}", f"keyword+={WORDS['keyword'].decode()}")
    album = await alpha.ask("album", "create", WORDS["album title"].decode())
    await alpha.ask("album", "add", album["id"], asset)
    await until_same(alpha, beta, originals=1)
    await beta.ask("set", asset, "favorite=yes")
    await until_same(alpha, beta)


def assert_no_bytes_of(capture: Capture, files: list[Path]) -> None:
    """Nowhere a piece of a file as it is: looked for at many places in each."""
    pieces = {}
    for path in files:
        contents = path.read_bytes()
        for start in range(0, len(contents) - RUN, 997):
            piece = contents[start : start + RUN]
            if len(set(piece)) > RUN // 2:
                pieces[f"{path.name} at {start}"] = piece
    places = capture.places()
    assert len(pieces) > len(files)
    assert not [what for what, piece in pieces.items() if any(piece in place for place in places)]
