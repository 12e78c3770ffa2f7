"""What happens to a session that can change its tools."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """A client has come, before its first look at the list."""

    core: tuple[str, ...] = ()
    """The project's usual tools, most used first."""


@dataclass(frozen=True, slots=True)
class PromptSubmitted:
    """The person sent a prompt."""

    text: str
    plan_mode: bool = False
    model: str | None = None
    """The model's name, when it is known by now."""


@dataclass(frozen=True, slots=True)
class AgentPrompted:
    """A subagent is about to start with this prompt."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolsFound:
    """`find_tools` answered with these tools, or the person asked for them by name."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """A tool was called, listed or not."""

    name: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The model's turn is over."""

    followers: tuple[str, ...] = ()
    """Tools that usually come next, most likely first."""


@dataclass(frozen=True, slots=True)
class SessionCleared:
    """The person started over (`/clear`): the client builds its tools anew."""

    core: tuple[str, ...] = ()
    """The project's usual tools by now, most used first."""


@dataclass(frozen=True, slots=True)
class SessionResumed:
    """The client continues a session in which these tools were loaded."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CatalogChanged:
    """The context holds another catalog than before."""


Event = (
    SessionStarted
    | PromptSubmitted
    | AgentPrompted
    | ToolsFound
    | ToolCalled
    | TurnEnded
    | SessionCleared
    | SessionResumed
    | CatalogChanged
)
