"""The actions of a session that can change its tools."""

from dataclasses import dataclass

from mcp_dynaload.selection.policy import Strategy


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """A client has come, before its first look at the list."""

    core: tuple[str, ...] = ()
    """The project's usual tools, most used first."""


@dataclass(frozen=True, slots=True)
class PromptSubmitted:
    """The user sent a prompt."""

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
    """`find_tools` answered with these tools, or the user asked for them by name."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToolUsed:
    """A tool was called, listed or not."""

    name: str


@dataclass(frozen=True, slots=True)
class StepTaken:
    """The model has taken a step of its turn, after which it misses these tools, or usually calls them."""

    names: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The model's turn is over."""

    followers: tuple[str, ...] = ()
    """Tools that usually come next, most likely first."""


@dataclass(frozen=True, slots=True)
class SessionCleared:
    """The user started over (`/clear`): the client builds its tools anew."""

    core: tuple[str, ...] = ()
    """The project's usual tools by now, most used first."""


@dataclass(frozen=True, slots=True)
class SessionResumed:
    """The client continues a session in which these tools were loaded."""

    names: tuple[str, ...]
    still_listed: tuple[str, ...] = ()
    """The tools that stayed in the client's list though nobody had chosen them."""


@dataclass(frozen=True, slots=True)
class ChoicesResumed:
    """The client continues a session in which the user had chosen so; before its tools are there again."""

    strategy: Strategy
    unloaded: tuple[str, ...] = ()
    """The tools that the user had unloaded in it."""

    is_flow_allowed: bool = False


@dataclass(frozen=True, slots=True)
class PinsRead:
    """The store has given what the user pinned before this session; what they have said in it since then holds."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskNamed:
    """The user said what the tools are for, without asking anything yet."""

    text: str
    is_wide: bool = False
    """Whether as few as possible of the tools it may need are to be left out."""

    is_worded: bool = True
    """Whether it is made of words: of a string of letters no tool is the nearest."""


@dataclass(frozen=True, slots=True)
class ToolsOrdered:
    """The user wants these tools, whatever the ranking says of them and whatever they cost."""

    names: tuple[str, ...]
    why: str
    """For example `category 'git'`."""


@dataclass(frozen=True, slots=True)
class ToolsUnloaded:
    """The user does not want these tools."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToolsPinned:
    """The user wants these tools always."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToolsUnpinned:
    """The user wants these tools no longer always."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StrategyChosen:
    """The user wants more tools, or fewer, from now on."""

    strategy: Strategy


@dataclass(frozen=True, slots=True)
class SessionReset:
    """The user takes back what they unloaded and how readily tools are loaded."""

    strategy: Strategy
    """The one of the settings."""


@dataclass(frozen=True, slots=True)
class ProfileChosen:
    """The user wants the servers and pins of another profile: the context holds another catalog than before."""

    listed: tuple[str, ...]
    """The tools that were listed, which stay."""


@dataclass(frozen=True, slots=True)
class FlowAllowed:
    """The user lets the session have tools that can do together what is dangerous; those held back are loaded."""


@dataclass(frozen=True, slots=True)
class CatalogChanged:
    """The context holds another catalog than before."""

    kept: tuple[str, ...] = ()
    """Tools that stay in the client's list although the catalog has them no more; when they come back they are listed,
    whatever had listed them before."""


Order = (
    TaskNamed
    | ToolsOrdered
    | ToolsUnloaded
    | ToolsPinned
    | ToolsUnpinned
    | StrategyChosen
    | ProfileChosen
    | SessionReset
    | FlowAllowed
)
"""The actions that the user takes by a command."""

Action = (
    SessionStarted
    | PromptSubmitted
    | AgentPrompted
    | ToolsFound
    | ToolUsed
    | StepTaken
    | TurnEnded
    | SessionCleared
    | SessionResumed
    | ChoicesResumed
    | PinsRead
    | Order
    | CatalogChanged
)
