"""Which servers the settings allow: `allowedMcpServers` and `deniedMcpServers`, evaluated as the client does."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from mcp_dynaload.catalog.tool import Json

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class ServerPolicy:
    """The merged lists of all settings files."""

    allowed: tuple[Json, ...] | None
    """None where no settings file has the list: then every server is allowed."""

    denied: tuple[Json, ...]
    environ: Mapping[str, str]

    def objection(self, name: str, entry: Json) -> str | None:
        """Return why the server may not be used; None if it may."""
        if any(self._matches(rule, name, entry) for rule in self.denied):
            return "`deniedMcpServers` names it"
        if self.allowed is None:
            return None
        kind = "serverUrl" if "url" in entry else "serverCommand"
        is_strict = any(kind in rule for rule in self.allowed)
        rules = [rule for rule in self.allowed if not (is_strict and "serverName" in rule)]
        return (
            None if any(self._matches(rule, name, entry) for rule in rules) else "`allowedMcpServers` does not name it"
        )

    def _matches(self, rule: Json, name: str, entry: Json) -> bool:
        if "serverName" in rule:
            return rule["serverName"] == name
        if "serverCommand" in rule:
            return "command" in entry and self._command(rule["serverCommand"]) == self._command(
                [entry["command"], *_list(entry.get("args"))]
            )
        return (
            "serverUrl" in rule
            and "url" in entry
            and _url_matches(self._text(rule["serverUrl"]), self._text(entry["url"]))
        )

    def _command(self, words: Any) -> list[str]:
        return [self._text(word) for word in _list(words)]

    def _text(self, value: Any) -> str:
        return expanded(str(value), self.environ)


def read_policy(settings: Sequence[Json], managed: Sequence[Json], environ: Mapping[str, str]) -> ServerPolicy:
    """Read the policy of the user's and the projects' settings together with the administrator's."""
    is_managed_only = any(document.get("allowManagedMcpServersOnly") is True for document in managed)
    sources = managed if is_managed_only else [*managed, *settings]
    allowed = [document["allowedMcpServers"] for document in sources if "allowedMcpServers" in document]
    denied = [document.get("deniedMcpServers") for document in (*managed, *settings)]
    return ServerPolicy(
        allowed=tuple(rule for rules in allowed for rule in _rules(rules)) if allowed else None,
        denied=tuple(rule for rules in denied for rule in _rules(rules)),
        environ=environ,
    )


def expanded(text: str, environ: Mapping[str, str]) -> str:
    """Return the text with `${VAR}` and `${VAR:-default}` replaced; an unknown variable without default stays."""
    return _VARIABLE.sub(lambda found: environ.get(found[1], found[2] if found[2] is not None else found[0]), text)


def _url_matches(pattern: str, url: str) -> bool:
    if re.fullmatch(r"[^/]*://[^/]*", pattern):
        pattern += "/*"
    parts = urlsplit(url)
    host = parts.netloc.lower().rstrip(".")
    query = f"?{parts.query}" if parts.query else ""
    scheme, _, rest = pattern.partition("://")
    pattern_host, slash, path = rest.partition("/")
    wanted = f"{scheme}://{pattern_host.lower().rstrip('.')}{slash}{path}"
    regex = ".*".join(re.escape(part) for part in wanted.split("*"))
    return re.fullmatch(regex, f"{parts.scheme}://{host}{parts.path or '/'}{query}") is not None


def _rules(value: Any) -> list[Json]:
    return [cast(Json, rule) for rule in _list(value) if isinstance(rule, dict)]


def _list(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []
