"""Labelled prompts over catalogs, with what words and meaning say of the candidates: what models are fitted to."""

import io
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mcp_dynaload.catalog.catalog import Catalog, build_catalog
from mcp_dynaload.encoder.tool_text import tool_texts
from mcp_dynaload.measure.quality.conversation import session_query, state_before
from mcp_dynaload.measure.quality.labelled import (
    NamedCatalog,
    Task,
    TaskFile,
    characters_in_fours,
    read_catalog,
    read_tasks,
    tasks_of,
)
from mcp_dynaload.ranking.cleaning import clean
from mcp_dynaload.ranking.evidence import MAX_NAME_MASS, MAX_TEXT_MASS, Evidence
from mcp_dynaload.ranking.features import Observed
from mcp_dynaload.ranking.hybrid import HybridRanker, Reader
from mcp_dynaload.ranking.lexical import LexicalRanker
from mcp_dynaload.ranking.own_work import OwnWork
from mcp_dynaload.ranking.query import Query, parse_query, parts
from mcp_dynaload.ranking.tool_vectors import encode_tools, in_steps
from mcp_dynaload.research.own_work import own_tools_texts, own_work_texts
from mcp_dynaload.research.training.examples import is_kept_back

WEIGHTS = {
    "vendor_evals_dev": 1.0,
    "mcpproxy_golden_dev": 3.0,
    "imbios_claudecode": 2.0,
    "azure_e2e": 0.25,
    "mcpbench": 1.0,
    "bfcl_multiturn": 0.25,
}
"""The sets to fit to and to leave out, and what a task of each counts: large sets of like tasks less."""

OWN = "needing"
"""The set of our own prompts that need tools: over servers of a crawl that are in no other catalog."""

ORDERS, ORDERS_FROM = "orders", 3_323
"""The set of those of our own prompts that are short orders ("move minutes.docx into the Board folder"), and the number
of the first of them. Only the need is fitted to them: by them the model of tools would lose .003 of `azure_e2e`."""

ABOUT_SERVICES = "about services"
"""The kind, and the set, of labelled prompts that ask about what servers are for, in general, beside a few of these."""

FORBIDDEN = "sentry"
"""Tasks whose id begins so are for measuring only: their licence forbids more."""

OWN_WEIGHT = 0.5
"""The weight of a prompt of that set. Those that the encoder was trained on are left out."""

NOTHING_WEIGHT = 300.0
"""The weight of all prompts without need of one source together, over one catalog."""

PARTS_OF_CATALOG = 4
"""Smaller catalogs, made of some servers of each: people have few more often than many."""

PART_WEIGHT = 0.3

FOLDS = 4
"""The number of folds: the client's own work is compared with those texts of its kind that are in other folds."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A prompt over one catalog, with what is known about the candidates."""

    source: str
    prompt: str
    weight: float
    may_train: bool
    is_whole: bool
    """Over the whole catalog, as the set is measured."""

    evidence: NDArray[np.float64]
    """A row for each candidate by words, of its best clause."""

    evident: NDArray[np.bool_]
    observed: Observed
    needed: NDArray[np.bool_]
    needs: tuple[frozenset[int], ...]
    """For each need the places of the candidates that serve."""

    costs: tuple[int, ...]
    siblings: tuple[int, ...]
    """The number of tools of each candidate's server."""


@dataclass(frozen=True, slots=True)
class _Prompt:
    source: str
    task: Task
    weight: float
    fold: int = 0
    held_out: float | None = None
    """Log-odds by a judge that did not see the prompt, if the packaged one did."""

    place: int | None = None
    """Where it is looked at of the catalog (0) and its parts, if it is one of so many that one place will do."""


@dataclass(frozen=True, slots=True)
class NeedLabelled:
    """A prompt of which is known whether it needs any tool, not which."""

    kind: str
    needs: bool
    query: str


@dataclass(frozen=True, slots=True)
class Own:
    """The prompts that were written for the fit; `packaged_own` reads those that travel with us."""

    work: Sequence[str]
    """The prompts for the client's own abilities."""

    needing: TaskFile
    """The prompts that need tools, over a catalog of the folder of which only the servers that they need are kept."""

    held_out: Sequence[float]
    """Log-odds by judges that did not see the prompt: for each of `needing`, of `work` and of `labelled`."""

    labelled: Sequence[NeedLabelled]
    """Further prompts of both kinds, for judges."""


def packaged_own() -> Own:
    """Return our own prompts."""
    folder = files("mcp_dynaload").joinpath("research")
    held_out = np.load(io.BytesIO(folder.joinpath("held_out.npy").read_bytes()), allow_pickle=False)
    # Not splitlines: a prompt may hold U+2028 and the like, which JSON does not escape.
    lines = folder.joinpath("need_labelled.jsonl").read_text("utf-8").split("\n")
    labelled = [NeedLabelled(**json.loads(line)) for line in lines if line]
    with as_file(folder.joinpath("needing.jsonl")) as path:
        return Own(own_work_texts(), read_tasks(path), held_out.tolist(), labelled)


def read_samples(bench: Path, reader: Reader, own: Own) -> Iterator[Sample]:
    """Yield all prompts of the folder, and our own, over their catalogs and parts of these."""
    own_work, own_tools = in_steps(reader.encode(own.work)), reader.encode(own_tools_texts())
    nothing = list(_needing_nothing(bench, own))
    for known, needing in _catalogs(bench, own):
        parts_of_it = _parts(known.catalog, [prompt.task for prompt in needing])
        for number, part in enumerate((known.catalog, *parts_of_it)):
            vectors = encode_tools([tool_texts(tool) for tool in part.tools], reader.encode)
            folds = np.arange(len(own_work)) % FOLDS
            rankers = [
                HybridRanker(part, vectors, OwnWork(own_work[folds != fold], own_tools), reader)
                for fold in range(FOLDS)
            ]
            words, siblings = LexicalRanker(part), Counter(tool.upstream for tool in part.tools)
            for prompt in (*needing, *nothing):
                task = prompt.task
                if prompt.place not in {None, number}:
                    continue
                if all(any(part.get(tool) for tool in need) for need in task.needs) and clean(task.prompt):
                    is_whole = part is known.catalog
                    yield _sample(prompt, part, siblings, rankers[prompt.fold], words, is_whole=is_whole)


def _needing_nothing(bench: Path, own: Own) -> Iterator[_Prompt]:
    for path in sorted((bench / "negatives").glob("*.jsonl")):
        lines = read_tasks(path).lines
        for line in lines:
            yield _Prompt(path.stem, Task(line.id, line.query, ()), NOTHING_WEIGHT / len(lines))
    judged = own.held_out[len(own.needing.lines) :]
    labelled = list(zip(own.labelled, judged[len(own.work) :], strict=True))
    nothing = [(line.query, odds) for line, odds in labelled if not line.needs and line.kind != ABOUT_SERVICES]
    about = [(line.query, odds) for line, odds in labelled if not line.needs and line.kind == ABOUT_SERVICES]
    yield from _by_us("own_work", list(zip(own.work, judged[: len(own.work)], strict=True)), _half_of_them_whole)
    yield from _by_us("need_labelled", nothing, _half_of_them_whole)
    yield from _by_us(ABOUT_SERVICES, about, _parts_only)


def _by_us(source: str, texts: Sequence[tuple[str, float]], place: Callable[[int], int]) -> Iterator[_Prompt]:
    for number, (text, odds) in enumerate(texts):
        weight = NOTHING_WEIGHT / len(texts)
        yield _Prompt(source, Task(str(number), text, ()), weight, number % FOLDS, odds, place(number))


def _half_of_them_whole(number: int) -> int:
    """Return the place of a prompt: for every other one the whole catalog, which is what most are measured on."""
    return 0 if number % 2 else 1 + number // 2 % PARTS_OF_CATALOG


def _parts_only(number: int) -> int:
    """Return the place of a prompt among the parts, which are as small as what most people have."""
    return 1 + number % PARTS_OF_CATALOG


def _catalogs(bench: Path, own: Own) -> Iterator[tuple[NamedCatalog, list[_Prompt]]]:
    tasks = {name: read_tasks(bench / "tasks" / f"{name}.jsonl") for name in WEIGHTS}
    for catalog in sorted({file.catalog for file in tasks.values()}):
        known = read_catalog(bench / "catalogs" / f"{catalog}.json", characters_in_fours)
        here = [(name, file) for name, file in tasks.items() if file.catalog == catalog]
        yield known, [_Prompt(name, task, WEIGHTS[name]) for name, file in here for task in tasks_of(file, known)]
    servers = {reference.server for line in own.needing.lines for reference in line.tools}
    crawl = read_catalog(bench / "catalogs" / f"{own.needing.catalog}.json", characters_in_fours)
    kept = [tool for tool in crawl.catalog.tools if tool.upstream in servers]
    known = replace(crawl, catalog=build_catalog(kept, crawl.catalog.costs))
    unseen = [(number, task) for number, task in enumerate(tasks_of(own.needing, known)) if is_kept_back(number)]
    yield known, [_of_own(number, task, own.held_out[number]) for number, task in unseen]


def _of_own(number: int, task: Task, held_out: float) -> _Prompt:
    return _Prompt(OWN if number < ORDERS_FROM else ORDERS, task, OWN_WEIGHT, held_out=held_out)


def _parts(catalog: Catalog, tasks: Sequence[Task]) -> Iterator[Catalog]:
    upstreams = sorted({tool.upstream for tool in catalog.tools})
    used = Counter(
        tool.upstream for task in tasks for need in task.needs for name in need if (tool := catalog.get(name))
    )
    chance = random.Random(0)
    for number in range(PARTS_OF_CATALOG):
        many = min(4 + 2 * number, len(upstreams) - 1)
        wanted = [name for name, _ in used.most_common(PARTS_OF_CATALOG)]
        kept = {*chance.sample(upstreams, many), wanted[number % len(wanted)]}
        yield build_catalog((tool for tool in catalog.tools if tool.upstream in kept), catalog.costs)


def _sample(
    prompt: _Prompt,
    catalog: Catalog,
    siblings: Mapping[str, int],
    ranker: HybridRanker,
    words: LexicalRanker,
    *,
    is_whole: bool,
) -> Sample:
    task = prompt.task
    query = session_query(task.prompt, state_before(task.history, catalog))
    found = ranker.candidates(query, 0)
    names = [catalog.tools[index].name for index in found.indices]
    evidence = _best_evidence(words, query)
    judged = found.observed.judged if prompt.held_out is None else prompt.held_out
    needs = tuple(frozenset(place for place, name in enumerate(names) if name in need) for need in task.needs)
    return Sample(
        source=prompt.source,
        prompt=task.prompt,
        weight=prompt.weight * (1.0 if is_whole else PART_WEIGHT),
        may_train=not task.id.startswith(FORBIDDEN),
        is_whole=is_whole,
        evidence=np.array([evidence[index] for index in found.indices if index in evidence]).reshape(-1, 8),
        evident=np.array([index in evidence for index in found.indices]),
        observed=replace(found.observed, judged=judged),
        needed=np.array([any(place in need for need in needs) for place in range(len(names))]),
        needs=needs,
        costs=tuple(catalog.costs[name] for name in names),
        siblings=tuple(siblings[catalog.tools[index].upstream] for index in found.indices),
    )


def asked(prompt: str) -> str:
    """Return a prompt as a ranker reads it, with nothing said before."""
    return parse_query(clean(prompt) or prompt).text


def _best_evidence(words: LexicalRanker, query: Query) -> dict[int, tuple[float, ...]]:
    best: dict[int, tuple[float, tuple[float, ...]]] = {}
    for clause in parts(query):
        for match in words.matches(clause, 20):
            if match.evidence and match.odds > best.get(match.index, (-np.inf,))[0]:
                best[match.index] = match.odds, _row(match.evidence)
    return {index: row for index, (_, row) in best.items()}


def _row(evidence: Evidence) -> tuple[float, ...]:
    name_mass = min(evidence.name_mass, MAX_NAME_MASS)
    capped = replace(
        evidence,
        name_mass=name_mass,
        query_coverage=name_mass * evidence.query_coverage,
        text_mass=min(evidence.text_mass, MAX_TEXT_MASS),
    )
    return astuple(capped)


class Remembering:
    """The same reader, each text only once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._odds: dict[str, float] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the reader's vectors."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            self._vectors.update(zip(new, self._reader.encode(new), strict=True))
        return np.stack([self._vectors[text] for text in texts])

    def begin(self, texts: Sequence[str]) -> None:
        """Do nothing yet: `read` and `need` read."""

    def read(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the reader's vectors."""
        return self.encode(texts)

    def need(self, text: str) -> float:
        """Return the reader's judgement of a text."""
        if text not in self._odds:
            self._odds[text] = self._reader.need(text)
        return self._odds[text]
