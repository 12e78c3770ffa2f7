"""Text, tables and progress on the terminal: what servers wrote is shown as text, whatever it is."""

import itertools
import json
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from mcp_dynaload.masking.printable import printable

GAP = 2
"""Columns between two columns of a table."""

MIN_FOLDED = 24
"""The least width to which the widest column is folded: below that its words are no longer read."""

MAX_WIDTH = 100_000
"""More than any cell has."""

_INDENT = "    "


class PlainConsole(Console):
    """A console for which a text is a text: no markup in it, and nothing that moves the cursor or hides."""

    def __init__(self, **options: Any) -> None:
        """Ask for the size when something is printed; rich would keep what `COLUMNS` was at the import."""
        super().__init__(**options)
        self._width = self._height = None

    def print(self, *objects: Any, **options: Any) -> None:
        """Print texts made safe, and rich's own objects as they are."""
        try:
            super().print(*(plain(item) if isinstance(item, str) else item for item in objects), **options)
        except OSError:
            del self._buffer[:]  # rich would print what could not be written before the next text
            raise


def plain(text: object) -> Text:
    """Return the text as rich shows it: without markup, control and format characters visible."""
    return Text(printable(str(text), keeps_lines=True))


def json_to_copy(value: object) -> str:
    """Return JSON for people, which stays JSON where it goes: letters that the output has not are escaped as JSON does.

    Else Python would escape them, some in a way that JSON does not know.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, indent=2)
    return text


console = PlainConsole(highlight=False, soft_wrap=True)


def show_table(
    title: str, columns: Iterable[str], rows: Iterable[Iterable[object]], numbers: Iterable[str] = ()
) -> None:
    """Print rows under column heads; columns in `numbers` are right-aligned.

    Where the terminal is too narrow the widest column is folded, no other; where that is not enough the columns that
    have no room stand below their row.
    """
    if title:
        console.print(title)
    heads, aligned = [plain(head) for head in columns], {*numbers}
    cells = [[*map(plain, row)] for row in rows]
    cells = [[*row, *(Text() for _ in heads[len(row) :])] for row in cells]  # a row may end early
    needed = [_needed_width(head, [row[index] for row in cells]) for index, head in enumerate(heads)]
    whole = sum(max(one, head.cell_len) + GAP for one, head in zip(needed, heads, strict=True)) - GAP
    count, widths = (len(heads), [None] * len(heads)) if whole <= console.width else _layout(needed, console.width)
    right = [head.plain in aligned for head in heads[:count]]
    if count == len(heads):
        console.print(_table(heads, cells, widths, right), soft_wrap=False)
        return
    console.print(_table(heads[:count], [], widths, right), soft_wrap=False)
    for row in cells:
        console.print(_table(None, [row[:count]], widths, right), soft_wrap=False)
        named = [(head.plain, cell) for head, cell in zip(heads[count:], row[count:], strict=True) if cell.plain]
        below = Text(", ").join(Text(f"{name} " if name else "").append_text(cell) for name, cell in named)
        if below.plain:
            console.print(Padding(below, (0, 0, 0, len(_INDENT))), soft_wrap=False)


def _needed_width(head: Text, cells: Sequence[Text]) -> int:
    """Return the columns that cells need to stay in one piece; a head may be broken between words."""
    options = console.options.update(width=MAX_WIDTH)
    return max(
        Measurement.get(console, options, head).minimum,
        *(Measurement.get(console, options, cell).maximum for cell in cells),
        0,
    )


def _layout(needed: Sequence[int], width: int) -> tuple[int, Sequence[int | None]]:
    """Return how many columns stand side by side, and their widths; None: as wide as there is room."""
    widest = max(range(len(needed)), key=lambda index: needed[index])
    room = width - sum(needed) + needed[widest] - GAP * (len(needed) - 1)
    if room >= min(needed[widest], MIN_FOLDED):
        return len(needed), [None if index == widest else one for index, one in enumerate(needed)]
    ends = [*itertools.accumulate(one + GAP for one in needed)]
    count = max(1, sum(end - GAP <= width for end in ends))
    return count, [min(one, width) for one in needed[:count]]


def _table(
    heads: Sequence[Text] | None, rows: Iterable[Sequence[Text]], widths: Sequence[int | None], right: Sequence[bool]
) -> Table:
    table = Table(box=None, pad_edge=False, show_header=heads is not None)
    for index, (width, is_right) in enumerate(zip(widths, right, strict=True)):
        head = "" if heads is None else heads[index]
        table.add_column(head, justify="right" if is_right else "left", overflow="fold", width=width)
    for row in rows:
        table.add_row(*row)
    return table


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
