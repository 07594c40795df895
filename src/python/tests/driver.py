"""A driver of its own process: ``driver.py MASTER JOB OUT EXTRACT... [NAME=TABLE...] AUTHS``.

MASTER is ``connect`` for Spark Connect.

Prints one line of JSON: how many slices were read by this run, and how far each report of progress was.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession

import claimlint.spark

SPLIT = 6000
"""Bytes of a slice: an extract of the fixtures has ten of them."""


def session(master: str) -> SparkSession:
    """Return a session that tries tasks again, on the other host if one is slow."""
    if master == "connect":
        return SparkSession.builder.remote("local[2]").getOrCreate()
    builder = SparkSession.builder.master(master).config("spark.driver.host", "127.0.0.1")
    settings = {
        "spark.ui.enabled": "false",
        "spark.executor.memory": "512m",
        "spark.executor.cores": "2",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.speculation": "true",
        "spark.speculation.interval": "200ms",
        "spark.speculation.multiplier": "2",
        "spark.speculation.quantile": "0.5",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "1",
        "spark.python.task.killTimeout": "1s",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def main() -> None:
    """Check, and say what was done."""
    master, job, out, *files, auths = sys.argv[1:]
    extracts, tables = ([file for file in files if ("=" in file) == is_table] for is_table in (False, True))
    before = sum(1 for _ in Path(job).glob("slice-*.bin"))
    spark = session(master)
    steps: list[tuple[int, int]] = []
    try:
        report = claimlint.spark.check(
            spark,
            extracts,
            out=out,
            auths=auths,
            join=tables,
            job=job,
            split=SPLIT,
            format="all",
            quiet=True,
            on_progress=steps.append,
        )
    finally:
        spark.stop()
    sys.stdout.write(json.dumps({"failed": report.failed, "before": before, "steps": steps}) + "\n")


if __name__ == "__main__":
    main()
