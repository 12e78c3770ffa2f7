"""Demo server: the files of the workspace's project."""

import difflib
import fnmatch
import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mcp.server.lowlevel import Server

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.demo.storage import inside
from mcp_dynaload.demo.toolkit import Limit, ToolFailedError, build_server, tool
from mcp_dynaload.demo.workspace import ensure_part

_INSTRUCTIONS = (
    "Reads and changes files of the project folder. All paths are relative to it; nothing outside can be reached."
)
_MAX_BYTES = 400_000


def build(workspace: Path) -> Server:
    """The server over `workspace`."""
    return build_server("files", _Files(ensure_part(workspace, "project").resolve()), _INSTRUCTIONS)


@dataclass(frozen=True, slots=True)
class Match:
    """A line that a search found."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Matches:
    """Lines that a search found."""

    matches: list[Match]


@dataclass(frozen=True, slots=True)
class PathInfo:
    """Metadata of a file or folder."""

    path: str
    kind: Literal["file", "folder"]
    bytes: int
    lines: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class _Files:
    root: Path

    @tool("read")
    def view_file(self, path: str, start_line: int = 1, end_line: int | None = None) -> str:
        """Read a text file, whole or a range of lines.

        Args:
            path: File to read.
            start_line: First line, counting from 1.
            end_line: Last line, inclusive; the end of the file if omitted.
        """
        return "".join(self._text(path).splitlines(keepends=True)[max(start_line, 1) - 1 : end_line])

    @tool("read")
    def grep_files(self, pattern: str, glob: str = "*", ignore_case: bool = False, limit: Limit = 50) -> Matches:
        """Search the contents of files with a regular expression, like ripgrep.

        Args:
            pattern: Python regular expression matched against each line.
            glob: Only files whose relative path matches, e.g. "*.py" or "docs/*".
            ignore_case: Match upper and lower case alike.
            limit: Maximum number of matching lines.
        """
        try:
            expression = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
        except re.error as error:
            raise ToolFailedError(f"{pattern!r} is not a regular expression: {error}.") from error
        found = (
            Match(name, number, line)
            for name in self._names(glob)
            for number, line in enumerate(self._lines_if_text(name), start=1)
            if expression.search(line)
        )
        return Matches([match for match, _ in zip(found, range(limit), strict=False)])

    @tool("read")
    def find_files(self, glob: str, limit: Limit = 100) -> list[str]:
        """Find files by name pattern. Returns relative paths in alphabetical order.

        Args:
            glob: Shell pattern matched against the relative path, e.g. "*test*.py".
            limit: Maximum number of paths.
        """
        return list(self._names(glob))[:limit]

    @tool("read")
    def folder_tree(self, path: str = ".", max_depth: int = 3) -> str:
        """Draw the folder structure as an indented tree. Hidden files are left out.

        Args:
            path: Folder to start from.
            max_depth: How many levels to descend.
        """
        return "\n".join(self._tree(self._folder(path), max_depth))

    @tool("read")
    def path_info(self, path: str) -> PathInfo:
        """Get size, number of lines and SHA-256 of a file, or the size of a folder.

        Args:
            path: File or folder.
        """
        target = self._existing(path)
        if target.is_dir():
            size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
            return PathInfo(path, "folder", size, None, None)
        data = target.read_bytes()
        return PathInfo(path, "file", len(data), data.count(b"\n"), hashlib.sha256(data).hexdigest())

    @tool("read")
    def compare_files(self, left: str, right: str) -> str:
        """Unified diff of two files.

        Args:
            left: The old file.
            right: The new file.
        """
        lines = (self._text(path).splitlines(keepends=True) for path in (left, right))
        return "".join(difflib.unified_diff(*lines, fromfile=left, tofile=right)) or "The files are identical."

    @tool("delete")
    def save_file(self, path: str, content: str, overwrite: bool = False) -> str:
        """Write a text file. Missing parent folders are created.

        Args:
            path: Where to write.
            content: The whole new content.
            overwrite: Replace the file if it exists; without it an existing file is an error.
        """
        target = inside(self.root, path)
        if target.is_dir() or (target.exists() and not overwrite):
            raise ToolFailedError(f"{path!r} exists already; pass overwrite=true to replace a file.")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
        return f"Wrote {len(content.encode())} bytes to {path}."

    @tool("write")
    def append_to_file(self, path: str, content: str) -> str:
        """Append text to the end of an existing file.

        Args:
            path: File to extend.
            content: Text to append; include the line break.
        """
        return self.save_file(path, self._text(path) + content, overwrite=True)

    @tool("write")
    def replace_in_file(self, path: str, old: str, new: str, all_occurrences: bool = False) -> str:
        """Replace an exact piece of text in a file and show the change as a diff.

        The old text must match exactly, white space included. If it occurs more than once, either add context to make
        it unique or ask for all occurrences.

        Args:
            path: File to edit.
            old: Text to replace.
            new: Replacement.
            all_occurrences: Replace every occurrence instead of insisting on exactly one.
        """
        before = self._text(path)
        count = before.count(old) if old else 0
        if count == 0 or (count > 1 and not all_occurrences):
            raise ToolFailedError(f"The old text occurs {count} times in {path!r}; it must occur exactly once.")
        after = before.replace(old, new)
        self.save_file(path, after, overwrite=True)
        return "".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), path, path, n=1))

    @tool("write")
    def make_folder(self, path: str) -> str:
        """Create a folder, with its parents. Does nothing if it exists.

        Args:
            path: Folder to create.
        """
        inside(self.root, path).mkdir(parents=True, exist_ok=True)
        return f"Folder {path} exists."

    @tool("write")
    def rename_path(self, source: str, destination: str) -> str:
        """Move or rename a file or folder. Fails if the destination exists.

        Args:
            source: Current path.
            destination: New path.
        """
        self._existing(source).rename(self._free(destination))
        return f"Moved {source} to {destination}."

    @tool("write")
    def copy_path(self, source: str, destination: str) -> str:
        """Copy a file or a folder with everything in it.

        Args:
            source: What to copy.
            destination: Where the copy goes; must not exist.
        """
        origin, target = self._existing(source), self._free(destination)
        if origin.is_dir():
            shutil.copytree(origin, target)
        else:
            shutil.copy2(origin, target)
        return f"Copied {source} to {destination}."

    @tool("delete")
    def delete_path(self, path: str, recursive: bool = False) -> str:
        """Delete a file or folder for good.

        Args:
            path: What to delete.
            recursive: Needed for folders that are not empty.
        """
        target = self._existing(path)
        if target == self.root:
            raise ToolFailedError("The project folder itself cannot be deleted.")
        if target.is_file():
            target.unlink()
        elif recursive or not any(target.iterdir()):
            shutil.rmtree(target)
        else:
            raise ToolFailedError(f"Folder {path!r} is not empty; pass recursive=true to delete it with its contents.")
        return f"Deleted {path}."

    @tool("read")
    def project_statistics(self) -> list[Json]:
        """Count files and lines by file type, largest first."""
        totals: dict[str, Json] = {}
        for name in self._names("*"):
            kind = Path(name).suffix or "(none)"
            entry = totals.setdefault(kind, {"type": kind, "files": 0, "lines": 0})
            entry["files"] += 1
            entry["lines"] += len(self._lines_if_text(name))
        return sorted(totals.values(), key=lambda entry: -int(entry["lines"]))

    def _existing(self, path: str) -> Path:
        target = inside(self.root, path)
        if not target.exists():
            raise ToolFailedError(f"{path!r} does not exist; find_files or folder_tree show what does.")
        return target

    def _free(self, path: str) -> Path:
        target = inside(self.root, path)
        if target.exists():
            raise ToolFailedError(f"{path!r} exists already.")
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _folder(self, path: str) -> Path:
        target = self._existing(path)
        if not target.is_dir():
            raise ToolFailedError(f"{path!r} is a file; view_file reads it.")
        return target

    def _text(self, path: str) -> str:
        target = self._existing(path)
        if target.is_dir() or target.stat().st_size > _MAX_BYTES:
            raise ToolFailedError(f"{path!r} is a folder or larger than {_MAX_BYTES} bytes.")
        try:
            return target.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ToolFailedError(f"{path!r} is not a text file.") from error

    def _lines_if_text(self, name: str) -> list[str]:
        return (self.root / name).read_bytes().decode("utf-8", "replace").splitlines()

    def _names(self, glob: str) -> Iterator[str]:
        files = sorted(file.relative_to(self.root) for file in self.root.rglob("*") if file.is_file())
        visible = (file for file in files if file.parts[0] != ".git" and "__pycache__" not in file.parts)
        return (file.as_posix() for file in visible if fnmatch.fnmatch(file.as_posix(), glob))

    def _tree(self, folder: Path, depth: int, indent: str = "") -> Iterator[str]:
        for child in sorted(folder.iterdir()):
            if child.name.startswith("."):
                continue
            yield f"{indent}{child.name}{'/' if child.is_dir() else ''}"
            if child.is_dir() and depth > 1:
                yield from self._tree(child, depth - 1, indent + "  ")
