"""`mcp-dynaload stats`: what was learned of this project, and forgetting it."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.common import ConfigOption, JsonOption, SetOption, TrustOption, configuration_of, confirm
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.proxy.commands.layout import counted

if TYPE_CHECKING:
    from mcp_dynaload.catalog.catalog import Catalog
    from mcp_dynaload.catalog.tool import Json
    from mcp_dynaload.store.usage import UsageStore


def stats(
    config: ConfigOption = None,
    trust: TrustOption = False,
    settings: SetOption = None,
    forget: Annotated[bool, typer.Option("--forget", help="Forget what was learned of this project.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="With --forget: of all projects.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --forget: do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show which tools this project's sessions called, had to search, or loaded for nothing, and what that changes.

    Example: mcp-dynaload stats --json
    """
    from mcp_dynaload.configuration import open_catalog
    from mcp_dynaload.store.backends import open_usage
    from mcp_dynaload.store.usage import project_of

    if (everything or yes) and not forget:
        raise ConfigError("--all and --yes go with --forget: add it, or leave them out")
    configuration = configuration_of(config, trust, settings)
    project = project_of(configuration.locations.project_dir)
    with open_usage(configuration.settings.store_url, configuration.locations.database_file) as memory:
        if forget:
            _forget(memory, memory.projects() if everything else (project,), yes)
            return
        with open_catalog(configuration) as live:
            learned = _learned(memory, project, live.catalog)
        learned["is_used"] = configuration.settings.metrics_collection_enabled
        if as_json:
            print(json.dumps(learned, indent=2))
        else:
            _show(learned)


def _learned(memory: "UsageStore", project: str, catalog: "Catalog") -> "Json":
    from mcp_dynaload.proxy.learning import stored_priors

    sessions, priors = memory.sessions(project), stored_priors(memory, project)
    lifts, core, followings = priors.lifts(catalog), set(priors.core(catalog)), memory.followings(project)
    tools: list[Json] = []
    for name in sorted({name for session in sessions for name in session.tools}):
        rows = [session.tools[name] for session in sessions if name in session.tools]
        tools.append(
            {
                "name": name,
                "uses": sum(calls.times for calls in rows),
                "sessions": sum(bool(calls.times) for calls in rows),
                "in_vain": sum(not calls.times for calls in rows),
                "missed": sum(calls.was_missed for calls in rows),
                "prior": round(lifts.get(name, 0.0), 3),
                "core": name in core,
                "followed_by": {follower: count for tool, follower, count in followings if tool == name},
            }
        )
    tools.sort(key=lambda tool: (-tool["prior"], -tool["uses"], tool["name"]))
    return {"project": project, "sessions": len(sessions), "tools": tools}


def _show(learned: "Json") -> None:
    from mcp_dynaload.cli.screen import console, show_table

    console.print(f"{learned['project']}: {counted(learned['sessions'], 'session')} with tools", markup=False)
    if not learned["is_used"]:
        console.print("Nothing is noted or used now: METRICS_COLLECTION_ENABLED is false.")
    if not learned["tools"]:
        return
    heads = ("tool", "calls", "sessions", "not called", "searched", "lift", "", "followed by")
    rows = [
        (
            *(tool[key] for key in ("name", "uses", "sessions", "in_vain", "missed")),
            f"+{tool['prior']:.2f}" if tool["prior"] else "",
            "from the start" if tool["core"] else "",
            ", ".join(f"{name} ({count})" for name, count in tool["followed_by"].items()),
        )
        for tool in learned["tools"]
    ]
    show_table("", heads, rows, heads[1:6])
    console.print(
        "\nNot called: sessions in which it was loaded for nothing. Searched: calls that took a search first. "
        "Lift: what its use here adds to its chances (log-odds). From the start: loaded when a session begins."
    )


def _forget(memory: "UsageStore", projects: tuple[str, ...], yes: bool) -> None:
    if not yes:
        question = f"Forget what was learned of {', '.join(projects) or 'no project'}?"
        confirm(question, "add --yes to forget what was learned")
    memory.forget(projects)
    print(f"Forgotten: {', '.join(projects) or 'nothing, as nothing was known'}.")
