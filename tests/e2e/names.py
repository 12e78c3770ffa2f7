"""Full names under which the client knows the tools of these tests."""

FIND_TOOLS = "mcp__dynaload__find_tools"
GIT_LOG = "mcp__dynaload__git__git_log"
CURRENT_TIME = "mcp__dynaload__time__get_current_time"
LIST_TABLES = "mcp__dynaload__sqlite__list_tables"
READ_FILE = "mcp__dynaload__files__read_text_file"
WRITE_FILE = "mcp__dynaload__files__write_file"

MAX_TOOLS = 12
"""A prompt loads at most this many, `find_tools` included."""
