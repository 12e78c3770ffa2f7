"""Demo server: the shop's SQLite database, with its schema as resources."""

import csv
import io
import re
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp import types as mcp_types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.demo.toolkit import Limit, ToolFailedError, build_server, tool
from mcp_dynaload.demo.workspace import ensure_part

_INSTRUCTIONS = """SQL access to the shop database (SQLite dialect).
Read the schema first: list_tables, then describe_table. run_query cannot change data; execute_statement can."""
_SCHEMA_URI = "schema://shop"
_TABLE_URI = "schema://shop/tables/"


def build(workspace: Path) -> Server:
    """The server over `workspace`."""
    database = _Database(ensure_part(workspace, "shop") / "shop.sqlite")
    server = build_server("database", database, _INSTRUCTIONS)
    _add_resources(server, database)
    return server


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows of a query, in the order of its columns."""

    columns: list[str]
    rows: list[list[Any]]
    truncated: bool


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """The values of one column in numbers."""

    rows: int
    distinct: int
    nulls: int
    minimum: Any
    maximum: Any
    most_common: list[Any]


@dataclass(frozen=True, slots=True)
class _Database:
    file: Path

    @tool("read")
    def list_tables(self) -> list[Json]:
        """List all tables and views of the database with their number of rows."""
        names = self.query("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name", 200)
        return [{"name": name, "type": kind, "rows": self._count(name)} for name, kind in names.rows]

    @tool("read")
    def describe_table(self, table: str) -> Json:
        """Get columns (type, nullability, default, primary key) and foreign keys of a table.

        Args:
            table: Name of the table or view.
        """
        name = self._known(table)
        columns = self.query(f"SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('{name}')", 200)
        keys = self.query(f'SELECT "from", "table", "to" FROM pragma_foreign_key_list(\'{name}\')', 200)
        return {
            "columns": [dict(zip(columns.columns, row, strict=True)) for row in columns.rows],
            "foreign_keys": [f"{column} -> {other}({target})" for column, other, target in keys.rows],
        }

    @tool("read")
    def run_query(self, sql: str, limit: Limit = 50) -> TableRows:
        """Execute a read-only SQL query and return its rows.

        The connection is read-only, so INSERT, UPDATE, DELETE and DDL fail. Use explain_query when a query is slow.

        Guidelines:
        - Name the columns you need instead of SELECT *, and let the database aggregate; never fetch rows to count.
        - Dates are ISO texts: filter months with ordered LIKE '2026-02-%'.
        - Revenue is price * quantity over order_lines; orders with status 'returned' usually have to be left out.

        Example: SELECT city, COUNT(*) FROM customers GROUP BY city ORDER BY 2 DESC

        Args:
            sql: One SELECT (or WITH … SELECT) statement in SQLite's dialect.
            limit: Rows to return at most; `truncated` says whether there were more.
        """
        return self.query(sql, limit)

    @tool("read")
    def explain_query(self, sql: str) -> str:
        """Show the query plan of a statement: which tables are scanned and which indexes are used.

        Args:
            sql: The statement to explain; it is not executed.
        """
        return "\n".join(str(row[3]) for row in self.query(f"EXPLAIN QUERY PLAN {sql}", 200).rows)

    @tool("delete")
    def execute_statement(self, sql: str) -> str:
        """Execute a statement that changes data or schema (INSERT, UPDATE, DELETE, CREATE, ALTER, DROP).

        WARNING: this modifies the database. Show the statement to the user before you run it.

        Args:
            sql: One SQL statement.
        """
        with self._open("rw") as db:
            return f"OK, {max(db.execute(sql).rowcount, 0)} rows changed."

    @tool("read")
    def sample_rows(self, table: str, count: Limit = 5) -> TableRows:
        """Look at a few rows of a table to learn what its values look like.

        Args:
            table: Name of the table or view.
            count: How many rows.
        """
        return self.query(f'SELECT * FROM "{self._known(table)}"', count)

    @tool("read")
    def column_statistics(self, table: str, column: str) -> ColumnStatistics:
        """Profile a column: row count, distinct values, NULLs, minimum, maximum and the five most common values.

        Args:
            table: Name of the table.
            column: Name of the column.
        """
        name, field = self._known(table), _identifier(column)
        facts = f'COUNT(*), COUNT(DISTINCT "{field}"), COUNT(*) - COUNT("{field}"), MIN("{field}"), MAX("{field}")'
        top = self.query(f'SELECT "{field}" FROM "{name}" GROUP BY 1 ORDER BY COUNT(*) DESC, 1', 5)
        rows, distinct, nulls, minimum, maximum = self.query(f'SELECT {facts} FROM "{name}"', 1).rows[0]
        return ColumnStatistics(rows, distinct, nulls, minimum, maximum, [row[0] for row in top.rows])

    @tool("read")
    def find_duplicates(self, table: str, columns: list[str]) -> TableRows:
        """Find rows that share the same values in the given columns, e.g. customers with the same email address.

        Args:
            table: Table to check.
            columns: Columns that together should be unique.
        """
        fields = ", ".join(f'"{_identifier(column)}"' for column in columns)
        rows = f'SELECT {fields}, COUNT(*) AS copies FROM "{self._known(table)}" GROUP BY {fields} HAVING copies > 1'
        return self.query(rows, 200)

    @tool("read")
    def list_indexes(self, table: str | None = None) -> TableRows:
        """List indexes with the table they belong to and their definition.

        Args:
            table: Only indexes of this table.
        """
        only = f"AND tbl_name = '{self._known(table)}'" if table else ""
        return self.query(
            f"SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' {only} ORDER BY name", 200
        )

    @tool("write")
    def create_index(self, table: str, columns: list[str], unique: bool = False) -> str:
        """Create an index to speed up lookups and joins on the given columns.

        Args:
            table: Table to index.
            columns: Columns of the index, most selective first.
            unique: Also forbid duplicate values.
        """
        fields = [_identifier(column) for column in columns]
        name = f"{self._known(table)}_by_{'_'.join(fields)}"
        self.execute_statement(f"CREATE {'UNIQUE ' if unique else ''}INDEX {name} ON {table} ({', '.join(fields)})")
        return f"Created index {name}."

    @tool("delete")
    def drop_index(self, name: str) -> str:
        """Drop an index by name.

        Args:
            name: Name as given by list_indexes.
        """
        self.execute_statement(f'DROP INDEX "{_identifier(name)}"')
        return f"Dropped index {name}."

    @tool("read")
    def check_integrity(self) -> str:
        """Verify the database file and all foreign keys; reports every violation."""
        problems = [str(row[0]) for row in self.query("PRAGMA integrity_check", 200).rows if row[0] != "ok"]
        problems += [f"broken foreign key: {row}" for row in self.query("PRAGMA foreign_key_check", 200).rows]
        return "\n".join(problems) or "No problems found."

    @tool("read")
    def export_csv(self, sql: str) -> str:
        """Run a SELECT and return all rows as CSV text with a header line, ready to be saved or pasted.

        Args:
            sql: The query whose rows are exported.
        """
        result = self.query(sql, 10_000)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([result.columns, *result.rows])
        return text.getvalue()

    def query(self, sql: str, limit: int) -> TableRows:
        """The first rows of a query, on a connection that cannot write."""
        with self._open("ro") as db:
            cursor = db.execute(sql)
            rows = [list(row) for row in cursor.fetchmany(limit + 1)]
            columns = [column[0] for column in cursor.description or ()]
        return TableRows(columns, rows[:limit], len(rows) > limit)

    def schema(self, table: str | None = None) -> str:
        """The statements that create the database, or one table of it."""
        only = f"AND name = '{self._known(table)}'" if table else ""
        rows = self.query(f"SELECT sql FROM sqlite_master WHERE sql IS NOT NULL {only}", 200).rows
        return ";\n".join(row[0] for row in rows)

    def _count(self, table: str) -> int:
        return self.query(f'SELECT COUNT(*) FROM "{table}"', 1).rows[0][0]

    def _known(self, table: str) -> str:
        found = self.query(f"SELECT name FROM sqlite_master WHERE name = '{_identifier(table)}'", 1).rows
        if not found:
            raise ToolFailedError(f"There is no table {table!r}; list_tables shows what there is.")
        return table

    @contextmanager
    def _open(self, mode: str) -> Generator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(f"{self.file.as_uri()}?mode={mode}", uri=True)) as db, db:
                db.set_authorizer(_allow_all_but_attach)
                yield db
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise ToolFailedError(f"SQLite refused the statement: {error}") from error


def _allow_all_but_attach(action: int, *_: str | None) -> int:
    """An attached database would be a file outside the workspace."""
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK


def _identifier(name: str) -> str:
    if not re.fullmatch(r"\w+", name):
        raise ToolFailedError(f"{name!r} is not a name of a table, column or index.")
    return name


def _add_resources(server: Server, database: _Database) -> None:
    async def list_resources(
        context: ServerRequestContext[Any], params: mcp_types.PaginatedRequestParams | None
    ) -> mcp_types.ListResourcesResult:
        schema = mcp_types.Resource(
            uri=_SCHEMA_URI, name="schema", description="DDL of the database", mime_type="text/x-sql"
        )
        return mcp_types.ListResourcesResult(resources=[schema])

    async def list_templates(
        context: ServerRequestContext[Any], params: mcp_types.PaginatedRequestParams | None
    ) -> mcp_types.ListResourceTemplatesResult:
        table = mcp_types.ResourceTemplate(
            uri_template=_TABLE_URI + "{table}", name="table", description="DDL of one table", mime_type="text/x-sql"
        )
        return mcp_types.ListResourceTemplatesResult(resource_templates=[table])

    async def read_resource(
        context: ServerRequestContext[Any], params: mcp_types.ReadResourceRequestParams
    ) -> mcp_types.ReadResourceResult:
        uri = str(params.uri)
        table = uri.removeprefix(_TABLE_URI) if uri.startswith(_TABLE_URI) else None
        if table is None and uri != _SCHEMA_URI:
            raise MCPError(mcp_types.INVALID_PARAMS, f"Unknown resource {uri!r}.")
        try:
            text = database.schema(table)
        except ToolFailedError as error:
            raise MCPError(mcp_types.INVALID_PARAMS, str(error)) from error
        contents = mcp_types.TextResourceContents(uri=uri, mime_type="text/x-sql", text=text)
        return mcp_types.ReadResourceResult(contents=[contents])

    server.add_request_handler("resources/list", mcp_types.PaginatedRequestParams, list_resources)
    server.add_request_handler("resources/templates/list", mcp_types.PaginatedRequestParams, list_templates)
    server.add_request_handler("resources/read", mcp_types.ReadResourceRequestParams, read_resource)
