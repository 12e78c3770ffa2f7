"""The training data of the encoder: labelled tasks of generic catalogs, and prompts made from catalogs' definitions."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from random import Random

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.encoder.tool_text import MAX_PARAMETERS, compose_text
from mcp_dynaload.research.training import synthetic

Task = tuple[str, list[int]]
"""A prompt and the numbers of the documents that it needs."""

Listed = tuple[str, Json]
"""A tool's definition with the name of its upstream before it."""

LABELLED = {"bfcl_live_multiple": 1.3, "seal_tools": 1.0, "stabletoolbench": 1.0, "metatool": 0.7}
"""Task sets that are trained on, with the weight of each: no set or catalog of MCP servers is among them."""

OWN = "needing"
OWN_WEIGHT = 2.0
"""The weight of our own prompts over servers of Toucan, `research/needing.jsonl`."""

KEPT_BACK = 3
"""One of so many of our own prompts is not trained on: what is built on the encoder is fitted to these."""

TRAINED_ON = 2_143
"""So many of our own prompts were there when the packaged encoder was trained: to be raised to all of them before it is
trained again. Until then what is built on it is fitted to the later ones, too."""

DEFINITIONS = {"toucan": 0.7, "seal_tools": 0.1, "stabletoolbench": 0.1, "bfcl_live": 0.1}
"""Catalogs whose definitions prompts are made of, with the weight of each."""

LEFT_OUT = ("dev", "dev_plus", "mcpbench", "bfcl_multiturn")
"""Catalogs of the evaluation: what occurs in one of them is taken out of `DEFINITIONS`."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A tool as far as its text goes."""

    upstream: str
    name: str
    description: str
    parameters: list[str]

    def text(self, random: Random | None = None) -> str:
        """Return the document; `random` leaves parts out now and then, so that no format is learned by heart."""
        upstream, description, parameters = self.upstream, self.description, self.parameters
        if random:
            upstream = "" if random.random() < 0.5 else upstream
            description = "" if random.random() < 0.07 else description
            parameters = [] if random.random() < 0.6 else parameters
        return compose_text(self.name, upstream, description, parameters)


class Corpus:
    """All documents, the tasks that need some of them, and which documents stand in the same catalog or upstream."""

    def __init__(self) -> None:
        self.definitions: list[Definition] = []
        self.tasks: dict[str, list[Task]] = {}
        self.members: dict[str, list[int]] = {}
        self.catalog_of: list[str] = []
        self.siblings: dict[tuple[str, str], list[int]] = defaultdict(list)

    def add(self, catalog: str, definition: Definition) -> int:
        """Add a document and return its number."""
        number = len(self.definitions)
        self.definitions.append(definition)
        self.catalog_of.append(catalog)
        self.members.setdefault(catalog, []).append(number)
        self.siblings[catalog, definition.upstream].append(number)
        return number


def read_corpus(folder: Path) -> Corpus:
    """Read everything to train on from a folder with `catalogs/*.json` and `tasks/*.jsonl`."""
    corpus = Corpus()
    numbers: dict[tuple[str, str, str], int] = {}
    for catalog in ("bfcl_live", "seal_tools", "stabletoolbench", "metatool"):
        for upstream, tool in _tools(folder, catalog):
            numbers[catalog, upstream, tool["name"]] = corpus.add(catalog, _definition(upstream, tool))
    for upstream, tool in _without_left_out(folder):
        numbers["toucan", upstream, tool["name"]] = corpus.add(
            "toucan", _definition(re.sub(r"^@[^_]*_|[-_]?mcp[-_]?(?:server)?", "", upstream), tool)
        )
    for name in LABELLED:
        tasks = [json.loads(line) for line in (folder / f"tasks/{name}.jsonl").read_text("utf-8").splitlines()]
        corpus.tasks[name] = [
            (task["query"], [numbers[task["catalog"], need["server"], need["tool"]] for need in task["tools"]])
            for task in tasks
            if not task["id"].startswith("sentry")
        ]
    corpus.tasks[OWN] = list(_own_tasks(numbers))
    return corpus


def draw(corpus: Corpus, random: Random) -> Task:
    """Draw one prompt and the documents that it needs."""
    if random.random() < 0.5:
        return _draw_labelled(corpus, random)
    return _draw_made(corpus, random)


def is_kept_back(number: int) -> bool:
    """Return whether the encoder does not see our own prompt of this number."""
    return number % KEPT_BACK == 0 or number >= TRAINED_ON


def _own_tasks(numbers: Mapping[tuple[str, ...], int]) -> Iterator[Task]:
    """Yield those of our own prompts whose tools are all trained on, with the tools that would serve as well."""
    # Not splitlines: a prompt may hold U+2028 and the like, which JSON does not escape.
    lines = files("mcp_dynaload").joinpath("research/needing.jsonl").read_text("utf-8").split("\n")
    for task in (json.loads(line) for number, line in enumerate(lines) if line and not is_kept_back(number)):
        keys = [f"{need['server']}/{need['tool']}" for need in task["tools"]]
        also = [key for needed in keys for key in task.get("alts", {}).get(needed, ())]
        found = {
            key: numbers[place] for key in keys + also if (place := (task["catalog"], *key.split("/", 1))) in numbers
        }
        if found.keys() >= set(keys):
            yield task["query"], list(found.values())


def _draw_labelled(corpus: Corpus, random: Random) -> Task:
    weights = {**LABELLED, OWN: OWN_WEIGHT if corpus.tasks[OWN] else 0.0}
    tasks = corpus.tasks[random.choices(list(weights), list(weights.values()))[0]]
    query, needed = random.choice(tasks)
    if random.random() < 0.15:
        other, more = random.choice(tasks)
        return synthetic.join([query, other], random), [*needed, *more]
    style = random.random()
    if style < 0.1:
        query = synthetic.misspell(query, random)
    elif style < 0.2:
        query = synthetic.distract(query, random)
    elif style < 0.25:
        query = synthetic.paraphrase(query, random)
    return query, needed


def _draw_made(corpus: Corpus, random: Random) -> Task:
    catalog = random.choices(list(DEFINITIONS), list(DEFINITIONS.values()))[0]
    first = random.choice(corpus.members[catalog])
    chosen = [first]
    if random.random() < 0.2:
        pool = corpus.siblings[catalog, corpus.definitions[first].upstream]
        pool = pool if len(pool) > 2 and random.random() < 0.6 else corpus.members[catalog]
        chosen += [number for number in random.sample(pool, min(len(pool), random.randint(1, 3))) if number != first]
    texts: list[str] = []
    for number in chosen:
        tool = corpus.definitions[number]
        texts.append(synthetic.request(tool.name, tool.description, tool.parameters, random))
    return synthetic.join(texts, random) if len(texts) > 1 else texts[0], chosen


def _tools(folder: Path, catalog: str) -> list[Listed]:
    servers = json.loads((folder / f"catalogs/{catalog}.json").read_text("utf-8"))
    return [(server, tool) for server, tools in servers.items() for tool in tools]


def _definition(upstream: str, tool: Json) -> Definition:
    properties = json_object(json_object(tool.get("inputSchema")).get("properties"))
    return Definition(upstream, tool["name"], tool.get("description") or "", list(properties)[:MAX_PARAMETERS])


def _plain(text: str | None) -> str:
    return re.sub(r"\W+", " ", text or "").strip().lower()[:150]


def _without_left_out(folder: Path) -> list[Listed]:
    """Return Toucan's tools but for servers that an evaluation catalog holds too, in this or another version."""
    descriptions: set[str] = set()
    names: dict[str, set[str]] = defaultdict(set)
    for catalog in LEFT_OUT:
        for server, tool in _tools(folder, catalog):
            names[server].add(_plain(tool["name"]))
            descriptions.add(_plain(tool.get("description")))
    descriptions = {text for text in descriptions if len(text) >= 20}
    servers: dict[str, list[Json]] = defaultdict(list)
    for server, tool in _tools(folder, "toucan"):
        servers[server].append(tool)
    kept: list[Listed] = []
    for server, tools in servers.items():
        own = {_plain(tool["name"]) for tool in tools}
        fresh = [tool for tool in tools if _plain(tool.get("description")) not in descriptions]
        is_copy = any(len(own & other) >= max(2, 0.34 * len(own)) for other in names.values())
        if not is_copy and len(fresh) >= 0.8 * len(tools):
            kept += [(server, tool) for tool in fresh]
    return kept
