"""Turns of phrase said plainly."""

import pytest

from mcp_dynaload.ranking.idioms import plain


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("file a bug about the login", "create a bug issue about the login"),
        ("please raise a new ticket", "please create a new ticket"),
        ("open a ticket about the build", "create a ticket about the build"),
        ("open a draft pull request for it", "create a draft pull request for it"),
        ("log another defect report for it", "create another bug issue for it"),
        ("list all lines in the code that say it", "search in files all lines in the code that say it"),
        ("get rid of that rule", "delete that rule"),
        ("throw it away", "discard it "),
        (
            "please write in the support channel that it works",
            "please post message in the support channel that it works",
        ),
        ("support channel problem solved write", "support channel problem solved post message"),
        ("count what is in the 'shop.orders' namespace", "count what is in the 'shop.orders' collection"),
        ("create a namespace shop.orders.", "create a collection shop.orders."),
        ("Remember that Tom left", "create entities or add observations in memory: Tom left"),
        ("please don't forget: rent is due", "please create entities or add observations in memory: rent is due"),
        ("empty `shop.orders` namespace", "empty `shop.orders` collection"),
    ],
)
def test_an_idiom_is_said_in_the_words_of_tools(said: str, meant: str) -> None:
    assert plain(said) == meant


@pytest.mark.parametrize(
    "text",
    [
        "open a file",
        "rename it, and remember that tests import it",
        "remember to close the file",
        "write a function that reads from a channel",
        "open an incident",
        "is there an open ticket?",
        "open ticket B-1",
        "log the error",
        "fix a bug in the file",
        "report the result",
        "the pods in the shop namespace",
        "the System.Text namespace",
        "move it to namespace shop.example.org",
        "in namespace 'shop. then",
    ],
)
def test_words_that_mean_themselves_stay(text: str) -> None:
    assert plain(text) == text
