"""Nothing that is printed, logged or raised holds a secret."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from peer.joining.handshake import Handshake, InviterHandshake, JoinerHandshake
from peer.joining.ticket import Ticket, parse_ticket
from peer.keys.blobs import open_blob, seal_segment
from peer.keys.change_body import ChangeBody
from peer.keys.device import DeviceKeys
from peer.keys.epochs import Epoch, Keyring
from peer.keys.packages import open_earlier, open_package
from peer.keys.phrase import normalise_phrase
from peer.keys.sealing import open_body, seal, seal_body
from peer.keys.wrapping import WrappingKeys
from store.encoding import encode
from store.ids import LibraryId, RecordId, RecordKind
from tests.unit.peer.keys.seeded import PHRASE, Seeded, device, epoch, golden, master

KEYS, MASTER_KEYS, EPOCH, LIBRARY = device("a"), master(), epoch("1"), LibraryId(bytes(32))
TICKET = Ticket(library=LIBRARY, secret=Seeded("ticket")(16), expires=1, nodes=(("https://relay.example", KEYS.signing_key),))
CAPTION = b"what a person wrote"
BODY = ChangeBody(stamp=bytes(8), random=bytes(16), updates=((RecordId.make(RecordKind.ASSET, bytes(16)), CAPTION),))


def handshake(side: type[Handshake]) -> Handshake:
    return side(ticket=TICKET, signing_key=KEYS.signing_key, wrapping_key=KEYS.wrapping_key, name="Anna", random=Seeded("nonce"))


SECRETS = [
    PHRASE.encode(),
    b"abandon",
    EPOCH.secret,
    EPOCH.log_key,
    EPOCH.blob_key,
    EPOCH.convergence_key,
    KEYS.signing_private,
    KEYS.wrapping.private,
    KEYS.wrapping.private[:32],
    MASTER_KEYS.signing_private,
    MASTER_KEYS.wrapping.private,
    TICKET.secret,
    TICKET.message_key,
    CAPTION,
]


def assert_clean(text: str) -> None:
    for secret in SECRETS:
        for shown in (secret.hex(), repr(secret), repr(secret)[2:-1], secret.decode("latin-1")):
            assert shown not in text


@pytest.mark.parametrize(
    "thing",
    [
        KEYS,
        MASTER_KEYS,
        KEYS.wrapping,
        EPOCH,
        Keyring([EPOCH]),
        TICKET,
        BODY,
        seal_segment(EPOCH, CAPTION),
        handshake(JoinerHandshake),
        handshake(InviterHandshake),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_printed_things_are_clean(thing: object) -> None:
    assert_clean(f"{thing!r} {thing!s} {[thing]!r}")


TEXT = TICKET.to_text()
SHORT_SECRETS = seal(EPOCH.earlier_key, "earlier", LIBRARY + EPOCH.id, encode([EPOCH.secret[:31]]))


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: normalise_phrase(PHRASE + " abandon"),
        lambda: normalise_phrase(PHRASE.replace("art", "artt")),
        lambda: normalise_phrase(PHRASE.replace("art", "arm")),
        lambda: Epoch(EPOCH.secret + b"x"),
        lambda: DeviceKeys(KEYS.signing_private + b"x", KEYS.wrapping),
        lambda: WrappingKeys(KEYS.wrapping.private + b"x"),
        lambda: open_body(EPOCH, b"other", seal_body(EPOCH, b"prefix", BODY.encode())),
        lambda: open_blob(Keyring([EPOCH]), seal_segment(EPOCH, CAPTION).sealed[:-1] + b"x"),
        lambda: open_package(b"x" * 1168, library=LIBRARY, epoch=EPOCH.id, recipient=KEYS),
        lambda: open_earlier(EPOCH, library=LIBRARY, sealed=SHORT_SECRETS),
        lambda: parse_ticket(TEXT[:-1] + ("A" if TEXT[-1] != "A" else "B")),
        lambda: parse_ticket(TEXT + "€"),
        lambda: ChangeBody.decode(BODY.encode() + b"x"),
        lambda: Ticket(library=LIBRARY, secret=TICKET.secret + b"x", expires=1, nodes=()),
    ],
)
def test_errors_are_clean(attempt: Callable[[], object]) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is, its text is looked at
        attempt()
    assert_clean("\n".join(_parts(caught.value)) + repr(caught.value) + getattr(caught.value, "hint", ""))


def test_a_damaged_key_file_is_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "device.key"
    path.write_bytes(bytes.fromhex(golden("device_file")["file"])[:-1] + b"x")
    path.chmod(0o600)
    with pytest.raises(Exception, match="damaged") as caught:
        DeviceKeys.load(path)
    keys = device("golden")
    shown = "\n".join(_parts(caught.value))
    assert keys.signing_private.hex() not in shown
    assert repr(keys.signing_private)[2:-1] not in shown


def _parts(error: BaseException) -> list[str]:
    """What a traceback shows of the errors themselves, causes included, without the lines of code of this test."""
    return [line for line in traceback.format_exception(error) if not line.startswith("  File")]
