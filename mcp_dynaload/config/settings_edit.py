"""One setting in a settings file that a user writes: changed in its place, everything else as it stands."""

import re
import tomllib
from pathlib import Path

from mcp_dynaload.config.owned_files import edit_file
from mcp_dynaload.config.paths import Locations
from mcp_dynaload.errors import ConfigError

LOCK_FILE = "settings.lock"

_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)


def write_setting(places: Locations, path: Path, name: str, value: str) -> None:
    """Give a text setting this value in the user's or the project's file; one that was trusted is so with it.

    Raises:
        ConfigError: The file cannot be read or written, or not be changed without doubt; nothing is changed then.
        StoreError: The record of trust cannot be read or written.
    """

    def edited(raw: bytes | None) -> bytes:
        try:
            text = (raw or b"").decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path} is not UTF-8 text; save it as UTF-8") from error
        return with_setting(text, name, value, path).encode()

    edit_file(places, path, LOCK_FILE, edited, is_projects=path == places.project_settings_file)


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
