"""The tools that a model lacks by what it does in a step of its turn: a detour that it takes, or its own words."""

from dataclasses import dataclass

from mcp_dynaload.ranking.detours import Detour, shell_detours, url_detours
from mcp_dynaload.ranking.lacking import lacking

SHELLS, BROWSERS = ("Bash", "PowerShell"), ("WebFetch",)
"""The client's own tools with which a model can do what a server's tool is for."""

SAID_SO = "the model said that it lacks it"


@dataclass(frozen=True, slots=True)
class ModelStep:
    """One step of the model's turn: what it called and said."""

    calls: tuple[tuple[str, str], ...] = ()
    """The client's own tools that it called, each with what it gave it: a command, or an address and a question."""

    text: str = ""
    """The text of its answer."""

    request: str = ""
    """The prompt that it works on, as far as that is known."""


@dataclass(frozen=True, slots=True)
class Want:
    """One thing that a tool would do."""

    names: tuple[str, ...]
    """Words that may name the service, in lower case."""

    wordings: tuple[str, ...]
    """Texts that tell what is wanted, the likeliest first."""

    host: str = ""
    """The host that was turned to."""

    request: str = ""
    """A prompt that tells what it is about."""

    is_anyones: bool = False
    """Whether a server that is not named may have the tool."""

    says_service: bool = True
    """Whether its texts say by themselves which service is meant."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that the model does without tools, or cannot do without them, and how that is known."""

    wants: tuple[Want, ...]
    why: str


def lacks_of(step: ModelStep) -> tuple[Lack, ...]:
    """Return what the model lacks in a step, whether any server has a tool for it or not."""
    by_calls = [_by_detour(detour) for tool, given in step.calls for detour in detours_of(tool, given)]
    said = tuple(
        Want(one.names, one.readings, request=step.request, is_anyones=one.says_tool) for one in lacking(step.text)
    )
    return (*by_calls, Lack(said, SAID_SO))


def detours_of(tool: str, given: str) -> tuple[Detour, ...]:
    """Return what a call of the client's own tools does that is not everyday work."""
    if tool in SHELLS:
        return shell_detours(given)
    url, _, wanted = given.partition("\n")
    return url_detours(url, wanted) if tool in BROWSERS else ()


def _by_detour(detour: Detour) -> Lack:
    want = Want(detour.services, (detour.about,), host=detour.host, says_service=False)
    return Lack((want,), f"the model turned to {detour.via} for it")
