"""Text, tables and progress on the terminal: what servers wrote is shown as text, whatever it is."""

import itertools
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from mcp_dynaload.masking.printable import printable


class PlainConsole(Console):
    """A console for which a text is a text: no markup in it, and nothing that moves the cursor or hides."""

    def __init__(self, **options: Any) -> None:
        """Ask for the size when something is printed; rich would keep what `COLUMNS` was at the import."""
        super().__init__(**options)
        self._width = self._height = None

    def print(self, *objects: Any, **options: Any) -> None:
        """Print texts made safe, and rich's own objects as they are."""
        super().print(*(plain(item) if isinstance(item, str) else item for item in objects), **options)


def plain(text: object) -> Text:
    """Return the text as rich shows it: without markup, control and format characters visible."""
    return Text(printable(str(text), keeps_lines=True))


console = PlainConsole(highlight=False, soft_wrap=True)


def show_table(
    title: str, columns: Iterable[str], rows: Iterable[Iterable[object]], numbers: Iterable[str] = ()
) -> None:
    """Print rows under column heads; columns in `numbers` are right-aligned."""
    if title:
        console.print(title)
    table = Table(box=None, pad_edge=False)
    aligned = set(numbers)
    for column in columns:
        table.add_column(column, justify="right" if column in aligned else "left", overflow="fold")
    for row in rows:
        table.add_row(*(plain(cell) for cell in row))
    console.print(table, soft_wrap=False)


_LAST = TextColumn("{task.fields[last]}", markup=False)


@contextmanager
def progress(title: str, total: int) -> Generator[Callable[[str], None]]:
    """Show a bar on stderr, or lines where that is no terminal; the function that it yields is told what is through."""
    if not sys.stderr.isatty():
        count = itertools.count(1)
        yield lambda name: print(f"{title}: {next(count)} of {total}: {printable(name)}", file=sys.stderr, flush=True)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _LAST)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total, last="")

        def advance(name: str) -> None:
            bar.update(task, advance=1, last=printable(name))

        yield advance


@contextmanager
def counting(title: str) -> Generator[Callable[[str], None]]:
    """Show a running count where nobody knows how many steps there will be."""
    columns = (TextColumn("{task.description}"), SpinnerColumn(), _LAST)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, last="")
        yield lambda name: bar.update(task, last=printable(name))
