"""`mcp-dynaload bench`: speed and choice beside FastMCP, or requests and tokens in the real client, in one run."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.common import JsonOption
from mcp_dynaload.cli.output_files import check_output_file, fail_if, write_output
from mcp_dynaload.errors import ConfigError

if TYPE_CHECKING:
    from mcp_dynaload.measure.peers.choice_times import ChoiceTimes
    from mcp_dynaload.measure.peers.growth import Growth
    from mcp_dynaload.measure.peers.run import BenchPlan, Figures


HAS_PEER = "import sys; del sys.path[0]; import fastmcp; print(fastmcp.__name__)"
"""Without the working directory on the module path: a repository's code must not be run."""


def bench(
    fastmcp: Annotated[
        str | None, typer.Option("--fastmcp", help="The Python of an environment in which FastMCP is installed.")
    ] = None,
    calls: Annotated[int, typer.Option(min=50, max=100_000, help="Of each subject, and as many at once.")] = 2_000,
    servers: Annotated[int, typer.Option(min=1, max=100, help="Configured at the starts that are timed.")] = 30,
    catalog: Annotated[Path | None, typer.Option(help="A catalog as for eval: compare the choice, too.")] = None,
    tasks: Annotated[Path | None, typer.Option(help="Its prompts with the tools they need.")] = None,
    many: Annotated[int, typer.Option("--prompts", min=1, help="Of these, evenly drawn.")] = 100,
    timed: Annotated[
        Path | None,
        typer.Option(
            "--timed-catalog",
            metavar="CATALOG",
            help="With --tasks: also the time of a choice among these tools, quiet and with all cores kept busy.",
        ),
    ] = None,
    claude: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="The real Claude Code: measure its model requests in set-ups with and without us instead.",
        ),
    ] = None,
    labelled: Annotated[
        Path | None,
        typer.Option(help="With --claude: a folder with catalogs/dev.json, tasks/ and negatives/; else the demo's."),
    ] = None,
    dynamic_mcp: Annotated[str | None, typer.Option(metavar="PATH", help="The program dmcp, another peer.")] = None,
    compressor: Annotated[
        str | None, typer.Option("--mcp-compressor", metavar="PATH", help="The program of that name, another peer.")
    ] = None,
    grows: Annotated[
        bool, typer.Option("--growth", help="Also how calls and lists grow with number and size; some minutes.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="Also --growth, and draw it: an SVG file.")] = None,
    models: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="MODEL", help="With --claude: claude-sonnet-5 or others, repeated."),
    ] = None,
    set_ups: Annotated[
        list[str] | None,
        typer.Option("--set-up", metavar="NAME", help="With --claude: only these set-ups, by name, repeated."),
    ] = None,
    sessions: Annotated[
        int, typer.Option(min=1, help="With --claude: of some three tasks each, evenly drawn from all.")
    ] = 8,
    seed: Annotated[int, typer.Option(help="With --claude: of what is drawn from the labelled prompts.")] = 20261129,
    jobs: Annotated[int, typer.Option(min=1, max=32, help="With --claude: sessions played at a time.")] = 4,
    out: Annotated[
        Path | None, typer.Option(help="With --claude: a folder for tables.md, chart.svg and tasks.json.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure calls, starts and the choice of tools beside FastMCP's proxy, and a long list. With `--claude`: what
    the real client asks of a scripted model, in set-ups with us, with peers and without. Uses servers of its own.

    Example: mcp-dynaload bench --fastmcp .venv-peers/bin/python --catalog catalog.json --tasks tasks.jsonl
    """
    if fastmcp is not None:
        _check_peer(fastmcp)
    if claude is not None:
        if catalog or tasks:
            raise ConfigError("--catalog and --tasks do not go with --claude: give --labelled DIR, or nothing")
        if grows or plot:
            raise ConfigError("--growth and --plot do not go with --claude: they need --fastmcp PYTHON")
        # Not at the top: it brings the demo's servers and the tokenizer.
        from mcp_dynaload.cli.bench_claude import bench_claude, client_at, program_at
        from mcp_dynaload.measure.claude.run import MODEL, ClaudePlan

        binary, version = client_at(claude)
        plan = ClaudePlan(
            claude=binary,
            version=version,
            labelled=labelled,
            fastmcp=fastmcp and program_at(fastmcp),
            dynamic_mcp=dynamic_mcp and program_at(dynamic_mcp),
            compressor=compressor and program_at(compressor),
            models=tuple(models or (MODEL,)),
            set_ups=tuple(set_ups or ()),
            sessions=sessions,
            seed=seed,
            jobs=jobs,
        )
        bench_claude(plan, out, as_json=as_json)
        return
    if labelled or models or set_ups or out:
        raise ConfigError("--labelled, --model, --set-up and --out need --claude PATH")
    if fastmcp is None:
        raise ConfigError("give --fastmcp PYTHON for calls, starts and the choice, or --claude PATH for model requests")
    if (catalog is None) != (tasks is None):
        raise ConfigError("--catalog and --tasks belong together: give both, or neither")
    if timed is not None and tasks is None:
        raise ConfigError(f"--timed-catalog {timed}: the time of a choice is that of prompts; give --tasks, too")
    check_output_file("--plot", plot)
    from mcp_dynaload.measure.peers.run import BenchPlan

    plan = BenchPlan(
        peer_python=fastmcp,
        dynamic_mcp=dynamic_mcp and _program(dynamic_mcp, "--dynamic-mcp"),
        compressor=compressor and _program(compressor, "--mcp-compressor"),
        calls=calls,
        servers=servers,
        labelled=(catalog, tasks) if catalog and tasks else None,
        prompts=many,
        timed_catalog=timed,
        grows=grows or plot is not None,
    )
    _run(plan, plot, as_json=as_json)


def _run(plan: "BenchPlan", plot: Path | None, *, as_json: bool) -> None:
    """Measure beside the peers; print, and draw."""
    import anyio

    from mcp_dynaload.cli.screen import counting
    from mcp_dynaload.measure.peers.growth_chart import growth_chart
    from mcp_dynaload.measure.peers.run import run

    with counting("measuring") as told:
        figures = anyio.run(run, plan, told)
    problem: str | None = None
    if plot is not None and figures.growth is not None:
        problem = write_output("--plot", plot, growth_chart(figures.growth, "mcp-dynaload bench --plot"))
    if as_json:
        print(json.dumps({**asdict(figures), "ratios": figures.ratios()}, indent=2))
    else:
        _show(figures)
    fail_if(problem)


def _check_peer(python: str) -> None:
    if shutil.which(python) is None:
        wrong = "there is no such program"
    elif b"fastmcp" not in subprocess.run([python, "-E", "-c", HAS_PEER], capture_output=True, check=False).stdout:
        wrong = "it has no FastMCP"
    else:
        return
    raise ConfigError(
        f"--fastmcp {python}: {wrong}; `make bench` makes an environment that has it, or: python3 -m venv DIR && "
        "DIR/bin/pip install fastmcp, then --fastmcp DIR/bin/python"
    )


def _program(name: str, option: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise ConfigError(f"{option} {name}: there is no such program; `make bench` installs it in .venv-peers/bin")
    return found


def _show(figures: "Figures") -> None:
    from mcp_dynaload.cli.screen import console, show_table

    speeds = [
        (name, f"{s.p50_ms:.2f}", f"{s.p99_ms:.2f}", f"{s.per_second:.0f}", f"{s.at_once_per_second:.0f}")
        for name, s in figures.calls.items()
    ]
    heads = ("a call through", "p50 ms", "p99 ms", "calls/s, one at a time", "calls/s, 16 at a time")
    show_table("Calls of a server that answers at once", heads, speeds, heads[1:])
    starts = [
        (name, f"{s.list_ms:.0f}", f"{s.call_ms:.0f}", s.processes, f"{s.memory_mb:.0f}", s.tokens)
        for name, s in figures.starts.items()
    ]
    heads = ("started", "first list ms", "first call ms", "processes", "memory MB", "tokens listed")
    show_table(f"\nStart with {figures.servers} servers configured, their tools known", heads, starts, heads[1:])
    cost = figures.listing
    heads = ("read ms", "looked at ms", "the same again ms", "written as JSON ms")
    title = f"\nA list of {cost.tools:,} tools of {cost.bytes_each:,} bytes each"
    row = tuple(f"{ms:.1f}" for ms in (cost.read_ms, cost.first_ms, cost.again_ms, cost.dumps_ms))
    show_table(title, heads, [row], heads)
    if figures.choices:
        choices = [
            (
                name,
                f"{c.recall:.3f}",
                f"{c.covered:.3f}",
                f"{c.tokens:.0f}",
                f"{c.searches:.2f}",
                f"{c.milliseconds:.1f}",
            )
            for name, c in figures.choices.items()
        ]
        heads = ("tools for a prompt by", "recall", "all of them", "tokens", "requests before", "p50 ms")
        tasks = next(iter(figures.choices.values())).tasks
        show_table(f"\nChoice for {tasks} prompts", heads, choices, heads[1:])
    if figures.times:
        _show_times(figures.times)
    if figures.growth is not None:
        _show_growth(figures.growth)
    console.print()
    for name, ratio in figures.ratios().items():
        console.print(f"{name}: {ratio:.2f}")


def _show_times(times: "Mapping[str, ChoiceTimes]") -> None:
    from mcp_dynaload.cli.screen import show_table
    from mcp_dynaload.measure.peers.choice_times import WITHIN_MS

    heads = ("on a machine", "p50 ms", "p99 ms", f"within {WITHIN_MS:.0f} ms", "decided by words")
    rows = [(name, f"{t.p50_ms:.1f}", f"{t.p99_ms:.1f}", f"{t.within:.1%}", t.by_words) for name, t in times.items()]
    one = next(iter(times.values()))
    show_table(f"\nTime of a choice for {one.prompts} prompts among {one.tools:,} tools", heads, rows, heads[1:])


def _show_growth(growth: "Growth") -> None:
    from mcp_dynaload.cli.screen import show_table
    from mcp_dynaload.measure.peers.growth import CALLS, KNOWN, curves

    for title, by_name, shown in curves(growth):
        places = sorted({place for curve in by_name.values() for place in curve})
        heads = ("through", *(f"{place:,}" for place in places))
        rows = [(name, *(shown(curve[place]) for place in places)) for name, curve in by_name.items()]
        show_table(f"\n{title.capitalize()}", heads, rows, heads[1:])
    heads = ("through", "CPU s", "memory MB after them")
    efforts = [(name, f"{one.cpu_seconds:.2f}", f"{one.memory_mb:.0f}") for name, one in growth.effort.items()]
    show_table(f"\nEffort for {CALLS:,} calls, one after the other, the server's apart", heads, efforts, heads[1:])
    heads = ("sessions of", "how many", "MB each after the first list", "after the first prompt")
    rows = [
        (name, many, f"{one.listed_mb:.0f}", "" if one.prompted_mb is None else f"{one.prompted_mb:.0f}")
        for name, by_number in growth.memory.items()
        for many, one in by_number.items()
    ]
    show_table(f"\nMemory of sessions that know {KNOWN} tools, shared parts in part (PSS)", heads, rows, heads[1:])
