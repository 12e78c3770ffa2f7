"""Several steps as one piece of work."""

from collections.abc import Sequence
from typing import cast

from mcp_dynaload.api.queries import tokens
from mcp_dynaload.api.results import StepResponse, WorkflowOptimization, WorkflowStep
from mcp_dynaload.catalog.cost import reduction
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.proxy.session import Session


def check_steps(steps: Sequence[WorkflowStep]) -> None:
    """Refuse a workflow of which nothing can be made.

    Raises:
        DynaloadError: There is no step, or one without words.
    """
    if not steps or isinstance(steps, str):
        raise DynaloadError("a workflow needs at least one step")
    for number, step in enumerate(cast(Sequence[object], steps), 1):
        if not isinstance(step, WorkflowStep):
            raise DynaloadError(f"step {number} is {step!r:.60}; it must be a WorkflowStep")
        if not step.task.strip():
            raise DynaloadError(f"step {number} ({step.agent_id!r}) says nothing: put its task under 'query'")


def over_all(responses: Sequence[StepResponse], session: Session) -> WorkflowOptimization:
    """Return the one set of tools that serves every step, and what it costs."""
    results = [response.result for response in responses]
    union = sorted({name for result in results for name in result.tool_names})
    baseline, optimized = tokens(session, union)
    return WorkflowOptimization(
        steps=len(results),
        strategy=results[0].strategy,
        tools=tuple(union),
        tools_by_step=tuple(result.tool_names for result in results),
        baseline_tokens=baseline,
        optimized_tokens=optimized,
        reduction_percentage=reduction(baseline, optimized) * 100,
        detection_time_ms=sum(result.detection_time_ms for result in results),
        loading_time_ms=sum(result.loading_time_ms for result in results),
        total_time_ms=sum(result.total_time_ms for result in results),
    )
