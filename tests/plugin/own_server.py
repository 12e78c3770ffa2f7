"""The plugin of the marketplace: the one in the package, with a server of its own.

Run it to write what stands in `plugins/dynaload`: `python -m tests.plugin.own_server`.
"""

import json
from pathlib import Path
from typing import Any

from mcp_dynaload.catalog.names import PLUGIN_SERVER_NAME, SERVER_NAME
from mcp_dynaload.configuration import SERVER_NAME_VARIABLE
from mcp_dynaload.hosts.claude_code.hooks import hook_settings
from tests.installed import ROOT

LINKED = ROOT / "mcp_dynaload" / "plugin"
BRINGING = ROOT / "plugins" / "dynaload"
LAUNCHER = "serve.sh"


def files() -> dict[str, str]:
    """Return what is in its folder, beside the launcher, by path."""
    manifest: dict[str, Any] = json.loads((LINKED / ".claude-plugin" / "plugin.json").read_text())
    entry = {
        "command": "sh",
        "args": [f"${{CLAUDE_PLUGIN_ROOT}}/{LAUNCHER}"],
        "env": {SERVER_NAME_VARIABLE: PLUGIN_SERVER_NAME},
    }
    hooks = {"modules": ["./dynaload.js"], **hook_settings(are_plugins=True, server=PLUGIN_SERVER_NAME)}
    return {
        ".claude-plugin/plugin.json": _text({**manifest, "mcpServers": {SERVER_NAME: entry}}),
        "hooks/hooks.json": _text(hooks),
        "hooks/dynaload.js": (LINKED / "hooks" / "dynaload.js").read_text(),
    }


def write(folder: Path) -> None:
    """Write them."""
    for name, text in files().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def _text(document: Any) -> str:
    return json.dumps(document, indent=2) + "\n"


if __name__ == "__main__":
    write(BRINGING)
