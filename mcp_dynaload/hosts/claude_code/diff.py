"""Shows planned changes as a diff in which no secret can be read."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from mcp_dynaload.hosts.claude_code.json_edit import edit_json, parse_object
from mcp_dynaload.hosts.claude_code.line_diff import unified_lines
from mcp_dynaload.hosts.claude_code.pending_edits import FileEdit
from mcp_dynaload.masking import masked

_MAX_LINE = 200


def diffs(edits: Iterable[FileEdit]) -> Iterator[str]:
    """Yield a unified diff of each file, with secrets masked."""
    for edit in edits:
        yield "".join(_diff(edit))


def _diff(edit: FileEdit) -> Iterator[str]:
    before, after = (_masked_file(text, edit.path).splitlines() for text in (edit.before, edit.after))
    old, new = (str(edit.path) if text is not None else "/dev/null" for text in (edit.before, edit.after))
    for line in unified_lines(before, after, old, new):
        text = line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]}…"
        yield text.encode("utf-8", "replace").decode() + "\n"


def _masked_file(text: str | None, path: Path) -> str:
    if not text or path.suffix != ".json":
        return text or ""
    return edit_json(text, masked(parse_object(text, path)))
