"""Other programs as clients of ours: our entry in the file of each, and what it can do with that."""

import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mcp_dynaload.catalog.names import SERVER_NAME
from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts import claude_desktop, codex, cursor, vscode
from mcp_dynaload.hosts.claude_code.backups import Write, save_backup, write_edits
from mcp_dynaload.hosts.claude_code.diff import diffs
from mcp_dynaload.hosts.claude_code.files import read_text
from mcp_dynaload.hosts.claude_code.install_plan import InstallPlan
from mcp_dynaload.hosts.claude_code.installation import UserDialogue, take_back
from mcp_dynaload.hosts.claude_code.json_edit import parse_object
from mcp_dynaload.hosts.claude_code.pending_edits import FileEdit, PendingEdits
from mcp_dynaload.hosts.claude_code.wiring import is_us
from mcp_dynaload.hosts.foreign_host import ForeignHost, UserPlaces
from mcp_dynaload.machine.atomic_files import write_atomically

ALWAYS = (
    "It has no hooks for us, so no prompt brings its tools: the model searches with find_tools and calls what it finds "
    "with call_tool; what you pin, and what this project usually needs, is listed."
)
"""Said of every program: only Claude Code has hooks for us."""


@dataclass(frozen=True, slots=True)
class ClientProgram:
    """A program that can start us, and what is to be said of it."""

    host: ForeignHost
    file_name: str
    """The name of the file in which it has the user's servers."""

    key: str
    """The object there by the servers' names."""

    written: Callable[[Json], Json]
    """Writes our entry in its way."""

    said: str
    """Said of our commands and of changes of the list in it, as far as its makers say so."""


def _plain(entry: Json) -> Json:
    return {"command": entry["command"], "args": entry["args"]}


def _typed(entry: Json) -> Json:
    return {"type": "stdio", **_plain(entry)}


CLIENTS = (
    ClientProgram(
        claude_desktop.HOST,
        "claude_desktop_config.json",
        "mcpServers",
        _plain,
        "Our commands are among its prompts (the + menu). Whether it follows changes of the list is not documented.",
    ),
    ClientProgram(
        cursor.HOST,
        "mcp.json",
        "mcpServers",
        _plain,
        "Our commands are among its slash commands. Whether it follows changes of the list is not documented.",
    ),
    ClientProgram(
        vscode.HOST,
        "mcp.json",
        "servers",
        _typed,
        "Our commands are slash commands (/mcp.dynaload.…). It follows changes of the list: what is found is listed.",
    ),
    ClientProgram(
        codex.HOST,
        "config.toml",
        "mcp_servers",
        _plain,
        "It shows no prompts, so there are no commands of ours, and it does not follow changes of the list.",
    ),
)


def client_named(name: str) -> ClientProgram:
    """Return the program of that name.

    Raises:
        HostError: there is none.
    """
    for client in CLIENTS:
        if client.host.name == name:
            return client
    known = ", ".join(client.host.name for client in CLIENTS)
    raise HostError(f"--client {name!r}: known are {known}; Claude Code is wired by `mcp-dynaload init` without it")


def wire_client(
    client: ClientProgram,
    places: UserPlaces,
    entry: Json,
    backups_dir: Path,
    dialogue: UserDialogue,
    *,
    is_dry_run: bool,
    write: Write = write_atomically,
) -> None:
    """Show what putting our entry into a program's file changes, and after the user's consent do it.

    Raises:
        HostError: it cannot be done; nothing was changed then.
    """
    edits = _edits(client, places, entry)
    for text in diffs(edits):
        dialogue.show(text)
    for line in (ALWAYS, client.said):
        dialogue.show(f"{client.host.title}: {line}")
    own = sorted({name for edit in edits for name in _servers(client, edit.path, edit.before or "")})
    if own:
        advice = (
            f"`mcp-dynaload init --from-host {client.host.name}` copies them behind us; take them out there yourself"
        )
        dialogue.show(f"Its own servers stay as they are: {', '.join(own)}. {advice}.")
    if not edits:
        dialogue.show("Nothing to do.")
    if not edits or is_dry_run:
        return
    dialogue.confirm()
    plan = InstallPlan(edits=edits, moved=(), left=(), notes=(), prefixes={}, trusted=None)
    backup = save_backup(backups_dir, plan, datetime.now(UTC))
    try:
        write_edits(edits, write)
    except BaseException:  # whatever stops us half way, Ctrl-C too: put things back, then let it go on
        take_back(backup)
        raise
    dialogue.show(f"Done. What the file held before is in {backup.folder}; `mcp-dynaload uninstall` puts it back.")
    dialogue.show(f"Next: restart {client.host.title}.")


def _edits(client: ClientProgram, places: UserPlaces, entry: Json) -> tuple[FileEdit, ...]:
    files = _files(client, places)
    texts = {path: text for path in files if (text := read_text(path)) is not None}
    pending = PendingEdits(texts)
    for path in files:
        present = _servers(client, path, texts.get(path, "")).get(SERVER_NAME)
        wanted = client.written(entry)
        if present is not None and not is_us(json_object(present)):
            raise HostError(f"{path}: another server is named {SERVER_NAME!r}; rename it and run this again")
        if path.suffix == ".toml":
            if present is None:
                pending.set_text(path, _with_table(pending.text(path), client.key, wanted))
            elif {key: json_object(present).get(key) for key in wanted} != wanted:
                raise HostError(f"{path}: [{client.key}.{SERVER_NAME}] starts another mcp-dynaload; take it out first")
        elif present is None or {key: json_object(present).get(key) for key in wanted} != wanted:
            pending.object_at(path, client.key)[SERVER_NAME] = {**json_object(present), **wanted}
    return pending.edits()


def _files(client: ClientProgram, places: UserPlaces) -> Sequence[Path]:
    """Return the files of the user's installations of the program.

    Raises:
        HostError: there is none.
    """
    named = [path for path in client.host.user_files(places) if path.name == client.file_name]
    found = [path for path in named if path.parent.is_dir() and path.parent.parent.name != "profiles"]
    if not found:
        folders = ", ".join(str(path.parent) for path in named if path.parent.parent.name != "profiles")
        raise HostError(f"{client.host.title} was not found: none of these folders is there: {folders}")
    return found


def _servers(client: ClientProgram, path: Path, text: str) -> Json:
    """Return the servers in a program's file.

    Raises:
        HostError: it cannot be read.
    """
    if path.suffix != ".toml":
        return json_object(parse_object(text, path).get(client.key))
    try:
        return json_object(tomllib.loads(text).get(client.key))
    except tomllib.TOMLDecodeError as error:
        raise HostError(f"{path}: {error}; correct it and run this again") from error


def _with_table(text: str, key: str, entry: Json) -> str:
    """Return a TOML file with a table for our entry at its end; JSON's texts and lists are TOML's, too."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = [f"[{key}.{SERVER_NAME}]", *(f"{name} = {json.dumps(value)}" for name, value in entry.items()), ""]
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    return f"{text}{gap}{newline.join(lines)}"
