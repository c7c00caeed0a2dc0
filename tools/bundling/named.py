"""All ids, times and positions that a history names, so that each can be given another before anything is made again. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from crdt.clock import Stamp
from crdt.keys import Key, KeyFormatError, parse_key
from crdt.lib0 import MalformedUpdateError
from crdt.parsing import WrongTypeError, asset_id, file_element
from crdt.update import Item, decode_update
from crdt.values import Value
from store.bodies import Certification, Checkpoint, Genesis, Open, Packages, Remove, Settled, parse_control
from store.entries import EntryKind
from store.heads import Heads
from store.ids import DeviceId, EpochId, FileHash, LogId, RecordId, RecordKind
from store.seen import SeenReport
from tools.bundling.fields import reads
from tools.bundling.story import Story, Told

_TIMED = frozenset({"taken", "exif", "sidecar"})


@dataclass(frozen=True, kw_only=True)
class Named:
    """``moments`` in milliseconds since 1970; ``photos``: ids of assets; ``taken``: local times, with whatever else stands in their place."""

    moments: set[int] = field(default_factory=set)
    logs: set[LogId] = field(default_factory=set)
    epochs: set[EpochId] = field(default_factory=set)
    devices: set[DeviceId] = field(default_factory=set)
    files: set[FileHash] = field(default_factory=set)
    photos: set[RecordId] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    positions: set[str] = field(default_factory=set)


def named_in(story: Story) -> Named:
    """What stands in all that is taken along."""
    named = Named(devices={story.device})
    if story.own_log is not None:
        named.logs.add(story.own_log)
    for told in story.told:
        _envelope(named, told)
        if told.entry.kind is not EntryKind.CHANGE:
            _control(named, told)
        if told.opened is not None:
            named.moments.add(told.opened.stamp.millis)
        for record, raw in story.updates(told):
            _record(named, record)
            for item in _items(raw):
                _item(named, record.kind, item)
        for record in story.purges(told):
            _record(named, record)
    for report in story.reports:
        _report(named, report)
    return named


def _envelope(named: Named, told: Told) -> None:
    named.moments.add(told.received)
    named.devices.add(told.author)
    named.logs.update({told.entry.log, *(dep.log for dep in told.entry.deps)})
    if told.entry.epoch is not None:
        named.epochs.add(told.entry.epoch)


def _control(named: Named, told: Told) -> None:
    match parse_control(told.entry):
        case Genesis() as body:
            named.moments.add(body.time)
        case Open() as body:
            named.devices.add(body.device)
            named.logs.update(() if body.log_before is None else (body.log_before,))
        case Certification(certificate=certificate):
            named.devices.update({certificate.device, certificate.signer})
        case Packages() as body:
            named.epochs.add(body.epoch)
            named.devices.update(recipient for recipient, _ in body.packages)
        case Remove() as body:
            named.epochs.add(body.epoch)
            named.devices.update({*body.devices, *(recipient for recipient, _ in body.packages)})
            _heads(named, body.pins)
        case Checkpoint() as body:
            _heads(named, body.heads)
        case Settled() as body:
            for report in body.reports:
                _report(named, report)
        case _:
            pass


def _report(named: Named, report: SeenReport) -> None:
    named.moments.add(report.time)
    named.devices.add(report.device)
    named.epochs.add(report.epoch)
    _heads(named, report.heads)


def _heads(named: Named, heads: Heads) -> None:
    named.logs.update(heads)


def _record(named: Named, record: RecordId) -> None:
    if record.kind is RecordKind.ASSET:
        named.photos.add(record)
    elif record.kind is RecordKind.DEVICE:
        named.devices.add(DeviceId(record.body))


def _items(raw: bytes) -> Iterator[Item]:
    try:
        yield from decode_update(raw).items
    except MalformedUpdateError:
        return


def _item(named: Named, kind: RecordKind, item: Item) -> None:
    named.moments.add(item.stamp.millis)
    try:
        key = parse_key(item.key)
    except KeyFormatError:
        return
    if key.name in ("version", "source") and key.element is not None:
        _element(named, key.element)
    _value(named, key, item.value)
    if key.name.startswith("position:") and isinstance(item.value, str) and reads(kind, key, item.value):
        named.positions.add(item.value)


def _element(named: Named, element: str) -> None:
    try:
        named.files.add(file_element(element))
    except WrongTypeError:
        return


def _value(named: Named, key: Key, value: Value) -> None:
    for part in _parts(value):
        if isinstance(part, bytes):
            _octets(named, part)
        elif isinstance(part, str) and key.name in _TIMED:
            named.taken.add(part)


def _octets(named: Named, value: bytes) -> None:
    if len(value) == FileHash.SIZE:
        named.files.add(FileHash(value))
    elif len(value) == Stamp.SIZE:
        named.moments.add(Stamp(value).millis)
    elif len(value) == RecordId.SIZE:
        try:
            named.photos.add(asset_id(value))
        except WrongTypeError:
            return


def _parts(value: Value) -> Iterator[Value]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _parts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _parts(item)
    else:
        yield value
