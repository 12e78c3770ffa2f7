"""Pins what the make targets install to the newest versions that the ranges allow today (`make pins`).

Ranges stand in pyproject.toml, config/requirements-*.txt and tests/e2e/package.json; a pin is a name and a version, so
that any registry serves it. Packages are resolved for the Python that runs this: the lowest that we support needs most.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "config"
E2E = ROOT / "tests" / "e2e"
OURS = "mcp-dynaload"
DROPPED_OF_A_PACKAGE = frozenset({"resolved", "integrity", "funding", "license", "engines"})
"""Addresses, what depends on a registry, and what nobody asks for when installing."""


def main() -> None:
    """Write every file of pins anew."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    pin_python("dev", ["--editable", ".[dev]", *build, "editables"])  # hatchling asks for editables when it builds one
    for file in sorted(CONFIG.glob("requirements-*.txt")):
        pin_python(file.stem.removeprefix("requirements-"), ["--requirement", str(file)])
    pin_npm()


def pin_python(name: str, wanted: list[str]) -> None:
    """Resolve requirements without today's pins and write the pins that come of it."""
    environment = {key: value for key, value in os.environ.items() if "CONSTRAINT" not in key}
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    command += ["--dry-run", "--ignore-installed", "--report", "-", *wanted]
    report = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE).stdout
    found = {canonical(item["metadata"]["name"]): item["metadata"]["version"] for item in json.loads(report)["install"]}
    pins = [f"{package}=={version}\n" for package, version in sorted(found.items()) if package != OURS]
    (CONFIG / f"constraints-{name}.txt").write_text("".join(pins))


def canonical(name: str) -> str:
    """Return a distribution's name as indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pin_npm() -> None:
    """Resolve the npm packages and write the lock file with nothing in it that depends on a registry."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(E2E / "package.json", folder)
        options = ["--package-lock-only", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
        subprocess.run(["npm", "install", *options, "--prefix", folder], cwd=folder, check=True)
        lock = json.loads((Path(folder) / "package-lock.json").read_text())
    packages = lock["packages"]
    lock["packages"] = {
        place: {key: value for key, value in package.items() if key not in DROPPED_OF_A_PACKAGE}
        for place, package in packages.items()
    }
    (E2E / "package-lock.json").write_text(json.dumps(lock, indent=1) + "\n")


if __name__ == "__main__":
    main()
