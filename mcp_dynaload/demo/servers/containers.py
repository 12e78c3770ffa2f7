"""Demo server: a container engine as a state machine; no real container is touched."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mcp.server.lowlevel import Server

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.demo.storage import StoredRows
from mcp_dynaload.demo.toolkit import Limit, ToolFailedError, build_server, tool
from mcp_dynaload.demo.workspace import ensure_part

State = Literal["created", "running", "paused", "exited"]

_INSTRUCTIONS = "Docker-like container engine of the staging host. Containers are named, not numbered."
_STOPPED_BY_SIGTERM = 143
_MEGABYTES_PER_CONTAINER = 64


def build(workspace: Path) -> Server:
    """The server over `workspace`."""
    return build_server("containers", _Docker(ensure_part(workspace, "docker")), _INSTRUCTIONS)


@dataclass(frozen=True, slots=True)
class Container:
    """A container, running or not."""

    name: str
    image: str
    state: State
    ports: dict[str, str]
    """Host port to container port."""

    environment: dict[str, str]
    volumes: list[str]
    exit_code: int
    logs: list[str]


@dataclass(frozen=True, slots=True)
class Image:
    """A local image."""

    name: str
    megabytes: int


@dataclass(frozen=True, slots=True)
class Volume:
    """A named volume."""

    name: str


@dataclass(frozen=True, slots=True)
class Pruned:
    """The things that a prune removed."""

    containers: list[str]
    images: list[str]
    volumes: list[str]
    megabytes_freed: int


class _Docker:
    def __init__(self, folder: Path) -> None:
        self._containers = StoredRows(folder / "containers.json", Container)
        self._images = StoredRows(folder / "images.json", Image)
        self._volumes = StoredRows(folder / "volumes.json", Volume)

    @tool("read")
    def container_list(self, all: bool = False) -> list[Json]:
        """List containers (docker ps).

        Args:
            all: Include containers that are not running.
        """
        rows = (row for row in self._containers.all().values() if all or row.state == "running")
        return [{"name": row.name, "image": row.image, "state": row.state, "ports": row.ports} for row in rows]

    @tool("read")
    def container_inspect(self, name: str) -> Container:
        """Return low-level information on a container: image, state, ports, environment, volumes, exit code and logs.

        Args:
            name: Container name.
        """
        return self._containers.get(name)

    @tool("read")
    def container_logs(self, name: str, tail: Limit = 20) -> str:
        """Fetch the last log lines of a container, also of one that has stopped or crashed.

        Args:
            name: Container name.
            tail: Number of lines from the end.
        """
        return "\n".join(self._containers.get(name).logs[-tail:])

    @tool("read")
    def container_stats(self) -> Json:
        """Resource usage summary: containers by state, memory estimate of the running ones, disk used by images."""
        states = [row.state for row in self._containers.all().values()]
        disk = sum(image.megabytes for image in self._images.all().values())
        counts = {state: states.count(state) for state in sorted(set(states))}
        memory = states.count("running") * _MEGABYTES_PER_CONTAINER
        return {"containers": counts, "memory_megabytes": memory, "disk_megabytes": disk}

    @tool("write")
    def container_run(
        self,
        image: str,
        name: str,
        ports: dict[str, str] | None = None,
        environment: dict[str, str] | None = None,
        volumes: list[str] | None = None,
        start: bool = True,
    ) -> Container:
        """Create a container from a local image and start it (docker run -d).

        The image must exist locally (see image_list). Fails if the name is taken or a running container already
        publishes one of the host ports; if the start fails the container stays in state `created` and can be started
        later with container_start. Volumes that do not exist yet are created. Environment variables end up in the
        output of container_inspect, so do not put passwords there.

        Typical use: try a new version beside the old one by running it under another name on another port, look at
        container_logs, then stop the old container and remove it.

        Args:
            image: Image with tag.
            name: Name of the new container; must be free.
            ports: Published ports, host port to container port, e.g. {"8081": "80"}.
            environment: Environment variables.
            volumes: Mounts such as "pgdata:/var/lib/postgresql".
            start: False to only create it.
        """
        if name in self._containers.all():
            raise ToolFailedError(f"The name {name!r} is taken; remove that container or choose another name.")
        found = self._images.get(image).name
        row = Container(name, found, "created", ports or {}, environment or {}, volumes or [], exit_code=0, logs=[])
        for mount in row.volumes:
            self._volumes.put(mount.split(":")[0], Volume(mount.split(":")[0]))
        self._containers.put(name, row)
        return self.container_start(name) if start else row

    @tool("write")
    def container_start(self, name: str) -> Container:
        """Start a stopped container.

        Args:
            name: Container name.
        """
        row = self._in_state(name, "created", "exited")
        running = (other for other in self._containers.all().values() if other.state == "running")
        taken = {port: other.name for other in running for port in other.ports}
        for port in row.ports:
            if port in taken:
                raise ToolFailedError(f"Host port {port} is already used by container {taken[port]!r}.")
        return self._change(row, "running", f"{row.name} started")

    @tool("write")
    def container_stop(self, name: str) -> Container:
        """Stop a running container gracefully (SIGTERM).

        Args:
            name: Container name.
        """
        row = self._in_state(name, "running", "paused")
        return self._change(replace(row, exit_code=_STOPPED_BY_SIGTERM), "exited", "received SIGTERM, shutting down")

    @tool("write")
    def container_restart(self, name: str) -> Container:
        """Restart a container: stop it if it runs, then start it. The first thing to try with a crashed worker.

        Args:
            name: Container name.
        """
        if self._containers.get(name).state in ("running", "paused"):
            self.container_stop(name)
        return self.container_start(name)

    @tool("write")
    def container_pause(self, name: str, resume: bool = False) -> Container:
        """Freeze all processes of a container, or let them go on.

        Args:
            name: Container name.
            resume: Unpause instead of pausing.
        """
        row = self._in_state(name, "paused" if resume else "running")
        return self._change(row, "running" if resume else "paused", "resumed" if resume else "paused")

    @tool("delete")
    def container_remove(self, name: str, force: bool = False) -> str:
        """Remove a container and its logs. Named volumes are kept.

        Args:
            name: Container name.
            force: Also if it is running.
        """
        if self._containers.get(name).state in ("running", "paused") and not force:
            raise ToolFailedError(f"Container {name!r} is running; stop it first or pass force=true.")
        return f"Removed container {self._containers.remove(name).name}."

    @tool("read")
    def image_list(self) -> list[Image]:
        """List local images with their size."""
        return list(self._images.all().values())

    @tool("write")
    def image_tag(self, source: str, target: str) -> Image:
        """Give an image a second name, e.g. before a release.

        Args:
            source: Existing image.
            target: New name with tag.
        """
        return self._images.put(target, replace(self._images.get(source), name=target))

    @tool("delete")
    def image_remove(self, name: str) -> str:
        """Delete a local image that no container uses.

        Args:
            name: Image with tag.
        """
        users = [row.name for row in self._containers.all().values() if row.image == name]
        if users:
            raise ToolFailedError(f"Image {name!r} is used by {', '.join(users)}.")
        return f"Deleted image {self._images.remove(name).name}."

    @tool("read")
    def volume_list(self) -> list[Json]:
        """List named volumes and the containers that mount them."""
        mounts = [(row.name, mount.split(":")[0]) for row in self._containers.all().values() for mount in row.volumes]
        return [
            {"volume": volume, "used_by": [name for name, mounted in mounts if mounted == volume]}
            for volume in self._volumes.all()
        ]

    @tool("delete")
    def system_prune(self, volumes: bool = False) -> Pruned:
        """Remove stopped containers, then images that no container uses, and on request unused volumes. Irreversible.

        Args:
            volumes: Also delete volumes that nothing mounts: their data is lost.
        """
        rows = self._containers.all().values()
        stopped = [self._containers.remove(row.name).name for row in rows if row.state in ("created", "exited")]
        used = {row.image for row in self._containers.all().values()}
        images = [self._images.remove(image) for image in self._images.all() if image not in used]
        free = [str(row["volume"]) for row in self.volume_list() if volumes and not row["used_by"]]
        removed = [self._volumes.remove(name).name for name in free]
        return Pruned(stopped, [i.name for i in images], removed, sum(i.megabytes for i in images))

    def _in_state(self, name: str, *states: State) -> Container:
        row = self._containers.get(name)
        if row.state not in states:
            raise ToolFailedError(f"Container {name!r} is {row.state}; this needs one that is {' or '.join(states)}.")
        return row

    def _change(self, row: Container, state: State, line: str) -> Container:
        return self._containers.put(row.name, replace(row, state=state, logs=[*row.logs, line]))
