"""The scripted Messages API, as these tests use it."""

from mcp_dynaload.measure.claude.model_api import Block, ModelApi, Script, Step, script, text, tool_use

__all__ = ["Block", "ModelApi", "Script", "Step", "script", "text", "tool_use"]
