"""Where demo servers keep their rows, and the check that paths stay inside the workspace."""

from collections.abc import Mapping
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from mcp_dynaload.demo.toolkit import ToolFailedError

_Row = TypeVar("_Row")


class StoredRows(Generic[_Row]):
    """The dataclass rows in a JSON file, by key; every change is on disk when the call returns."""

    def __init__(self, file: Path, row: type[_Row]) -> None:
        self._file = file
        self._kind = row.__name__.lower()
        self._adapter = _adapter(row)

    def all(self) -> dict[str, _Row]:
        """Return every row, in the order of creation."""
        try:
            return self._adapter.validate_json(self._file.read_bytes())
        except (OSError, ValidationError) as error:
            raise ToolFailedError(f"The demo data in {self._file.name!r} cannot be read: {error}") from error

    def get(self, key: str) -> _Row:
        """Return the row with this key.

        Raises:
            ToolFailedError: there is none.
        """
        rows = self.all()
        if key not in rows:
            raise ToolFailedError(f"There is no {self._kind} {key!r}. Known: {', '.join(list(rows)[:12]) or 'none'}.")
        return rows[key]

    def put(self, key: str, row: _Row) -> _Row:
        """Add or replace a row and return it."""
        self._write({**self.all(), key: row})
        return row

    def remove(self, key: str) -> _Row:
        """Remove a row and return it.

        Raises:
            ToolFailedError: there is none.
        """
        row = self.get(key)
        self._write({known: other for known, other in self.all().items() if known != key})
        return row

    def new_key(self, prefix: str) -> str:
        """Return a key that no row has: the prefix and a number."""
        numbers = [int(key.removeprefix(prefix)) for key in self.all() if key.removeprefix(prefix).isdigit()]
        return f"{prefix}{max(numbers, default=0) + 1}"

    def _write(self, rows: Mapping[str, _Row]) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_bytes(self._adapter.dump_json(dict(rows), indent=1))
        fresh.replace(self._file)


def _adapter(row: type[_Row]) -> TypeAdapter[dict[str, _Row]]:
    return TypeAdapter(dict[str, row])  # pyright: ignore[reportInvalidTypeForm]  # a type made at run time


def inside(root: Path, path: str) -> Path:
    """Return the file or folder that `path` names below `root`, links followed.

    Raises:
        ToolFailedError: it is outside.
    """
    base = root.resolve()
    target = (base / path).resolve()
    if not target.is_relative_to(base):
        raise ToolFailedError(f"Path {path!r} is outside the workspace; use a path relative to its root.")
    return target
