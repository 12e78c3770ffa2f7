"""Word lists about command-line programs and addresses: which service a program is for, and which are everyday work."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    """The service that a program talks to."""

    words: tuple[str, ...]
    """Names under which a server for the same may be connected."""

    about: str = ""
    """The action it takes when it is told nothing else."""

    takes_code: bool = False
    """Whether it is given statements of a language, not the names of deeds."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SQL = "execute sql query"


def _database(*words: str) -> Service:
    return Service(words, _SQL, takes_code=True)


SERVICES: Mapping[str, Service] = {
    "aws": Service(("aws",)),
    "az": Service(("azure",)),
    "bq": _database("bigquery"),
    "buildkite-agent": Service(("buildkite",)),
    "cf": Service(("cloudfoundry",)),
    "clickhouse-client": _database("clickhouse"),
    "cqlsh": _database("cassandra"),
    "doctl": Service(("digitalocean",)),
    "duckdb": _database("duckdb"),
    "etcdctl": Service(("etcd",)),
    "flyctl": Service(("fly", "flyio")),
    "gcloud": Service(("gcloud", "gcp", "google cloud")),
    "gh": Service(("github",)),
    "glab": Service(("gitlab",)),
    "gsutil": Service(("gcs", "google cloud storage")),
    "hcloud": Service(("hetzner",)),
    "helm": Service(("kubernetes", "helm")),
    "hub": Service(("github",)),
    "influx": Service(("influxdb",)),
    "jira": Service(("jira", "atlassian")),
    "k": Service(("kubernetes",)),
    "kafka-topics": Service(("kafka",)),
    "kcat": Service(("kafka",)),
    "kubectl": Service(("kubernetes", "k8s", "kubectl")),
    "lab": Service(("gitlab",)),
    "logcli": Service(("loki", "grafana"), "query loki logs"),
    "mongo": Service(("mongodb", "mongo"), "find documents", takes_code=True),
    "mongodump": Service(("mongodb", "mongo"), "export collection"),
    "mongoexport": Service(("mongodb", "mongo"), "export collection"),
    "mongosh": Service(("mongodb", "mongo"), "find documents", takes_code=True),
    "mysql": _database("mysql", "mariadb"),
    "mysqldump": Service(("mysql", "mariadb"), "export table data"),
    "mariadb": _database("mysql", "mariadb"),
    "oc": Service(("openshift", "kubernetes")),
    "op": Service(("1password", "onepassword")),
    "pg_dump": Service(("postgres", "postgresql"), "export table data"),
    "pgcli": _database("postgres", "postgresql"),
    "promtool": Service(("prometheus", "grafana"), "query prometheus"),
    "psql": _database("postgres", "postgresql"),
    "redis-cli": Service(("redis",), takes_code=True),
    "rclone": Service(("rclone",)),
    "s3cmd": Service(("s3",)),
    "snowsql": _database("snowflake"),
    "sqlcmd": _database("mssql", "sqlserver"),
    "sqlite3": _database("sqlite"),
    "stern": Service(("kubernetes",), "pod logs"),
    "tea": Service(("gitea",)),
    "todoist": Service(("todoist",)),
    "trino": _database("trino"),
    "valkey-cli": Service(("valkey", "redis"), takes_code=True),
    "vault": Service(("vault",)),
    "wp": Service(("wordpress",)),
    "yc": Service(("yandex",)),
}
"""Programs whose own name does not say, or not alone, what they are for."""

OWN_AFFAIRS = _words(
    """alias auth completion completions config configure credentials extension extensions help init link login
    logout plugin plugins profile self-update setup switch unlink update upgrade version whoami"""
)
"""The first word of a command that concerns the program itself."""

MEANINGS: Mapping[str, str] = {
    "cp": "copy",
    "deploy": "deployment deploy",
    "desc": "describe",
    "describe": "describe get",
    "ep": "endpoints",
    "exec": "exec run",
    "ls": "list",
    "mr": "merge request",
    "mv": "move",
    "new": "create",
    "no": "nodes",
    "ns": "namespaces",
    "po": "pods",
    "pr": "pull request",
    "prs": "pull requests",
    "pulls": "pull requests",
    "pull": "pull request",
    "rm": "delete",
    "repos": "repository",
    "repo": "repository",
    "run": "workflow run",
    "svc": "services",
    "view": "read get",
    "wiki": "confluence page",
}
"""Short words of commands and addresses, in those of definitions."""

METHODS: Mapping[str, str] = {"post": "create", "put": "update", "patch": "update", "delete": "delete"}
"""The action that a request asks for by its method."""

BROWSERS = frozenset({"curl", "http", "https", "xh", "curlie"})
"""Programs that ask an address for something."""

UNPACKERS = frozenset(
    {"bash", "sh", "zsh", "tar", "unzip", "gunzip", "bunzip2", "gpg", "apt-key", "patch", "sudo", "tee"}
)
"""Programs that take a download."""

INTERPRETERS = frozenset({"python", "python3", "node", "ruby", "deno", "bun", "perl", "php", "bash", "sh", "zsh"})

CODE_OPTIONS = frozenset({"-c", "-e", "--eval", "-"})
"""With these an interpreter is given code in its arguments or its input."""

KEYWORDS = frozenset({"do", "then", "else", "elif", "if", "while", "until", "!", "{", "}", "done", "fi", "in", "time"})

WRAPPERS = _words(
    """sudo doas env timeout nice ionice nohup xargs exec stdbuf watch command builtin setsid flock parallel"""
)
"""Programs that run the one behind them."""

RUNNERS: Mapping[str, tuple[str, ...]] = {
    "npx": (),
    "bunx": (),
    "uvx": (),
    "pipx": ("run",),
    "pnpm": ("dlx",),
    "yarn": ("dlx",),
}
"""Programs that fetch the one behind their words and run it."""

PUBLIC_LABELS = _words(
    """blog careers cdn community console-docs developer developers discuss docs documentation download downloads
    feedback files forum forums get help img install learn mirror news packages playground press raw registry
    releases static status store support training update updates"""
)
"""Parts of host names under which pages and files for everybody stand."""

PUBLIC_PATHS = _words(
    """about blog careers changelog company community contact customers doc docs documentation download downloads
    events features guide guides help install jobs learn legal library manual news press pricing product
    products reference security solutions support tutorial tutorials"""
)
"""First parts of paths under which such pages stand."""

PLAIN_LABELS = _words("""www api app apps rest my web m v1 v2 dev prod staging eu us cloud""")
"""Parts of host names that say nothing of whose it is."""

PLAIN_NAMES = _words(
    """mcp server servers the my our api local remote prod production dev staging test work home team official
    client tools tool proxy main default stdio http sse cli app npx uvx docker run node python latest com org io
    net modelcontextprotocol"""
)
"""Words in a server's entry that say nothing of what it is for, unless the server is called so."""

_SYSTEM = _words(
    """alias apropos arch ar at awk base32 base64 basename bash bc bg break builtin bunzip2 bzip2 cal case cat cd
    chgrp chmod chown cksum clear cmp col column comm command continue cp crontab csplit cut date dd declare df
    diff dig dirname dirs dmesg du echo ed egrep emacs env eval exec exit expand export expr factor false fc fg
    fgrep file find fmt fold for free ftp function fuser gawk gdb getent getopts git grep groups gunzip gzip
    hash head help hexdump history host hostname htop iconv id if ifconfig info install ip jobs join kill
    killall last ldd less let link ln local locate logger login look ls lsof lzma make man md5 md5sum mesg mkdir
    mkfifo mktemp more mount mv nano nc netstat nice nl nm nohup nslookup od open openssl passwd paste patch
    perl pgrep ping pkill popd pr printenv printf ps pushd pwd read readlink readonly realpath renice return rev
    rg rm rmdir rsync scp screen script sed select seq service set sh sha1sum sha256sum shasum shift shopt shred
    shuf sleep sort source split ssh ssh-keygen stat strace strings stty su sudo sum sync systemctl tac tail tar
    tee telnet test time timeout times top touch tput tr trap traceroute tree true truncate tsort tty type
    ulimit umask unalias uname unexpand uniq unlink unset until unxz unzip uptime users vi vim vimdiff wait
    watch wc wget whatis whereis which while who whoami xargs xxd xz yes zcat zip zsh [ [[ : . journalctl
    launchctl osascript pbcopy pbpaste say defaults caffeinate tmux fetch memory files"""
)
"""Commands that every system brings."""

_BUILDING = _words(
    """alembic ansible ansible-playbook ant apk apt apt-get aptitude babel bat bazel black brew buf bun bundle
    bundler cargo clang clang-format cmake code conda composer coverage cypress dart deno dnf docker-compose
    dotnet dpkg elixir esbuild eslint fd flake8 flutter fzf g++ gcc gem go gofmt golangci-lint gradle gradlew
    gulp hatch hadolint isort jar java javac jest jq julia just kotlin ld ldconfig lein lerna lint-staged lua
    manage.py maven meson mix mocha mvn mvnw mypy next ng nginx ninja node nodemon nox npm nx nvm nvim pacman
    pdm perl php phpunit pip pip3 pipenv pixi playwright pnpm poetry port pre-commit prettier protoc pyenv
    pylint pyright pytest python python3 qmake R rails rake rbenv rspec rubocop ruby ruff rustc rustfmt rustup
    sbt scala shellcheck snap stack swift task terraform tofu tox tsc tsx turbo twine uv uvicorn valgrind vite
    vitest vue webpack xcodebuild yarn yq yum zig"""
)
"""Programs with which others are written, built and tested."""

_STARTED = _words("""mongod postgres pg_ctl redis-server mysqld gunicorn""")
"""Servers of what is meant, started here."""

ORDINARY = _SYSTEM | _BUILDING | _STARTED
"""Everyday work in a shell, whatever is connected under such a name."""
