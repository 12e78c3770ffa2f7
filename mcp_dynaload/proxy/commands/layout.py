"""Plain text for a terminal of 80 columns."""

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 80
GAP = 2


def aligned(rows: Iterable[Sequence[object]]) -> str:
    """Return the rows in columns, numbers to the right; what does not fit into the last column is cut."""
    cells = [[_text(cell) for cell in row] for row in rows]
    if not cells:
        return ""
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    numeric = [all(_is_number(cell) for cell in column[1:]) for column in zip(*cells, strict=True)]
    return "\n".join(_line(row, widths, numeric) for row in cells)


def named(rows: Iterable[tuple[str, object]]) -> str:
    """Return each value behind its name; what does not fit goes on below, in the column of values."""
    cells = [(name, _text(value)) for name, value in rows]
    column = max((len(name) for name, _ in cells), default=0) + GAP
    return "\n".join(
        textwrap.fill(
            value, WIDTH, initial_indent=name.ljust(column), subsequent_indent=" " * column, break_on_hyphens=False
        )
        for name, value in cells
    )


def wrapped(text: str) -> str:
    """Return the text in lines that fit."""
    return textwrap.fill(text, WIDTH, break_on_hyphens=False)


def paragraphs(*parts: str) -> str:
    """Return the parts that are not empty, one under the other."""
    return "\n".join(part for part in parts if part)


def counted(many: int, one: str) -> str:
    """Return a number with its noun: `1 tool`, `1,200 tools`."""
    return f"{many:,} {one}{'' if many == 1 else 's'}"


def first_line(text: str) -> str:
    """Return the beginning of a description."""
    return " ".join(text.strip().split("\n", 1)[0].split())


def _line(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    parts = [
        cell.rjust(width) if is_number else cell.ljust(width)
        for cell, width, is_number in zip(row, widths, numeric, strict=True)
    ]
    line = (" " * GAP).join(parts).rstrip()
    return line if len(line) <= WIDTH else line[: WIDTH - 1].rstrip() + "…"


def _text(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def _is_number(text: str) -> bool:
    return text.replace(",", "").removesuffix("%").isdigit() or not text
