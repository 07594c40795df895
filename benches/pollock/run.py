"""Reads the polluted files of tests/it/pollock with DuckDB, Polars and Python's csv, and writes a table beside claimlint.

Usage: python3 benches/pollock/run.py [--work DIRECTORY]. Needs the packages of benches/peers/requirements.txt. The files, and
how claimlint read them, come from the test; everything is in DIRECTORY, by default `pollock` in the target directory.
"""

import argparse
import csv
import os
import pathlib
import subprocess
from collections import defaultdict

import duckdb
import polars

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY = "claim_id"
Rows = list[dict[str, str]]


def by_duckdb(path: pathlib.Path, **options) -> Rows:
    """Every column as text; the dialect is sniffed."""
    read = duckdb.read_csv(str(path), all_varchar=True, **options)
    return [dict(zip(read.columns, row)) for row in read.fetchall()]


def by_polars(path: pathlib.Path) -> Rows:
    """Every column as text."""
    return polars.read_csv(path, infer_schema=False).to_dicts()


def by_csv(path: pathlib.Path) -> Rows:
    """Excel's dialect, which is the default."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


READERS = {
    "DuckDB": by_duckdb,
    "DuckDB, ignore_errors": lambda path: by_duckdb(path, ignore_errors=True),
    "Polars": by_polars,
    "Python csv": by_csv,
}


class Score:
    """How the rows of some files were read."""

    def __init__(self, files=0, rows=0, right=0, announced=0, rejected=0, silent=0, unread_files=0):
        self.files, self.rows, self.right, self.announced = int(files), int(rows), int(right), int(announced)
        self.rejected, self.silent, self.unread_files = int(rejected), int(silent), int(unread_files)

    def add(self, other: "Score"):
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def score(read, path: pathlib.Path, claims: list[str], clean: dict[str, dict[str, str]]) -> Score:
    """Compares what a reader gives with the clean table. A missing column stops whoever asks for it, as an error does."""
    names = next(iter(clean.values())).keys()
    try:
        rows = read(path)
        missing = bool(rows) and not names <= rows[0].keys()
    except Exception:  # Whatever stops the reader.
        missing = True
    if missing:
        return Score(files=1, rows=len(claims), unread_files=1)
    found = defaultdict(list)
    for row in rows:
        found[row[KEY]].append({name: row[name] or "" for name in names})
    right = sum(clean[claim] in found[claim] for claim in claims)
    return Score(files=1, rows=len(claims), right=right, silent=len(claims) - right)


def table(scores: dict[str, dict[str, Score]]) -> str:
    """Two tables: all files together, and the rows wrong in silence by kind of pollution."""
    lines = ["| | rows right | wrong, announced | rejected by name | wrong in silence | files unread |", "|---|--:|--:|--:|--:|--:|"]
    for reader, kinds in scores.items():
        total = Score()
        for one in kinds.values():
            total.add(one)
        numbers = total.right, total.announced, total.rejected, total.silent, total.unread_files
        lines.append(f"| {reader} | " + " | ".join(f"{n:,}" for n in numbers) + " |")
    lines += ["", "| wrong in silence (files unread) | files | " + " | ".join(scores) + " |", "|---|--:|" + "--:|" * len(scores)]
    for kind, own in next(iter(scores.values())).items():
        cells = [f"{kinds[kind].silent:,} ({kinds[kind].unread_files:,})" for kinds in scores.values()]
        lines.append(f"| {kind} | {own.files:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "target" / "pollock")
    work = parser.parse_args().work.resolve()
    test = ["cargo", "test", "--locked", "--test", "it", "pollock::"]
    subprocess.run(test, cwd=ROOT, env={**os.environ, "CLAIMLINT_POLLOCK": str(work)}, check=True)
    with open(work / "clean.csv", newline="", encoding="utf-8") as file:
        clean = {row[KEY]: row for row in csv.DictReader(file)}
    scores: dict[str, dict[str, Score]] = {"claimlint": {}}
    with open(work / "claimlint.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            kind = row.pop("kind")
            scores["claimlint"][kind] = Score(**row)
    for name in READERS:
        scores[name] = defaultdict(Score)
    with open(work / "files.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            claims = row["claims"].split()
            for name, read in READERS.items():
                scores[name][row["kind"]].add(score(read, work / "files" / row["file"], claims, clean))
    (work / "results.md").write_text(table(scores) + "\n", encoding="utf-8")
    print(table(scores))


if __name__ == "__main__":
    main()
