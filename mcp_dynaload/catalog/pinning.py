"""Which of a server's definitions are those that its user has approved: decided by a digest of each whole element."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mcp_dynaload.catalog.tool import Json

DefinitionKind = Literal["tool", "prompt", "resource template", "instructions"]

IDENTITIES: Mapping[DefinitionKind, str] = {"tool": "name", "prompt": "name", "resource template": "uriTemplate"}
"""The field by which an element of each kind is asked for. Resources are data that comes and goes, and are not here."""

CHANGED, NEW = "changed", "new"
"""The reasons for which a definition is held back, beside a finding."""

FINDING = "finding: "
"""How the reason begins where something in the definition itself is wrong, whatever it was before."""

SUSPICIOUS = "suspicious"
"""A definition with a finding, in a word."""

Key = tuple[DefinitionKind, str]
"""Kind and name of a definition."""


@dataclass(frozen=True, slots=True)
class DefinitionElement:
    """A definition as a server gives it now."""

    kind: DefinitionKind
    name: str
    """Empty for instructions."""

    content: str
    """The whole element as canonical JSON: the same for any order of keys."""

    digest: str
    """SHA-256 (hex) of it."""

    @property
    def key(self) -> Key:
        """The kind and name by which it is compared."""
        return self.kind, self.name


Scan = Callable[[str, DefinitionElement, frozenset[str]], str]
"""Returns why a server's definition must not be used that nobody has approved; empty if nothing is wrong.

The names are those of all tools that this server offers. Instructions come as `{"instructions": text}`."""


@dataclass(frozen=True, slots=True)
class HeldElement:
    """A definition that the user has not approved."""

    element: DefinitionElement
    reason: str
    """`changed`, `new`, or `finding: …`."""

    @property
    def is_suspicious(self) -> bool:
        """Whether something in the definition itself is wrong."""
        return self.reason.startswith(FINDING)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The definitions of one server that were approved, or were there when it was first seen."""

    approved: Mapping[Key, Collection[str]] = field(default_factory=dict[Key, Collection[str]])
    """The digests of each: of several any counts, so that switching between approved versions is silent."""

    open_kinds: Collection[DefinitionKind] = ()
    """Kinds of which new ones join unasked: all at first sight."""


@dataclass(frozen=True, slots=True)
class DefinitionJudgement:
    """The definitions of a listing that join the baseline, and those that are held back."""

    joined: tuple[DefinitionElement, ...] = ()
    held: tuple[HeldElement, ...] = ()


def counts_of(reasons: Iterable[str]) -> str:
    """Return how many definitions are held for each reason, in words."""
    found = [SUSPICIOUS if reason.startswith(FINDING) else reason for reason in reasons]
    return ", ".join(f"{found.count(one)} {one}" for one in (CHANGED, NEW, SUSPICIOUS) if one in found)


ALL_KINDS: tuple[DefinitionKind, ...] = ("tool", "prompt", "resource template", "instructions")


def element_of(kind: DefinitionKind, name: str, definition: Json) -> DefinitionElement:
    """Return a definition with its digest."""
    try:
        content = json.dumps(definition, sort_keys=True, separators=(",", ":"))
    except RecursionError:  # the client is not given such a definition, whatever is in it
        content = json.dumps({"name": name, "problem": "nested too deeply"})
    return DefinitionElement(kind, name, content, hashlib.sha256(content.encode()).hexdigest())


def elements_of(lists: Mapping[DefinitionKind, Sequence[Json]], instructions: str) -> list[DefinitionElement]:
    """Return all definitions of a listing; empty instructions are none."""
    found = [
        element_of(kind, str(definition[IDENTITIES[kind]]), definition)
        for kind, definitions in lists.items()
        for definition in definitions
    ]
    if instructions:
        found.append(element_of("instructions", "", {"instructions": instructions}))
    return found


def judge(
    elements: Iterable[DefinitionElement], baseline: Baseline, scan: Callable[[DefinitionElement], str]
) -> DefinitionJudgement:
    """Compare what a server offers with what was approved.

    Of two elements with one name both must be approved: a call could not tell them apart.
    """
    joined: list[DefinitionElement] = []
    held: dict[Key, HeldElement] = {}
    for element in elements:
        known = baseline.approved.get(element.key, ())
        if element.digest in known:
            continue
        if finding := scan(element):
            held[element.key] = HeldElement(element, FINDING + finding)
        elif not known and element.kind in baseline.open_kinds:
            joined.append(element)
        else:
            held.setdefault(element.key, HeldElement(element, CHANGED if known else NEW))
    return DefinitionJudgement(tuple(one for one in joined if one.key not in held), tuple(held.values()))
