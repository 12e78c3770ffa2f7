"""Answers that were given early are not given again, but compared; what was asked first is kept with its answer."""

from mcp_dynaload.early.answering import Handover
from mcp_dynaload.early.exchanges import FirstExchanges
from tests.early.test_answering import CLIENT, GREETING, HELLO, INITIALIZE, INITIALIZED, PROMPTS, TOOLS, ask, said

NEW_TOOLS = '"result":{"tools":[1]}}\n'
EARLY = Handover(b"", {said(0, ""): ("initialize", GREETING), said(1, ""): ("tools/list", TOOLS)}, b"")
NOTHING_EARLY = Handover(b"", {}, b"")
NEWS = b'{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n'
PING = ask(9, "ping")


class Watch:
    """Exchanges, and how often they had something new to tell."""

    def __init__(self, handover: Handover) -> None:
        self.news = 0
        self.first = FirstExchanges(handover, self._count)

    def _count(self) -> None:
        self.news += 1


def test_what_was_answered_early_is_not_sent_again() -> None:
    watch = Watch(EARLY)
    watch.first.see(INITIALIZE + INITIALIZED + ask(1, "tools/list") + PING)
    sent = [said(0, GREETING), NEWS, said(1, TOOLS), said(9, '"result":{}}\n')]

    assert [watch.first.is_sent(data) for data in sent] == [True, False, True, False]
    assert (watch.first.differing, watch.first.is_over, watch.news) == (set(), True, 1)


def test_an_answer_that_differs_from_the_early_one_is_told_and_kept() -> None:
    watch = Watch(EARLY)
    watch.first.see(INITIALIZE + ask(1, "tools/list") + ask(2, "prompts/list"))
    assert watch.first.is_sent(said(0, GREETING))
    assert watch.first.is_sent(said(1, NEW_TOOLS))
    assert watch.first.differing == {"tools/list"}
    assert not watch.first.is_sent(said(2, PROMPTS))
    assert not watch.first.is_over

    watch.first.see(b"")
    assert watch.first.is_over
    assert watch.first.answers == [
        ("initialize", HELLO, GREETING),
        ("tools/list", "{}", NEW_TOOLS),
        ("prompts/list", "{}", PROMPTS),
    ]


def test_where_nothing_was_answered_early_all_is_sent_and_kept_however_it_comes() -> None:
    watch = Watch(NOTHING_EARLY)
    asked = ask(5, "server/discover") + INITIALIZE + ask(1, "tools/list") + ask(2, "prompts/list")
    for number in range(len(asked)):
        watch.first.see(asked[number : number + 1])
    answers = [said(number, answer) for number, (_, _, answer) in zip((5, 0, 1, 2), CLIENT, strict=True)]

    assert [watch.first.is_sent(data) for data in reversed(answers)] == [False] * 4
    watch.first.see(PING)
    assert watch.first.answers == CLIENT


def test_what_comes_after_another_request_is_not_kept() -> None:
    watch = Watch(NOTHING_EARLY)
    watch.first.see(INITIALIZE + ask(1, "tools/list") + PING + ask(2, "prompts/list"))
    for data in (said(0, GREETING), said(1, TOOLS), said(9, '"result":{}}\n'), said(2, PROMPTS)):
        assert not watch.first.is_sent(data)
    assert watch.first.is_over
    assert [method for method, _, _ in watch.first.answers] == ["initialize", "tools/list"]


def test_a_refused_handshake_is_not_kept() -> None:
    watch = Watch(NOTHING_EARLY)
    watch.first.see(INITIALIZE + ask(1, "tools/list") + PING)
    assert not watch.first.is_sent(said(0, '"error":{"code":-32602,"message":"no"}}\n'))
    assert not watch.first.is_sent(said(1, TOOLS))
    assert watch.first.answers == []


def test_a_longer_id_is_not_taken_for_a_shorter_one() -> None:
    watch = Watch(EARLY)
    assert not watch.first.is_sent(said(11, TOOLS))
    assert watch.first.is_sent(said(1, TOOLS))
