"""One MCP server in front of all others: it loads only the tools that each prompt needs."""

from mcp_dynaload.version import __version__ as __version__

TYPE_CHECKING = False  # `typing` would take a tenth of the time until the server's first answer
if TYPE_CHECKING:
    from mcp_dynaload.api.dynaload import Dynaload as Dynaload
    from mcp_dynaload.api.instance import close_integration_instance as close_integration_instance
    from mcp_dynaload.api.instance import get_integration_instance as get_integration_instance
    from mcp_dynaload.api.options import IntegrationMode as IntegrationMode
    from mcp_dynaload.api.options import LoadingStrategy as LoadingStrategy
    from mcp_dynaload.api.results import WorkflowStep as WorkflowStep

_EXPORTS = {
    "Dynaload": "dynaload",
    "IntegrationMode": "options",
    "LoadingStrategy": "options",
    "WorkflowStep": "results",
    "close_integration_instance": "instance",
    "get_integration_instance": "instance",
}


def __getattr__(name: str) -> object:
    """Import what is asked for: the server's start must not pay for the API."""
    from importlib import import_module

    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.api.{_EXPORTS[name]}"), name)
