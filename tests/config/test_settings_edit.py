"""A setting changed in a file that a user has written."""

from pathlib import Path

import pytest

from mcp_dynaload.config.settings_edit import with_setting
from mcp_dynaload.errors import ConfigError

FILE = Path("dynaload.toml")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'profile = "work"\n'),
        ("notify = true", 'notify = true\nprofile = "work"\n'),
        ("# mine\n\nnotify = true # yes\n", '# mine\n\nnotify = true # yes\nprofile = "work"\n'),
        ("[profiles.work]\n", 'profile = "work"\n\n[profiles.work]\n'),
        ("# a\nnotify = true\n\n# b\n[store]\n", '# a\nnotify = true\nprofile = "work"\n\n# b\n[store]\n'),
        ("profile='home' # now\n[profiles.work]\n", 'profile = "work" # now\n[profiles.work]\n'),
        ('"profile" = "home"\n', 'profile = "work"\n'),
        ("log_level = 'info'\r\n", "log_level = 'info'\r\nprofile = \"work\"\r\n"),
    ],
)
def test_only_its_line_changes(before: str, after: str) -> None:
    assert with_setting(before, "profile", "work", FILE) == after


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("notify = ", "dynaload.toml is not valid TOML"),
        ("profile = 1\n", "profile cannot be changed here"),
        ('a = """\nprofile = "x"\n"""\n', 'profile cannot be changed here for you; write: profile = "work"'),
    ],
)
def test_what_cannot_be_changed_without_doubt_is_left_alone(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        with_setting(text, "profile", "work", FILE)
