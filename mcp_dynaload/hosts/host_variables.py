"""Placeholders that other programs put into entries, written as the variables that a servers file has."""

import re
from collections.abc import Callable, Sequence

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.project_environment import PROJECT_VARIABLE
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.entry_conversion import EntryConversion
from mcp_dynaload.hosts.foreign_host import HostEntry, UserPlaces, entries_under

Placeholder = Callable[[str], str | None]
"""Returns what stands for the inside of a `${…}`; None where nothing can."""

_BRACED = re.compile(r"\$\{([^}]*)\}")
_DOLLAR = re.compile(r"\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?::-.*)?", re.DOTALL)
_OF_OPEN_FILE = frozenset(
    (
        *("file", "fileBasename", "fileBasenameNoExtension", "fileExtname", "fileDirname", "fileDirnameBasename"),
        *("fileWorkspaceFolder", "relativeFile", "relativeFileDirname", "lineNumber", "columnNumber", "selectedText"),
        *("workspaceFolderBasename", "workspaceRootFolderName", "execPath", "defaultBuildTask"),
    )
)
"""Placeholders of an editor for what the user has open in it."""


def with_variables(text: str, placeholder: Placeholder) -> str:
    """Return the text with each `${…}` written in our way.

    Raises:
        HostError: nothing of ours means the same.
    """

    def replaced(found: re.Match[str]) -> str:
        value = placeholder(found[1])
        if value is None:
            raise HostError(f"uses {found[0]}, which only that program knows")
        return value

    return _BRACED.sub(replaced, text)


def with_dollars(text: str) -> str:
    """Return the text with `$NAME` written as `${NAME}`."""
    return _DOLLAR.sub(lambda found: f"${{{found[1] if found[1] is not None else found[2]}}}", text)


def editor_placeholder(inside: str, places: UserPlaces) -> str | None:
    """Return what stands for a placeholder of an editor; None for one that only the editor knows."""
    kind, colon, rest = inside.partition(":")
    if colon and kind == "env":
        return f"${{{rest}}}"
    fixed = {
        "userHome": "${USERPROFILE}" if places.platform == "win32" else "${HOME}",
        "workspaceFolder": f"${{{PROJECT_VARIABLE}}}",
        "workspaceRoot": f"${{{PROJECT_VARIABLE}}}",
        "cwd": f"${{{PROJECT_VARIABLE}}}",
        "pathSeparator": "\\" if places.platform == "win32" else "/",
        "/": "\\" if places.platform == "win32" else "/",
    }
    if inside in fixed:
        return fixed[inside]
    return f"${{{inside}}}" if inside not in _OF_OPEN_FILE and _PLAIN.fullmatch(inside) else None


def editor_entries(
    document: Json, places: UserPlaces, convert: Callable[[EntryConversion], None]
) -> Sequence[HostEntry]:
    """Return the servers in the file of an editor, with its placeholders."""

    def expand(text: str, _name: str) -> str:
        return with_variables(text, lambda inside: editor_placeholder(inside, places))

    return entries_under(document, "mcpServers", convert, expand)


def variable_name(text: str) -> str:
    """Return a name for a variable from the words of a text."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").upper()
    return name if name and not name[0].isdigit() else f"VALUE_{name}".rstrip("_")
