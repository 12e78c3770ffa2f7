"""The client's side of our plugin: a mod, which comes and goes, and shows a cell under the prompt."""

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy.caller import Caller
from mcp_dynaload.proxy.hook_fields import HookFields
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.surfaces.surface import MOD_PROMPT
from mcp_dynaload.proxy.tool_search import read_others


async def start(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Note that the mod is there, and what it says of the tools of servers that are not behind us.

    From now on it asks, and the settings hooks answer nothing. It comes in a prompt's first step. What the hooks could
    only describe beside that prompt, as in a resumed session, whose list the client keeps, it is told to select now.
    """
    session.plugin.copy = fields.plugin
    if MOD_PROMPT in session.surface.ignored_hooks or not session.client.environment.tool_search:
        return {"asks": False} | session.cell
    session.plugin.starts(read_others(fields.tools))
    selected = [session.registration.prefix + name for name in session.model_context.take_described()]
    steps: Json = {} if session.settings.between_steps else {"steps": False}
    return {"asks": True, "select": selected} | steps | session.cell


async def stop(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Note that the mod is gone: the settings hooks answer again."""
    session.plugin.stops()
    return {}


async def show_cell(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Return what the mod shows under the prompt."""
    return session.cell
