"""Our own follow-ups: what lies in the file, and their report."""

from pathlib import Path

from mcp_dynaload.measure.quality.labelled import characters_in_fours, read_catalog
from mcp_dynaload.research.follow_ups import FollowUp, packaged_follow_ups, report
from mcp_dynaload.research.samples import packaged_own
from tests.small_bench import WordReader, a_bench, our_own


def test_each_follow_up_is_after_a_prompt_of_ours_and_none_is_there_twice() -> None:
    found = packaged_follow_ups()
    before = {line.id: {reference.server for reference in line.tools} for line in packaged_own().needing.lines}

    assert {one.after for one in found} <= before.keys()
    assert len({(one.after, one.query) for one in found}) == len(found)
    assert sum(one.server is None for one in found) >= 150
    assert sum(one.server in before[one.after] for one in found) >= 150
    assert sum(one.server is not None and one.server not in before[one.after] for one in found) >= 100


def test_each_kind_is_counted_by_whether_it_gets_a_tool_of_its_server_or_none(tmp_path: Path) -> None:
    folder, said = a_bench(tmp_path), list[str]()
    crawl = read_catalog(folder / "catalogs/crawl.json", characters_in_fours)
    follow_ups = [
        FollowUp("own-issue", "make a recipe", "recipes"),
        FollowUp("own-issue", "what is a photo", None),
        FollowUp("own-photo", "explain photos in general", None),
        FollowUp("own-photo", "show every photo", "photos"),
    ]

    report(crawl, our_own(folder), follow_ups, WordReader(), said.append)

    rows = {cells[1].strip(): cells[2].strip() for line in said[1:] if (cells := line.split("|"))}
    assert rows == {"goes on and needs a tool": "1", "needs nothing": "2", "needs a tool of another server": "1"}
