"""`why RECORD FIELD` for people: the answer, the rule, a drawing, what lost and how it comes back."""

from __future__ import annotations

import sys

from peer.commands.invocation import printable
from tools.looking.documents import Document, short_device, short_entry
from tools.looking.spelling import spell_count, spell_time
from tools.text.drawing import ASCII, BOX, Mark, Node, draw
from tools.text.screen import DIM, GOOD, STRONG, WARN, Piece, Screen

_MARKS = {
    "winner": Mark.WINNER,
    "equal": Mark.OTHER,
    "alternative": Mark.OTHER,
    "superseded": Mark.OTHER,
    "contests": Mark.OTHER,
    "replaced": Mark.OTHER,
    "removed": Mark.OTHER,
    "void": Mark.WITHOUT_EFFECT,
    "waiting": Mark.WITHOUT_EFFECT,
    "beyond": Mark.WITHOUT_EFFECT,
    "ignored": Mark.WITHOUT_EFFECT,
    "unknown": Mark.WITHOUT_EFFECT,
}
_STYLES = {Mark.WINNER: GOOD, Mark.LOSER: WARN, Mark.OTHER: "", Mark.WITHOUT_EFFECT: DIM}
_PLAIN = str.maketrans({"“": '"', "”": '"', "…": "..."})
_SHOWN_LOSERS = 12


def show_why(document: Document) -> None:
    """The answer first."""
    screen = Screen()
    say = _Saying(screen)
    say.line((document["answer"], STRONG))
    name = f", {document['name']}" if document["name"] else ""
    say.line((f"{document['kind']} {document['record']}{name}: {document['field']}", DIM))
    if document["writes"]:
        say.line((f"rule {document['rule']['id']}", STRONG), f": {document['rule']['sentence']}")
        say.line()
        _draw(say, document)
    _show_losers(say, document)
    if document["notes"] or document["sealed"]:
        say.line()
    for note in document["notes"]:
        say.line(("note ", WARN), note)


class _Saying:
    """A screen whose encoding may know less than is said."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.encoding = sys.stdout.encoding or "utf-8"
        self.signs = BOX if BOX.can_be(self.encoding) else ASCII

    def line(self, *pieces: Piece, indent: int = 0) -> None:
        self.screen.line(*map(self._fitting, pieces), indent=indent)

    def command(self, command: str, note: str = "", *, indent: int) -> None:
        self.screen.command(self.fitting(command), self.fitting(note), indent=indent)

    def drawn(self, *pieces: Piece) -> None:
        self.screen.drawn(*map(self._fitting, pieces), more=self.signs.more)

    def fitting(self, text: str) -> str:
        """``text`` in characters that the output has."""
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return text.translate(_PLAIN).encode(self.encoding, "backslashreplace").decode(self.encoding)
        return text

    def _fitting(self, piece: Piece) -> Piece:
        return self.fitting(piece) if isinstance(piece, str) else (self.fitting(piece[0]), piece[1])


def _draw(say: _Saying, document: Document) -> None:
    if document["left_out"]:
        say.line((f"{spell_count(document['left_out'], 'older write')} left out", DIM))
    writes = document["writes"]
    place = {write["number"]: number for number, write in enumerate(writes)}
    lanes = {write["number"]: write["device"] or "" for write in writes}
    styles = {lanes[write["number"]]: say.screen.device(short_device(write))[1] for write in writes}
    days = {spell_time(write["time"]).partition(" ")[0] for write in writes}
    day = days.pop() if len(days) == 1 else ""
    texts = [_text(write, day, say) for write in writes]
    nodes = [
        Node(
            lane=lanes[write["number"]],
            text=text,
            mark=_MARKS.get(write["fate"], Mark.LOSER),
            style=_STYLES[_MARKS.get(write["fate"], Mark.LOSER)],
            seen=frozenset(place[number] for number in write["seen"] if place[number] < place[write["number"]]),
        )
        for write, text in zip(writes, texts, strict=True)
    ]
    for line in draw(nodes, width=say.screen.width, signs=say.signs, styles=styles):
        say.drawn(*line)
    signs = say.signs.nodes
    legend = f"{signs[Mark.WINNER]} wins  {signs[Mark.LOSER]} loses  {signs[Mark.OTHER]} other  {signs[Mark.WITHOUT_EFFECT]} without effect"
    say.line((f"{legend}; lines lead up to what each had seen{f'; times are of {day}' if day else ''}", DIM))


def _text(write: Document, day: str, say: _Saying) -> str:
    seen = f", replaces {' '.join(f'#{number}' for number in write['replaced'])}" if write["replaced"] else ""
    given_up = ", bytes given up" if write["bytes_given_up"] else ""
    place = "  ".join(filter(None, (spell_time(write["time"]).removeprefix(f"{day} "), short_device(write), short_entry(write["entry"]))))
    return say.fitting(printable(f"#{write['number']}  {place}  {write['says']}  {write['became']}{seen}{given_up}", lines=False))


def _show_losers(say: _Saying, document: Document) -> None:
    losers = document["losers"]
    if losers or document["decisions"]:
        say.line()
    if losers:
        say.line(("lost", STRONG), ", and what brings it back:")
    for loser in losers[:_SHOWN_LOSERS]:
        say.line(f"#{loser['number']} {loser['says']} ", (f"({loser['became']})", DIM), indent=2)
        if loser["command"] is not None:
            say.command(loser["command"], indent=6)
    if len(losers) > _SHOWN_LOSERS:
        say.line(f"and {len(losers) - _SHOWN_LOSERS} older ones (--json lists all)", indent=2)
    if document["decisions"]:
        say.line(("to decide it:", STRONG))
    for decision in document["decisions"]:
        say.command(decision["command"], decision["does"], indent=6)
