"""The vectors of what the client does itself, beside their texts."""

from mcp_dynaload.encoder.own_work import read_own_work
from mcp_dynaload.research.own_work import further_own_work_texts, own_tools_texts, own_work_texts


def test_each_text_has_a_vector_and_stands_once() -> None:
    further = further_own_work_texts()
    prompts, tools = read_own_work()

    assert len(prompts) == len(own_work_texts()) + len(further)
    assert len(tools) == len(set(own_tools_texts()))
    assert len({text.lower() for text in further} - {text.lower() for text in own_work_texts()}) == len(further) > 600
