"""Prompts, resources and templates of all upstreams under names and URIs that do not collide."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from mcp_dynaload.catalog.names import MAX_NAME_LENGTH, advertised_name, default_prefix, legal_name
from mcp_dynaload.catalog.ownership import Prefixes
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.upstream_config import UpstreamConfig, prefixes_of
from mcp_dynaload.upstream.listing import Listing

_UNSAFE_IN_SCHEME = re.compile(r"[^a-z0-9]")


@dataclass(frozen=True, slots=True)
class ElementOrigin:
    """The origin of something that we offer: the upstream and its own name or URI there."""

    upstream: str
    original: str


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The prompts, resources and templates that are listed, raw but for name or URI, each with its origin."""

    prompts: tuple[Json, ...] = ()
    resources: tuple[Json, ...] = ()
    templates: tuple[Json, ...] = ()
    prompt_origins: Mapping[str, ElementOrigin] = field(default_factory=dict[str, ElementOrigin])
    resource_origins: Mapping[str, ElementOrigin] = field(default_factory=dict[str, ElementOrigin])
    template_origins: Mapping[str, ElementOrigin] = field(default_factory=dict[str, ElementOrigin])
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    """How URIs begin that are one upstream's whatever others list, by upstream; none where there is only one."""

    def resource_origin(self, uri: str) -> ElementOrigin | None:
        """Return the upstream that serves a URI: the one that lists it, has an alias or a template for it."""
        if (listed := self.resource_origins.get(uri)) is not None:
            return listed
        for upstream, alias in self.aliases.items():
            if uri.startswith(alias):
                return ElementOrigin(upstream, uri.removeprefix(alias))
        for template, origin in self.template_origins.items():
            if matches_template(template, uri):
                return ElementOrigin(origin.upstream, uri)
        owners = {origin.upstream for origin in (*self.resource_origins.values(), *self.template_origins.values())}
        return ElementOrigin(owners.pop(), uri) if len(owners) == 1 else None

    def narrowed(self, has: Callable[[str], bool]) -> "Aggregate":
        """Return the same with fewer lists: what is of these upstreams; all of it can be asked for as before."""
        return replace(
            self,
            prompts=tuple(one for one in self.prompts if has(self.prompt_origins[one["name"]].upstream)),
            resources=tuple(one for one in self.resources if has(self.resource_origins[one["uri"]].upstream)),
            templates=tuple(one for one in self.templates if has(self.template_origins[one["uriTemplate"]].upstream)),
        )

    def uri_of(self, upstream: str, original: str) -> str:
        """Return our URI for one of an upstream's: an alias where its own does not lead to it."""
        if upstream not in self.aliases or self.resource_origin(original) == ElementOrigin(upstream, original):
            return original
        return self.aliases[upstream] + original


def aggregate_listings(
    configs: Mapping[str, UpstreamConfig],
    listings: Mapping[str, Listing],
    reserved: frozenset[str] = frozenset(),
    room: int = MAX_NAME_LENGTH,
) -> Aggregate:
    """Return everything that the listed upstreams offer; of two with one URI the first keeps it.

    No prompt gets a `reserved` name, or one that belongs to another upstream by its prefix; no resource a URI that
    begins as another's aliases do.
    """
    present = [(configs[name], listings[name]) for name in configs if name in listings]
    aliases = _alias_prefixes(configs) if len(configs) > 1 else {}
    prompts, prompt_origins = _renamed("name", _named_prompts(present, prefixes_of(configs.values(), room), reserved))
    resources, resource_origins = _renamed("uri", _with_uris(present, "resources", "uri", aliases))
    templates, template_origins = _renamed("uriTemplate", _with_uris(present, "templates", "uriTemplate", aliases))
    return Aggregate(prompts, resources, templates, prompt_origins, resource_origins, template_origins, aliases)


_Named = tuple[str, ElementOrigin, Json]


def _renamed(key: str, items: Iterable[_Named]) -> tuple[tuple[Json, ...], dict[str, ElementOrigin]]:
    ordered = sorted(items, key=lambda item: item[0])
    return tuple({**raw, key: name} for name, _, raw in ordered), {name: origin for name, origin, _ in ordered}


def _named_prompts(
    present: Iterable[tuple[UpstreamConfig, Listing]], prefixes: Prefixes, reserved: frozenset[str]
) -> list[_Named]:
    taken: dict[str, _Named] = {}
    holders: dict[str, str] = dict.fromkeys(reserved, "")
    for config, listing in present:
        for original, prompt in {str(prompt["name"]): prompt for prompt in reversed(listing.prompts)}.items():
            for name in _prompt_names(config, prefixes, original):
                if name not in taken and holders.setdefault(legal_name(name), config.name) == config.name:
                    taken[name] = (name, ElementOrigin(config.name, original), prompt)
                    break
    return list(taken.values())


def _prompt_names(config: UpstreamConfig, prefixes: Prefixes, original: str) -> Iterator[str]:
    """Yield names for a prompt, the best first: as configured, with its server's name, with a hash."""
    for prefix in (config.prefix, default_prefix(config.name)):
        if prefixes.is_free(config.name, name := advertised_name(prefix, original, prefixes.room)):
            yield name
    yield from prefixes.set_apart(config.name, config.prefix, original)


def _with_uris(
    present: Iterable[tuple[UpstreamConfig, Listing]], kind: str, key: str, aliases: Mapping[str, str]
) -> list[_Named]:
    taken: dict[str, _Named] = {}
    for config, listing in present:
        items: tuple[Json, ...] = getattr(listing, kind)
        others = tuple(alias for upstream, alias in aliases.items() if upstream != config.name)
        for item in items:
            original = str(item[key])
            if (known := taken.get(original)) and known[1].upstream == config.name:
                continue  # listed twice by one server
            is_free = original not in taken and not original.startswith(others)
            uri = original if is_free else aliases[config.name] + original
            taken.setdefault(uri, (uri, ElementOrigin(config.name, original), item))
    return list(taken.values())


def _alias_prefixes(upstreams: Iterable[str]) -> dict[str, str]:
    """Return the prefixes of aliased URIs.

    `file:///a` of `b` becomes `dynaload-b+file:///a`; with a number where two are alike.
    """
    prefixes: dict[str, str] = {}
    for upstream in upstreams:
        plain = f"dynaload-{_UNSAFE_IN_SCHEME.sub('-', upstream.lower())}"
        candidates = (plain if number == 1 else f"{plain}-{number}" for number in count(1))
        prefixes[upstream] = next(f"{one}+" for one in candidates if f"{one}+" not in prefixes.values())
    return prefixes


def matches_template(template: str, uri: str) -> bool:
    """Return whether a URI may be made from a template; of one that cannot be read none is."""
    from mcp.shared.uri_template import InvalidUriTemplate, UriTemplate  # the SDK, which commands that list do without

    try:
        return UriTemplate.parse(template).match(uri) is not None
    except InvalidUriTemplate:
        return False
