"""All commands under one name."""

from typing import Annotated

import typer

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
from mcp_dynaload.cli.quarantine import quarantine
from mcp_dynaload.cli.refresh import refresh, refresh_quietly
from mcp_dynaload.cli.scan import scan
from mcp_dynaload.cli.secret import secret
from mcp_dynaload.cli.serve import serve
from mcp_dynaload.cli.servers import add, add_json, disable, enable, get, list_servers, remove
from mcp_dynaload.cli.stats import stats
from mcp_dynaload.cli.statusline import statusline
from mcp_dynaload.cli.token import token
from mcp_dynaload.cli.tools import tools
from mcp_dynaload.cli.top import top
from mcp_dynaload.cli.trust import trust
from mcp_dynaload.cli.uninstall import uninstall
from mcp_dynaload.cli.upgrade_notes import upgrade_notes
from mcp_dynaload.cli.validate import validate
from mcp_dynaload.version import __version__

app = typer.Typer(
    name="mcp-dynaload",
    help="One MCP server in front of all your others: loads only the tools that each prompt needs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before a command."""


for command in (
    serve,
    init_command(refresh_quietly, offer_learning),
    uninstall,
    login,
    logout,
    doctor,
    preflight,
    refresh,
    tools,
    scan,
    optimize,
    interactive,
    top,
    stats,
    learn,
    statusline,
    audit,
    bench,
    dashboard,
    logs,
    trust,
    demo,
    validate,
):
    app.command()(command)
app.command("eval")(evaluate)
app.command("add", cls=CopiedLineCommand)(add)
app.command("upgrade-notes")(upgrade_notes)
app.command("add-json")(add_json)
app.command("list")(list_servers)
for command in (get, remove, enable, disable):
    app.command()(command)
app.add_typer(profile, name="profile")
app.add_typer(quarantine, name="quarantine")
app.add_typer(secret, name="secret")
app.add_typer(token, name="token")
