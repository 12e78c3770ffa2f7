"""Files of variables in the form `NAME=value`, as editors read them for the servers that they start."""

import re

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(.*?)\s*$")
_QUOTED = re.compile(r"""(['"])(.*?)\1\s*(?:#.*)?$""")
_COMMENT = re.compile(r"(?:^|\s+)#.*$")


def parse_env_file(text: str) -> dict[str, str]:
    """Return the variables of a file; a line that is none is passed over, as editors do."""
    values: dict[str, str] = {}
    for line in text.removeprefix("\ufeff").splitlines():
        if line.lstrip().startswith("#") or (found := _LINE.match(line)) is None:
            continue
        quoted = _QUOTED.match(found[2])
        if quoted is None:
            values[found[1]] = _COMMENT.sub("", found[2])
        elif quoted[1] == '"':
            values[found[1]] = quoted[2].replace("\\n", "\n")
        else:
            values[found[1]] = quoted[2]
    return values
