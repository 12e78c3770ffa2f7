"""Files being changed in memory: what each was, and what it is to become."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.json_edit import edit_json, is_same, parse_object


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A file's content before and after; None where there is no file."""

    path: Path
    before: str | None
    after: str | None


class PendingEdits:
    """The JSON documents and texts that can be changed freely; `edits` tells what became different."""

    def __init__(self, texts: Mapping[Path, str]) -> None:
        self._texts = texts
        self._documents: dict[Path, Json] = {}
        self._changed_texts: dict[Path, str] = {}

    def document(self, path: Path) -> Json:
        """Return the JSON object in a file, to be changed in place; empty where there is no file.

        Raises:
            HostError: the file holds something else.
        """
        if path not in self._documents:
            self._documents[path] = copy.deepcopy(parse_object(self._texts.get(path, ""), path))
        return self._documents[path]

    def object_at(self, path: Path, *keys: str) -> Json:
        """Return the object under the keys of a document, to be changed in place; made where there is none.

        Raises:
            HostError: something else stands there.
        """
        value: Any = self.document(path)
        for depth, key in enumerate(keys):
            value = cast(Json, value).setdefault(key, {})
            if not isinstance(value, dict):
                raise HostError(f"{path}: `{'.'.join(keys[: depth + 1])}` is no object; correct it and run this again")
        return cast(Json, value)

    def list_at(self, path: Path, *keys: str) -> list[Any]:
        """Return the list under the keys of a document, to be changed in place; made where there is none.

        Raises:
            HostError: something else stands there.
        """
        value = self.object_at(path, *keys[:-1]).setdefault(keys[-1], [])
        if not isinstance(value, list):
            raise HostError(f"{path}: `{'.'.join(keys)}` is no list; correct it and run this again")
        return cast(list[Any], value)

    def text(self, path: Path) -> str:
        """Return the content of a file that is no JSON, as it was changed last; empty where there is no file."""
        return self._changed_texts.get(path, self._texts.get(path, ""))

    def set_text(self, path: Path, text: str) -> None:
        """Give a file that is no JSON a new content."""
        self._changed_texts[path] = text

    def edits(self) -> tuple[FileEdit, ...]:
        """Return the files that became different, in the order in which they were first looked at."""
        edits: list[FileEdit] = []
        for path, value in self._documents.items():
            before = self._texts.get(path)
            if not is_same(parse_object(before or "", path), value):
                edits.append(FileEdit(path, before, edit_json(before or "", value)))
        for path, after in self._changed_texts.items():
            if after != self._texts.get(path):
                edits.append(FileEdit(path, self._texts.get(path), after))
        return tuple(edits)
