"""How the client comes to tell us of prompts: by our plugin where it runs modules of plugins, else by settings hooks.

The plugin is a link, in the client's `skills` folder, to the folder that came with this installation. The client loads
it from there as it is: an upgrade of ours is one of the plugin, too, and without the link it is gone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from mcp_dynaload.catalog.names import PLUGIN_SERVER_NAME, SERVER_NAME, Registration
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.claude_code.client_version import MODS_VERSION, version_text
from mcp_dynaload.hosts.claude_code.files import ClaudeFiles, ClientSnapshot, objects, strings
from mcp_dynaload.hosts.claude_code.links import LinkEdit, read_link
from mcp_dynaload.hosts.claude_code.rewriting import is_ours

PLUGIN_NAME = "dynaload"
PLUGIN_FOLDER = Path(__file__).parents[2] / "plugin"
LINKED_PLUGIN = f"{PLUGIN_NAME}@skills-dir"
"""The client's name for a plugin that it finds in a `skills` folder."""

_OURS = ("mcp_dynaload", "plugin")
_SKILLS_DIR = "skills-dir"


@dataclass(frozen=True, slots=True)
class Wiring:
    """The parts that are to be there in the scope."""

    has_hooks: bool
    """In the settings."""

    link: LinkEdit | None = None
    note: str = ""


def plugin_places(files: ClaudeFiles) -> Mapping[str, Path]:
    """Return where the plugin's link stands, by scope; the project's settings are shared, and no link of ours is."""
    return {
        "user": files.config_dir / "skills" / PLUGIN_NAME,
        "local": files.project.folder / ".claude" / "skills" / PLUGIN_NAME,
    }


def plan_wiring(snapshot: ClientSnapshot) -> Wiring:
    """Decide between the plugin and hooks in the settings of the scope."""
    places = plugin_places(snapshot.files)
    settings = _settings(snapshot)
    if registration_of(snapshot).is_plugins:
        return Wiring(has_hooks=False, note="the plugin is installed already, and brings the server and the hooks")
    if snapshot.scope == "local" and (is_our_link(read_link(places["user"])) or _has_hooks(settings[0])):
        return Wiring(has_hooks=False)  # what the user has reaches this folder, too
    place = places.get(snapshot.scope)
    if place is None:
        return Wiring(has_hooks=True)
    before = read_link(place)
    if (objection := _objection(snapshot, settings, place, before)) is not None:
        return Wiring(has_hooks=True, note=f"hooks in the settings instead of the plugin: {objection}")
    target = str(PLUGIN_FOLDER)
    return Wiring(has_hooks=False, link=None if before == target else LinkEdit(place, before, target))


def registration_of(snapshot: ClientSnapshot) -> Registration:
    """Return how the client is to know us: by the plugin that is installed, unless an `init` came before it.

    In a project's shared files we are registered: others who work on it need not have the plugin.
    """
    state, key = snapshot.document(snapshot.files.state), str(snapshot.files.project.folder)
    places = [state, objects(state, "projects", key), snapshot.document(snapshot.files.project.servers)]
    is_registered = any(is_us(objects(place, "mcpServers", SERVER_NAME)) for place in places)
    is_plugins = snapshot.scope != "project" and any(enabled_plugins(_settings(snapshot))) and not is_registered
    return Registration(PLUGIN_SERVER_NAME) if is_plugins else Registration()


def is_us(entry: Json) -> bool:
    """Return whether a server's entry starts a program of ours."""
    words = [entry.get("command"), *strings(entry, "args")]
    return any("mcp-dynaload" in str(word) or "mcp_dynaload" in str(word) for word in words)


def is_our_link(target: str | None) -> bool:
    """Return whether a link with this target leads to the plugin of an installation of ours."""
    return target is not None and Path(target).parts[-2:] == _OURS


def enabled_plugins(settings: Sequence[Json]) -> Iterator[str]:
    """Yield the names under which our plugin is installed from marketplaces, and enabled."""
    for name, is_enabled in _plugin_switches(settings).items():
        if name.startswith(f"{PLUGIN_NAME}@") and name != LINKED_PLUGIN and is_enabled is not False:
            yield name


def is_switched_off(settings: Sequence[Json]) -> bool:
    """Return whether the user has disabled the plugin that stands in a `skills` folder."""
    return _plugin_switches(settings).get(LINKED_PLUGIN) is False


def _has_hooks(settings: Json) -> bool:
    groups = objects(settings, "hooks").get("UserPromptSubmit")
    return isinstance(groups, list) and any(is_ours(group) for group in cast(list[Any], groups))


def _objection(snapshot: ClientSnapshot, settings: Sequence[Json], place: Path, before: str | None) -> str | None:
    """Return why the plugin cannot be had here; None if it can."""
    version = snapshot.client_version
    if version is None:
        return "no `claude` is on the PATH that tells its version; run this again when there is one"
    if version < MODS_VERSION:
        return f"Claude Code {version_text(version)} runs no modules of plugins; {version_text(MODS_VERSION)} does"
    if is_switched_off(settings):
        return f"{LINKED_PLUGIN} is disabled in the settings"
    if any(_is_forbidden(document) for document in snapshot.managed_settings):
        return "managed settings allow no plugins from a `skills` folder"
    if before is not None and not is_our_link(before):
        return f"{place} is something else"
    return None


def _is_forbidden(managed: Json) -> bool:
    allowed = managed.get("strictKnownMarketplaces", managed.get("allowedMarketplaces"))
    is_missing = isinstance(allowed, list) and not _has_skills_dir(allowed)
    return is_missing or _has_skills_dir(managed.get("blockedMarketplaces"))


def _has_skills_dir(sources: Any) -> bool:
    items = cast(list[Any], sources) if isinstance(sources, list) else []
    return any(isinstance(item, dict) and cast(Json, item).get("source") == _SKILLS_DIR for item in items)


def _settings(snapshot: ClientSnapshot) -> list[Json]:
    """Return the settings that reach the folder, those that win last."""
    project = snapshot.files.project
    paths = [snapshot.files.user_settings]
    if snapshot.scope != "user":
        paths += [project.settings, project.local_settings]
    return [snapshot.document(path) for path in paths] + snapshot.managed_settings


def _plugin_switches(settings: Sequence[Json]) -> Json:
    return {name: value for document in settings for name, value in objects(document, "enabledPlugins").items()}
