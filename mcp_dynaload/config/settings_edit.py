"""One setting in a settings file that a user writes: changed in its place, everything else as it stands."""

import re
import tomllib
from pathlib import Path

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.trust import is_trusted_content, trust_content
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.machine.atomic_files import locked, write_atomically
from mcp_dynaload.machine.bounded_files import is_inside, read_bounded

LOCK_FILE = "settings.lock"

_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)


def write_setting(places: Locations, path: Path, name: str, value: str) -> None:
    """Give a text setting this value in the user's or the project's file; one that was trusted is so with it.

    Raises:
        ConfigError: The file cannot be read or written, or not be changed without doubt; nothing is changed then.
        StoreError: The record of trust cannot be read or written.
    """
    is_projects = path == places.project_settings_file
    if is_projects and not is_inside(path, places.project_dir):
        raise ConfigError(f"{path} is a link that leads out of the project; put a plain file there")
    try:
        with locked(places.state_dir / LOCK_FILE):
            raw = read_bounded(path) if path.exists() else b""
            new = with_setting(raw.decode("utf-8-sig"), name, value, path).encode()
            was_trusted = is_projects and is_trusted_content(path, raw, places.state_dir)
            target = path.resolve()  # the file of a link is changed, the link stays
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, new)
            if was_trusted:
                trust_content(path, new, places.state_dir)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be changed ({error.strerror}); check its folder's permissions") from error


def with_setting(text: str, name: str, value: str, path: Path) -> str:
    """Return the file's text with a text setting of this value, above all tables, which it must stand before.

    Raises:
        ConfigError: The file is no TOML, or is written so that the setting cannot be put in without doubt.
    """
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}; correct it first") from error
    line = f'{name} = "{value}"'
    edited = _edited(text, name, line)
    try:
        is_right = tomllib.loads(edited) == before | {name: value}
    except tomllib.TOMLDecodeError:
        is_right = False
    if not is_right:
        raise ConfigError(f"{path}: {name} cannot be changed here for you; write: {line}")
    return edited


def _edited(text: str, name: str, line: str) -> str:
    table = _TABLE.search(text)
    head, rest = (text, "") if table is None else (text[: table.start()], text[table.start() :])
    key = rf"([\"']?){re.escape(name)}\2"
    written = re.compile(rf"^([ \t]*){key}[ \t]*=[ \t]*(?:\"[^\"\n]*\"|'[^'\n]*')", re.MULTILINE)
    if written.search(head):
        return written.sub(lambda found: found[1] + line, head, count=1) + rest
    newline = "\r\n" if "\r\n" in text else "\n"
    return _with_line(head, line, newline) + (newline if rest and not head.strip() else "") + rest


def _with_line(head: str, line: str, newline: str) -> str:
    """Return what stands above the tables with one more line: behind the last setting, or at the end without one."""
    lines = head.splitlines(keepends=True)
    settings = [number for number, one in enumerate(lines) if one.strip() and not one.lstrip().startswith("#")]
    at = settings[-1] + 1 if settings else len(lines)
    before, after = "".join(lines[:at]), "".join(lines[at:])
    gap = newline if before and not before.endswith("\n") else ""
    return f"{before}{gap}{line}{newline}{after}"
