"""The client's own abilities beside those of the servers: some servers do again what the client does itself.

Imports numpy, so it is imported only where an encoder is read.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mcp_dynaload.ranking.tool_vectors import Matrix, Steps, ToolVectors

REPEATING = 0.42
"""The mean likeness of a server's tools, each to the nearest of the client's, from which on the server repeats these.

In six catalogs of some dozen servers each, those for files, git, shells, editors and fetching have .43 to .79, all
others less than .40: a server of GitHub, which has a few tools for files and branches, .32. Of 800 servers of a crawl
some lie between: a shell over SSH has .52 and notes in a folder .44, a drive in the cloud .41. Wrongly taken for one
that repeats the client, a server brings its four likeliest tools where a need is unsure.
"""


@dataclass(frozen=True, slots=True, eq=False)
class OwnWork:
    """The client's own abilities, as vectors in rows."""

    prompts: Steps
    """Prompts that it deals with itself."""

    tools: Matrix
    """The deeds of its own tools."""


def repeating(vectors: ToolVectors, upstreams: NDArray[np.intp], own: OwnWork) -> NDArray[np.bool_]:
    """Return for each tool whether its server does what the client's own tools do; `upstreams` are numbers."""
    likeness = vectors.likeness(own.tools).max(axis=0)
    means = np.bincount(upstreams, weights=likeness) / np.bincount(upstreams)
    return (means >= REPEATING)[upstreams]
