"""One upstream as configured: the entry of a servers file, validated and expanded."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import Field

from mcp_dynaload.catalog.access import ANY, ToolAccess
from mcp_dynaload.catalog.names import MAX_NAME_LENGTH, default_prefix
from mcp_dynaload.catalog.ownership import Prefixes
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.problems import ConfigProblem
from mcp_dynaload.config.program_stamp import program_stamp

OPTIONS_KEY = "dynaload"
"""Key of our options in an entry."""

_WITHOUT_INFLUENCE = frozenset({OPTIONS_KEY, "alwaysLoad", "disabled", "enabled", "timeout"})
"""Keys of an entry that do not change what its server lists."""

Transport = Literal["stdio", "sse", "http"]

Pinning = Literal["enforce", "warn", "off"]
"""The treatment of definitions that were changed or added since the user approved them."""


ContentScan = Literal["off", "warn", "block"]
"""The treatment of secrets in a call's arguments and of orders to the model in its result."""


Glob = Annotated[str, Field(min_length=1)]
"""A pattern of names, with `*`, `?` and `[…]`."""


Place = Annotated[str, Field(min_length=1)]
"""A file or folder: absolute, `~/…`, or relative to the folder in which the server's program is started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """The reach of a contained program, beside the system's own files and what it needs to run."""

    network: bool = False
    """Whether it has a network: all that this machine reaches, services on it included."""

    read: tuple[Place, ...] = ()
    """The files and folders that it may read."""

    write: tuple[Place, ...] = ()
    """The files and folders that it may read and change."""

    def places(self, folder: Path) -> Mapping[str, tuple[Path, ...]]:
        """Return the files and folders of `read` and `write`, for a program that is started in `folder`."""
        return {
            key: tuple(folder / Path(place).expanduser() for place in places)
            for key, places in (("read", self.read), ("write", self.write))
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamOptions:
    """The options of ours for one upstream: the object under `dynaload` of its entry."""

    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,32}$")] | None = None
    """Put before the names of its tools and prompts; where it is not given `<name>__`, the empty string for none."""

    include: tuple[str, ...] = ("*",)
    """Globs on the server's own tool names: only these are in the catalog."""

    exclude: tuple[str, ...] = ()
    """Globs on the server's own tool names: these are not, whatever `include` says."""

    allow: tuple[Glob, ...] = ANY
    """Globs on the server's own tool names: only these may be called; the others are listed nowhere, either."""

    deny: tuple[Glob, ...] = ()
    """Globs on the server's own tool names: these may not be called, whatever `allow` says, and are listed nowhere."""

    read_only: bool = False
    """Only tools may be called that say by their annotation (`readOnlyHint`) that they change nothing."""

    pin: tuple[str, ...] = ()
    """Globs on the server's own tool names: listed from the session's start."""

    categories: tuple[str, ...] = ()
    """Names of categories that its tools are in."""

    eager: bool = False
    """Start it when the session starts, not when it is first needed."""

    idle_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 600.0
    """Stop it after so long without use; 0: never."""

    connect_timeout_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 30.0
    """For starting and the handshake, unless `MCP_TIMEOUT` says otherwise; a start that takes longer goes on in the
    background, for at most 15 minutes."""

    call_timeout_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 600.0
    """The longest time of silence in a call, no answer and no progress, unless the entry's `timeout` or
    `MCP_TOOL_TIMEOUT` says otherwise."""

    pinning: Pinning | None = None
    """As the setting `pinning`, for this server: `warn` for one whose texts change by themselves, as with a date or a
    folder in them."""

    content_scan: ContentScan | None = None
    """As the setting `content_scan`, for this server."""

    shared: bool = False
    """In a service all sessions use one connection to it, and what it asks is refused."""

    inherit_env: bool = False
    """Give it the whole environment but our `MCP_DYNALOAD_…` (`init` sets this for what it moves); otherwise it gets
    the basic variables and its `env`."""

    cwd: str | None = None
    """The folder in which its program is started, `~/…` or relative to the project's; otherwise the project's own."""

    sandbox: Sandbox | None = None
    """Contain its program with bubblewrap: `{"network": false, "read": ["~/notes"], "write": ["/tmp/notes"]}`, all of
    them optional, `{}` for nothing but the project's folder to read."""

    @property
    def access(self) -> ToolAccess:
        """The tools that may be called."""
        return ToolAccess(self.allow, self.deny, self.read_only)

    @property
    def globs(self) -> Mapping[str, tuple[str, ...]]:
        """All globs on tool names, by option."""
        return {name: getattr(self, name) for name in ("allow", "deny", "include", "exclude", "pin")}


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthEntry:
    """The object under `oauth` of an entry, with Claude Code's keys: how programs log in to the server."""

    client_id: Annotated[str | None, Field(alias="clientId", min_length=1)] = None
    """The id under which this program was registered by hand; without it, it registers itself."""

    callback_port: Annotated[int | None, Field(alias="callbackPort", ge=1, le=65535)] = None
    """The port of this machine to which the login comes back, where the registration names one."""

    metadata_url: Annotated[
        str | None,
        Field(
            alias="authServerMetadataUrl",
            max_length=4096,
            pattern=r"^(?i:https://|http://(?:127\.0\.0\.1|localhost)[:/])",
        ),
    ] = None
    """Where the description of the authorization server is, if not where the standards say."""

    scopes: Annotated[str | None, Field(min_length=1)] = None
    """The scopes to ask for, separated by blanks; otherwise what the server names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamConfig:
    """An upstream's configuration, ready to connect with; its text form shows no secret."""

    name: str
    """Its key in the servers file."""

    transport: Transport

    command: str = ""
    """Program of a stdio upstream."""

    args: tuple[str, ...] = field(default=(), repr=False)

    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Variables of its own."""

    url: str = field(default="", repr=False)
    """Address of an SSE or streamable HTTP upstream."""

    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    headers_helper: str = field(default="", repr=False)
    """The command that prints further headers, as JSON."""

    oauth: OAuthEntry = field(default_factory=OAuthEntry)

    options: UpstreamOptions = field(default_factory=UpstreamOptions)

    call_limit_seconds: float | None = None
    """How long a call may take by `timeout` in Claude Code's entry, whatever progress it tells of."""

    always_load: bool = False
    """Whether its tools are pinned, as by `alwaysLoad` in Claude Code's entry, but for those that say otherwise."""

    warnings: tuple[ConfigProblem, ...] = ()
    """The oddities of the entry that do not keep it from being used."""

    source: Path | None = None
    """The file it came from."""

    entry: Json = field(default_factory=lambda: cast(Json, {}), repr=False)
    """The entry as written, before variables were put in."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    """The values in it that came from files and the keyring."""

    @property
    def prefix(self) -> str:
        """The prefix of its names in our list."""
        return default_prefix(self.name) if self.options.prefix is None else self.options.prefix

    @property
    def has_own_authorization(self) -> bool:
        """Whether its entry says itself how to log in: then no login of ours is sent."""
        return any(name.lower() == "authorization" for name in self.headers)

    def folder(self, project_dir: Path) -> Path:
        """Return the folder in which its program is started."""
        written = Path(self.options.cwd or "")
        return project_dir / (written.expanduser() if written.parts[:1] == ("~",) else written)

    def fingerprint(self, project_dir: Path) -> str:
        """Return a SHA-256 (hex) of all that decides the upstream's lists, as far as it can be seen without a start.

        That is its entry, the project's folder, and the files of the program that the entry names.
        """
        return self._stamped(self.entry_digest(project_dir), project_dir)

    def fingerprint_anywhere(self, project_dir: Path) -> str:
        """Return the same without the project's folder: most servers list the same in all projects."""
        return self._stamped(self.entry_digest(), project_dir)

    def _stamped(self, digest: str, project_dir: Path) -> str:
        is_program = self.transport == "stdio"
        stamp = program_stamp(self.command, self.args, self.env, self.folder(project_dir)) if is_program else ()
        return hashlib.sha256(json.dumps([digest, stamp]).encode()).hexdigest()

    def entry_digest(self, project_dir: Path | None = None) -> str:
        """Return a SHA-256 (hex) of the entry, and of the project's folder if it is given."""
        written = {key: value for key, value in self.entry.items() if key not in _WITHOUT_INFLUENCE}
        parts: list[object] = [
            written,
            self.options.inherit_env,
            str(project_dir or ""),
            *filter(None, [self.options.cwd]),
        ]
        if self.options.sandbox is not None:
            parts.append(asdict(self.options.sandbox))
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def prefixes_of(configs: Iterable[UpstreamConfig], room: int = MAX_NAME_LENGTH) -> Prefixes:
    """Return the prefixes of all upstreams, by which it is told whose a name is."""
    return Prefixes({config.name: config.prefix for config in configs}, room)
