"""The screen of `watch`. What is shown comes from samples; this only draws, and passes keys on."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import DataTable, Footer, Sparkline, Static

from peer.commands.invocation import printable
from tools.looking.documents import Document
from tools.watching.samples import Outage, Sample, sample_document
from tools.watching.tables import SHAPES, rates_line, rows_of, state_line

HISTORY = 120
"""Samples that the curve shows."""

PATIENCE = 3
"""Samples that may be due while one is still being taken, before that is said."""

HELP = """\
q         quit
tab       to the next table, shift+tab to the one before
up, down  through its rows
p         pause, and go on
?         this page; any key closes it

Nothing is asked of any program: the folder's database is read once a second. Rates are what was seen to change between two samples.
The curve shows the bytes of all that came and went.
"""


class Taken(Message):
    """A sample was taken, or could not be."""

    def __init__(self, sample: Sample | Outage) -> None:
        super().__init__()
        self.sample = sample


class HelpScreen(ModalScreen[None]):
    """The keys, until one is pressed."""

    CSS = """
    HelpScreen { align: center middle; }
    HelpScreen Static { width: 84; height: auto; padding: 1 2; border: round $accent; background: $surface; }
    """

    def compose(self) -> ComposeResult:
        yield Static(Text(HELP))

    def on_key(self) -> None:
        self.dismiss()


class WatchApp(App[None]):
    """``take``: a sample now, called in a thread; ``name``: of the folder; ``interval``: seconds from one sample to the next, 0: only when asked for."""

    CSS = """
    #state, #rates, #notice { height: 1; padding: 0 1; }
    #notice { color: $warning; text-style: bold; }
    #notice.fine { color: $text-muted; text-style: none; }
    Sparkline { height: 2; margin: 0 1; }
    DataTable { height: 1fr; min-height: 4; border: round $panel; }
    DataTable:focus { border: round $accent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("p", "pause", "Pause"),
        Binding("question_mark", "help", "Help", key_display="?"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, take: Callable[[], Sample | Outage], *, name: str, interval: float = 1.0) -> None:
        super().__init__()
        self._take = take
        self._folder = name
        self._interval = interval
        self._before: Sample | None = None
        self._history: list[float] = []
        self._tables: tuple[str, ...] = ()
        self._is_paused = False
        self._waited = 0

    def compose(self) -> ComposeResult:
        yield Static(id="state", markup=False)
        yield Static(id="rates", markup=False)
        yield Static(id="notice", markup=False)
        yield Sparkline([], summary_function=max)
        yield Vertical(id="tables")
        yield Footer()

    @property
    def _main(self) -> Screen[object]:
        """The screen with the tables, also while the help lies over it."""
        return self.screen_stack[0]

    def on_mount(self) -> None:
        self._say("reading…")
        self.sample_now()
        if self._interval:
            self.set_interval(self._interval, self.sample_now)

    def sample_now(self) -> None:
        """Take a sample, unless the last one is still being taken, or this is paused."""
        if self._is_paused:
            return
        self._waited += 1
        if self._waited > PATIENCE:
            self._say("Still reading: the database is locked by another program, or the disk is slow.")
        if self._waited == 1:
            self._sample()

    @work(thread=True)
    def _sample(self) -> None:
        self.post_message(Taken(self._take()))

    async def on_taken(self, taken: Taken) -> None:
        """Show what was seen. A sample that was under way when the person paused is shown, too."""
        self._waited = 0
        sample = taken.sample
        document = sample_document(self._before, sample)
        if isinstance(sample, Outage):
            self._say(f"{document['time'][11:19]}  Nothing can be read: {sample.reason} Trying again.")
            return
        self._before = sample
        self._line("state", state_line(document))
        self._line("rates", rates_line(document))
        if not self._is_paused:
            self._say(f"{document['time'][11:19]} UTC  {self._folder}", is_fine=True)
        self._draw_curve(document)
        await self._draw_tables(sample.tables, document)

    def _draw_curve(self, document: Document) -> None:
        rates = document["rates"] or {}
        self._history = [*self._history[1 - HISTORY :], sum(rate for name, rate in rates.items() if "bytes" in name)]
        self._main.query_one(Sparkline).data = self._history

    async def _draw_tables(self, names: tuple[str, ...], document: Document) -> None:
        if names != self._tables:  # the first sample, or the folder is another one now
            self._tables = names
            holder = self._main.query_one("#tables", Vertical)
            await holder.remove_children()
            await holder.mount_all(_make_table(name) for name in names)
            self._main.query_one(f"#{names[0]}").focus()
        for name in names:
            _fill(self._main.query_one(f"#{name}", DataTable), name, document)

    def action_pause(self) -> None:
        """Stop taking samples, or go on."""
        self._is_paused = not self._is_paused
        if self._is_paused:
            self._say("paused; p goes on")
        else:
            self.sample_now()

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(HelpScreen())

    def _say(self, text: str, *, is_fine: bool = False) -> None:
        self._line("notice", text)
        self._main.query_one("#notice").set_class(is_fine, "fine")

    def _line(self, name: str, text: str) -> None:
        self._main.query_one(f"#{name}", Static).update(Text(printable(text, lines=False), no_wrap=True, overflow="ellipsis"))


def _make_table(name: str) -> DataTable[Text]:
    table: DataTable[Text] = DataTable(id=name, cursor_type="row", zebra_stripes=True)
    table.add_columns(*SHAPES[name].columns)
    return table


def _fill(table: DataTable[Text], name: str, document: Document) -> None:
    """New rows in place of the old, the cursor and what is in sight staying where they are."""
    rows = rows_of(name, document)
    table.border_title = f"{SHAPES[name].title}: {len(rows) or SHAPES[name].nothing}"
    row, offset = table.cursor_row, table.scroll_offset
    table.clear()
    for cells in rows:
        table.add_row(*(Text(printable(cell, lines=False)) for cell in cells))
    table.move_cursor(row=min(row, max(len(rows) - 1, 0)), animate=False)
    table.scroll_to(offset.x, offset.y, animate=False)
