"""Tables for `mcp-dynaload eval --scan`: what scanning finds in definitions that are labelled, and in real ones."""

from collections.abc import Iterable, Sequence

from mcp_dynaload.cli.screen import console, show_table
from mcp_dynaload.measure.definitions import TIMED_TOOLS, ScanRow, total_row


def show_scanning(labelled: Sequence[ScanRow], real: Sequence[ScanRow]) -> None:
    """Print how much was found, of labelled definitions by label, then what was missed and each false alarm."""
    for label in ("malicious", "benign"):
        if rows := [row for row in labelled if row.label == label]:
            show_table(label, ("category", *_HEADS), map(_cells, _with_total(rows)), _HEADS)
    if real:
        heads = ("catalog", *_HEADS, _TIME)
        rows = ((*_cells(row), f"{row.ms:,.0f}") for row in _with_total(real))
        show_table("real servers", heads, rows, (*_HEADS, _TIME))
    for row in (*labelled, *real):
        what = "missed" if row.label == "malicious" else "found"
        for exception in row.exceptions:
            console.print(f"\n{row.name}, {what}: {exception}", markup=False, highlight=False)


_HEADS = ("definitions", "hard", "any")
_TIME = f"ms for {TIMED_TOOLS:,}"


def _with_total(rows: Sequence[ScanRow]) -> Iterable[ScanRow]:
    return (*rows, total_row("all", rows)) if len(rows) > 1 else rows


def _cells(row: ScanRow) -> tuple[str, ...]:
    return row.name, f"{row.total:,}", *(f"{count:,} ({count / row.total:.2%})" for count in (row.hard, row.found))
