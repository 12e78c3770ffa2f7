"""Our own labelled prompts: `prompts.jsonl` by kind, and everyday prompts that need no tool."""

from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel

from mcp_dynaload.measure.quality.labelled import NamedCatalog, Task, read_tasks, tasks_of

FOLDER = Path(__file__).parent
PROMPTS = FOLDER / "prompts.jsonl"
EVERYDAY = FOLDER / "everyday.jsonl"
"""Held out: nothing in the product was written for these prompts, or may be fitted on them."""

NEAR = FOLDER / "near.jsonl"
"""Held out, too: 255 prompts that need nothing: most about what servers are for, 50 long assignments or pastes."""

TOUCAN = FOLDER / "toucan.jsonl"
"""Held out, too: 889 prompts over a crawl of servers, many of them hard; `make test` has not got that catalog."""

CONVERSATIONS = FOLDER / "conversations.jsonl"
"""Conversations of two or three prompts, labelled for the last: other subjects in words that point back (`switch`),
real follow-ups, and what needs nothing (`rest`). The choice was made better looking at them, but for the third whose
kind ends with `-unseen`, of whose follow-ups two were seen since, for the words “the newer one” and “in there”."""

OWN_TALK = FOLDER / "own_talk.jsonl"
"""Conversations over `demo`, held out: work on code that goes on (`coding`) or then needs a tool (`coding-then-tool`),
and names that are said again in what goes on with a server (`named`) or is work on code after all (`named-own`)."""

NO_NEED = "none"
"""The kind of prompts that need no tool."""

KINDS = ("terse", "chatty", "misspelt", "paraphrased", "compound", "followup", NO_NEED)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A task with what the set says about it."""

    task: Task
    catalog: str
    kind: str


class _Line(BaseModel):
    catalog: str
    kind: str


def read_labelled(path: Path, catalogs: dict[str, NamedCatalog]) -> list[Labelled]:
    """Read all prompts of a file, each over the catalog that it names.

    Raises:
        ConfigError: A line is no task, or needs a tool that its catalog lacks.
        KeyError: A line names another catalog.
    """
    file = read_tasks(path)
    texts = [line for line in path.read_text(encoding="utf-8").split("\n") if line]
    found: list[Labelled] = []
    for line, said in zip(file.lines, map(_Line.model_validate_json, texts), strict=True):
        (task,) = tasks_of(replace(file, lines=(line,)), catalogs[said.catalog])
        found.append(Labelled(task, said.catalog, said.kind))
    return found
