"""A library in which everything happened that a bundle has to bring along, and what is private in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from crdt.client import writer
from crdt.clock import Stamp
from crdt.facts import Exif, Location, Region
from crdt.lib0 import write_varuint
from crdt.update import DeleteRange, Item, encode_update
from crdt.values import Value
from peer.keys.codec import pack
from peer.keys.epochs import Epoch
from peer.keys.sealing import seal
from peer.library.library import Library
from peer.library.membership import keep_up
from peer.library.purging import purge_now
from peer.library.removing import remove_devices
from peer.library.trashing import trash_assets
from store.bodies import Packages
from store.entries import Entry, EntryKind, make_prefix, seal_entry
from store.ids import MASTER, FileHash, RecordId, RecordKind
from tests.fleet.checkpoints import settle_one
from tests.fleet.libraries import MovedClock, add_photo, admit, edit, exchange, give, make_library, report
from tests.unit.tools.folders import change, forge

CAPTIONS = ("Mona am Strand von Étretat", "Lina und Oma\nim Garten", "GEBURTSTAG", "geburtstag", "Gebu\u0308rtstag", "Geb\u00fcrtstag")
KEYWORDS = ("Familie", "familie", "Ärztin", "A\u0308rztin", "Steuer/2023", "100%")
DEVICES = ("Annas Telefon", "Bertolds Rechner", "Carlas Tablett")
NAMES = ("IMG_4711.JPG", "Urlaub Sizilien.heic", "Zeugnis\udce9.png")
PLACE = [47.378177, 8.540192]
CAMERA = Exif(
    taken="2019-08-03T17:45:11.348+05:45",
    width=6016,
    height=4016,
    make="Hasselblad",
    model="X2D-serial-0042773",
    lens="owner Anna Beispiel",
    f=2.8,
    exposure=0.00123,
    gps=Location(latitude=46.94809, longitude=7.44744, altitude=542.25),
    caption="Carnet de voyage",
    keywords=("Familie", "Grossmutter"),
    regions=(Region(name="Grossmutter Rosa", x=0.412345, y=0.3, width=0.1, height=0.2, kind="Face"),),
    content="E3C9A0D1-live",
    burst="burst-of-rosa",
)
SECRETS = (
    *CAPTIONS,
    *KEYWORDS,
    *DEVICES,
    *(name.partition(".")[0] for name in NAMES),
    *("2019-08-03T17:45:11", "Hasselblad", "X2D-serial-0042773", "owner Anna Beispiel", "Carnet de voyage", "Grossmutter", "Rosa"),
    *(
        "E3C9A0D1-live",
        "burst-of-rosa",
        "Unsere Ferien",
        "Europe/Zurich",
        "secret_field",
        "Eigenes Feld",
        "Filter von Anna",
        "halbes Komma",
    ),
    *("47.378177", "8.540192", "46.94809", "7.44744", "542.25", "123456789", "0.412345"),
)
"""Private pieces, as people would look for them."""

Made = Callable[[int, Stamp], bytes]


def item(key: str, value: Value, *, stamp: Stamp | None = None) -> Made:
    """An update that sets one key; ``{w}`` in it stands for the entry's writer."""
    return lambda client, at: encode_update(client, [Item(key.format(w=writer(client)), stamp or at, value)], [])


def of_other_client(_: int, stamp: Stamp) -> bytes:
    return encode_update(77, [Item(f"v/caption/{writer(77)}", stamp, "Eigenes Feld")], [])


def of_other_writer(client: int, stamp: Stamp) -> bytes:
    return encode_update(client, [Item(f"v/caption/{writer(78)}", stamp, "Eigenes Feld")], [])


def deletes_nothing_known(_: int, __: Stamp) -> bytes:
    return encode_update(0, [], [DeleteRange(12345, 0, 2)])


def twice(client: int, stamp: Stamp) -> bytes:
    return encode_update(client, [Item(f"v/caption/{writer(client)}", stamp, "Eigenes Feld")] * 2, [])


def cut_off(client: int, stamp: Stamp) -> bytes:
    return item("v/caption/{w}", "Eigenes Feld")(client, stamp)[:-3]


def two_clients(_: int, __: Stamp) -> bytes:
    out = bytearray()
    write_varuint(out, 2)
    return bytes(out) + b"Eigenes Feld"


def raw_text(_: int, __: Stamp) -> bytes:
    return b"\x01Eigenes Feld, unlesbar"


VOID: dict[str, Made] = {
    "an item has a client id that is not its entry's": of_other_client,
    "a key does not end in its entry's writer": of_other_writer,
    "an item has a stamp that is not its entry's": item("v/caption/{w}", "Eigenes Feld", stamp=Stamp.of(1_600_000_000_000, 7)),
    "a key doesn't follow the grammar": item("Eigenes Feld", "x"),
    "a name in a key is longer than 64 bytes": item("v/" + "secret_field" * 9 + "/{w}", 1),
    "an element in a key is longer than 1024 bytes": item("s/keyword/" + "Familie" * 200 + "/{w}", None),
    "an element in a key is escaped in another way than agreed": item("s/keyword/Familie%C3%A4/{w}", None),
    "a key occurs twice": twice,
    "a delete names an item that nothing in its entry's causal past made": deletes_nothing_known,
    "an update changes nothing": lambda _client, _stamp: b"\0\0",
    "an update ends too early": cut_off,
    "an update holds items of several clients": two_clients,
}
"""By the reason that the gate gives."""

ODD: tuple[tuple[str, Value], ...] = (
    ("v/secret_field/{w}", {"Eigenes Feld": [123456789, -5.25, True, None, b"halbes Komma"]}),
    ("v/favorite/{w}", "Eigenes Feld"),
    ("v/retention/{w}", 40_000),
    ("v/rating/{w}", 17),
    ("v/primary/{w}", b"halbes Komma"),
    ("v/edit:filter/{w}", "Filter von Anna"),
    ("v/edit:crop/{w}", [0.1, 0.25, 0.5, 0.625]),
    ("v/edit:secret_field/{w}", "Eigenes Feld"),
    ("v/role:secret_field/{w}", b"\x55" * 32),
    ("s/secret_field/Familie/{w}", 3),
    ("s/album/Eigenes Feld/{w}", None),
    ("s/version/Eigenes Feld/{w}", None),
    ("d/secret_field/{w}", "Eigenes Feld"),
    ("d/thumbhash/{w}", b"a tiny picture of Rosa"),
    ("d/sidecar/{w}", {"caption": 5, "keywords": ["Familie"], "Eigenes Feld": "Familie", "gps": "halbes Komma"}),
)
"""What readers don't know, or pass over."""


def sealed_by_hand(library: Library, epoch: Epoch, body: bytes) -> Entry:
    """A change whose sealed body is whatever it is."""
    log = library.own_log()
    assert log is not None
    (tip,) = library.log.heads()[log]
    prefix = make_prefix(kind=EntryKind.CHANGE, library=library.id, log=log, seq=tip.seq + 1, previous=tip.name, deps=(), epoch=epoch.id)
    entry = seal_entry(prefix, body or seal(epoch.log_key, "body", prefix, pack(b"no change at all")), library.keys.sign)
    library.receive([entry.raw])
    return entry


def of_newer_version(library: Library) -> Entry:
    epoch = library.write_epoch()
    log = library.own_log()
    assert log is not None
    (tip,) = library.log.heads()[log]
    prefix = make_prefix(kind=EntryKind.CHANGE, library=library.id, log=log, seq=tip.seq + 1, previous=tip.name, deps=(), epoch=epoch.id)
    entry = seal_entry(prefix, seal(epoch.log_key, "body", prefix, b"\x07Eigenes Feld"), library.keys.sign)
    library.receive([entry.raw])
    return entry


def make_troubled(root: Path) -> tuple[Library, Library]:
    """``anna`` and ``bert``, open, who have exchanged everything; ``carla`` was removed meanwhile. All clocks stand still most of the time."""
    clock = MovedClock()
    anna = make_library(root / "anna", name=DEVICES[0], clock=clock)
    bert = admit(anna, root / "bert", name=DEVICES[1], clock=clock)
    carla = admit(bert, root / "carla", name=DEVICES[2], seed=3, clock=clock)
    exchange(anna, bert, carla)
    photos = [add_photo(anna, label, name=name) for label, name in zip(("sea", "garden", "school"), NAMES, strict=True)]
    album = RecordId.make(RecordKind.ALBUM, b"\xab" * 16)
    change(anna, lambda draft: draft.set("title", "Unsere Ferien"), album)
    change(anna, lambda draft: draft.set("zone", "Europe/Zurich"), RecordId.make(RecordKind.LIBRARY, bytes(16)))
    change(anna, lambda draft: draft.derive("exif", CAMERA.value()), photos[0])
    exchange(anna, bert, carla)
    conflicts(anna, bert, carla, photos, album)
    exchange(anna, bert)
    settle_one(anna, bert, carla)
    clock.pass_by()
    odd_and_void(bert, photos[1])
    exchange(anna, bert)
    removal(anna, bert, carla, photos[2], clock)
    report(anna, bert)
    exchange(anna, bert)
    waiting(anna, bert)
    return anna, bert


def conflicts(anna: Library, bert: Library, carla: Library, photos: list[RecordId], album: RecordId) -> None:
    """At one and the same time: the writer decides."""
    for library, caption, keyword in zip((anna, bert, carla), CAPTIONS, KEYWORDS, strict=False):
        edit(library, photos[0], caption=caption, rating=CAPTIONS.index(caption))
        change(library, lambda draft, keyword=keyword: draft.add("keyword", keyword), photos[0])  # type: ignore[misc]
        change(library, lambda draft, caption=caption: draft.set("title", caption), album)  # type: ignore[misc]
    edit(bert, photos[0], location=PLACE)
    trash_assets(anna, [photos[1]])
    for caption, keyword in zip(CAPTIONS[3:], KEYWORDS[3:], strict=True):
        edit(bert, photos[1], caption=caption)
        change(bert, lambda draft, keyword=keyword: draft.add("keyword", keyword), photos[1])  # type: ignore[misc]
    gone = add_photo(anna, "gone")
    give(anna, bert)
    trash_assets(anna, [gone])
    purge_now(anna, [gone])
    edit(bert, gone, caption="Lina und Oma\nim Garten")


def odd_and_void(library: Library, photo: RecordId) -> None:
    for number, made in enumerate(VOID.values()):
        forge_one(library, RecordId.asset(FileHash(bytes([number + 1]) * 32)), made)
    forge_one(library, photo, raw_text)
    for key, value in ODD:
        forge_one(library, photo, item(key, value))
    sealed_by_hand(library, library.write_epoch(), b"")
    sealed_by_hand(library, library.write_epoch(), b"not sealed at all, and longer than it has to be for that: Eigenes Feld")


def forge_one(library: Library, record: RecordId, made: Made) -> None:
    clock = library.clock
    assert isinstance(clock, MovedClock)
    clock.pass_by(7)
    forge(library, [(record, made)])


def removal(anna: Library, bert: Library, carla: Library, photo: RecordId, clock: MovedClock) -> None:
    """Carla goes on: what Bert had of it counts, the rest is set aside."""
    edit(carla, photo, caption="GEBURTSTAG")
    clock.pass_by()
    give(carla, bert)
    edit(bert, photo, caption="geburtstag")
    clock.pass_by()
    remove_devices(anna, [carla.device])
    give(anna, bert)
    keep_up(bert)
    clock.pass_by()
    edit(carla, photo, caption="Eigenes Feld")
    change(carla, lambda draft: draft.add("keyword", "Familie"), photo)
    clock.pass_by()
    give(carla, anna)
    give(carla, bert)
    exchange(anna, bert)
    carla.close()


def waiting(anna: Library, bert: Library) -> None:
    """A key that never came, a program of a later version, and what builds on these; an entry whose past isn't here."""
    of_newer_version(bert)
    edit(bert, RecordId.asset(FileHash(b"\x31" * 32)), caption="Eigenes Feld")
    keyless = Epoch.generate(Random(99).randbytes)
    author = bert.author()
    bad = Packages(epoch=keyless.id, packages=tuple(sorted([(MASTER, b"\1" * 1168), (anna.device, b"\2" * 1168)])), earlier=b"\3" * 90)
    author.control(EntryKind.PACKAGES, bad.encode())
    sealed_by_hand(bert, keyless, b"\5" * 140)
    give(bert, anna)
    edit(bert, RecordId.asset(FileHash(b"\x32" * 32)), caption="nie angekommen")
    author = bert.author()
    detached = author.control(EntryKind.PACKAGES, Packages(epoch=keyless.id, packages=((anna.device, b"\4" * 1168),)).encode())
    arrived = bert.log.get(detached)
    assert arrived is not None
    anna.receive([arrived.entry.raw])
