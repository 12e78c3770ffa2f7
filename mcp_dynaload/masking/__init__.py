"""Hides secrets in what leaves us: values that the configuration names, and what looks like a secret."""

from mcp_dynaload.masking.masker import Masker, record_without_secrets
from mcp_dynaload.masking.prose import MASK, masked, masked_prose

__all__ = ["MASK", "Masker", "masked", "masked_prose", "record_without_secrets"]
