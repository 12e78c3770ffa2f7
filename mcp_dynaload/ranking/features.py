"""Features of tools and prompts, by words and by meaning, and the models over them, as plain arrays.

The coefficients are fitted on labelled tasks by `mcp_dynaload.research.fit`, which writes them to
`data/coefficients.json`, for the encoder that travels with us.
"""

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from mcp_dynaload.ranking.evidence import NO_EVIDENCE

Vector = NDArray[np.float32]
Matrix = NDArray[np.float32]

MIN_SPREAD = 0.03
"""The least spread of the likenesses of one text to all tools: in a catalog of few tools the spread means little."""

BACKGROUND_MEAN, BACKGROUND_SPREAD, BACKGROUND_TOOLS = 0.01, 0.08, 40
"""Mean and spread of the likenesses of a prompt to all tools of a catalog of several servers, and from how many tools
on a catalog's own count alone: those of a few tools that are all of one subject tell of that subject."""

MANY_TOOLS, NEAR_BY_CHANCE = 600, 0.3
"""Tools from which on the nearest is the nearer by chance the more there are, and the log-odds that a doubling takes
from a need for it: over 1,433 tools prompts that need none have 0.4 more than over 633 of these, in the mean of eight
sources, while prompts that need a tool of these have as much."""

UNDERSTOOD, NOT_UNDERSTOOD = 0.55, 5.0
"""The share of the words of a prompt in another language that have to be known for its need to count in full, and the
log-odds that go with all of it: a single known word of ten is near to some tool, too."""

OTHER_MEANS = 1.5
"""The log-odds that go where a prompt names means that no connected server has, a program of the shell mostly. Of
`tldr` ("… with ssh-keyscan") a quarter of those that loaded something load nothing so; no prompt that needs tools is
left with less, of eighteen sets.
"""

CROWD = 10
"""Tools among the best that speak for their upstream."""

LEXICAL_SHARE = 0.3
"""The weight of log-odds by words against standard deviations of likeness when those are looked for."""

FOLLOWING = 6
"""The place of the tool that the best one's lead is measured to: where one is meant, few are nearly as likely."""

OWN_WORK_NEIGHBOURS = (1, 5, 15)
"""One text may be near by chance; many say what kind of prompt it is."""

CLEAR_WORDS = -1.0
"""Log-odds by words from which on a difference counts for more: below it words are shared by chance."""

JUDGED_NONE, JUDGED_NEEDED = -1.5, 0.0
"""Log-odds of the judge below which, and above which, a difference counts otherwise than between them: it is hardly
ever surer than 2.4 either way, and how sure it is that nothing is needed says more than how unsure it is."""

TOOL_COLUMNS = (
    "clause_odds",
    "whole_odds",
    "standing",
    "best_clause_standing",
    "gap_to_nearest",
    "best_clause_gap",
    "best_of_upstream_by_words",
    "best_of_upstream_by_meaning",
    "share_of_upstream",
)
"""Names of the columns of `tool_features`, in their order."""

NEED_COLUMNS = (
    "clause_odds",
    "clause_clear",
    "nearest_to_whole",
    "nearest",
    *(f"own_work_{many}" for many in OWN_WORK_NEIGHBOURS),
    "tool_odds",
    "lead",
    "best_name_coverage",
    "best_rarest",
    "judged",
    "judged_unsure",
    "judged_needed",
    "none_but_led",
    "nearer_than_own_work",
    "center",
    "spread",
    "general",
)
"""Names of the columns of `need_features` before the prompt's vector.

`none_but_led`: how sure the judge is that nothing is needed counts less the further one tool leads the others, which is
what a short order that the judge does not know looks like ("go back"); `nearer_than_own_work`: and so does that the
prompt is near to what the client does itself if a tool is nearer.
"""

NEED_FEATURES = len(NEED_COLUMNS)
"""Features of the need of any tool before the prompt's vector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The evidence of words and meaning on the candidates for one prompt."""

    clause_odds: Vector
    """Log-odds by words, in the clause that speaks most for the candidate."""

    whole_odds: Vector
    """The same in the whole prompt."""

    name_coverage: Vector
    """Share of the candidate's name, by rarity, that this clause says."""

    rarest: Vector
    """Rarity of the rarest word of this clause that the candidate's definition has, too."""

    likeness: Matrix
    """Cosines of candidates (columns) to the whole prompt (first row) and to each clause."""

    center: Vector
    """Mean of the cosines of all tools, for each row."""

    spread: Vector
    """Their standard deviation."""

    tools: int
    """How many tools that is."""

    nearest: Vector
    """The highest of them."""

    upstreams: NDArray[np.intp]
    """The candidates' upstreams, numbered."""

    own_work: Vector
    """Mean cosines of the whole prompt to the `OWN_WORK_NEIGHBOURS` nearest texts of what the client does itself."""

    judged: float
    """Log-odds that the whole prompt asks for a tool of any kind, whichever there are."""

    said: Vector
    """The vector of the whole prompt."""

    general: float
    """1.0 if it asks about things in general, not about one of its own, or is about words."""

    understood: float = 1.0
    """The share of its words that are known, if it is in another language."""

    unknown_means: bool = False
    """Whether it names means that no server of the catalog has: "with pandoc"."""


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic regression."""

    coefficients: tuple[float, ...]
    intercept: float

    def odds(self, features: Matrix) -> Vector:
        """Return log-odds for each row of features."""
        return features @ np.array(self.coefficients, np.float32) + np.float32(self.intercept)


@dataclass(frozen=True, slots=True)
class Coefficients:
    """The coefficients of a ranker by words and meaning."""

    tool: Model
    """That a tool is needed, given that any is; over `tool_features`."""

    need: Model
    """That any tool is needed, over `need_features`; shifted so that at 0.5 as little is lost as the bounds want.

    Its last coefficients are a direction among the vectors of prompts: what asks for tools lies further along it.
    """


def packed(direction: Sequence[float]) -> str:
    """Return numbers as text: base64 of little-endian half floats."""
    return base64.b64encode(np.array(direction, "<f2").tobytes()).decode("ascii")


def unpacked(text: str) -> tuple[float, ...]:
    """Return the numbers that `packed` made text of."""
    return tuple(np.frombuffer(base64.b64decode(text), "<f2").tolist())


class CoefficientsFile(TypedDict):
    """The content of `data/coefficients.json`: coefficients by the names of their columns."""

    tool: dict[str, float]
    need: dict[str, float]

    need_direction: str
    """The rest of the model of need, as `packed` makes it."""


def to_file(coefficients: Coefficients) -> str:
    """Return coefficients as they stand in the file, rounded to what still matters."""
    tool, need = coefficients.tool, coefficients.need
    content = CoefficientsFile(
        tool=_by_name(TOOL_COLUMNS, tool),
        need=_by_name(NEED_COLUMNS, need),
        need_direction=packed(need.coefficients[NEED_FEATURES:]),
    )
    return json.dumps(content, indent=2) + "\n"


def from_file(text: str) -> Coefficients:
    """Return the coefficients of a file's text."""
    content: CoefficientsFile = json.loads(text)
    tool, need = content["tool"], content["need"]
    return Coefficients(
        tool=Model(tuple(tool[name] for name in TOOL_COLUMNS), tool["intercept"]),
        need=Model(
            (*(need[name] for name in NEED_COLUMNS), *unpacked(content["need_direction"])),
            need["intercept"],
        ),
    )


def _by_name(names: Sequence[str], model: Model) -> dict[str, float]:
    named = dict(zip(names, model.coefficients, strict=False))
    return {name: round(number, 3) for name, number in {**named, "intercept": model.intercept}.items()}


FITTED = from_file(files("mcp_dynaload").joinpath("ranking/data/coefficients.json").read_text("utf-8"))
"""By `mcp_dynaload.research.fit`."""


def tool_features(observed: Observed) -> Matrix:
    """Return a row for each candidate, in the order of `TOOL_COLUMNS`."""
    likeness = observed.likeness
    standing = (likeness - observed.center[:, None]) / np.maximum(observed.spread, MIN_SPREAD)[:, None]
    gap = likeness - observed.nearest[:, None]
    clauses = slice(1, None) if len(likeness) > 1 else slice(None)
    by_words, by_meaning = observed.clause_odds, standing[0]
    return np.stack(
        [
            by_words,
            observed.whole_odds,
            by_meaning,
            standing[clauses].max(axis=0),
            gap[0],
            gap[clauses].max(axis=0),
            _best_of_upstream(by_words, observed.upstreams) - by_words.max(),
            _best_of_upstream(by_meaning, observed.upstreams) - by_meaning.max(),
            _share_of_upstream(by_meaning + LEXICAL_SHARE * by_words, observed.upstreams),
        ],
        axis=1,
    )


def _among_many(own: float, usual: float, tools: int) -> float:
    """Return a figure of a catalog's background, drawn to the usual one as far as it is of few tools."""
    share = min(1.0, tools / BACKGROUND_TOOLS)
    return share * own + (1 - share) * usual


def need_features(observed: Observed, tool_odds: Vector) -> Matrix:
    """Return one row, in the order of `NEED_COLUMNS`; the prompt's vector follows."""
    best, by_words = int(tool_odds.argmax()), float(observed.clause_odds.max(initial=NO_EVIDENCE))
    lead = tool_odds[best] - _follower(tool_odds)
    row: tuple[float, ...] = (
        by_words,
        max(0.0, by_words - CLEAR_WORDS),
        observed.nearest[0],
        observed.nearest.max(),
        *observed.own_work,
        tool_odds[best],
        lead,
        observed.name_coverage[best],
        observed.rarest[best],
        observed.judged,
        max(0.0, observed.judged - JUDGED_NONE),
        max(0.0, observed.judged - JUDGED_NEEDED),
        min(0.0, observed.judged - JUDGED_NONE) * lead,
        max(0.0, observed.nearest[0] - observed.own_work[0]),
        _among_many(observed.center[0], BACKGROUND_MEAN, observed.tools),
        _among_many(observed.spread[0], BACKGROUND_SPREAD, observed.tools),
        observed.general,
        *observed.said,
    )
    return np.array([row], np.float32)


def _follower(tool_odds: Vector) -> float:
    """Return the odds of the tool at the place `FOLLOWING`, or of the last one."""
    behind = max(0, len(tool_odds) - FOLLOWING)
    return float(np.partition(tool_odds, behind)[behind])


def need_odds(observed: Observed, tool_odds: Vector, coefficients: Coefficients) -> float:
    """Return the log-odds that any tool is needed, without what a large catalog adds to them by chance."""
    in_doubt = NOT_UNDERSTOOD * max(0.0, 1 - observed.understood / UNDERSTOOD)
    by_chance = NEAR_BY_CHANCE * math.log2(max(1.0, observed.tools / MANY_TOOLS))
    by_others = OTHER_MEANS * observed.unknown_means
    return float(coefficients.need.odds(need_features(observed, tool_odds))[0]) - by_chance - in_doubt - by_others


def own_work_features(likeness: Vector) -> Vector:
    """Return features of the cosines of a prompt to all that the client does itself."""
    most = max(OWN_WORK_NEIGHBOURS)
    nearest = np.sort(np.partition(likeness, -most)[-most:])[::-1] if len(likeness) > most else np.sort(likeness)[::-1]
    return np.array([nearest[:many].mean() for many in OWN_WORK_NEIGHBOURS], np.float32)


def _best_of_upstream(values: Vector, upstreams: NDArray[np.intp]) -> Vector:
    best = np.full(upstreams.max() + 1, -np.inf, np.float32)
    np.maximum.at(best, upstreams, values)
    return best[upstreams]


def _share_of_upstream(values: Vector, upstreams: NDArray[np.intp]) -> Vector:
    crowd = np.argsort(-values, kind="stable")[:CROWD]
    counts = np.bincount(upstreams[crowd], minlength=upstreams.max() + 1)
    return (counts[upstreams] / CROWD).astype(np.float32)
