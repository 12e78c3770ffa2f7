"""Runs the parts of a validation and puts together what they say."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import anyio.to_thread

from mcp_dynaload.api.dynaload import open_on
from mcp_dynaload.api.options import Options
from mcp_dynaload.app import refresh_catalog
from mcp_dynaload.configuration import Configuration, open_catalog
from mcp_dynaload.measure.chaos.run import chaos
from mcp_dynaload.measure.installation.check import Check, Load, Validation
from mcp_dynaload.measure.installation.choice import measure_choice
from mcp_dynaload.measure.installation.experience import measure_experience
from mcp_dynaload.measure.installation.recovery import database_trouble, disk_trouble, measure_recovery
from mcp_dynaload.measure.installation.scoring import (
    chaos_checks,
    experience_checks,
    figures_of,
    functionality,
    load_checks,
    performance,
    reliability,
    scalability,
    timings_of,
)
from mcp_dynaload.measure.installation.sessions import measure_concurrent_sessions
from mcp_dynaload.measure.installation.stress import stress
from mcp_dynaload.proxy.denied_tools import idle_glob_notes

Told = Callable[[str], None]
"""Told what is through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts to measure beside function and speed on the user's catalog."""

    readiness: bool = False
    """All five headings."""

    stress: bool = False
    sessions: int = 50
    minutes: float = 1.0
    """The length of each of the two runs, and of the run of faults."""

    chaos: bool = False
    """Only faults, unless other parts are asked for, too."""

    @property
    def is_chaos_alone(self) -> bool:
        """Whether nothing else is measured."""
        return self.chaos and not (self.readiness or self.stress)


async def validate(configuration: Configuration, parts: Parts, told: Told) -> Validation:
    """Measure; nothing of the user's is learned or started but to list it.

    Raises:
        DynaloadError: The service for the load does not start, or it cut a session off.
    """
    faults = await chaos(parts.minutes, told) if parts.chaos else None
    chaotic = tuple(chaos_checks(faults)) if faults is not None else ()
    if parts.is_chaos_alone:
        return Validation(servers=0, tools=0, is_demo=False, checks=chaotic, chaos=faults)
    places = configuration.locations
    database = await anyio.to_thread.run_sync(database_trouble, places.database_file)
    disk = await anyio.to_thread.run_sync(disk_trouble, places.state_dir)
    told("state folder")
    failing = await _failing(configuration, told)
    async with open_on(configuration, Options()) as dynaload:
        figures = await measure_choice(dynaload, told)
        files = tuple(file.path for file in configuration.upstreams.files if file.kind == "explicit")
        experience = await measure_experience(dynaload, files)
        tools = len(dynaload.proxy.live.catalog.tools)
        notes = tuple(f"{what}; {fix}" for what, fix in idle_glob_notes(dynaload.proxy.live.listings))
    told("commands and start")
    loads = await _loads(parts, told) if parts.stress else {}
    servers = max(1, len(configuration.configs) + len(configuration.upstreams.problems))
    timings, shares = timings_of(figures), figures_of(figures)
    checks: list[Check] = [
        *functionality(figures, servers, failing, experience),
        *performance(timings, shares),
    ]
    checks += [check for name, load in loads.items() for check in load_checks(name, load)]
    if parts.readiness:
        recovery = await measure_recovery()
        told("recovery")
        many = await measure_concurrent_sessions()
        told("many sessions")
        checks += [
            *reliability(shares, recovery, database, disk),
            *scalability(many, recovery),
            *experience_checks(figures, experience),
        ]
    return Validation(
        servers=len(configuration.configs),
        tools=tools,
        is_demo=configuration.is_demo,
        timings=timings,
        figures=shares,
        checks=(*checks, *chaotic),
        loads=loads,
        chaos=faults,
        notes=notes,
    )


async def _failing(configuration: Configuration, told: Told) -> dict[str, str]:
    """Return servers that do not start now, whatever is known of them from before, and entries that are wrong."""
    with open_catalog(configuration) as live:
        listed = await refresh_catalog(configuration, live, done=told)
    wrong = {f"{problem.file}: {problem.key}": str(problem) for problem in configuration.upstreams.problems}
    return {**listed.errors, **wrong}


async def _loads(parts: Parts, told: Told) -> dict[str, Load]:
    loads: dict[str, Load] = {}
    for name, is_mortal in (("steady load", False), ("load with a dying server", True)):
        loads[name] = await stress(parts.sessions, parts.minutes, is_mortal=is_mortal, step=lambda share: None)
        told(name)
    return loads


def unlearning(configuration: Configuration) -> Configuration:
    """Return the configuration with nothing noted and no server started ahead."""
    changed = {"metrics_collection_enabled": False, "warm_upstreams": False}
    return replace(configuration, settings=configuration.settings.model_copy(update=changed))
