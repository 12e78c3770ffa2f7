"""The training data of the encoder, and above all what is not in it."""

import json
from pathlib import Path
from random import Random

from mcp_dynaload.research.training.examples import (
    DEFINITIONS,
    KEPT_BACK,
    LABELLED,
    LEFT_OUT,
    OWN,
    TRAINED_ON,
    draw,
    is_kept_back,
    read_corpus,
)
from tests.builders import a_definition

GENERIC = ("bfcl_live", "seal_tools", "stabletoolbench", "metatool")


def a_folder(path: Path, *, toucan: object, left_out: object, task_ids: tuple[str, ...] = ("a",)) -> Path:
    """Write a small corpus: one server with one tool in each generic catalog."""
    (path / "catalogs").mkdir()
    (path / "tasks").mkdir()
    catalogs = {name: {name: [a_definition("look_up", "Look up a fact", word="")]} for name in GENERIC}
    for name, servers in {**catalogs, "toucan": toucan, **dict.fromkeys(LEFT_OUT, left_out)}.items():
        (path / f"catalogs/{name}.json").write_text(json.dumps(servers), "utf-8")
    for name in LABELLED:
        catalog = "bfcl_live" if name.startswith("bfcl") else name
        need = [{"server": catalog, "tool": "look_up"}]
        tasks = [{"id": id_, "query": f"{name} {id_}", "catalog": catalog, "tools": need} for id_ in task_ids]
        (path / f"tasks/{name}.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks), "utf-8")
    return path


MENDER = [a_definition("mend_sock", "Mend a sock with yarn of its colour", sock="")]
GITHUB = [a_definition(name, f"{name} of a repository on GitHub") for name in ("open_issue", "merge", "fork")]
RENAMED = [a_definition(f"gh_{tool['name']}", tool["description"]) for tool in GITHUB]
REWORDED = [a_definition(tool["name"], "in other words") for tool in GITHUB]


def test_servers_of_the_evaluation_are_left_out_under_other_names_and_in_other_words(tmp_path: Path):
    toucan = {"@x_mend-mcp": MENDER, "@me_github-mcp": GITHUB, "copy": RENAMED, "fork": REWORDED}

    corpus = read_corpus(a_folder(tmp_path, toucan=toucan, left_out={"github": GITHUB}))

    assert [corpus.definitions[number].name for number in corpus.members["toucan"]] == ["mend_sock"]


def test_no_evaluation_set_or_catalog_is_trained_on():
    assert set(LABELLED) == {"bfcl_live_multiple", "seal_tools", "stabletoolbench", "metatool"}
    assert set(DEFINITIONS).isdisjoint(LEFT_OUT)


def test_tasks_that_may_only_be_measured_with_are_not_read(tmp_path: Path):
    folder = a_folder(tmp_path, toucan={"mend": MENDER}, left_out={}, task_ids=("a", "sentry-1"))

    tasks = read_corpus(folder).tasks

    assert {len(tasks[name]) for name in LABELLED} == {1}


def test_of_our_own_prompts_those_are_read_whose_tools_are_trained_on(tmp_path: Path):
    listing = "@aashari_mcp-server-atlassian-jira", a_definition("list_issues", "List the issues of a project")
    corpus = read_corpus(a_folder(tmp_path, toucan={listing[0]: [listing[1]]}, left_out={}))

    names = {corpus.definitions[number].name for _, needed in corpus.tasks[OWN] for number in needed}

    assert names == {"list_issues"}


def test_the_same_seed_draws_the_same_prompts_and_each_needs_a_known_document(tmp_path: Path):
    corpus = read_corpus(a_folder(tmp_path, toucan={"mend": MENDER}, left_out={}))
    first, second = Random(7), Random(7)

    drawn = [draw(corpus, first) for _ in range(200)]

    assert drawn == [draw(corpus, second) for _ in range(200)]
    assert all(query and needed and set(needed) <= set(range(len(corpus.definitions))) for query, needed in drawn)


def test_one_of_three_own_prompts_is_kept_back_and_all_that_the_packaged_encoder_never_had():
    seen = [number for number in range(TRAINED_ON + 10) if not is_kept_back(number)]

    assert len(seen) == TRAINED_ON - TRAINED_ON // KEPT_BACK - 1
    assert max(seen) < TRAINED_ON
