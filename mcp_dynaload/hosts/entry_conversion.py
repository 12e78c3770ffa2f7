"""One server's entry on its way from another program's format to ours."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import cast

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.config.server_entry import MAX_TIMEOUT_MS, MIN_TIMEOUT_MS
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.files import read_text
from mcp_dynaload.hosts.env_file import parse_env_file

Expand = Callable[[str, str], str]
"""Writes the variables of a text in our way; gets the text and the name of what it is the value of.

Raises a `HostError` for what cannot be said in our format.
"""

TO_SET = "set the variable "
"""Begins a note that tells of a variable without which the server does not work; its name follows."""

_SSE = re.compile(r"/sse/?(?:[?#]|$)")
_GLOB = re.compile(r"[*?\[]")
_LOCAL_TYPES = (None, "stdio", "local")


class EntryConversion:
    """An entry of another program: what is taken leaves it, and what is left at the end is told."""

    def __init__(self, written: Json, expand: Expand, folder: Path, *, is_shared: bool = False) -> None:
        self._left = dict(written)
        self._expand = expand
        self._folder = folder
        self._is_shared = is_shared
        self._options: Json = {}
        self.entry: Json = {}
        """The entry of ours, but for our options."""

        self.notes: list[str] = []
        """The things that are different from before, or that the user has to do."""

    def take(self, key: str) -> object:
        """Return the value of a key; it counts as taken over."""
        return self._left.pop(key, None)

    def written(self, key: str) -> object:
        """Return the value of a key that is not taken over yet."""
        return self._left.get(key)

    def ignore(self, keys: Iterable[str]) -> None:
        """Leave out keys without which nothing is lost."""
        for key in keys:
            self.take(key)

    def leave_to_rules(self, *keys: str) -> None:
        """Leave out keys that say which calls need a question: Claude Code has rules of its own for that."""
        given = [key for key in keys if self.take(key)]
        if given:
            self.notes.append(f"{_quoted(given)} left out: which calls need a question is said by Claude Code's rules")

    def tell(self, note: str) -> None:
        """Tell of something that is different from before."""
        self.notes.append(note)

    def set_option(self, name: str, value: object) -> None:
        """Set an option of ours."""
        self._options[name] = value

    def take_program(self) -> None:
        """Take over how a program is started, where the entry starts one."""
        command = self.take("command")
        if not isinstance(command, str):
            return
        if self._left.get("type") in _LOCAL_TYPES:
            self.take("type")
        self.entry["command"] = self._expand(command, "command")
        args = self.take("args")
        if isinstance(args, list) and args:
            self.entry["args"] = [self._expand(_text(arg), "") for arg in cast(list[object], args)]
        self._take_environment()
        if isinstance(cwd := self.take("cwd"), str) and cwd:
            self.set_option("cwd", self._folder_text(self._expand(cwd, "cwd")))

    def take_address(self, key: str, kind: str | None = None, headers: str = "headers") -> None:
        """Take over the address under a key, where there is one; `kind` is the transport where the key says it."""
        if "command" in self.entry or not isinstance(url := self.take(key), str):
            return
        written = self.take("type")
        kind = kind or ("sse" if written == "sse" or (written is None and _looks_like_sse(url)) else "http")
        self.entry |= {"type": kind, "url": self._expand(url, "url")}
        values = self._texts(json_object(self.take(headers)))
        if values:
            self.entry["headers"] = values

    def add_headers(self, values: Json) -> None:
        """Add headers of each request."""
        if values:
            self.entry["headers"] = {**json_object(self.entry.get("headers")), **values}

    def add_variables(self, values: Json) -> None:
        """Add variables of the program; those that the entry gives a value stay."""
        if values:
            self.entry["env"] = {**values, **json_object(self.entry.get("env"))}

    def take_call_timeout(self, key: str, *, unit_ms: int = 1) -> None:
        """Take over how long a call may take, given in units of so many milliseconds."""
        value = _number(self.take(key))
        if value is None:
            return
        if value * unit_ms >= MIN_TIMEOUT_MS:
            self.entry["timeout"] = int(value * unit_ms)
        else:
            self.notes.append(f"{key!r} left out: less than a second for a call")

    def take_start_timeout(self, key: str, *, units_a_second: int = 1) -> None:
        """Take over how long a start may take."""
        value = _number(self.take(key))
        if value is not None and value > 0:
            self.set_option("connect_timeout_seconds", value / units_a_second)

    def take_tool_names(self, key: str, option: str) -> None:
        """Take over names of tools that are used (`include`) or not (`exclude`)."""
        names = self.take(key)
        if isinstance(names, list) and (names or option == "include"):
            named = [_text(name).partition("(")[0] for name in cast(list[object], names)]
            self.set_option(option, [name if name == "*" else _GLOB.sub(r"[\g<0>]", name) for name in named])

    def take_login(self, client_id: object, scopes: object = None, secret: object = None) -> None:
        """Take over the client that is registered with an authorization server; its secret is not written down."""
        oauth: Json = {}
        if isinstance(client_id, str) and client_id:
            oauth["clientId"] = self._expand(client_id, "")
            self.notes.append("its OAuth client was registered for that program: allow our callback for it, too")
        if isinstance(scopes, list) and scopes:
            oauth["scopes"] = " ".join(map(_text, cast(list[object], scopes)))
        if oauth:
            self.entry["oauth"] = oauth
        if secret:
            self.notes.append("its OAuth client secret left out: `mcp-dynaload login NAME --client-secret` asks for it")

    def take_switch(self) -> None:
        """Take over whether the server is switched off."""
        is_off = self.take("disabled") is True
        if self.take("enabled") is False or is_off:
            self.switch_off()

    def switch_off(self) -> None:
        """Keep the server, but neither started nor listed."""
        self.entry["disabled"] = True
        self.notes.append("disabled there, so here, too: `mcp-dynaload enable NAME` uses it")

    def finished(self, *, inherits_environment: bool) -> Json:
        """Return the entry with our options; what was not taken over is among the notes then.

        Raises:
            HostError: it neither starts a program nor names an address.
        """
        if "command" not in self.entry and "url" not in self.entry:
            raise HostError("has neither a program nor an address")
        if self._left:
            self.notes.append(f"{_quoted(self._left)} left out: nothing here has that meaning")
        if "command" in self.entry:
            self._options["inherit_env"] = inherits_environment
        return {**self.entry, **({"dynaload": self._options} if self._options else {})}

    def _take_environment(self) -> None:
        given = json_object(self.take("env"))
        unset = [name for name, value in given.items() if value is None]
        if unset:
            self.notes.append(f"unset variables left out: {_quoted(unset)}")
        file = self.take("envFile")
        values = self._texts({name: value for name, value in given.items() if value is not None})
        if isinstance(file, str) and file:
            values = {**self._of_file(file), **values}
        if values:
            self.entry["env"] = values

    def _of_file(self, written: str) -> dict[str, str]:
        """Return the variables in a file that the entry names; they are copied, as nothing of ours reads it later.

        Into what a repository shares only their names go.
        """
        path = Path(self._folder_text(self._expand(written, "envFile")))
        path = self._folder / (path.expanduser() if path.parts[:1] == ("~",) else path)
        text = read_text(path)
        if text is None:
            self.notes.append(f"'envFile' left out: {path} is not there")
            return {}
        values = parse_env_file(text)
        if self._is_shared:
            self.notes.append(f"'envFile' left out, what is in {path} being yours: set {', '.join(values)}")
            return {name: f"${{{name}}}" for name in values}
        self.notes.append(f"{len(values)} variables copied from {path} as they are now: {', '.join(values)}")
        return values

    def _folder_text(self, text: str) -> str:
        """Return a path that begins with the project's or the home folder as one without variables.

        Raises:
            HostError: another variable is in it.
        """
        for start, plain in (("${CLAUDE_PROJECT_DIR}", "."), ("${HOME}", "~"), ("${USERPROFILE}", "~")):
            if text.startswith(start):
                text = f"{plain}{text.removeprefix(start)}"
        if "${" in text:
            raise HostError(f"names a folder by a variable: {text}")
        return text.removeprefix("./") or "."

    def _texts(self, values: Json) -> dict[str, str]:
        return {name: self._expand(_text(value), name) for name, value in values.items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: object) -> float | None:
    """Return a number that can be waited for."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < MAX_TIMEOUT_MS else None


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def _looks_like_sse(url: str) -> bool:
    """Guess that an address is of the older transport: other programs try both, and such a path is its custom."""
    return _SSE.search(url) is not None
