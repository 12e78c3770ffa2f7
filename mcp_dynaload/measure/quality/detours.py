"""Measures loading between the steps of a turn, where the model turns to a shell or says that it lacks a tool."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

from pydantic import BaseModel, ValidationError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.quality.labelled import NamedCatalog
from mcp_dynaload.ranking.ranker import Ranker
from mcp_dynaload.ranking.subjects import Subjects, subjects_of
from mcp_dynaload.selection.lacks import ModelStep
from mcp_dynaload.selection.missed import missed_tools


class _StepLine(BaseModel, extra="forbid"):
    calls: list[tuple[str, str]] = []
    said: str = ""
    tools: list[str]


@dataclass(frozen=True, slots=True)
class LabelledStep:
    """A step of a model, and the tools of which any would have served it better; none where there is none."""

    step: ModelStep
    serving: frozenset[str]
    """`server/tool`, or `server/*` for any tool of a server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detours:
    """Figures over such steps."""

    steps: int
    """In which a tool would have served."""

    in_time: float
    """Share of them after which one that serves is loaded for the next step."""

    tools: float
    """How many tools are loaded after one of these, on average."""

    tokens: float
    """The tokens of their definitions, on average."""

    others: int
    """Steps in which no tool would have served."""

    in_vain: float
    """Share of them after which any tool is loaded."""

    wrong: tuple[str, ...] = ()
    """The calls and words of the steps that were not served, or served in vain."""

    def as_json(self) -> Json:
        """Return all figures."""
        return asdict(self)


def read_steps(path: Path) -> tuple[LabelledStep, ...]:
    """Return the steps in a file of JSON lines: `{"calls": [["Bash", "…"]], "said": "…", "tools": ["server/tool"]}`.

    Raises:
        ConfigError: The file cannot be read, or a line has another shape.
    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
        parsed = [_StepLine.model_validate_json(line) for line in lines]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"it is no UTF-8: {error}"
        raise ConfigError(f"{str(path)!r} cannot be read: {reason}") from error
    except ValidationError as error:
        raise ConfigError(f"a line of {str(path)!r} is no step of a model: {error}") from error
    return tuple(LabelledStep(ModelStep(tuple(line.calls), line.said), frozenset(line.tools)) for line in parsed)


def detours(ranker: Ranker, known: NamedCatalog, steps: Sequence[LabelledStep]) -> Detours:
    """Return how often a tool that serves is loaded for the next step, and how often one is where none serves."""
    subjects = subjects_of(known.catalog, {})
    loaded = [_loaded(ranker, known, subjects, one.step) for one in steps]
    served = [(one, names) for one, names in zip(steps, loaded, strict=True) if one.serving]
    others = [(one, names) for one, names in zip(steps, loaded, strict=True) if not one.serving]
    right = [_serves(one, names, known) for one, names in served]
    wrong = [one for (one, _), is_right in zip(served, right, strict=True) if not is_right]
    return Detours(
        steps=len(served),
        in_time=_mean(right),
        tools=_mean([len(names) for _, names in served]),
        tokens=_mean([sum(known.catalog.costs[name] for name in names) for _, names in served]),
        others=len(others),
        in_vain=_mean([bool(names) for _, names in others]),
        wrong=tuple(_shown(one.step) for one in [*wrong, *(one for one, names in others if names)]),
    )


def _loaded(ranker: Ranker, known: NamedCatalog, subjects: Subjects, step: ModelStep) -> list[str]:
    found = missed_tools(step, known.catalog, subjects, ranker)
    names = dict.fromkeys(name for missed in found for name in missed.names)
    return [name for name in names if (tool := known.catalog.get(name)) and not tool.is_destructive]


def _serves(step: LabelledStep, names: Sequence[str], known: NamedCatalog) -> bool:
    tools = known.catalog.known(names)
    keys = {key for tool in tools for key in (f"{tool.upstream}/{tool.original_name}", f"{tool.upstream}/*")}
    return not keys.isdisjoint(step.serving)


def _shown(step: ModelStep) -> str:
    return " ".join((*(what for _, what in step.calls), step.text)).strip()


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0
