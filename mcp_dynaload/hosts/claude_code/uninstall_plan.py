"""Plans what `uninstall` changes: every byte as it was, or our part taken out of what others changed since."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mcp_dynaload.hosts.claude_code.backups import Backup, SavedFile
from mcp_dynaload.hosts.claude_code.files import objects, strings
from mcp_dynaload.hosts.claude_code.json_edit import edit_json, parse_object
from mcp_dynaload.hosts.claude_code.last_word import Read, TakenOut, without_taken_out
from mcp_dynaload.hosts.claude_code.links import LinkEdit, read_link
from mcp_dynaload.hosts.claude_code.pending_edits import FileEdit
from mcp_dynaload.hosts.claude_code.rules import ANY_OF_OURS, RuleMap
from mcp_dynaload.hosts.claude_code.three_way_undo import undone, undone_lines


@dataclass(frozen=True, slots=True)
class UninstallPlan:
    """The changes that `uninstall` is going to make."""

    edits: tuple[FileEdit, ...]
    links: tuple[LinkEdit, ...]
    notes: tuple[str, ...]
    """The things that could not be put back exactly, and why."""


def plan_uninstall(
    backups: Sequence[Backup], read: Read, taken_out: Callable[[Backup, Read], TakenOut]
) -> UninstallPlan:
    """Plan how all files come back to what they were before the first of the backups, given newest first.

    `taken_out` returns the servers of a backup that do not come back with them.

    Raises:
        HostError: a file that has to change is no JSON object now.
    """
    now: dict[Path, str | None] = {}
    then: dict[Path, str | None] = {}
    notes: list[str] = []
    for backup in backups:
        taken = taken_out(backup, read)
        for file in backup.files:
            if file.path not in then:
                now[file.path] = then[file.path] = read(file.path)
            current = then[file.path]
            restored = then[file.path] = _undone_file(file, current, backup, notes)
            if current is not None and restored is not None:
                then[file.path] = without_taken_out(file.path, current, restored, taken, notes)
    edits = tuple(FileEdit(path, now[path], after) for path, after in then.items() if after != now[path])
    links = tuple(_undone_links(backups, notes))
    return UninstallPlan(edits, links, tuple(dict.fromkeys(notes)))


def _undone_links(backups: Sequence[Backup], notes: list[str]) -> Iterator[LinkEdit]:
    then: dict[Path, str | None] = {}
    for link in (link for backup in backups for link in backup.links):
        current = then.setdefault(link.path, read_link(link.path))
        if current == link.after:
            then[link.path] = link.before
        elif current not in (None, link.before):
            notes.append(f"{link.path} was changed since and stays as it is")
    for path, after in then.items():
        if after != (before := read_link(path)):
            yield LinkEdit(path, before, after)


def _undone_file(file: SavedFile, current: str | None, backup: Backup, notes: list[str]) -> str | None:
    if current in (file.before, file.after):
        return file.before
    if current is None:
        if file.before is not None:
            notes.append(f"{file.path} was deleted since; what it held before is in {backup.folder}")
        return None
    notes.append(f"{file.path} was changed since: our changes were taken out, the others kept")
    if file.path.suffix != ".json":
        return undone_lines(file.before or "", file.after, current)
    return _undone_json(file, current, backup, notes)


def _undone_json(file: SavedFile, current: str, backup: Backup, notes: list[str]) -> str | None:
    before, after, value = (parse_object(text or "", file.path) for text in (file.before, file.after, current))
    result, kept = undone(before, after, value)
    notes += [f"{file.path}: `{key}` was changed since and stays as it is" for key in kept]
    names = RuleMap(backup.prefixes)
    projects = objects(result, "projects")
    _restore_rules(objects(result, "permissions"), ("allow", "ask", "deny"), names)
    for key in projects:
        _restore_rules(objects(projects, key), ("allowedTools",), names)
    if file.before is None and not result:
        return None
    return edit_json(current, result)


def _restore_rules(document: dict[str, object], keys: Sequence[str], names: RuleMap) -> None:
    """Restore rules that were added since for tools of ours: they name those tools where they are again."""
    for key in keys:
        rules = strings(document, key)
        if any(rule.startswith(ANY_OF_OURS) for rule in rules):
            document[key] = list(dict.fromkeys(names.restored_rule(rule) for rule in rules))
