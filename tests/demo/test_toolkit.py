from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from mcp import Client
from mcp import types as mcp_types

from mcp_dynaload.demo.storage import StoredRows, inside
from mcp_dynaload.demo.toolkit import Limit, ToolFailedError, build_server, parse_docstring, tool


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    count: int


class Echo:
    @tool("read")
    def repeat_text(self, some_text: str, times: Limit = 2, mood: Literal["calm", "loud"] = "calm") -> Answer:
        """Repeat a text.

        Often enough.

        Args:
            some_text: What to repeat,
                in one line.
            times: How often.
            mood: In which mood.
        """
        return Answer(some_text * times, times)

    @tool("delete", "break-it")
    def break_it(self) -> str:
        """Break."""
        raise RuntimeError("broken")


async def test_signature_and_docstring_become_the_definition() -> None:
    async with Client(build_server("echo", Echo(), "Says it again.")) as client:
        repeat, broken = (await client.list_tools()).tools

    assert repeat.model_dump(by_alias=True, exclude_none=True) == {
        "name": "repeat_text",
        "description": "Repeat a text.\n\nOften enough.",
        "inputSchema": {
            "type": "object",
            "additionalProperties": False,
            "required": ["some_text"],
            "properties": {
                "some_text": {"type": "string", "description": "What to repeat, in one line."},
                "times": {"type": "integer", "minimum": 1, "maximum": 200, "default": 2, "description": "How often."},
                "mood": {
                    "type": "string",
                    "enum": ["calm", "loud"],
                    "default": "calm",
                    "description": "In which mood.",
                },
            },
        },
        "outputSchema": {
            "type": "object",
            "title": "Answer",
            "required": ["text", "count"],
            "properties": {"text": {"type": "string"}, "count": {"type": "integer"}},
        },
        "annotations": {"readOnlyHint": True, "openWorldHint": False},
    }
    assert broken.name == "break-it"
    assert broken.annotations == mcp_types.ToolAnnotations(
        read_only_hint=False, destructive_hint=True, open_world_hint=False
    )


async def test_camel_case_renames_parameters_and_still_calls_the_method() -> None:
    async with Client(build_server("echo", Echo(), "", camel_case=True)) as client:
        (repeat, _) = (await client.list_tools()).tools
        result = await client.call_tool("repeat_text", {"someText": "ab"})

    assert repeat.input_schema["required"] == ["someText"]
    assert result.structured_content == {"text": "abab", "count": 2}


async def test_an_unforeseen_failure_is_an_error_result_and_the_server_goes_on() -> None:
    async with Client(build_server("echo", Echo(), "")) as client:
        failed = await client.call_tool("break-it", {})
        result = await client.call_tool("repeat_text", {"some_text": "a", "times": 1})

    assert failed.is_error
    assert failed.content == [mcp_types.TextContent(text="break-it failed: broken")]
    assert result.structured_content == {"text": "a", "count": 1}


def test_a_docstring_without_arguments_is_all_description() -> None:
    assert parse_docstring("Do it.\n\nNow.") == ("Do it.\n\nNow.", {})


def test_rows_survive_in_their_file(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text("{}")
    rows = StoredRows(tmp_path / "rows.json", Answer)

    key = rows.new_key("a")
    rows.put(key, Answer("x", 1))
    rows.put(rows.new_key("a"), Answer("y", 2))

    assert StoredRows(tmp_path / "rows.json", Answer).all() == {"a1": Answer("x", 1), "a2": Answer("y", 2)}
    assert rows.remove("a1") == Answer("x", 1)
    with pytest.raises(ToolFailedError, match=r"There is no answer 'a1'\. Known: a2\."):
        rows.get("a1")


def test_a_spoilt_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text("[")

    with pytest.raises(ToolFailedError, match=r"rows\.json"):
        StoredRows(tmp_path / "rows.json", Answer).all()


@pytest.mark.parametrize("path", ["..", "a/../../b", "/etc/passwd", "../workspace-2/x"])
def test_paths_outside_are_refused(path: str, tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()

    with pytest.raises(ToolFailedError, match="outside the workspace"):
        inside(tmp_path / "workspace", path)


def test_paths_inside_are_resolved(tmp_path: Path) -> None:
    assert inside(tmp_path, "a/../b") == tmp_path.resolve() / "b"
