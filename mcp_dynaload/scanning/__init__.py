"""Looks for definitions that speak to the model in the user's name, hide something, or do other than they say."""

from mcp_dynaload.scanning.element import DefinitionFinding, ScannedElement, Severity, scanned_elements
from mcp_dynaload.scanning.scan import findings, reason_to_hold
from mcp_dynaload.scanning.shadowing import PeerTool, PeerTools, peer_tools

__all__ = [
    "DefinitionFinding",
    "PeerTool",
    "PeerTools",
    "ScannedElement",
    "Severity",
    "findings",
    "peer_tools",
    "reason_to_hold",
    "scanned_elements",
]
