"""Tables that Spark reads: Delta, Iceberg, Parquet, or any DataFrame of service lines."""

from __future__ import annotations

import contextlib
import functools
import json
import operator
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from claimlint._binary import COMPLETE, ClaimlintError, Flag, arguments, job_beside, run, run_report
from claimlint._report import Report

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

SCHEMA = "claimlint-table/1"
"""The schema of the list that ``claimlint check --table`` reads."""

LIST = "table.json"
"""The file of that list."""

# The words `pointer` and `file` keep the column of lines from being taken for one of codes.
FILE, NUMBER, LINE = "claimlint_source_file", "claimlint_file_number", "claimlint_line_pointer"
"""Columns that are added: the file of a row, its number, and the line of the row."""

POLICY_FLAGS = frozenset({"policy", "config", "no_config"})
"""Flags of ``check`` that change the policy, and with it the codes that are looked for."""

WITHOUT_CODES = ("date", "timestamp", "timestamp_ntz", "boolean")
"""Types whose values hold no code."""

FILE_AND_ROW = (("_metadata.file_path", "_metadata.row_index"), ("_file", "_pos"))
"""Columns that Spark adds: the file of a row, and its number in that file. The last ones are those of Iceberg."""

HEADER_LINES = 2
"""The line of the first row: rows of a table are counted as those of its export, whose first line is the header."""

PCS_LENGTH = 7
"""Characters of an ICD-10-PCS code, whose leading zero spreadsheets drop."""

BEGINNING = 4
"""Characters of a code that are looked for, as claimlint itself looks for them."""


class _Origin(NamedTuple):
    """Where the rows of a table come from."""

    file: Column
    line: Column


def check_table(  # noqa: PLR0913 -- each is named
    table: DataFrame | str,
    *,
    out: str | os.PathLike[str],
    layout: str | os.PathLike[str] | None = None,
    auths: str | os.PathLike[str] | None = None,
    key: str | None = None,
    name: str | None = None,
    spark: SparkSession | None = None,
    job: str | os.PathLike[str] | None = None,
    keep_job: bool = False,
    format: Flag = "parquet",  # noqa: A002 -- the name of the flag
    quiet: bool = False,
    **flags: Flag,
) -> Report:
    """Judge the claims of a table, write a report and return it.

    Spark reads the table with its own rights, deletion vectors and column names. A generous filter leaves the rows of which any
    column may hold a code of the policy, and counts the others. The rows that are left are written to ``job`` as Parquet, and
    ``claimlint check`` alone decides what they mean, as if it had read all of them.

    The report names the file and the line of each row: by default the file of the table and the row in it, counted as in an
    export of that file, whose first line is the header. Tables that do not tell these need a ``key``.

    Rows are counted and filtered in two passes. Name a version of the table if somebody may write to it meanwhile:
    ``spark.read.option("versionAsOf", 12).table("claims.lines")``.

    Args:
        table: a DataFrame, or the name of a table.
        out: the directory of the report. It is complete, or it is not there.
        layout: the layout of the columns, by name or file.
        auths: the plan's authorization file.
        key: a column of whole numbers above zero, a different one in each row; it is shown as the line.
        name: what the report calls the table where a key is given; by default the name of the table.
        spark: the session for the name of a table; by default the active one.
        job: a directory that all machines reach under this path, for the rows that are left; as private as the report. By
            default beside it, with ``.job`` after its name. It must not exist.
        keep_job: whether it stays when the report is complete.
        format: files to add to the report; those of ``parquet`` are what :meth:`claimlint.Report.frame` reads.
        quiet: leave out progress and notes, which go to stderr.
        flags: any other flag of ``claimlint check``, with ``_`` for ``-``, except those for joined tables and control totals.

    Raises:
        ClaimlintError: if the run was refused or failed, with the message of claimlint. There is no report then.

    """
    lines, called = _table(table, spark)
    # Over Spark Connect the schema is the first thing that is asked of a table, so a table that is not there is told here.
    lines.schema  # noqa: B018
    directory = Path(job if job is not None else job_beside(out)).absolute()
    beginnings = _beginnings({flag: value for flag, value in flags.items() if flag in POLICY_FLAGS})
    marked = _marked(lines, _origin(lines, key, name or called))
    if key is not None:
        _refuse_bad_key(marked, key)
    try:
        # Only its owner may look into it, because it holds rows of claims.
        directory.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise ClaimlintError(f"{directory}: exists already; remove it, or name another job") from None
    except OSError as error:
        raise ClaimlintError(f"{directory}: {error.strerror}") from None
    try:
        _write(marked, directory, beginnings)
        typed = {"table": directory / LIST, "out": out, "layout": layout, "auths": auths, "format": format}
        output, written = run_report(["check", *arguments({**typed, **flags})], out, quiet=quiet)
        if output.code not in COMPLETE:
            raise output.error()
    finally:
        if not keep_job:
            shutil.rmtree(directory, ignore_errors=True)
    return Report(written, failed=output.code != 0, text=output.out)


def _table(table: DataFrame | str, spark: SparkSession | None) -> tuple[DataFrame, str]:
    """Return the DataFrame, and its name if it has one."""
    if not isinstance(table, str):
        return table, "table"
    if spark is None:
        from pyspark.sql import SparkSession  # noqa: PLC0415 -- a cluster brings its own

        spark = SparkSession.getActiveSession()
    if spark is None:
        raise ClaimlintError("there is no active session of Spark; give one as spark=")
    return spark.read.table(table), table


def _beginnings(flags: dict[str, Flag]) -> list[str]:
    """Return the beginnings of the codes of the policy, in every form that claimlint looks for."""
    shown = run(["policy", "show", *arguments({"format": "json", **flags})])
    if shown.code != 0:
        raise shown.error()
    codes = [str(procedure["code"]).upper() for procedure in json.loads(shown.out)["procedures"]]
    without_zero = [code[1:] for code in codes if len(code) == PCS_LENGTH and code.startswith("0")]
    return sorted({code[:BEGINNING] for code in [*codes, *without_zero]})


def _origin(lines: DataFrame, key: str | None, name: str) -> _Origin:
    """Return where each row comes from."""
    from pyspark.sql import functions as f  # noqa: PLC0415

    if key is not None:
        if dict(lines.dtypes).get(key) not in {"tinyint", "smallint", "int", "bigint"}:
            raise ClaimlintError("the key is no column of whole numbers; name one that differs in each row")
        return _Origin(f.lit(name), _column(key).cast("long"))
    for names in FILE_AND_ROW:
        file, row = (f.col(column) for column in names)
        # Asking for the schema makes Spark look the columns up. Its errors and those of Spark Connect have no class in common.
        with contextlib.suppress(Exception):
            lines.select(file, row).schema  # noqa: B018
            return _Origin(file, row + HEADER_LINES)
    raise ClaimlintError("the table does not say from which file and row its rows come; name a column of whole numbers as key=")


def _marked(lines: DataFrame, origin: _Origin) -> DataFrame:
    """Return the rows with their origin, and with values as an export shows them."""
    from pyspark.sql import functions as f  # noqa: PLC0415

    columns = []
    for column, kind in lines.dtypes:
        value = _column(column)
        if kind == "timestamp":
            # The clock of the session, as in an export; Parquet would keep that of UTC.
            value = value.cast("timestamp_ntz").alias(column)
        elif kind == "void":
            value = f.lit(None).cast("string").alias(column)
        columns.append(value)
    return lines.select(*columns, origin.file.alias(FILE), origin.line.alias(LINE))


def _refuse_bad_key(marked: DataFrame, key: str) -> None:
    from pyspark.sql import functions as f  # noqa: PLC0415

    rows, keys, least = marked.agg(f.count(f.lit(1)), f.countDistinct(LINE), f.min(LINE)).first()
    if rows != keys or (least is not None and least < 1):
        raise ClaimlintError(f"the column {key} is no key: each row needs a whole number above zero of its own")


def _write(marked: DataFrame, directory: Path, beginnings: Sequence[str]) -> None:
    """Write the rows that may matter, one file for each file of the table, and the list of them."""
    from pyspark.sql import functions as f  # noqa: PLC0415

    counted = sorted(tuple(row) for row in marked.groupBy(FILE).count().collect())
    if not counted:
        raise ClaimlintError("the table has no row")
    numbers = marked.sparkSession.createDataFrame(
        [(file, number) for number, (file, _) in enumerate(counted)], f"{FILE} string, {NUMBER} int"
    )
    left = marked.where(_may_matter(marked, beginnings)).join(f.broadcast(numbers), FILE).drop(FILE)
    rows, none = directory / "rows", directory / "none"
    # No file of the table may become two: rows of one are read in order.
    together = left.repartition(NUMBER).sortWithinPartitions(NUMBER, LINE)
    together.write.option("maxRecordsPerFile", 0).partitionBy(NUMBER).parquet(_url(rows))
    parts = {number: part for number in range(len(counted)) if (part := _part(rows / f"{NUMBER}={number}")) is not None}
    empty = None
    if len(parts) < len(counted):
        left.drop(NUMBER).limit(0).coalesce(1).write.parquet(_url(none))
        empty = _part(none)
    files = [
        {"name": file, "rows": count, "part": str((parts.get(number) or empty or none).relative_to(directory))}
        for number, (file, count) in enumerate(counted)
    ]
    listed = {"schema": SCHEMA, "line_column": LINE, "files": files}
    (directory / LIST).write_text(json.dumps(listed), encoding="utf-8")


def _url(directory: Path) -> str:
    """Return the name of a local directory for Spark, which takes it as it is: an escaped character names another directory."""
    return f"file://{directory.as_posix()}"


def _part(directory: Path) -> Path | None:
    """Return the file in a directory that Spark wrote."""
    parts = sorted(directory.glob("[!._]*.parquet"))
    if len(parts) > 1:
        # A copy of a task that was killed may leave its file beside that of the other.
        raise ClaimlintError(f"{directory}: Spark wrote the same rows more than once; run again")
    return parts[0] if parts else None


def _may_matter(marked: DataFrame, beginnings: Sequence[str]) -> Column:
    """Return whether any column may hold a code, or its own name, as where a header was appended with the rows."""
    from pyspark.sql import functions as f  # noqa: PLC0415

    pattern = "|".join(beginnings)
    asked = [f.lit(False)]  # noqa: FBT003 -- that is its only argument
    for column, kind in marked.dtypes:
        if column in {FILE, LINE} or kind.startswith(WITHOUT_CODES):
            continue
        text = _column(column).cast("string")
        # Codes may have dots and thousands separators in them: 0PU.43JZ, 22,513.
        found = f.upper(f.regexp_replace(text, "[.,]", "")).rlike(pattern)
        asked.append(f.coalesce(found | (text == column), f.lit(False)))  # noqa: FBT003
    # Halves of halves: Spark Connect refuses expressions that are nested some hundred deep, and tables have that many columns.
    while len(asked) > 1:
        asked = [functools.reduce(operator.or_, asked[at : at + 2]) for at in range(0, len(asked), 2)]
    return asked[0]


def _column(name: str) -> Column:
    """Return a column whose name may have dots and quotes in it."""
    from pyspark.sql import functions as f  # noqa: PLC0415

    quoted = name.replace("`", "``")
    return f.col(f"`{quoted}`")
