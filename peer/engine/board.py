"""Which piece of which file is fetched from which node next. Pure: times are seconds of a clock that only goes forward, given by the caller.

A *want* is a file in pieces: the segments of an original, or the one piece of a thumbnail or preview. A *holder* is a node that is connected,
*near* when it is on the local network. The rules:

1. A piece is fetched from one holder at a time. Different pieces, of one file or of several, come from different holders side by side.
2. A holder that said that it lacks a file isn't asked for it until it says that something came (``forgive``). One that failed at a file
   rests as far as this file goes. Neither says anything about other holders, or about other files.
3. What a near holder may have is left to the near ones; a far one takes it only when none of them may have it any more.
4. A near holder that has pieces under way and delivered nothing for ``PATIENCE`` seconds has *stalled*: by rule 3 it doesn't count.
5. Who finds nothing else to do takes over a piece that has been under way elsewhere for ``PATIENCE`` seconds. Then two fetch it, and never
   three; the first to bring it is the one who writes it (``brought``).
6. A want that no holder may have is *hopeless* now; the caller notes why, and takes it off the board. Nothing is remembered of what isn't on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from math import inf

from store.ids import FileHash

PATIENCE = 10.0
MAX_AT_ONCE = 2
"""Holders that fetch one piece."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file that is fetched in one go."""

    file: FileHash
    number: int


@dataclass(slots=True, kw_only=True)
class _Want:
    order: tuple[int, bytes]
    left: set[int]
    brought: set[int] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class _Holder:
    near: bool
    delivered: float
    lacks: set[FileHash] = field(default_factory=set)
    rests: dict[FileHash, float] = field(default_factory=dict)
    fetching: dict[Piece, float] = field(default_factory=dict)
    """Since when."""

    def may_have(self, file: FileHash, now: float) -> bool:
        return file not in self.lacks and self.rests.get(file, 0) <= now

    def has_stalled(self, now: float) -> bool:
        return bool(self.fetching) and now - max(self.delivered, min(self.fetching.values())) >= PATIENCE


class Board:
    """All wants and holders of one kind of transfer. Holders are named by numbers."""

    def __init__(self) -> None:
        self._wants: dict[FileHash, _Want] = {}
        self._holders: dict[int, _Holder] = {}
        self._sorted = True

    def __contains__(self, file: FileHash) -> bool:
        return file in self._wants

    def __len__(self) -> int:
        return len(self._wants)

    @property
    def holders(self) -> Collection[int]:
        return self._holders.keys()

    @property
    def files(self) -> Collection[FileHash]:
        return self._wants.keys()

    def add(self, file: FileHash, *, order: int, pieces: Iterable[int]) -> None:
        """A file is wanted; lower ``order`` first. What is on the board already stays as it is."""
        if file not in self._wants:
            self._wants[file] = _Want(order=(order, bytes(file)), left=set(pieces))
            self._sorted = False

    def split(self, file: FileHash, pieces: Iterable[int]) -> None:
        """The file turned out to have these pieces; those that were under way don't count any more."""
        self._wants[file].left = set(pieces)
        self._wants[file].brought = set()
        self._stop_fetching(file)

    def drop(self, file: FileHash) -> None:
        """The file is here, or isn't wanted any more. When it is wanted again, everybody is asked again."""
        self._wants.pop(file, None)
        self._stop_fetching(file)
        for holder in self._holders.values():
            holder.lacks.discard(file)
            holder.rests.pop(file, None)

    def _stop_fetching(self, file: FileHash) -> None:
        for holder in self._holders.values():
            for piece in [piece for piece in holder.fetching if piece.file == file]:
                del holder.fetching[piece]

    def join(self, number: int, *, near: bool, now: float) -> None:
        """A node was connected. Nothing that it lacked or failed at before counts."""
        self._holders[number] = _Holder(near=near, delivered=now)

    def leave(self, number: int) -> None:
        self._holders.pop(number, None)

    def is_near(self, number: int) -> bool:
        return self._holders[number].near

    # Choosing

    def take(self, number: int, now: float) -> Piece | None:
        """What the holder fetches now; it is under way from then on."""
        holder = self._holders[number]
        piece = next(self._free(holder, now), None) or self._overdue(holder, now)
        if piece is not None:
            holder.fetching[piece] = now
        return piece

    def _free(self, holder: _Holder, now: float) -> Iterator[Piece]:
        under_way = {piece for each in self._holders.values() for piece in each.fetching}
        for file, want in self._in_order():
            if holder.may_have(file, now) and (holder.near or not self._is_left_to_near_ones(file, now)):
                yield from (piece for number in sorted(want.left) if (piece := Piece(file, number)) not in under_way)

    def _is_left_to_near_ones(self, file: FileHash, now: float) -> bool:
        return any(each.near and each.may_have(file, now) and not each.has_stalled(now) for each in self._holders.values())

    def _overdue(self, holder: _Holder, now: float) -> Piece | None:
        fetchers: dict[Piece, list[float]] = {}
        for each in self._holders.values():
            for piece, since in each.fetching.items():
                fetchers.setdefault(piece, []).append(since)
        overdue = [
            (since[0], piece.number, piece)
            for piece, since in fetchers.items()
            if len(since) < MAX_AT_ONCE
            and now - since[0] >= PATIENCE
            and piece not in holder.fetching
            and holder.may_have(piece.file, now)
            and (want := self._wants.get(piece.file)) is not None
            and piece.number in want.left
        ]
        return min(overdue, key=lambda each: each[:2])[2] if overdue else None

    def _in_order(self) -> Iterable[tuple[FileHash, _Want]]:
        if not self._sorted:
            self._wants = dict(sorted(self._wants.items(), key=lambda item: item[1].order))
            self._sorted = True
        return self._wants.items()

    # What became of it

    def brought(self, number: int, piece: Piece, now: float) -> bool:
        """The holder delivered the piece. False: another one was faster, or nobody wants it any more, and the bytes are worth nothing."""
        if (holder := self._holders.get(number)) is not None:
            holder.delivered = now
            holder.rests.pop(piece.file, None)
        want = self._wants.get(piece.file)
        if want is None or piece.number not in want.left:
            return False
        want.left.discard(piece.number)
        want.brought.add(piece.number)
        return True

    def written(self, piece: Piece) -> bool:
        """The piece is safe. True: so is the whole file."""
        want = self._wants.get(piece.file)
        if want is None:
            return False
        want.brought.discard(piece.number)
        return not want.left and not want.brought

    def put_back(self, number: int, piece: Piece) -> None:
        """The holder doesn't fetch it any more, whatever the reason."""
        holder = self._holders.get(number)
        if holder is not None:
            holder.fetching.pop(piece, None)

    def lacking(self, number: int, file: FileHash) -> None:
        """The holder doesn't have the file. About one that isn't on the board nothing is remembered: it may come back, and so may the holder's copy."""
        if file in self._wants and (holder := self._holders.get(number)) is not None:
            holder.lacks.add(file)

    def rest(self, number: int, file: FileHash, until: float) -> None:
        """The holder failed at the file and isn't asked for it before then."""
        if file in self._wants and (holder := self._holders.get(number)) is not None:
            holder.rests[file] = until

    def forgive(self, number: int, files: Collection[FileHash] | None = None) -> None:
        """The holder said that something came: these files, or, when it didn't say which, any."""
        if (holder := self._holders.get(number)) is not None:
            holder.lacks = set() if files is None else holder.lacks - set(files)

    def fetchers(self, piece: Piece) -> list[int]:
        """Who fetches the piece now."""
        return [number for number, holder in self._holders.items() if piece in holder.fetching]

    # Waiting

    def is_hopeless(self, file: FileHash, now: float) -> bool:
        """No holder may have what is left of the file, and none fetches any of it."""
        want = self._wants[file]
        if want.brought or any(piece.file == file for each in self._holders.values() for piece in each.fetching):
            return False
        return not any(holder.may_have(file, now) for holder in self._holders.values())

    def hopeful_at(self, file: FileHash) -> float:
        """When the first of the holders that failed at the file may be asked again; infinite when all lack it."""
        return min(
            (holder.rests[file] for holder in self._holders.values() if file not in holder.lacks and file in holder.rests), default=inf
        )

    def next_change(self, now: float) -> float:
        """When ``take`` may find something although nothing happened until then; infinite when only a happening can change it."""
        times = [inf]
        for holder in self._holders.values():
            times.extend(until for until in holder.rests.values() if until > now)
            times.extend(since + PATIENCE for since in holder.fetching.values() if since + PATIENCE > now)
            if holder.fetching and holder.delivered + PATIENCE > now:
                times.append(holder.delivered + PATIENCE)
        return min(times)
