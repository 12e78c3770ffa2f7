"""A recorded request to the Messages API, as these tests read it."""

from mcp_dynaload.measure.claude.model_request import (
    MOD_STEP,
    Json,
    ModelRequest,
    blocks_in,
    definitions_in,
    is_of_mod,
    is_prefix_kept,
    normalised_prefix,
    select_query_in,
    without_cache_marks,
)

__all__ = [
    "MOD_STEP",
    "Json",
    "ModelRequest",
    "blocks_in",
    "definitions_in",
    "is_of_mod",
    "is_prefix_kept",
    "normalised_prefix",
    "select_query_in",
    "without_cache_marks",
]
