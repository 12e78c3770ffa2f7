"""The maker of a product that a prompt names."""

import pytest

from mcp_dynaload.ranking.lexical import build_ranker
from mcp_dynaload.ranking.makers import Makers
from mcp_dynaload.ranking.query import parse_query
from mcp_dynaload.ranking.word_files import read_words
from tests.builders import a_catalog, a_tool

KNOWN = Makers({"azur", "aw"})


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("show the cosmos db containers", "show the azure cosmos db containers"),
        ("secrets in the Key-Vaults of team7", "secrets in the azure Key-Vaults of team7"),
        ("copy it from S3 to blob storage", "copy it from aws S3 to azure blob storage"),
        ("S3, then the rest of S3", "aws S3, then the rest of S3"),
    ],
)
def test_the_maker_stands_before_the_first_product_of_its_own(said: str, read: str):
    assert KNOWN.naming(said) == read


@pytest.mark.parametrize(
    "said",
    [
        "the Azure key vault",  # named already
        "my gmail",  # of a maker that the catalog does not know
        "open docs/s3.md",  # part of a path
        "s3-sync is a script of ours",  # and of a name
        "a key to the vault",
    ],
)
def test_no_maker_is_named_twice_or_for_what_it_does_not_make(said: str):
    assert KNOWN.naming(said) == said


def test_every_product_has_one_maker():
    products = [name for line in read_words("products").splitlines() for name in line.split(": ")[1].split()]

    assert len(products) == len(set(products))


def test_a_server_is_found_by_what_its_maker_makes():
    tools = [
        a_tool("get_secret", "Read a secret that is kept on Azure.", upstream="azure"),
        a_tool("get_secret", "Read a secret that is kept in a vault of keys.", upstream="keeper"),
    ]

    best, *_ = build_ranker(a_catalog(tools)).rank(parse_query("Which secret of billing is in Key Vault?"), 2)

    assert best.name == "azure__get_secret"
