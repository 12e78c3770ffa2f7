"""Which project files the user trusts: bound to their place in the project and to the content."""

import hashlib
import json
import os
import shlex
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mcp_dynaload.config.paths import PROJECT_CONFIG_DIR, TRUST_FILE
from mcp_dynaload.errors import ConfigError, StoreError
from mcp_dynaload.machine.bounded_files import read_bounded


@dataclass(frozen=True, slots=True)
class TrustRecord:
    """A trusted file: its place as `place_of` tells it, and the SHA-256 (hex) of the content that was trusted."""

    path: Path
    sha256: str


def place_of(path: Path) -> Path:
    """Return where a file stands in its project: links above the project are followed, those in it are not.

    So a link in one repository to a file that is trusted in another is not trusted: what the file starts would run in
    another folder.
    """
    path = path.absolute()
    inside = 2 if path.parent.name == PROJECT_CONFIG_DIR else 1
    project = path.parents[inside - 1].resolve()
    return project.joinpath(*path.parts[-inside:])


def has_record(path: Path, state_dir: Path) -> bool:
    """Return whether some content of the file is trusted, perhaps not the present one.

    Raises:
        StoreError: the record of trust cannot be read.
    """
    return str(place_of(path)) in _read(state_dir)


def is_trusted(path: Path, state_dir: Path) -> bool:
    """Return whether the file is trusted with the content it has now.

    Raises:
        ConfigError: the file cannot be read.
        StoreError: the record of trust cannot be read.
    """
    return is_trusted_content(path, content_to_trust(path), state_dir)


def is_trusted_content(path: Path, content: bytes, state_dir: Path) -> bool:
    """Return whether the file is trusted with this content: for a caller who has read it and uses these very bytes.

    Raises:
        StoreError: the record of trust cannot be read.
    """
    return _read(state_dir).get(str(place_of(path))) == _sha256(content)


@dataclass(frozen=True, slots=True)
class Distrust:
    """Why a project's file may not be used, and what to do."""

    reason: str
    fix: str


def distrust(
    path: Path, content: bytes, trusts: Callable[[Path, bytes], bool], *, effect: str, untrusted: str
) -> Distrust | None:
    """Return why the file may not be used with this content, if so.

    `untrusted` is what to say of a file without trust; `effect` what follows where the record of trust is broken.
    """
    try:
        if trusts(path, content):
            return None
    except StoreError as error:
        return Distrust(f"{effect}: {error}", f"then run: {_command(path)}")
    return Distrust(untrusted, f"if you trust it, run: {_command(path)}")


def distrust_outside(path: Path, state_dir: Path) -> Distrust | None:
    """Return why a project's file that a link leads to from elsewhere is not even read, if so."""
    try:
        if has_record(path, state_dir):
            return None
    except StoreError:
        return None  # a broken record trusts nothing, and it is told when the content has been read
    what = "is a link that leads out of the project, so it is not read"
    return Distrust(what, f"if you trust it, run: {_command(path)}")


def _command(path: Path) -> str:
    return f"mcp-dynaload trust {shlex.quote(str(path))}"


def trust_file(path: Path, state_dir: Path) -> TrustRecord:
    """Record the user's trust in the file as it is now.

    Raises:
        ConfigError: the file cannot be read.
        StoreError: the record of trust cannot be read or written.
    """
    return trust_content(path, content_to_trust(path), state_dir)


def trust_content(path: Path, content: bytes, state_dir: Path) -> TrustRecord:
    """Record the user's trust in the file with this content, which was shown: it may have changed meanwhile.

    Raises:
        StoreError: the record of trust cannot be read or written.
    """
    record = TrustRecord(place_of(path), _sha256(content))
    _write(state_dir, {**_content(state_dir), str(record.path): record.sha256})
    return record


def forget(path: Path, state_dir: Path) -> bool:
    """Withdraw trust in the file, which need not exist any more; false if there was none.

    Raises:
        StoreError: the record of trust cannot be read or written.
    """
    trusted = _content(state_dir)
    if trusted.pop(str(place_of(path)), None) is None:
        return False
    _write(state_dir, trusted)
    return True


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def content_to_trust(path: Path) -> bytes:
    """Return what the file holds now.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        return read_bounded(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); name an existing servers file") from error


def _read(state_dir: Path) -> dict[str, str]:
    """Read the SHA-256 of each path."""
    return {path: sha256 for path, sha256 in _content(state_dir).items() if isinstance(sha256, str)}


def _content(state_dir: Path) -> dict[str, object]:
    """Read all that is in the record, what a later version of us keeps in a way of its own too."""
    file = state_dir / TRUST_FILE
    try:
        content: object = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StoreError(f"{file} cannot be read ({error.strerror}); make it readable") from error
    except ValueError as error:
        raise StoreError(f"{file} is not valid JSON; remove it and trust your files again") from error
    if not isinstance(content, dict):
        raise StoreError(f"{file} is not an object of hashes by path; remove it and trust your files again")
    return cast(dict[str, object], content)


def _write(state_dir: Path, trusted: Mapping[str, object]) -> None:
    """Replace the record in one step; it is readable by the user only, as mkstemp makes it."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=state_dir, prefix=f"{TRUST_FILE}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump(trusted, out, indent=2, sort_keys=True)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).replace(state_dir / TRUST_FILE)
    except OSError as error:
        raise StoreError(f"{state_dir / TRUST_FILE} cannot be written ({error.strerror}); check the folder") from error
