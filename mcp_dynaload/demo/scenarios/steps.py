"""The steps of a scenario in one session, each with its expected outcome."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mcp_dynaload.catalog.tool import Json


@dataclass(frozen=True, slots=True)
class Prompt:
    """The user's prompt. Tools are written `server.tool`."""

    text: str
    needs: tuple[str, ...] | None = ()
    """All must be listed when the hook has answered; of `a.b|c.d` one is enough. Empty: the prompt must load nothing.
    None: any choice is right."""


@dataclass(frozen=True, slots=True)
class Subagent:
    """The prompt with which the model starts a subagent."""

    text: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommandTyped:
    """A slash command of ours, typed in the client's menu."""

    line: str
    says: tuple[str, ...] | None
    """Texts that the answer must contain; None: it must be left to others."""


@dataclass(frozen=True, slots=True)
class Called:
    """A call by the model."""

    tool: str
    arguments: Json
    says: str
    """Occurs in the result's text."""

    fails: bool = False
    """The result must be an error."""

    tries: int = 1
    """How often the model may try: a call that meets a dying server fails, and says so."""


@dataclass(frozen=True, slots=True)
class Misnamed:
    """A call of a name that no tool has."""

    name: str
    says: str


@dataclass(frozen=True, slots=True)
class Searched:
    """The model searches."""

    query: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListChecked:
    """A check of the list: the tools it must hold, and those it must not."""

    tools: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cleared:
    """The user starts over with `/clear`."""


@dataclass(frozen=True, slots=True)
class TurnDone:
    """The model is done with its turn."""


@dataclass(frozen=True, slots=True)
class Killed:
    """A running upstream dies without warning."""

    server: str


@dataclass(frozen=True, slots=True)
class Together:
    """A step in which several sessions go through their steps at the same time."""

    sessions: tuple[tuple["Step", ...], ...]


@dataclass(frozen=True, slots=True)
class CalledAtOnce:
    """The calls that are all made before the first of them is answered; each must get its own answer."""

    calls: tuple[Called, ...]


Step = (
    Prompt
    | Subagent
    | CommandTyped
    | Called
    | Misnamed
    | Searched
    | ListChecked
    | Cleared
    | TurnDone
    | Killed
    | Together
    | CalledAtOnce
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A list of steps in one session, on a fresh workspace and with nothing learned before."""

    name: str
    steps: Sequence[Step]
    max_ms: float = field(default=1_500.0)
    """A hook's answer that takes longer fails the scenario."""


def needed(*prompts: tuple[str, str]) -> tuple[Prompt, ...]:
    """Return prompts with the tools that they need, written with blanks between."""
    return tuple(Prompt(text, tuple(needs.split())) for text, needs in prompts)
