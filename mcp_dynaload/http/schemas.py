"""The bodies and answers of the REST endpoints, beside the Python API's own results."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from mcp_dynaload.api.registry import ToolInfo
from mcp_dynaload.api.status import ComponentStatus, Health, SessionStatus
from mcp_dynaload.selection.policy import Strategy

MAX_QUERY_CHARACTERS = 200_000
MAX_COMMANDS = 20
MAX_ID_CHARACTERS = 200

Id = Annotated[str, Field(max_length=MAX_ID_CHARACTERS)]
Line = Annotated[str, Field(max_length=1_000)]


class Body(BaseModel):
    """The base of all bodies: an unknown field is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OptimizeQuery(Body):
    """A query whose tools are to be loaded."""

    query: Annotated[str, Field(max_length=MAX_QUERY_CHARACTERS)]
    strategy: Strategy | None = None
    user_id: Id | None = None
    session_id: Id | None = None
    """Without one the query stands for itself."""

    user_commands: Annotated[tuple[Line, ...], Field(max_length=MAX_COMMANDS)] = ()


class ExplainQuery(Body):
    """A query of which one wants to know what it would load."""

    query: Annotated[str, Field(max_length=MAX_QUERY_CHARACTERS)]
    strategy: Strategy | None = None
    user_id: Id | None = None


class UserCommand(Body):
    """A slash command."""

    command: Line
    session_id: Id | None = None
    """The id of a conversation of the API or of a connected client; without one a new one is begun."""

    user_id: Id | None = None


class CommandAnswer(Body):
    """A command's outcome, and the session in which it was run."""

    command: str
    success: bool
    message: str
    session_id: str


class HealthAnswer(Body):
    """The condition of the parts of the service."""

    status: Health
    components: dict[str, ComponentStatus]


class Sessions(Body):
    """The open sessions."""

    sessions: tuple[SessionStatus, ...]


class Tools(Body):
    """The tools of the catalog."""

    tools: tuple[ToolInfo, ...]
    total: int
    """In the catalog."""

    total_tokens: int


class Problem(Body):
    """The reason why a request was not done."""

    error: str
    """A word for programs: `not_found`, `too_many_sessions`, `wrong_input` …"""

    message: str
    """For the user: what is wrong and what to do."""


class UnfitPart(Body):
    """A part of a request that does not fit an endpoint's schema."""

    loc: tuple[str | int, ...]
    """Where it is, from outside to inside: `["body", "strategy"]`."""

    msg: str
    type: str
    """A word for programs: `missing`, `extra_forbidden` …"""


class UnfitProblem(Problem):
    """The reason why a request was not read: what of it does not fit."""

    detail: tuple[UnfitPart, ...]
