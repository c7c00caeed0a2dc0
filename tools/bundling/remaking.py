"""Every entry of a history, made again at the same place in another library (the rules are in this package's docstring)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crdt.clock import Stamp
from peer.keys.change_body import ChangeBody
from peer.keys.sealing import SEALING_OVERHEAD, seal, seal_body
from peer.seams import Randomness
from store.entries import Entry, EntryKind, make_prefix, seal_entry
from store.errors import RefusedError
from store.ids import NO_ENTRY, EntryHash, RecordId
from tools.bundling.controls import Controls
from tools.bundling.errors import CannotBeMadeAgainError
from tools.bundling.fields import EXTENSIONS, Fields, KeptFields, Positions
from tools.bundling.history import Arrival, History
from tools.bundling.identifiers import KEY_BYTES, Entries, KeptThings, Things
from tools.bundling.named import named_in
from tools.bundling.numbers import Numbers
from tools.bundling.order import clients_in, in_order
from tools.bundling.story import Inside, Story, Told
from tools.bundling.times import CaptureTimes, Moments, UnshiftedMoments
from tools.bundling.updates import other_update
from tools.bundling.words import Words

_NEWER_CODEC = b"\xff"
_DRAWN_BYTES = 8


@dataclass(frozen=True, kw_only=True)
class Remade:
    """The other history, and how everything is called there."""

    history: History
    things: Things
    entries: Entries
    fields: Fields


def make_again(story: Story, random: Randomness, *, contents: bool = False) -> Remade:
    """Another history that does the same, with other keys and, unless ``contents`` are to stay, other contents. ``CannotBeMadeAgainError``."""
    return _Remaking(story, random, contents=contents).run()


class _Remaking:
    def __init__(self, story: Story, random: Randomness, *, contents: bool) -> None:
        named = named_in(story)
        self._story = story
        self._random = random
        self._moments = UnshiftedMoments() if contents else Moments(named.moments, random(_DRAWN_BYTES))
        self._things = (KeptThings if contents else Things)(
            library=story.library,
            logs=named.logs,
            epochs=named.epochs,
            devices=named.devices,
            files=named.files,
            photos=named.photos,
            random=random,
        )
        self._of_client = {told.opened.client: told for told in story.told if told.opened is not None}
        equal: dict[Stamp, list[int]] = {}
        for client, told in self._of_client.items():
            assert told.opened is not None, "it has a client"
            equal.setdefault(told.opened.stamp, []).append(client)
        self._entries = Entries(self._things, equal, random)
        self._controls = Controls(story, self._things, self._entries, self._moments, random)
        self._fields = (KeptFields if contents else Fields)(
            things=self._things,
            entries=self._entries,
            words=Words(random(KEY_BYTES), EXTENSIONS),
            moments=self._moments,
            times=CaptureTimes(named.taken, random(_DRAWN_BYTES)),
            numbers=Numbers(),
            positions=Positions(named.positions),
        )

    def run(self) -> Remade:
        raws: dict[EntryHash, bytes] = {}
        for told in in_order(self._story):
            try:
                made = self._entry(told)
            except RefusedError as error:
                raise CannotBeMadeAgainError(f"an entry isn't one any more with other contents ({error.code})") from error
            self._entries.made(told.entry.name, made.name)
            raws[told.entry.name] = made.raw
        arrivals = tuple(
            Arrival(received=self._moments.moment(told.received), applied=applied, raw=raws[told.entry.name])
            for told, applied in _moments_of_applying(self._story)
        )
        story = self._story
        history = History(
            library=self._things.library,
            device=self._things.device(story.device),
            log=None if story.own_log is None else self._things.log(story.own_log),
            number=max(story.log_number, 0),
            arrivals=arrivals,
            reports=tuple(self._controls.report(report).raw for report in story.reports),
        )
        return Remade(history=history, things=self._things, entries=self._entries, fields=self._fields)

    def _entry(self, told: Told) -> Entry:
        entry = told.entry
        if told.inside is Inside.CHANGE:
            self._place(told)
        prefix = make_prefix(
            kind=entry.kind,
            library=self._things.library,
            log=self._things.log(entry.log),
            seq=entry.seq,
            previous=self._previous(entry),
            deps=self._controls.deps(entry.deps),
            epoch=None if entry.epoch is None else self._things.epoch(entry.epoch).id,
        )
        body = self._controls.body(told) if entry.kind is not EntryKind.CHANGE else self._sealed(told, prefix)
        return seal_entry(prefix, body, self._things.identity(told.author).sign)

    def _previous(self, entry: Entry) -> EntryHash:
        return NO_ENTRY if entry.previous == NO_ENTRY else self._entries.name(entry.previous)

    def _sealed(self, told: Told, prefix: bytes) -> bytes:
        assert told.entry.epoch is not None, "a change has an epoch"
        epoch = self._things.epoch(told.entry.epoch)
        if told.opened is not None:
            return seal_body(epoch, prefix, self._change(told).encode())
        if told.inside is Inside.NEWER:
            return seal(epoch.log_key, "body", prefix, _NEWER_CODEC + self._random(len(told.entry.body)))
        return self._random(max(len(told.entry.body), SEALING_OVERHEAD))

    def _change(self, told: Told) -> ChangeBody:
        opened = told.opened
        assert opened is not None, "it was opened"
        for client in clients_in(self._story, told):
            if client in self._of_client:
                self._place(self._of_client[client])
        _, random = self._place(told)
        return ChangeBody(
            stamp=bytes(self._moments.stamp(opened.stamp)),
            random=random,
            batch=self._things.octets(opened.body.batch),
            updates=tuple(self._updates(told)),
            purges=tuple(map(self._things.record, self._story.purges(told))),
        )

    def _updates(self, told: Told) -> Iterator[tuple[RecordId, bytes]]:
        for record, raw in self._story.updates(told):
            yield self._things.record(record), other_update(raw, kind=record.kind, fields=self._fields)

    def _place(self, told: Told) -> tuple[int, bytes]:
        """Client id and random bytes of a change whose predecessor was made."""
        assert told.opened is not None, "it was opened"
        return self._entries.placed(
            told.opened.client,
            told.opened.stamp,
            log=self._things.log(told.entry.log),
            previous=self._previous(told.entry),
            other=self._moments.stamp(told.opened.stamp),
        )


def _moments_of_applying(story: Story) -> Iterator[tuple[Told, bool]]:
    """Each entry in the order of arrival, with whether all before it was applied when it came.

    What came at one time came together. But a removal may have found an entry applied that it would have kept from it: so what wasn't set aside in the end
    is applied before the removal.
    """
    before = 0
    aside = False
    for told in story.told:
        is_aside = told.waits == "removed"
        applied = told.received != before or is_aside or (told.entry.kind is EntryKind.REMOVE and not aside)
        aside = is_aside or (aside and not applied)
        before = told.received
        yield told, applied
