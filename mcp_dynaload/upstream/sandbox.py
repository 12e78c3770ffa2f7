"""Containment of a server's program with bubblewrap: it sees the system, what it needs to run, and what is named."""

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from mcp_dynaload.config.paths import find_locations
from mcp_dynaload.config.program_stamp import PROGRAMS
from mcp_dynaload.config.upstream_config import OPTIONS_KEY, Sandbox, UpstreamConfig
from mcp_dynaload.errors import UpstreamStartError
from mcp_dynaload.upstream.process import ProcessCommand

PROGRAM = "bwrap"

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix/store", "/snap")
"""The places of programs that everybody on a machine may use."""

KEPT_FROM_READING = ("/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d", "/etc/ssh", "/etc/NetworkManager")
"""Secrets of the system that a server would see where we run as root."""

NAMESPACES = ("--unshare-all", "--die-with-parent")
"""Processes, network, users and messages of its own, and the end with us; a session of its own it gets as others do."""

TRIAL = (*NAMESPACES, "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true")
TRIAL_SECONDS = 5.0

INSTALL = "install it (Debian, Ubuntu, Fedora: the package bubblewrap)"
ALLOW = (
    "allow user namespaces (`sysctl kernel.unprivileged_userns_clone=1`, with AppArmor a profile for bwrap, in a "
    "container the right to make them)"
)
NOT_HERE = "containment needs Linux"

_ENVIRONMENT = "pyvenv.cfg"
_PROJECT_MARKS = ("node_modules", "package.json", "pyproject.toml", _ENVIRONMENT)
_INTERPRETER_MARKS = ("lib/node_modules", "include/node", "conda-meta", _ENVIRONMENT)
_SHEBANG = re.compile(rb"#!\s*(\S+)(?:\s+(?:-S\s+)?(\S+))?")
_HOME_OF_ENVIRONMENT = re.compile(r"^home\s*=\s*(.+?)\s*$", re.MULTILINE)
MAX_STEPS = 20
"""Links and interpreters that are followed from a program on."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """The folders that no contained program sees, but for what is named in the user's home."""

    homes: tuple[Path, ...]
    """The user's, as it is named, and the folder that this stands for if it is a link."""

    ours: tuple[Path, ...]

    def is_home_in(self, path: Path) -> bool:
        """Return whether the user's home is in a folder, or is it."""
        return any(home.is_relative_to(path) for home in self.homes)

    def is_too_wide(self, path: Path) -> bool:
        """Return whether any of them is: such a folder is no single program's."""
        return self.is_home_in(path) or any(folder.is_relative_to(path) for folder in self.ours)


async def contained(config: UpstreamConfig, command: ProcessCommand) -> ProcessCommand:
    """Return the command that starts an upstream's program in a sandbox, as its entry asks.

    Raises:
        UpstreamStartError: It cannot be contained here, or something that its entry names is not there.
        FileNotFoundError: The program is not there.
    """
    sandbox = config.options.sandbox
    assert sandbox is not None
    if (trouble := await anyio.to_thread.run_sync(sandbox_trouble)) is not None:
        raise UpstreamStartError(f"{_place(config)} cannot be kept: {' → '.join(trouble)}")
    if (missing := next(missing_places(sandbox, command.cwd), None)) is not None:
        key, path = missing
        what = f"{_place(config, f'.{key}')} names {str(path)!r}, which does not exist"
        raise UpstreamStartError(f"{what} → make it, or correct the entry")
    program = shutil.which(command.command, path=command.env.get("PATH"))
    if program is None and Path(command.command).name == command.command:  # else it may be in the server's folder
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), command.command)
    args = sandbox_arguments(sandbox, command, Path(program) if program else None, hidden_folders(command.env))
    bwrap = shutil.which(PROGRAM) or PROGRAM
    return ProcessCommand(
        bwrap, (*args, program or command.command, *command.args), command.env, command.cwd, is_contained=True
    )


def sandbox_trouble() -> tuple[str, str] | None:
    """Return why no program can be contained on this machine, and what to do; None if it can. Blocks."""
    if sys.platform != "linux":
        return NOT_HERE, "take the key out, and run the server in a container of its own"
    found = shutil.which(PROGRAM)
    if found is None:
        return f"bubblewrap ({PROGRAM}) is not installed", f"{INSTALL}, or take the key out"
    said = _refusal(found)
    return None if said is None else (f"{found} is not permitted to do it ({said})", f"{ALLOW}, or take the key out")


def missing_places(sandbox: Sandbox, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield what an entry names that does not exist, each with its key."""
    for key, places in sandbox.places(folder).items():
        for path in places:
            if not path.exists():
                yield key, path


def hidden_folders(env: Mapping[str, str]) -> Hidden:
    """Return the user's home, as the program knows it, and our own folders."""
    locations = find_locations(os.environ)
    ours = locations.state_dir, locations.config_dir, locations.project_config_dir
    home = Path(env.get("HOME") or Path.home())
    homes = {home: None, home.resolve(): None} if home.is_absolute() and home != Path(home.anchor) else {}
    return Hidden(tuple(homes), tuple(path.resolve() for path in ours))


def sandbox_arguments(
    sandbox: Sandbox, command: ProcessCommand, program: Path | None, hidden: Hidden
) -> tuple[str, ...]:
    """Return the options of bubblewrap: later ones lie over earlier ones."""
    places = sandbox.places(command.cwd)
    needed = [] if program is None else [*_needed(program, command, hidden)]
    readable = [*needed, *([] if hidden.is_home_in(command.cwd) else [command.cwd]), *places["read"]]
    bound = [*readable, *places["write"]]
    return (
        *NAMESPACES,
        *(("--share-net",) if sandbox.network else ()),
        *_system(is_connected=sandbox.network),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/run", "--dir", "/var/tmp"),
        *(word for path in hidden.homes for word in ("--tmpfs", str(path))),
        *("--dir", str(command.cwd)),
        *(word for path in dict.fromkeys(readable) for word in ("--ro-bind", str(path), str(path))),
        *(word for path in dict.fromkeys(places["write"]) for word in ("--bind", str(path), str(path))),
        *(word for path in dict.fromkeys(_seen_of(hidden.ours, bound)) for word in ("--tmpfs", str(path))),
        *("--chdir", str(command.cwd), "--"),
    )


def in_words(sandbox: Sandbox) -> str:
    """Return the reach of a contained program for the user."""
    parts = ["the network" if sandbox.network else "no network"]
    parts += [
        f"may {key} {', '.join(places)}" for key, places in (("read", sandbox.read), ("write", sandbox.write)) if places
    ]
    return "; ".join(parts)


def _place(config: UpstreamConfig, inner: str = "") -> str:
    key = f"mcpServers.{config.name}.{OPTIONS_KEY}.sandbox{inner}"
    return f"{key} of {config.source}" if config.source else key


def _refusal(program: str) -> str | None:
    """Return what bubblewrap says where it may not make a sandbox; it is tried before each start that wants one."""
    try:
        tried = subprocess.run([program, *TRIAL], capture_output=True, timeout=TRIAL_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    if tried.returncode == 0:
        return None
    return tried.stderr.decode(errors="replace").strip().replace("\n", " ")[:300] or f"status {tried.returncode}"


def _system(*, is_connected: bool) -> Iterator[str]:
    """Yield what shows the system's own programs and settings."""
    for path in map(Path, SYSTEM):
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for path in map(Path, KEPT_FROM_READING):
        if path.is_dir():
            yield from ("--tmpfs", str(path))
        elif path.exists():
            yield from ("--ro-bind", "/dev/null", str(path))
    names = Path("/etc/resolv.conf").resolve()
    if is_connected and not _is_system(names) and names.exists():  # often a link to /run
        yield from ("--ro-bind", str(names), str(names))


def _needed(program: Path, command: ProcessCommand, hidden: Hidden) -> Iterator[Path]:
    """Yield what a program needs to run, outside of the system's folders: interpreters, packages, its own files."""
    for file in _chain(program, command.env.get("PATH")):
        yield from _kept(_installation(file, hidden), hidden)
    for arg in command.args:
        path = command.cwd / arg
        if path.suffix.lower() in PROGRAMS and path.is_file():
            yield from _kept(_project(path, hidden), hidden)
            yield from _kept(_project(path.resolve(), hidden), hidden)


def _kept(path: Path, hidden: Hidden) -> Iterator[Path]:
    if not _is_system(path) and not hidden.is_too_wide(path):
        yield path


def _chain(program: Path, search: str | None) -> Iterator[Path]:
    """Yield a program, what it links to, the interpreters that its first line names, and an environment's own."""
    waiting, seen = [program.absolute()], set[Path]()
    while waiting and len(seen) < MAX_STEPS:
        file = waiting.pop(0)
        if file in seen or not file.exists():
            continue
        seen.add(file)
        yield file
        if file.is_symlink():
            waiting.append(file.parent / file.readlink())
        waiting.append(file.resolve())
        waiting.extend(_interpreters(file, search))
        waiting.extend(_base_of_environment(file))


def _interpreters(file: Path, search: str | None) -> Iterator[Path]:
    try:
        with file.open("rb") as opened:
            found = _SHEBANG.match(opened.read(512))
    except OSError:  # it cannot be read, only run: then it is no script
        return
    if found is None:
        return
    interpreter, first = found[1].decode(errors="replace"), (found[2] or b"").decode(errors="replace")
    yield Path(interpreter)
    if Path(interpreter).name == "env" and first and (named := shutil.which(first, path=search)):
        yield Path(named).absolute()


def _base_of_environment(file: Path) -> Iterator[Path]:
    """Yield the interpreter from which a Python environment was made."""
    written = file.parent.parent / _ENVIRONMENT
    if written.is_file() and (found := _HOME_OF_ENVIRONMENT.search(written.read_text("utf-8", "replace"))):
        yield Path(found[1]) / file.resolve().name
        yield Path(found[1]) / "python3"


def _installation(file: Path, hidden: Hidden) -> Path:
    """Return the folder that an interpreter or an environment is in as a whole, or the file alone."""
    root = file.parent.parent
    is_whole = any((root / mark).exists() for mark in _INTERPRETER_MARKS) or any(root.glob("lib/python3*/os.py"))
    if file.parent.name in ("bin", "Scripts") and is_whole and not hidden.is_too_wide(root):
        return root
    return _project(file, hidden)


def _project(file: Path, hidden: Hidden) -> Path:
    """Return the nearest folder around a file that is a package or an environment; without one, the file alone."""
    for folder in file.parents:
        if hidden.is_too_wide(folder) or folder == Path(folder.anchor):
            break
        if any((folder / mark).exists() for mark in _PROJECT_MARKS):
            return folder
    return file


def _is_system(path: Path) -> bool:
    return any(path.is_relative_to(system) for system in SYSTEM)


def _seen_of(folders: Iterable[Path], bound: Iterable[Path]) -> Iterator[Path]:
    """Yield the places at which those of our folders would be seen that lie in what is shown."""
    shown = {path: path.resolve() for path in bound}
    for folder in folders:
        for path, meant in shown.items():
            if folder.is_dir() and folder.is_relative_to(meant):
                yield path / folder.relative_to(meant)
