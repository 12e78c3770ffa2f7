"""The wheel that a user installs, and the ways to have it from that or from the repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from mcp_dynaload.version import __version__
from tests.installed import E2E, ROOT
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("packages")

MAX_WHEEL_BYTES = 35_000_000
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "mcp_dynaload")
"""The parts of the repository of which the package is built."""

SCRIPTS = Path(sys.executable).parent
PROGRAM = "mcp-dynaload"
EVERYTHING = """
import pkgutil
import mcp_dynaload
for module in pkgutil.walk_packages(mcp_dynaload.__path__, "mcp_dynaload."):
    if not module.name.endswith("__main__"):
        try:
            __import__(module.name)
        except Exception as error:
            missing = getattr(error.__cause__ or error, "name", "") or ""
            if missing.split(".")[0] not in ("fastmcp", "opentelemetry", "redis"):  # a peer's, and our extras
                raise
from mcp_dynaload.encoder.sentence_encoder import read_encoder
from mcp_dynaload.encoder.tokenizer import count_tokens
print(count_tokens("time of day"), round(read_encoder().need("write a haiku"), 3) < 0.5)
"""
"""Imports every module of ours, and has what is packed with them do its work."""

NOT_IN_WHEEL = ("research/", "plugin/tsconfig.json", "plugin/.claude-plugin/types/")


@pytest.fixture(scope="module")
def installers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment for uv and pipx: homes of their own, what was fetched once kept, mostly with our pins."""
    root = tmp_path_factory.mktemp("installers")
    pins = "" if os.environ.get("MCP_DYNALOAD_NEWEST") else str(ROOT / "config" / "constraints-dev.txt")
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(SCRIPTS), os.environ["PATH"]]),
        "HOME": str(root),
        "UV_CACHE_DIR": str(E2E / "uv"),
        "UV_TOOL_DIR": str(root / "tools"),
        "UV_TOOL_BIN_DIR": str(root / "uv-bin"),
        "UV_CONSTRAINT": pins,
        "UV_BUILD_CONSTRAINT": pins,
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        "PIPX_HOME": str(root / "pipx"),
        "PIPX_BIN_DIR": str(root / "pipx-bin"),
        "PIPX_DEFAULT_PYTHON": sys.executable,
        "PIP_CONSTRAINT": pins,
    }


def run(environ: dict[str, str], *command: str | Path) -> str:
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, check=False, timeout=5 * HANG_SECONDS, cwd=environ["HOME"]
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a repository like ours, as it is in this folder now."""
    folder = tmp_path_factory.mktemp("repository")
    unwanted = shutil.ignore_patterns("__pycache__", "types", "tsconfig.json")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=unwanted)
        else:
            shutil.copy(source, folder)
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@localhost"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "all"]):
        subprocess.run(["git", *command], cwd=folder, check=True, timeout=HANG_SECONDS)
    return f"git+file://{folder}"


@pytest.fixture(scope="module")
def wheel(installers: dict[str, str], repository: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(installers, "uv", "build", "--quiet", "--wheel", "--out-dir", folder, repository.removeprefix("git+file://"))
    (file,) = folder.glob("*.whl")
    return file


def test_the_wheel_is_small_and_has_all_that_runs_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if not name.split("/")[0].endswith(".dist-info")}

    files = [file for file in (ROOT / "mcp_dynaload").rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    names = {str(file.relative_to(ROOT)) for file in files}
    assert packed == {name for name in names if not name.removeprefix("mcp_dynaload/").startswith(NOT_IN_WHEEL)}
    assert wheel.stat().st_size < MAX_WHEEL_BYTES


def test_uvx_runs_it_from_the_wheel_and_from_the_repository(
    installers: dict[str, str], wheel: Path, repository: str
) -> None:
    for source in (str(wheel), repository):
        assert run(installers, "uvx", "--from", source, PROGRAM, "--version") == f"{__version__}\n"


def test_uv_and_pipx_install_it_from_the_wheel_and_from_the_repository(
    installers: dict[str, str], wheel: Path, repository: str
) -> None:
    for source in (str(wheel), repository):
        run(installers, "uv", "tool", "install", "--force", source)
        run(installers, "pipx", "install", "--force", source)

        for folder in (installers["UV_TOOL_BIN_DIR"], installers["PIPX_BIN_DIR"]):
            assert run(installers, Path(folder) / PROGRAM, "--version") == f"{__version__}\n"


def test_what_is_installed_needs_nothing_of_the_repository(installers: dict[str, str], wheel: Path) -> None:
    command = ["uvx", "--from", str(wheel), "python", "-P", "-E", "-c", EVERYTHING]

    assert run(installers, *command).splitlines() == ["3 True"]
