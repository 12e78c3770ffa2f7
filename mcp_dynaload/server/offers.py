"""Prompts, resources and templates of all upstreams under names and URIs that do not collide."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mcp.shared.uri_template import InvalidUriTemplate, UriTemplate

from mcp_dynaload.catalog.names import advertised_name, default_prefix
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.mcp_config import UpstreamConfig
from mcp_dynaload.upstream.listing import Listing

_UNSAFE_IN_SCHEME = re.compile(r"[^a-z0-9]")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something that we offer comes from: the upstream and its own name or URI there."""

    upstream: str
    original: str


@dataclass(frozen=True, slots=True)
class Offers:
    """What is listed, raw but for the name or URI, and where each comes from."""

    prompts: tuple[Json, ...] = ()
    resources: tuple[Json, ...] = ()
    templates: tuple[Json, ...] = ()
    prompt_origins: Mapping[str, Origin] = field(default_factory=dict[str, Origin])
    resource_origins: Mapping[str, Origin] = field(default_factory=dict[str, Origin])
    template_origins: Mapping[str, Origin] = field(default_factory=dict[str, Origin])

    def resource_origin(self, uri: str) -> Origin | None:
        """The upstream that serves a URI: the one that lists it, or has a template for it, or is the alias's."""
        if (listed := self.resource_origins.get(uri)) is not None:
            return listed
        for template, origin in self.template_origins.items():
            if _matches(template, uri):
                return Origin(origin.upstream, _unaliased(uri, origin.upstream))
        owners = {origin.upstream for origin in (*self.resource_origins.values(), *self.template_origins.values())}
        for upstream in sorted(owners):
            if (original := _unaliased(uri, upstream)) != uri:
                return Origin(upstream, original)
        return Origin(owners.pop(), uri) if len(owners) == 1 else None

    def uri_of(self, upstream: str, original: str) -> str:
        """Our URI for one of an upstream's: an alias where its own leads to another upstream."""
        here = Origin(upstream, original)
        alias = _aliased(original, upstream)
        is_another = self.resource_origin(original) != here and self.resource_origin(alias) == here
        return alias if is_another else original


def collect_offers(
    configs: Mapping[str, UpstreamConfig], listings: Mapping[str, Listing], reserved: frozenset[str] = frozenset()
) -> Offers:
    """Everything that the listed upstreams offer; of two with one URI the first keeps it.

    No prompt gets a `reserved` name.
    """
    present = [(configs[name], listings[name]) for name in configs if name in listings]
    prompts, prompt_origins = _renamed("name", _named_prompts(present, reserved))
    resources, resource_origins = _renamed("uri", _with_uris(present, "resources", "uri"))
    templates, template_origins = _renamed("uriTemplate", _with_uris(present, "templates", "uriTemplate"))
    return Offers(prompts, resources, templates, prompt_origins, resource_origins, template_origins)


_Named = tuple[str, Origin, Json]


def _renamed(key: str, items: Iterable[_Named]) -> tuple[tuple[Json, ...], dict[str, Origin]]:
    ordered = sorted(items, key=lambda item: item[0])
    return tuple({**raw, key: name} for name, _, raw in ordered), {name: origin for name, origin, _ in ordered}


def _named_prompts(present: Iterable[tuple[UpstreamConfig, Listing]], reserved: frozenset[str]) -> list[_Named]:
    taken: dict[str, _Named] = {}
    for config, listing in present:
        prefix = default_prefix(config.name) if config.options.prefix is None else config.options.prefix
        for prompt in listing.prompts:
            name = advertised_name(prefix, str(prompt["name"]))
            if name in taken or name in reserved:
                name = advertised_name(default_prefix(config.name), str(prompt["name"]))
            taken.setdefault(name, (name, Origin(config.name, str(prompt["name"])), prompt))
    return list(taken.values())


def _with_uris(present: Iterable[tuple[UpstreamConfig, Listing]], kind: str, key: str) -> list[_Named]:
    taken: dict[str, _Named] = {}
    for config, listing in present:
        items: tuple[Json, ...] = getattr(listing, kind)
        for item in items:
            original = str(item[key])
            if (known := taken.get(original)) and known[1].upstream == config.name:
                continue  # listed twice by one server
            uri = original if original not in taken else _aliased(original, config.name)
            taken.setdefault(uri, (uri, Origin(config.name, original), item))
    return list(taken.values())


def _alias_prefix(upstream: str) -> str:
    return f"dynaload-{_UNSAFE_IN_SCHEME.sub('-', upstream.lower())}+"


def _aliased(uri: str, upstream: str) -> str:
    """The URI with the upstream in its scheme: `file:///a` of `b` becomes `dynaload-b+file:///a`."""
    return _alias_prefix(upstream) + uri


def _unaliased(uri: str, upstream: str) -> str:
    return uri.removeprefix(_alias_prefix(upstream))


def _matches(template: str, uri: str) -> bool:
    try:
        return UriTemplate.parse(template).match(uri) is not None
    except InvalidUriTemplate:
        return False
