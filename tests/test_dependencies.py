"""The project's requirements, its imports and its pins agree."""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.installed import ROOT

CONFIG = ROOT / "config"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
ENVIRONMENTS = sorted(file.stem.removeprefix("requirements-") for file in CONFIG.glob("requirements-*.txt"))

PIN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*==[0-9][0-9a-z.]*")
NOT_INSTALLED_HERE = {"torch": "torch", "onnx": "onnx", "safetensors": "safetensors", "tokenizers": "tokenizers"}
"""Distributions by module of the extra `train`, which no test needs."""

PEERS = {"fastmcp"}
"""Modules that run in the environment of the bench's peers, not in ours."""


def pins(name: str) -> dict[str, str]:
    """Return versions by distribution."""
    lines = (CONFIG / f"constraints-{name}.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not PIN.fullmatch(line)] == []
    pinned = dict(line.split("==") for line in lines)
    assert len(pinned) == len(lines)
    return pinned


def requirements(name: str) -> list[str]:
    lines = (CONFIG / f"requirements-{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def unmet(wanted: list[str], pinned: Mapping[str, str]) -> list[str]:
    """Return those that are not pinned to a version in their range."""
    return [text for text in wanted if not is_met(Requirement(text), pinned)]


def is_met(wanted: Requirement, pinned: Mapping[str, str]) -> bool:
    pin = pinned.get(canonicalize_name(wanted.name))
    return pin is not None and wanted.specifier.contains(pin, prereleases=True)


def test_whatever_we_need_to_build_run_and_test_is_pinned_within_its_range() -> None:
    wanted = [*PYPROJECT["build-system"]["requires"], *PROJECT["dependencies"], *EXTRAS["dev"]]
    assert unmet([*wanted, *EXTRAS["otel"], *EXTRAS["redis"]], pins("dev")) == []


def test_what_a_pinned_package_requires_is_pinned_too() -> None:
    pinned = pins("dev")
    lacking = {name: unmet(required_by(name), pinned) for name in pinned if installed_version(name) == pinned[name]}

    assert {name: texts for name, texts in lacking.items() if texts} == {}


def installed_version(name: str) -> str | None:
    """Return the installed version; None for what only builds us."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def required_by(name: str) -> list[str]:
    """Return what a package requires on this system, its extras left out."""
    wanted = [Requirement(text) for text in requires(name) or ()]
    return [str(one) for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_each_other_environment_is_pinned_within_its_ranges(name: str) -> None:
    assert unmet(requirements(name), pins(name)) == []


def test_npm_packages_are_pinned_without_an_address() -> None:
    wanted = json.loads((ROOT / "tests/e2e/package.json").read_text(encoding="utf-8"))["dependencies"]
    text = (ROOT / "tests/e2e/package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    aliased = {name: version.rpartition("@")[2] for name, version in wanted.items()}

    assert "://" not in text
    assert packages[""]["dependencies"] == wanted
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == aliased
    assert all("version" in package for place, package in packages.items() if place)


def test_each_module_that_we_import_is_of_a_declared_dependency() -> None:
    wanted = [
        *PROJECT["dependencies"],
        *(text for name in ("otel", "redis", "keyring", "train", "dense") for text in EXTRAS[name]),
    ]
    declared = {canonicalize_name(Requirement(text).name) for text in wanted}
    modules = {module for path in (ROOT / "mcp_dynaload").rglob("*.py") for module in imported(path)}
    found = {module: distributions(module) for module in modules if top(module) not in PEERS}

    assert {module: names for module, names in found.items() if not names & declared} == {}


def test_what_the_peers_import_is_in_their_environment() -> None:
    assert {canonicalize_name(Requirement(text).name) for text in requirements("peers")} >= PEERS


def test_our_types_are_told_to_those_who_import_us() -> None:
    assert (ROOT / "mcp_dynaload" / "py.typed").is_file()


def imported(path: Path) -> Iterator[str]:
    """Yield the modules of others that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        yield from (name for name in names if top(name) not in {*sys.stdlib_module_names, "mcp_dynaload"})


def top(module: str) -> str:
    return module.partition(".")[0]


def distributions(module: str) -> set[str]:
    """Return those that bring a module; of several that share a namespace, those that have this part of it."""
    names = by_module().get(top(module), [NOT_INSTALLED_HERE.get(top(module), "")])
    bringing = [name for name in names if len(names) == 1 or has(name, module.replace(".", "/"))]
    return {canonicalize_name(name) for name in bringing}


@cache
def by_module() -> Mapping[str, list[str]]:
    return packages_distributions()


def has(name: str, path: str) -> bool:
    places = {f"{path}.py", f"{path}/__init__.py"}
    return any(str(file) in places for file in distribution(name).files or ())
