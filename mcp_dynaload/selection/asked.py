"""The steps for what is asked in words: a prompt of the user's, and one that starts a subagent."""

from dataclasses import replace

from mcp_dynaload.ranking.cleaning import clean, clean_text
from mcp_dynaload.ranking.query import parse_query
from mcp_dynaload.selection.actions import PromptSubmitted
from mcp_dynaload.selection.choose import choose
from mcp_dynaload.selection.loading import load_choice
from mcp_dynaload.selection.policy import BOUNDS, COSTLY_GROWTH_PROBABILITY, Bounds, widened
from mcp_dynaload.selection.state import Context, Decision, SessionState, is_frozen

NO_CONTENT = "no content of its own"
"""The reason of a decision on words that ask for nothing."""


def on_prompt(state: SessionState, action: PromptSubmitted, context: Context) -> tuple[SessionState, Decision]:
    """Load what a prompt needs that follows on those before."""
    state = replace(state, model=action.model or state.model)
    text = clean(action.text)
    if not text:
        return state, Decision(reason=NO_CONTENT)
    question = (text, state.strategy, context.catalog.version)
    if question == state.settled:
        return state, Decision(reason="same prompt again")
    after, decision = _answered(state, text, context, state.earlier(text), plan_mode=action.plan_mode)
    return replace(after.remembering(text), first_prompt_seen=True, settled=question), decision


def on_agent(state: SessionState, prompt: str, context: Context) -> tuple[SessionState, Decision]:
    """Load what a subagent needs, which knows of no prompt but its own."""
    return _answered(state, clean_text(prompt), context)


def _answered(
    state: SessionState, text: str, context: Context, earlier: tuple[str, ...] = (), *, plan_mode: bool = False
) -> tuple[SessionState, Decision]:
    query = parse_query(text, earlier)
    bounds = _bounds(state, context)
    choice = choose(query, context.catalog, context.ranker, bounds, withheld=state.unloaded, plan_mode=plan_mode)
    return load_choice(state, choice, context)


def _bounds(state: SessionState, context: Context) -> Bounds:
    bounds = BOUNDS[state.strategy]
    if state.first_prompt_seen and not context.tool_search:
        return widened(replace(bounds, least=COSTLY_GROWTH_PROBABILITY))
    is_last_chance = not context.tool_search or is_frozen(state, context)
    return widened(bounds) if is_last_chance and not state.first_prompt_seen else bounds
