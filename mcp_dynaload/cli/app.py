"""All commands under one name."""

from collections.abc import Callable, Mapping, Sequence

from mcp_dynaload.cli.audit import audit
from mcp_dynaload.cli.bench import bench
from mcp_dynaload.cli.copied_lines import CopiedLineCommand
from mcp_dynaload.cli.dashboard import dashboard
from mcp_dynaload.cli.demo import demo
from mcp_dynaload.cli.doctor import doctor
from mcp_dynaload.cli.eval import evaluate
from mcp_dynaload.cli.init import init_command
from mcp_dynaload.cli.interactive import interactive
from mcp_dynaload.cli.learn import learn, offer_learning
from mcp_dynaload.cli.login import login, logout
from mcp_dynaload.cli.logs import logs
from mcp_dynaload.cli.optimize import optimize
from mcp_dynaload.cli.preflight import preflight
from mcp_dynaload.cli.profile import profile
from mcp_dynaload.cli.program import new_app
from mcp_dynaload.cli.quarantine import quarantine
from mcp_dynaload.cli.refresh import refresh, refresh_quietly
from mcp_dynaload.cli.scan import scan
from mcp_dynaload.cli.secret import secret
from mcp_dynaload.cli.serve import serve
from mcp_dynaload.cli.servers import add, add_json, disable, enable, get, list_servers, remove
from mcp_dynaload.cli.stats import stats
from mcp_dynaload.cli.statusline import statusline_command
from mcp_dynaload.cli.token import token
from mcp_dynaload.cli.tools import tools
from mcp_dynaload.cli.top import top
from mcp_dynaload.cli.trust import trust
from mcp_dynaload.cli.uninstall import uninstall
from mcp_dynaload.cli.upgrade_notes import upgrade_notes
from mcp_dynaload.cli.validate import validate

app = new_app()

START, SERVERS, SEE, SAFE, MEASURE, SERVE = (
    "To begin, and to end",
    "Your servers",
    "What it does and why",
    "What may be used",
    "Checks and measurements",
    "What clients and services start",
)

_COMMANDS: Mapping[str, Sequence[Callable[..., None]]] = {
    START: (init_command(refresh_quietly, offer_learning), doctor, preflight, demo, upgrade_notes, uninstall),
    SERVERS: (add, add_json, list_servers, get, enable, disable, remove, login, logout, refresh, logs),
    SEE: (tools, optimize, interactive, top, stats, learn, audit, dashboard),
    SAFE: (trust, scan),
    MEASURE: (validate, evaluate, bench),
    SERVE: (serve, statusline_command()),
}
"""The commands by the panel of the help in which they stand."""

_NAMES: Mapping[Callable[..., None], str] = {evaluate: "eval", list_servers: "list"}
"""The commands that are not called as their function is."""

for panel, commands in _COMMANDS.items():
    for command in commands:
        kind = CopiedLineCommand if command is add else None
        app.command(_NAMES.get(command), cls=kind, rich_help_panel=panel)(command)
for group, name, panel in (
    (profile, "profile", SEE),
    (quarantine, "quarantine", SAFE),
    (secret, "secret", SAFE),
    (token, "token", SERVE),
):
    app.add_typer(group, name=name, rich_help_panel=panel)
