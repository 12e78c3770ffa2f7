"""Plays the demo's scenarios and prints what they reached."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from mcp_dynaload.demo.scenario_types import ScenarioType

if TYPE_CHECKING:
    from mcp_dynaload.demo.outcome import Results, ScenarioSummary

EXPLANATION = """\
Reduction: of the o200k estimate for one request with all tools loaded; ours counts the listed definitions, our own
tool, our instructions and all that was put beside the prompts of a session. A scenario's is the mean over its prompts.
Recall: needed tools, as labelled with each prompt, that were in the list when the hook had answered. Times: from a
hook's call to its answer, with a client that re-reads a changed list at once; Claude Code at the terminal takes a tenth
of a second more. A scenario fails if a needed tool is not loaded, a prompt without a need loads something, a command
lacks its effect, or a call its result."""


def play_scenarios(types: Sequence[ScenarioType], as_json: bool) -> bool:
    """Play all of these types; whether every one succeeded."""
    import tempfile
    from functools import partial
    from pathlib import Path

    import anyio

    from mcp_dynaload.cli.screen import progress
    from mcp_dynaload.demo.run import run_scenarios
    from mcp_dynaload.demo.scenarios import SCENARIOS
    from mcp_dynaload.machine.logs import set_up_logs

    with tempfile.TemporaryDirectory(prefix="mcp-dynaload-demo-logs-") as folder:
        set_up_logs("warning", Path(folder) / "logs", to_stderr=False)
        with progress("playing scenarios", sum(len(SCENARIOS[kind]) for kind in types)) as done:
            results = anyio.run(partial(run_scenarios, types, done))
    if as_json:
        print(json.dumps(asdict(results), indent=2))
    else:
        show(results)
    return results.success


def show(results: "Results") -> None:
    """Print the table, what failed and what was missed."""
    from mcp_dynaload.cli.screen import console, show_table

    console.print(f"{results.tools} tools: {results.baseline_tokens:,} tokens if all were loaded\n")
    heads = ("type", "runs", "success", "reduction", "≥ 70%", "recall", "p50 ms", "p95 ms")
    rows = [row for kind, figures in (*results.types.items(), ("all", results.total)) for row in _rows(kind, figures)]
    show_table("", heads, rows, heads[1:])
    console.print()
    for outcome in results.scenarios:
        for failure in outcome.failures:
            console.print(f"{outcome.type} “{outcome.name}”: {failure}", style="red", markup=False)
    missed = Counter(need for outcome in results.scenarios for prompt in outcome.prompts for need in prompt.missed)
    found = f"{results.total.found} of {results.total.needed} needed tools were loaded"
    told = ", ".join(f"{need}{f' ({times})' if times > 1 else ''}" for need, times in sorted(missed.items()))
    console.print(f"\n{found}{f'; missed: {told}' if told else ''}.\n", markup=False)
    console.print(EXPLANATION)


def _rows(name: str, figures: "ScenarioSummary") -> Iterator[tuple[str, ...]]:
    yield (
        name,
        str(figures.scenarios),
        f"{figures.succeeded / figures.scenarios:.0%}",
        f"{figures.mean_reduction:.1%}",
        f"{figures.share_reduced:.0%}",
        f"{figures.recall:.3f}",
        f"{figures.p50_milliseconds:.0f}",
        f"{figures.p95_milliseconds:.0f}",
    )
    if target := figures.target:
        reached = (f"{target.mean_reduction:.1%}", f"{target.share_reduced:.0%}")
        yield ("  promised", "", "", *reached, "", f"< {target.latency_ms:.0f}", "")
