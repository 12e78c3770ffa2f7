import json
from collections import Counter
from pathlib import Path

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.quality.labelled import NamedCatalog
from mcp_dynaload.research.follow_ups import packaged_follow_ups
from mcp_dynaload.research.own_work import further_own_work_texts, own_work_texts
from mcp_dynaload.research.samples import packaged_own
from tests.golden.prompts import CONVERSATIONS, EVERYDAY, KINDS, NEAR, NO_NEED, OWN_TALK, PROMPTS, TOUCAN

FILES = (PROMPTS, EVERYDAY, NEAR, TOUCAN, CONVERSATIONS, OWN_TALK)


def lines(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def said(path: Path) -> list[str]:
    """Return the prompts of a file as they compare: the prompts before a follow-up are part of it."""
    return [bare(" / ".join([*line.get("history", []), line["query"]])) for line in lines(path)]


def bare(text: str) -> str:
    return text.lower().strip(" .!?")


def keys(references: list[Json]) -> list[str]:
    return [f"{reference['server']}/{reference['tool']}" for reference in references]


def test_every_labelled_tool_is_in_the_catalog_that_its_prompt_names(catalogs: dict[str, NamedCatalog]) -> None:
    unknown = [
        (line["id"], key)
        for line in (*lines(PROMPTS), *lines(CONVERSATIONS), *lines(OWN_TALK))
        for key in (
            *keys(line["tools"]),
            *keys(line.get("optional", [])),
            *(alternative for serving in line.get("alts", {}).values() for alternative in serving),
        )
        if key not in catalogs[line["catalog"]].names
    ]

    assert unknown == []


def test_alternatives_stand_for_needed_tools() -> None:
    found = [line for path in FILES for line in lines(path)]
    strays = [line["id"] for line in found if not line.get("alts", {}).keys() <= set(keys(line["tools"]))]

    assert strays == []


def test_no_two_prompts_share_an_id() -> None:
    ids = Counter(line["id"] for path in FILES for line in lines(path))

    assert [id for id, count in ids.items() if count > 1] == []


def test_there_are_enough_prompts_of_each_kind() -> None:
    kinds = Counter(line["kind"] for line in lines(PROMPTS))

    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) >= 20
    assert kinds[NO_NEED] >= 40
    assert kinds.total() - kinds[NO_NEED] >= 220


def test_half_of_the_conversations_change_the_subject_and_half_go_on_with_it() -> None:
    kinds = Counter(line["kind"].removesuffix("-unseen") for line in lines(CONVERSATIONS))

    assert kinds["switch"] == kinds["followup"] >= 40
    assert [line["id"] for line in lines(CONVERSATIONS) if not line.get("history")] == []


def test_in_conversations_about_code_most_last_prompts_need_nothing() -> None:
    kinds = Counter((line["kind"], bool(line["tools"])) for line in lines(OWN_TALK))

    assert kinds == {
        ("coding", False): 60,
        ("coding-then-tool", True): 30,
        ("named", True): 40,
        ("named-own", False): 30,
    }
    assert [line["id"] for line in lines(OWN_TALK) if not line.get("history")] == []


def test_two_hundred_everyday_prompts_need_nothing() -> None:
    found = lines(EVERYDAY)

    assert len(found) == 200
    assert [line["id"] for line in found if line["tools"] or line["kind"] != NO_NEED] == []


def test_a_prompt_needs_as_many_tools_as_its_kind_says() -> None:
    needed = dict.fromkeys(KINDS, (1, 1)) | {NO_NEED: (0, 0), "compound": (2, 4)}
    wrong = [
        line["id"]
        for line in lines(PROMPTS)
        if not needed[line["kind"]][0] <= len(line["tools"]) <= needed[line["kind"]][1]
    ]

    assert wrong == []


def test_follow_ups_and_no_others_that_need_tools_follow_something() -> None:
    found = {line["kind"] for line in lines(PROMPTS) if line.get("history")}

    assert found == {"followup", NO_NEED}
    assert [line["id"] for line in lines(PROMPTS) if line["kind"] == "followup" and not line.get("history")] == []


def test_no_prompt_is_written_twice() -> None:
    written = Counter((path.stem, *pair) for path in FILES for pair in _by_catalog(path))

    assert [entry for entry, count in written.items() if count > 1] == []


def test_no_everyday_prompt_is_in_another_list() -> None:
    assert set(said(EVERYDAY)) & {*said(PROMPTS), *said(NEAR)} == set()


def test_no_held_out_prompt_is_in_what_the_product_or_its_fit_was_given() -> None:
    own = packaged_own()
    lines = (*own.needing.lines, *own.labelled, *packaged_follow_ups())
    given = {bare(line.query) for line in lines} | set(map(bare, own_work_texts() + further_own_work_texts()))

    assert given & {prompt for path in FILES for prompt in said(path)} == set()


def test_the_prompts_that_words_alone_do_not_find_are_there() -> None:
    assert {"which changes have not been recorded yet", "file a bug about the broken login"} <= set(said(PROMPTS))


def _by_catalog(path: Path) -> list[tuple[str, str]]:
    return [(line["catalog"], prompt) for line, prompt in zip(lines(path), said(path), strict=True)]
