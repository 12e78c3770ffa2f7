"""The fields of a hook's call, as far as they are known."""

from dataclasses import dataclass

from mcp_dynaload.catalog.tool import Json


@dataclass(frozen=True, slots=True)
class HookFields:
    """The fields of a hook's call; one that the client did not fill in is empty."""

    event: str
    prompt: str
    session_id: str
    permission_mode: str
    transcript_path: str
    source: str
    model: str
    command_name: str
    command_args: str
    query: str
    limit: str
    plugin: str
    search: str
    tools: str
    agent: str
    calls: str
    text: str
    had: str

    @classmethod
    def read(cls, arguments: Json) -> "HookFields":
        """Take the known fields; a template that was left as it is counts as empty."""
        values = {name: arguments.get(name) for name in cls.__slots__}
        texts = {name: str(value) if type(value) in (str, int) else "" for name, value in values.items()}
        return cls(**{name: "" if _is_template(name, text) else text for name, text in texts.items()})


def _is_template(name: str, text: str) -> bool:
    return text.startswith("${") and text.endswith("}") and len(text) < len(name) + 20
