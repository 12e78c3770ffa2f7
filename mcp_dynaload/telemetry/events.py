"""The events, a class each; they hold names, counts and times, and what was said only where the user asked for that."""

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Who:
    """The user, session and project of an event."""

    session: str
    """The client's id of the conversation; ours where it has none."""

    user: str = ""
    """Empty where a process serves one user."""

    project: str = ""


NOBODY = Who("")
"""The sender of an event that concerns no session."""


class Outcome(StrEnum):
    """The outcome of a tool call."""

    OK = "ok"
    TOOL_ERROR = "tool_error"
    """The tool answered that it failed: its own business."""

    FAILED = "failed"
    """The upstream gave no result."""

    CANCELLED = "cancelled"
    """By the client, before there was an answer."""

    REFUSED = "refused"
    """By us: unloaded by the user, or no such tool."""


class ErrorKind(StrEnum):
    """The reason why an upstream could not do what was asked."""

    START = "start"
    """It did not start, connect or answer the handshake."""

    DIED = "died"
    """Its connection ended."""

    LISTING = "listing"
    """It runs, and could not be listed."""

    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    """It answered with a protocol error."""


class Fallback(StrEnum):
    """A step of what is done instead when the usual way is not open."""

    LOW_CONFIDENCE = "low_confidence"
    """No tool has enough evidence for the strategy: none is loaded."""

    DETECTION_TIMEOUT = "detection_timeout"
    """Choosing took too long: the ranking by words decides."""

    INDEX_NOT_READY = "index_not_ready"
    """The encoder was not there in time: the words decide, or, if their index is late too, nothing is found."""

    UPSTREAM_DOWN = "upstream_down"
    """A server failed: its call says so, and its tools stay findable."""

    UNLISTED_CALL = "unlisted_call"
    """A tool was called that was not listed: it is served, and remembered as missed."""

    UNKNOWN_NAME = "unknown_name"
    """There is no such tool: the nearest names are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """A client has come, or has changed to another conversation."""

    who: Who = NOBODY
    client: str
    strategy: str
    tools: int
    """In the catalog."""

    baseline_tokens: int
    """All definitions together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed:
    """A client has left."""

    who: Who = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptServed:
    """A prompt got its tools, and the client has had its time to read the list."""

    who: Who = NOBODY
    is_agent: bool = False
    """It is a subagent's."""

    is_first: bool
    """Whether it is its conversation's first: what that gets is in the request itself."""

    strategy: str
    baseline_tokens: int
    """All tools loaded."""

    native_tokens: int
    """With the client's own deferred tools and search instead, estimated."""

    listed_tokens: int
    """The listed definitions now, with our own tool and instructions."""

    listed: int
    added: tuple[str, ...] = ()
    added_tokens: int = 0
    categories: dict[str, int] = field(default_factory=dict[str, int])
    """Tokens of the added tools by category; a tool may be in several."""

    tiers: str = "none"
    """Tiers that have listed tools now: `none`, `core`, `task` or `core+task`."""

    reason: str
    confidence: float
    """Probability of the best ranked tool."""

    cache_hit: bool | None
    """None where nothing had to be ranked."""

    detection_ms: float
    """Ranking the tools for the prompt."""

    selection_ms: float
    """All else of the choice."""

    refresh_ms: float
    """Until the client had read the list; 0 where it had not changed."""

    total_ms: float
    text: str | None = None
    """The prompt, masked; only with detailed logging."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChanged:
    """The list of a session differs from what its client knew."""

    who: Who = NOBODY
    why: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    added_tokens: int = 0
    listed: int
    listed_tokens: int
    cache_cost_tokens: int = 0
    """Estimated: what the client reads anew because its cached prefix changes; 0 where it appends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack:
    """The usual way was not open."""

    who: Who = NOBODY
    step: Fallback
    upstream: str = ""
    tool: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled:
    """A tool was called and the client has its answer."""

    who: Who = NOBODY
    tool: str
    upstream: str
    outcome: Outcome
    error: ErrorKind | None = None
    own_ms: float
    """Spent by us, before and after the upstream had it."""

    upstream_ms: float
    """The upstream's, its start included."""

    request_bytes: int
    result_bytes: int
    was_listed: bool
    arguments: str | None = None
    """As JSON, masked; only with detailed logging."""

    result: str | None = None
    """As JSON, masked; only with detailed logging."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDenied:
    """A tool was called that the servers file denies; the server was not asked."""

    who: Who = NOBODY
    tool: str
    """The server's own name for it."""

    upstream: str
    detail: str
    """The rule, as the entry has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentFlagged:
    """The arguments of a call have secrets in them, or its result orders to the model, and the user wants to know.

    A prompt that is got and a resource that is read count as calls.
    """

    who: Who = NOBODY
    upstream: str
    tool: str
    """The server's own name for it."""

    kind: str = "tool"
    """The kind of element: `tool`, `prompt` or `resource`; of a resource the name is its address."""

    where: str
    """`arguments` or `result`."""

    blocked: bool
    detail: str
    """The kinds of things that were found, and nothing of what they say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowNoticed:
    """The user was told that a session's tools can do together what is dangerous, or could with those held back."""

    who: Who = NOBODY
    detail: str
    """The names of a tool of each server by what it can do."""

    held: tuple[str, ...] = ()
    """The tools that wait for the user's word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolsSearched:
    """The model searched for tools, so it lacked some."""

    who: Who = NOBODY
    found: tuple[str, ...]
    added: tuple[str, ...]
    """Those that were not listed before: missed, if they are called."""

    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRun:
    """The user gave a command."""

    who: Who = NOBODY
    command: str
    success: bool
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamStarted:
    """A server runs and has shaken hands."""

    who: Who = NOBODY
    upstream: str
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamStopped:
    """A server was stopped by us."""

    who: Who = NOBODY
    upstream: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamFailed:
    """A server did not start, could not be listed, or ended by itself."""

    who: Who = NOBODY
    upstream: str
    kind: ErrorKind
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingMended:
    """A server lists other elements than before that the client would refuse, or none any more; the first are named."""

    who: Who = NOBODY
    upstream: str
    repaired: int
    left_out: int
    detail: str
    elements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionsHeld:
    """A server has other definitions than before that the user has not approved, or none any more."""

    who: Who = NOBODY
    upstream: str
    count: int
    in_use: bool
    """They are used all the same: `pinning = "warn"`."""

    entry_changed: bool
    """The server's entry differs, too, from those with which the approved ones came."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionsJudged:
    """The user has approved or rejected definitions that were held back."""

    who: Who = NOBODY
    upstream: str
    outcome: str
    """`approved` or `rejected`."""

    detail: str
    elements: tuple[str, ...] = ()
    """Kind, name and the beginning of the digest of each; the first are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationChanged:
    """The settings, servers, pins or access tokens differ from before."""

    who: Who = NOBODY
    what: str
    """The thing that changed, such as `configuration` or `pins`."""

    detail: str
    state: dict[str, str] = field(default_factory=dict[str, str])
    """A short hash of each setting and server, for seeing the next change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertChanged:
    """A watched value left its bounds, or came back."""

    who: Who = NOBODY
    alert: str
    is_firing: bool
    value: float
    threshold: float


Event = (
    SessionOpened
    | SessionClosed
    | PromptServed
    | ListChanged
    | FellBack
    | ToolCalled
    | CallDenied
    | ContentFlagged
    | FlowNoticed
    | ToolsSearched
    | CommandRun
    | UpstreamStarted
    | UpstreamStopped
    | UpstreamFailed
    | ListingMended
    | DefinitionsHeld
    | DefinitionsJudged
    | ConfigurationChanged
    | AlertChanged
)
