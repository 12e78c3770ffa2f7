"""Types the prompts of the walk-through into the real proxy, as a client with hooks would."""

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from mcp import StdioServerParameters

from mcp_dynaload.demo.scenarios.steps import Called, Prompt, Scenario
from mcp_dynaload.demo.typist import Typist, full_name, text_of, typist


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """The outcome of a real call through the proxy."""

    call: Called
    milliseconds: float
    works: bool
    """The expected text is in the result."""

    text: str

    @property
    def name(self) -> str:
        """The advertised name of the tool."""
        return full_name(self.call.tool)


@dataclass(frozen=True, slots=True)
class WalkOutcome:
    """The outcome of one prompt."""

    prompt: Prompt
    listed: tuple[str, ...]
    """Advertised names after the prompt, our own tool included."""

    context: str
    """The text that the hook's answer puts beside the prompt."""

    milliseconds: float
    """From the hook's call to its answer, the client's re-reading of the list included."""

    calls: tuple[CallOutcome, ...]

    @property
    def needed(self) -> tuple[str, ...]:
        """The advertised names of the tools that the prompt needs."""
        return tuple(map(full_name, self.prompt.needs or ()))

    @property
    def missed(self) -> tuple[str, ...]:
        """The needed tools that were not loaded."""
        return tuple(name for name in self.needed if name not in self.listed)


async def drive(server: StdioServerParameters, scenarios: Sequence[Scenario]) -> AsyncIterator[WalkOutcome]:
    """Type the prompts of each scenario into a cleared session of the proxy, and make its calls."""
    async with typist(server) as client:
        await client.is_ready()
        for scenario in scenarios:
            await client.clear()
            for prompt in (step for step in scenario.steps if isinstance(step, Prompt)):
                answer = await client.prompt(prompt.text)
                listed = tuple(tool.name for tool in await client.listed())
                calls = [await _call(client, step) for step in scenario.steps if isinstance(step, Called)]
                yield WalkOutcome(prompt, listed, answer.context, answer.milliseconds, tuple(calls))


async def _call(client: Typist, call: Called) -> CallOutcome:
    started = time.perf_counter()
    result = await client.call(full_name(call.tool), call.arguments)
    milliseconds = (time.perf_counter() - started) * 1000
    text = text_of(result)
    return CallOutcome(call, milliseconds, not result.is_error and call.says in text, text)
