"""The sessions that the bench takes from the demo, over the embedded servers."""

from collections import Counter
from pathlib import Path

from mcp_dynaload.demo import SERVERS
from mcp_dynaload.measure.claude.demo_sessions import demo_data
from mcp_dynaload.measure.claude.tasks import KINDS, NOTHING, check_tools


async def test_the_demos_conversations_are_sessions_over_its_own_servers(tmp_path: Path) -> None:
    data = await demo_data(tmp_path)
    tasks = [task for session in data.sessions for task in session.tasks]
    kinds = Counter(task.kind for task in tasks)

    check_tools(data)
    assert {tool.upstream for tool in data.known.catalog.tools} == set(SERVERS)
    assert len(data.sessions) >= 20
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) >= 3
    assert {task.id for task in tasks if task.agent}, "some are done by a subagent"
    assert all((task.kind == NOTHING) == (not task.needs) for task in tasks)
    assert all(1 <= len(session.tasks) <= 6 for session in data.sessions)
    assert len({session.name for session in data.sessions}) == len(data.sessions)
