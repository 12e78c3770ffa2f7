"""The results that the API returns: read by attribute or by key; each turns to JSON with `model_dump(mode="json")`."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, JsonValue

from mcp_dynaload.by_key import ByKey
from mcp_dynaload.selection.policy import Strategy
from mcp_dynaload.selection.tiers import Tier


class Answer(ByKey, BaseModel):
    """The base of all answers: frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LoadedTool(Answer):
    """A tool that is loaded for a query."""

    name: str
    """As it is called: `call_tool(name, …)`."""

    upstream: str
    description: str
    tokens: int
    """The tokens of its definition (o200k estimate)."""

    tier: Tier
    probability: float | None
    """That the query needs it; None where the query's ranking did not bring it."""

    reason: str


class CommandOutcome(Answer):
    """The outcome of a slash command."""

    command: str
    """As it was given, for example `/load-category git`."""

    success: bool
    message: str


class QueryResult(Answer):
    """The tools that a query loads, and the tokens that this saves."""

    query: str
    user_id: str | None
    session_id: str
    strategy: Strategy
    tools: tuple[LoadedTool, ...]
    """In name order."""

    added: tuple[str, ...]
    """Names that this query has brought, most needed first."""

    reason: str
    baseline_tokens: int
    """The tokens of all definitions of all servers (o200k estimate)."""

    optimized_tokens: int
    """The tokens of the loaded definitions and of what we add ourselves."""

    reduction_percentage: float
    """0 to 100: share of the baseline that is saved."""

    detection_time_ms: float
    """To rank the tools and choose among them."""

    loading_time_ms: float
    """Until the changed list has been read."""

    total_time_ms: float
    cache_hit: bool
    """Whether the ranking was kept from before."""

    confidence: float
    """0 to 1: how sure the choice is that tools are needed, or, where it loads none, that none is."""

    user_commands: tuple[CommandOutcome, ...] = ()

    @property
    def tool_names(self) -> tuple[str, ...]:
        """The names alone."""
        return tuple(tool.name for tool in self.tools)


class WorkflowStep(Answer):
    """A step that an agent does."""

    agent_id: str
    input_data: Mapping[str, JsonValue]
    """The task is under `query`, `prompt`, `task` or `description`; without any of them all texts together are it."""

    @property
    def task(self) -> str:
        """The step's subject, in words."""
        named = [self.input_data[key] for key in ("query", "prompt", "task", "description") if key in self.input_data]
        texts = [value for value in (named or self.input_data.values()) if isinstance(value, str)]
        return "\n".join(texts)


class StepResponse(Answer):
    """The tools that one step of a workflow needs."""

    agent_id: str
    result: QueryResult


class WorkflowOptimization(Answer):
    """A workflow as a whole."""

    steps: int
    strategy: Strategy
    tools: tuple[str, ...]
    """Names of all that the steps need, in name order: one set that serves every step."""

    tools_by_step: tuple[tuple[str, ...], ...]
    """The same, step by step."""

    baseline_tokens: int
    optimized_tokens: int
    """The tokens of that one set, with what we add ourselves."""

    reduction_percentage: float
    detection_time_ms: float
    loading_time_ms: float
    total_time_ms: float
