"""A process that renews a login of a folder, for a server's address, in the place of a token."""

import logging
import sys
from pathlib import Path

import anyio
import structlog

from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.logins.store import LoginStore
from mcp_dynaload.masking import Masker


async def main(folder: str, url: str, rejected: str) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # stdout is the answer's
    masker = Masker()
    logins = Logins(LoginStore(Path(folder), masker), masker, environ={})
    print("ready", flush=True)
    print(await logins.renewed(UpstreamConfig(name="far", transport="http", url=url), rejected), flush=True)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], sys.argv[2], sys.argv[3])
