"""The tools that would do what the model does without them between the steps of a turn."""

from dataclasses import dataclass

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.ranking.query import parse_query
from mcp_dynaload.ranking.ranker import Ranker, highest, near_highest
from mcp_dynaload.ranking.subjects import Subjects
from mcp_dynaload.selection.lacks import Lack, ModelStep, Want, lacks_of

RANKED = 60

LEAST = 0.3
"""Probability of the best tool of a server for what is wanted of it: below it the server has none for that."""

SHARE_OF_BEST = 0.5
"""A tool that is so much less likely is not what is done."""

MAX_MISSED = 3
"""Tools for one lack."""

SURE = 0.5
"""Probability of the best tool for words that name no server."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Tools that would do what the model does without them."""

    names: tuple[str, ...]
    why: str


def missed_tools(step: ModelStep, catalog: Catalog, subjects: Subjects, ranker: Ranker) -> tuple[Missed, ...]:
    """Return what the model misses, by each of its detours and by its words; tools that may be known to it included."""
    found = (Missed(_serving(lack, catalog, subjects, ranker), lack.why) for lack in lacks_of(step))
    return tuple(missed for missed in found if missed.names)


def _serving(lack: Lack, catalog: Catalog, subjects: Subjects, ranker: Ranker) -> tuple[str, ...]:
    """Return the tools of the servers for a service that do what is wanted of it, of any server where it may be."""
    names = dict.fromkeys(name for want in lack.wants for name in _first_found(want, catalog, subjects, ranker))
    return tuple(names)[:MAX_MISSED]


def _first_found(want: Want, catalog: Catalog, subjects: Subjects, ranker: Ranker) -> tuple[str, ...]:
    """Return the tools by the first wording that finds any."""
    upstreams = subjects.named(want.names) | subjects.serving(want.host)
    if not upstreams and not want.is_anyones:
        return ()
    least = LEAST if upstreams else SURE
    services = ("",) if want.says_service else subjects.called(upstreams, want.names)
    for text in (f"{service} {wording}".strip() for service in services for wording in want.wordings):
        ranked = ranker.rank(parse_query(text, (want.request,) if want.request else ()), RANKED)
        theirs = [one for one in ranked if not upstreams or catalog.tool(one.name).upstream in upstreams]
        if theirs and highest(theirs) >= least:
            return tuple(scored.name for scored in near_highest(theirs, SHARE_OF_BEST))[:MAX_MISSED]
    return ()
