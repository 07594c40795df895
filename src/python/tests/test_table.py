"""``claimlint.spark.check_table``: the report is that of ``claimlint check`` over the same rows as CSV."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cluster import JAVA
from conftest import EXTRACTS

import claimlint
import claimlint.spark
from claimlint._table import _part

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

UNUSED = [f"unused_{number}" for number in range(150)]
"""Columns of a table that claimlint does not know."""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Start a session on this machine."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 -- other tests run without it

    os.environ.update(JAVA, PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    place = tmp_path_factory.mktemp("session")
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.warehouse.dir", str(place)).config("spark.sql.session.timeZone", "America/New_York")
    session = builder.config("spark.sql.shuffle.partitions", "4").getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the rows of an extract as three CSV files and, with other types, as the same three Parquet files of a table.

    The first file has no row with a code, and between the rows of the others are many without one. There are more columns than
    expressions of Spark Connect may be nested deep.
    """
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    place = tmp_path_factory.mktemp("table")
    (place / "csv").mkdir()
    (place / "table").mkdir()
    with (EXTRACTS / "kyphoplasty-2024q1.csv").open(newline="", encoding="utf-8") as file:
        header, *read = csv.reader(file)
    # A table has no rows of other lengths.
    lines = [row + [""] * len(UNUSED) for row in read if len(row) == len(header)]
    header += UNUSED
    code = header.index("procedure_code")
    # A row in scope without a claim number is rejected.
    claim = header.index("claim_id")
    nameless = next(row for row in lines if row[code] == "22514")
    lines.insert(7, [*nameless[:claim], "", *nameless[claim + 1 :]])
    visits = [[*row[:code], "99213", *row[code + 1 :]] for row in lines[:100]]
    others = [row for pair in zip(lines, visits * 4, strict=False) for row in pair]
    for number, part in enumerate((visits, others[:300], others[300:])):
        with (place / "csv" / f"part-{number}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([header, *part])
        columns = {name: pa.array([row[column] or None for row in part], pa.string()) for column, name in enumerate(header)}
        line = columns.get("line_number")
        if line is not None:
            columns["line_number"] = line.cast(pa.int32())
        pq.write_table(pa.table(columns), place / "table" / f"part-{number}.parquet")
    return place


def table_rows(report: Path, table: str) -> list[dict[str, str]]:
    """Return the rows of a table of a report, with the name of the file without directory and ending."""
    with (report / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    for row in found:
        row["source_file"] = re.sub(r"^.*/|\.\w+$", "", row["source_file"])
    return found


@pytest.fixture(scope="module")
def expected(rows: Path, tmp_path_factory: pytest.TempPathFactory) -> claimlint.Report:
    """Return the report over the CSV files."""
    auths = EXTRACTS / "authorizations-2024q1.csv"
    out = tmp_path_factory.mktemp("expected") / "report"
    return claimlint.check(rows / "csv", out=out, auths=auths, quiet=True)


def same(report: claimlint.Report, expected: claimlint.Report) -> None:
    """Compare everything but the form of the names of files."""
    for table in ("services", "findings"):
        assert table_rows(report.directory, table) == table_rows(expected.directory, table) != []
    for part in ("ledger", "services", "rules", "amounts"):
        assert report.summary.get(part) == expected.summary.get(part), part
    # Without the column of lines, which only the job has. A row of a table has no byte at which it starts.
    rejects = [[{**row, "byte_offset": ""} for row in table_rows(of.directory, "rejects")] for of in (report, expected)]
    assert rejects[0] == rejects[1] != []


def test_it_says_what_check_says_of_the_same_rows(
    spark: SparkSession, rows: Path, auths: Path, expected: claimlint.Report, tmp_path: Path
) -> None:
    report = claimlint.spark.check_table(
        spark.read.parquet(str(rows / "table")), out=tmp_path / "report", auths=auths, job=tmp_path / "job", quiet=True
    )
    same(report, expected)
    assert report.summary["inputs"][0]["rows"] == 100
    assert not (tmp_path / "job").exists(), "the rows that were left are removed"


@pytest.mark.parametrize("name", ["my report", "rep\u00f6rt #1", "a%20b+c", "t-{date}-{run}", "[a]*?;,=&"])
def test_a_job_of_any_name_is_private_and_goes(
    spark: SparkSession, rows: Path, expected: claimlint.Report, tmp_path: Path, name: str
) -> None:
    auths = EXTRACTS / "authorizations-2024q1.csv"
    table, before = spark.read.parquet(str(rows / "table")), set(Path.cwd().iterdir())
    report = claimlint.spark.check_table(table, out=tmp_path / name, auths=auths, quiet=True, keep_job=True)
    same(report, expected)
    (job,) = (path for path in tmp_path.iterdir() if path != report.directory)
    assert job.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in job.iterdir() if not path.name.startswith(".")} == {"rows", "none", "table.json"}
    with pytest.raises(claimlint.ClaimlintError, match=r"none\.csv"):
        claimlint.spark.check_table(table, out=tmp_path / "x" / name, auths=tmp_path / "none.csv", quiet=True)
    assert list((tmp_path / "x").iterdir()) == [], "it goes when the call fails, too"
    assert set(Path.cwd().iterdir()) == before


def test_slices_give_the_report_of_a_template(spark: SparkSession, claims: Path, tmp_path: Path) -> None:
    out = tmp_path / "nights" / "{date}-{run}"
    report = claimlint.spark.check(spark, claims, out=out, split="20K", quiet=True, today="2024-03-05")
    assert report.directory.name.startswith("2024-03-05-")
    assert report.summary["ledger"]["rows"] == 400
    assert (tmp_path / "nights").stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "nights").iterdir()) == [report.directory], "the job is gone"


def test_a_row_that_is_there_twice_is_no_fault_of_claimlint(spark: SparkSession, rows: Path, tmp_path: Path) -> None:
    table = spark.read.parquet(str(rows / "table"))
    with pytest.raises(claimlint.ClaimlintError, match="a row of the table is there more than once"):
        claimlint.spark.check_table(table.select("*").sample(True, 3.0, 7), out=tmp_path / "report", quiet=True)  # noqa: FBT003
    assert list(tmp_path.iterdir()) == []


def test_a_table_is_found_by_its_name_and_a_key_is_the_line(
    spark: SparkSession, rows: Path, auths: Path, expected: claimlint.Report, tmp_path: Path
) -> None:
    from pyspark.sql import functions as f  # noqa: PLC0415

    lines = spark.read.parquet(str(rows / "table")).select("*", "_metadata.file_name", "_metadata.row_index")
    number = f.regexp_extract("file_name", r"\d+", 0).cast("long") * 1000 + f.col("row_index") + 1
    lines.select(*lines.columns[:-2], number.alias("row id")).write.mode("overwrite").saveAsTable("claim_lines")
    report = claimlint.spark.check_table("claim_lines", key="row id", out=tmp_path / "report", auths=auths, quiet=True)
    by_key = table_rows(report.directory, "findings")
    assert {row["source_file"] for row in by_key} == {"claim_lines"}
    wanted = table_rows(expected.directory, "findings")
    assert [int(row["source_line"]) % 1000 + 1 for row in by_key] == [int(row["source_line"]) for row in wanted]
    assert [row["message"] for row in by_key] == [row["message"] for row in wanted]
    assert report.summary["ledger"] == expected.summary["ledger"]


CONNECT = """
import sys
from pyspark.sql import SparkSession
import claimlint.spark

spark = SparkSession.builder.remote("local[2]").getOrCreate()
table, out, auths = sys.argv[1:]
try:
    claimlint.spark.check_table("no_such_table", spark=spark, out=out, quiet=True)
except Exception as error:
    assert "no_such_table" in str(error), error
claimlint.spark.check_table(spark.read.parquet(table), out=out, auths=auths, quiet=True)
spark.stop()
"""


def test_spark_connect(rows: Path, auths: Path, expected: claimlint.Report, tmp_path: Path) -> None:
    # A process has either sessions of its own or those of Spark Connect.
    arguments = [sys.executable, "-c", CONNECT, rows / "table", tmp_path / "report", auths]
    package = str(Path(claimlint.__file__).parents[1])
    subprocess.run(arguments, check=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": package}, timeout=600)
    same(claimlint.Report(tmp_path / "report"), expected)


def test_no_row_with_a_code_is_a_report_without_services(spark: SparkSession, rows: Path, tmp_path: Path) -> None:
    report = claimlint.spark.check_table(
        spark.read.parquet(str(rows / "table" / "part-0.parquet")), out=tmp_path / "report", quiet=True
    )
    assert report.summary["ledger"]["rows"] == report.summary["ledger"]["out_of_scope"] == 100
    assert not report.failed


def test_what_cannot_be_done_is_refused(spark: SparkSession, rows: Path, tmp_path: Path) -> None:
    table = spark.read.parquet(str(rows / "table"))
    for lines, flags, says in (
        (spark.createDataFrame(table.limit(3).collect(), table.schema), {}, "name a column of whole numbers as key="),
        (table, {"key": "claim_id"}, "no column of whole numbers"),
        (table, {"key": "line_number"}, "is no key"),
        (table, {"no_such_flag": True}, "--no-such-flag"),
        (table, {"expect_amount": "1.00"}, "--expect-amount"),
        (table.limit(0), {}, "key=|no row"),
    ):
        typed: dict[str, Any] = dict(flags)
        with pytest.raises(claimlint.ClaimlintError, match=says):
            claimlint.spark.check_table(lines, out=tmp_path / "report", quiet=True, **typed)
        assert not (tmp_path / "report").exists()
        assert not (tmp_path / "report.job").exists()
    (tmp_path / "report.job").mkdir()
    with pytest.raises(claimlint.ClaimlintError, match="exists already"):
        claimlint.spark.check_table(table, out=tmp_path / "report", quiet=True)
    assert (tmp_path / "report.job").exists(), "it may be somebody's"


def test_files_of_rows_are_found_whatever_they_are_called(tmp_path: Path) -> None:
    for name in ("_SUCCESS", ".rows.parquet.crc", "_temporary.parquet"):
        (tmp_path / name).touch()
    assert _part(tmp_path) is None
    # Engines that speak Spark Connect have names of their own.
    (tmp_path / "26hQ4rY8.zst.parquet").touch()
    assert _part(tmp_path) == tmp_path / "26hQ4rY8.zst.parquet"
    (tmp_path / "part-00000.parquet").touch()
    with pytest.raises(claimlint.ClaimlintError, match="more than once"):
        _part(tmp_path)
