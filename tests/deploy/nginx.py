"""A real nginx on loopback with the configuration that we give away."""

import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

DEPLOY = Path(__file__).parents[2] / "config" / "deploy"
NGINX = "/usr/sbin/nginx"

_MAIN = """\
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/snippet.conf;
}}
"""


def write_configuration(folder: Path, replicas: Sequence[int], port: int) -> Path:
    """Write our snippet with these ports on loopback, and what nginx needs around it."""
    snippet = (DEPLOY / "nginx.conf").read_text()
    for number, replica in enumerate(replicas, start=1):
        assert f"replica-{number}:8765" in snippet
        snippet = snippet.replace(f"replica-{number}:8765", f"127.0.0.1:{replica}")
    folder.mkdir(exist_ok=True)
    (folder / "snippet.conf").write_text(snippet.replace("listen 8080;", f"listen 127.0.0.1:{port};"))
    main = folder / "nginx.conf"
    main.write_text(_MAIN.format(folder=folder))
    return main


def checked(main: Path) -> subprocess.CompletedProcess[str]:
    """Return the result of `nginx -t`."""
    return subprocess.run(
        [NGINX, "-t", "-c", str(main), "-p", str(main.parent)], capture_output=True, text=True, check=False
    )


@contextmanager
def running_nginx(folder: Path, replicas: Sequence[int]) -> Generator[int]:
    """Run nginx and yield its port; it takes connections."""
    port = free_port()
    main = write_configuration(folder, replicas, port)
    assert (said := checked(main)).returncode == 0, said.stderr
    process = subprocess.Popen([NGINX, "-c", str(main), "-p", str(folder)], stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(10)
