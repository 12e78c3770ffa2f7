"""The screen of `top`: lines that are renewed, a cursor, and keys that act on what it stands on."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Point
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.output import Output

from mcp_dynaload.cli.processes import FoundProcess, act, find_processes
from mcp_dynaload.cli.top_rows import NOTHING_RUNS, TopRow, rows_of, summary_of
from mcp_dynaload.masking.printable import printable

PAGE = 20

KEYS = "arrows choose   s stop server   p pin tool, or unpin   u unload tool   q end"


@dataclass(slots=True)
class TopScreen:
    """The processes as they were found last, the line on which the cursor stands, and what was said of the last key."""

    folder: Path
    processes: tuple[FoundProcess, ...] = ()
    rows: Sequence[TopRow] = ()
    at: int = 0
    said: str = ""
    looked: anyio.Event = field(default_factory=anyio.Event)
    """Set when the processes have been looked for, once."""

    async def look(self) -> None:
        """Look for the processes; the cursor stays on its thing, or near where that was."""
        processes = await find_processes(self.folder)
        key = self.rows[self.at].key if self.rows else None
        self.processes, self.rows = processes, rows_of(processes)
        keys = [row.key for row in self.rows]
        self.at = keys.index(key) if key in keys else min(self.at, max(0, len(keys) - 1))
        self.looked.set()

    def move(self, by: int) -> None:
        """Move the cursor, as far as there are lines."""
        self.at = max(0, min(len(self.rows) - 1, self.at + by))

    async def stop(self, *, even_busy: bool) -> None:
        """Stop the server under the cursor."""
        row = self._chosen()
        if row is None or row.server is None:
            self.said = "Choose a server first: a line that begins with `server`."
            return
        session = row.session.id if row.session and not row.server.is_shared else ""
        done, text = await act(row.process, do="stop", session=session, server=row.server.name, even_busy=even_busy)
        self.said = text if done or even_busy or not row.server.busy else f"{text}; S stops it all the same"
        await self.look()

    async def run(self, command: str) -> None:
        """Run a command of the session with the tool under the cursor."""
        row = self._chosen()
        if row is None or row.tool is None or row.session is None:
            self.said = "Choose a tool first: a line that begins with `tool`."
            return
        _, text = await act(row.process, do="run", command=command, session=row.session.id, words=row.tool.name)
        self.said = printable(text.partition("\n")[0])
        await self.look()

    async def pin(self) -> None:
        """Pin the tool under the cursor, or take that back."""
        row = self._chosen()
        await self.run("unpin" if row is not None and row.tool is not None and row.tool.is_pinned else "pin")

    def _chosen(self) -> TopRow | None:
        return self.rows[self.at] if self.rows else None

    def lines(self) -> StyleAndTextTuples:
        """Return what is shown."""
        if not self.looked.is_set():
            return [("", "looking …")]
        if not self.rows:
            return [("", NOTHING_RUNS)]
        shown: StyleAndTextTuples = []
        for number, row in enumerate(self.rows):
            weight = "bold" if row.server is None and row.tool is None else ""
            shown += [("reverse" if number == self.at else weight, row.text), ("", "\n")]
        return shown

    def head(self) -> StyleAndTextTuples:
        """Return the sums."""
        return [("bold", summary_of(self.processes))]

    def foot(self) -> StyleAndTextTuples:
        """Return what was said of the last key, or which keys there are."""
        return [("", self.said or KEYS)]


async def show_screen(
    screen: TopScreen, seconds: float, given: Input | None = None, output: Output | None = None
) -> None:
    """Show the screen, renewed so often, until the user ends it."""
    async with anyio.create_task_group() as tasks:
        app = _application(screen, tasks, given, output)

        async def renew() -> None:
            while True:
                await screen.look()
                app.invalidate()
                await anyio.sleep(seconds)

        tasks.start_soon(renew)
        await app.run_async(handle_sigint=False)
        tasks.cancel_scope.cancel()


def _application(
    screen: TopScreen, tasks: anyio.abc.TaskGroup, given: Input | None, output: Output | None
) -> "Application[None]":
    body = FormattedTextControl(
        screen.lines, get_cursor_position=lambda: Point(0, screen.at), show_cursor=False, focusable=True
    )
    layout = HSplit(
        [
            Window(FormattedTextControl(screen.head), height=1),
            Window(body, wrap_lines=False),
            Window(FormattedTextControl(screen.foot), height=1),
        ]
    )
    app: Application[None] = Application(
        Layout(layout), key_bindings=_keys(screen, tasks), full_screen=True, input=given, output=output
    )
    return app


def _keys(screen: TopScreen, tasks: anyio.abc.TaskGroup) -> KeyBindings:
    """Return the keys; what takes a moment is done while the screen goes on."""
    keys = KeyBindings()

    def on(does: Callable[[KeyPressEvent], object], *names: str) -> None:
        def press(event: KeyPressEvent) -> None:
            does(event)

        for name in names:
            keys.add(name)(press)

    def moving(by: int) -> Callable[[KeyPressEvent], object]:
        return lambda event: screen.move(by)

    def doing(act: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[KeyPressEvent], object]:
        def begin(event: KeyPressEvent) -> None:
            tasks.start_soon(act)

        return begin

    on(moving(-1), "up", "k")
    on(moving(1), "down", "j")
    on(moving(-PAGE), "pageup")
    on(moving(PAGE), "pagedown")
    on(doing(partial(screen.stop, even_busy=False)), "s")
    on(doing(partial(screen.stop, even_busy=True)), "S")
    on(doing(screen.pin), "p")
    on(doing(partial(screen.run, "unload")), "u")
    on(lambda event: event.app.exit(), "q", "c-c", "escape")
    return keys
