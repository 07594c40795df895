"""A report, its files and its tables."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

from claimlint._binary import ClaimlintError

ENGINES = ("polars", "pandas")
"""What can make a frame, in the order in which it is looked for."""


class Report:
    """The directory of a complete report."""

    def __init__(self, directory: str | os.PathLike[str], *, failed: bool = False, text: str = "") -> None:
        """Name a report that is there already, or that a run has just written."""
        self.directory = Path(directory)
        """Where the report is."""
        self.failed = failed
        """Whether there were findings at or above ``fail_on``, or a condition of ``fail_if`` was true."""
        self.text = text
        """What the run printed: the ledger, and services and findings by rule."""

    def __fspath__(self) -> str:
        """Let the report be used where a path is."""
        return str(self.directory)

    def __repr__(self) -> str:
        """Show where the report is, without what is in it."""
        return f"Report({str(self.directory)!r}, failed={self.failed})"

    @property
    def paths(self) -> dict[str, Path]:
        """The files of the report by name, such as ``services.csv``."""
        return {path.name: path for path in sorted(self.directory.iterdir()) if path.is_file()}

    @property
    def summary(self) -> dict[str, Any]:
        """The counts and amounts of ``summary.json``; ``claimlint help spec`` explains each."""
        content: dict[str, Any] = json.loads((self.directory / "summary.json").read_text(encoding="utf-8"))
        return content

    def frame(self, table: str, engine: str | None = None) -> Any:  # noqa: ANN401 -- of polars or of pandas
        """Return a table as a frame of polars or pandas.

        Args:
            table: ``services`` or ``findings``, with the types of their Parquet files (dates, decimals, lists); or the name of
                a CSV file such as ``rejects`` or ``rollup-month``, whose cells are texts as they are in the file.
            engine: ``polars`` or ``pandas``. If it is not named, polars is used if it is installed, else pandas.

        Raises:
            ClaimlintError: if the report has no such table, or neither polars nor pandas is installed.

        """
        module = importlib.import_module(engine or _installed())
        parquet, csv = (self.directory / f"{table}.{extension}" for extension in ("parquet", "csv"))
        if parquet.is_file():
            return module.read_parquet(parquet)
        if not csv.is_file():
            raise ClaimlintError(f"{self.directory}: has no table {table}")
        if table in ("services", "findings"):
            raise ClaimlintError(f'{self.directory}: has no {parquet.name}; check with format="parquet"')
        if module.__name__ == "polars":
            return module.read_csv(csv, infer_schema=False).fill_null("")
        return module.read_csv(csv, dtype=str, keep_default_na=False)


def _installed() -> str:
    for engine in ENGINES:
        if importlib.util.find_spec(engine):
            return engine
    raise ClaimlintError("frames need polars or pandas; install one of them")
