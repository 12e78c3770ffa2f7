"""Containers, images and volumes of a small deployment, one container of which has crashed."""

import json
from pathlib import Path

_IMAGES = {
    "postgres:16": 431,
    "redis:7": 138,
    "parcelbird/checkout:1.8.2": 212,
    "parcelbird/checkout:1.8.1": 211,
    "parcelbird/worker:0.9.0": 187,
    "nginx:1.27": 192,
}
_CONTAINERS = """
db|postgres:16|running|5432:5432|POSTGRES_DB=shop|pgdata:/var/lib/postgresql|0|ready to accept connections
cache|redis:7|running|6379:6379|||0|Ready to accept connections tcp
checkout|parcelbird/checkout:1.8.2|running|8080:80|LOG_LEVEL=info||0|listening on :80;GET /health 200;POST /orders 201
worker|parcelbird/worker:0.9.0|exited||QUEUE=payments||137|connected;broker connection refused;out of memory, killed
"""
"""name|image|state|port|environment|volume|exit code|log lines, one container a line."""


def write(folder: Path) -> None:
    """Write the state of the container engine."""
    images = {name: {"name": name, "megabytes": megabytes} for name, megabytes in _IMAGES.items()}
    containers = {line.split("|")[0]: _container(line) for line in _CONTAINERS.strip().splitlines()}
    (folder / "images.json").write_text(json.dumps(images))
    (folder / "containers.json").write_text(json.dumps(containers))
    (folder / "volumes.json").write_text(json.dumps({name: {"name": name} for name in ("pgdata", "old-backups")}))


def _container(line: str) -> dict[str, object]:
    name, image, state, port, environment, volume, exit_code, log = line.split("|")
    return {
        "name": name,
        "image": image,
        "state": state,
        "ports": _pairs(port, ":"),
        "environment": _pairs(environment, "="),
        "volumes": [volume] if volume else [],
        "exit_code": int(exit_code),
        "logs": log.split(";"),
    }


def _pairs(text: str, separator: str) -> dict[str, str]:
    key, found, value = text.partition(separator)
    return {key: value} if found else {}
