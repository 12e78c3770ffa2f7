"""Questions about things in general, by their form."""

import pytest

from mcp_dynaload.ranking.general import MAX_LENGTH, asks_in_general


@pytest.mark.parametrize(
    "prompt",
    [
        "what is a materialized view",
        "what's the difference between a lease and a lock?",
        "ok so how do vector clocks work",
        "are stored procedures bad style",
        "nats or zeromq for a robot",
        "rebase vs merge",
        "explain back pressure",
        "why do people like tmux",
        "should a library log",
        "does a lease need a clock",
        "do locks starve",
    ],
)
def test_what_things_are_and_whether_they_are_any_good_is_asked_in_general(prompt: str) -> None:
    assert asks_in_general(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "what is the state of the payments queue",
        "why is our nightly import slow",
        "what's in orders.csv",
        "is the gateway up",
        "how many restarts since noon",
        "what does that mean",
        'what is "Harbor" about',
        "what is PAY-12",
        "what changed yesterday",
        "close the oldest ticket",
        "should be March 3rd",
        "would like a table of deadlocks",
        "do a full backup of Postgres",
        "do not restart replicas",
        "thanks",
        "",
        "what is a view " + "and a table " * (MAX_LENGTH // 10),
    ],
)
def test_what_is_of_one_thing_or_asks_nothing_is_not(prompt: str) -> None:
    assert not asks_in_general(prompt)
