"""Medians, ratios, and the goals of the project beside what was reached."""

import statistics
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from contestants import Contestant
from measure import Sample


@dataclass(frozen=True)
class Line:
    """The medians of one contestant in one table."""

    name: str
    does: str
    wall: float
    inside: float | None
    best: float
    cores_busy: float
    peak_mb: float | None
    mb_per_s: float
    rows_per_s: float


Table = dict[str, Line]


def median_line(contestant: Contestant, samples: list[Sample]) -> Line:
    insides = [sample.inside for sample in samples if sample.inside is not None]
    best = statistics.median(sample.best for sample in samples)
    return Line(
        name=contestant.name,
        does=contestant.does,
        wall=statistics.median(sample.wall for sample in samples),
        inside=statistics.median(insides) if insides else None,
        best=best,
        cores_busy=statistics.median(sample.cpu / sample.wall for sample in samples),
        peak_mb=statistics.median(sample.peak_mb for sample in samples) if contestant.memory_counts else None,
        mb_per_s=contestant.extract.bytes / 1e6 / best,
        rows_per_s=contestant.extract.rows / best,
    )


@dataclass(frozen=True)
class Goal:
    """One goal of the project and the figure that speaks for it."""

    table: str
    says: str
    unit: str
    target: float
    reached: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.reached <= self.target if self.at_most else self.reached >= self.target


def times_as_fast(table: Table, other: str) -> float:
    return table[other].best / table["claimlint"].best


def goals(tables: dict[str, Table], cores: int) -> Iterator[Goal]:
    """The goals that the tables measured can speak for, in their order."""
    for name, table in tables.items():
        claimlint = table["claimlint"]
        if name in ("sparse", "wide"):
            faster = min(times_as_fast(table, "Polars"), times_as_fast(table, "DuckDB"))
            target = 6.0 if name == "sparse" else 5.0
            yield Goal(name, "as fast as the faster of Polars and DuckDB", "x", target, faster)
        if name == "sparse":
            yield Goal(name, "aim: the same", "x", 8.0, faster)
            yield Goal(name, "of the memory roof", "%", 30.0, 100 * times_as_fast(table, "memory roof"))
            yield Goal(name, "aim: as fast as `wc -l`", "x", 1.0, times_as_fast(table, "wc -l"))
        if name == "dense":
            yield Goal(name, "as fast as Polars doing two checks", "x", 0.7, times_as_fast(table, "Polars"))
        if name == "dense, two checks":
            faster = min(times_as_fast(table, "Polars"), times_as_fast(table, "DuckDB"))
            yield Goal(name, "as fast as the faster of Polars and DuckDB", "x", 1.3, faster)
        if name == "two findings a service":
            yield Goal(name, "time of `dd` with fsync", "x", 2.5, 1 / times_as_fast(table, "dd, fsync"), at_most=True)
        packer, _, files = name.partition(", ")
        if files == "one file":
            yield Goal(name, f"as fast as `{packer} -dc`", "x", 0.9, times_as_fast(table, f"{packer} -dc | wc -l"))
        elif packer in ("gzip", "zstd"):
            # "Both cores busy": nine tenths of them leave room for the start, the merge and the reports.
            yield Goal(name, "of the cores busy", "%", 90.0, 100 * claimlint.cores_busy / cores)
        if packer == "memory":
            yield Goal(name, "peak memory", " MB", 200.0, claimlint.peak_mb, at_most=True)
    if "memory, sparse file" in tables:
        small, large = (tables[name]["claimlint"].peak_mb for name in ("memory, sparse file", "memory, 4 times as large"))
        # In-scope lines are kept, and a file 4 times as large has 4 times as many: a few MB are not growth with the file.
        yield Goal("memory", "growth from the one to the other", " MB", 10.0, large - small, at_most=True)


def markdown(tables: dict[str, Table], sizes: dict[str, str], reached: list[Goal], preface: list[str]) -> str:
    parts = [f"{text}\n" for text in preface]
    for name, table in tables.items():
        parts.append(f"### {name}: {sizes[name]}\n\n{_rows(table)}")
    parts.append(f"### Goals\n\n{_goal_rows(reached)}")
    return "\n".join(parts)


def _rows(table: Table) -> str:
    titles = [
        "tool",
        "does",
        "wall s",
        "without start-up s",
        "MB/s",
        "rows/s",
        "cores busy",
        "peak MB",
        "time / claimlint's",
    ]
    rows = []
    for line in table.values():
        inside = "" if line.inside is None else f"{line.inside:.3f}"
        peak = "" if line.peak_mb is None else f"{line.peak_mb:,.0f}"
        ratio = line.best / table["claimlint"].best
        rows.append(
            [line.name, line.does, f"{line.wall:.3f}", inside, f"{line.mb_per_s:,.0f}", f"{line.rows_per_s / 1e6:,.2f} M"]
            + [f"{line.cores_busy:.2f}", peak, f"{ratio:.2f}"]
        )
    return _table(titles, rows, words=2)


def _goal_rows(reached: list[Goal]) -> str:
    rows = []
    for goal in reached:
        sign = "<=" if goal.at_most else ">="
        figures = [f"{sign} {goal.target:g}{goal.unit}", f"{goal.reached:.2f}{goal.unit}", "yes" if goal.met else "**no**"]
        rows.append([goal.table, goal.says, *figures])
    return _table(["extract", "claimlint", "goal", "reached", "met"], rows, words=2)


def _table(titles: list[str], rows: list[list[str]], words: int) -> str:
    """A Markdown table whose first `words` columns are text and the others figures."""
    rule = ["---"] * words + ["--:"] * (len(titles) - words)
    # `wc -l` behind a pipe: the bar would end the cell.
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (titles, rule, *rows)]
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def as_json(tables: dict[str, Table], samples: dict, reached: list[Goal], facts: dict) -> dict:
    return {
        **facts,
        "tables": {name: [asdict(line) for line in table.values()] for name, table in tables.items()},
        "goals": [asdict(goal) | {"met": goal.met} for goal in reached],
        "samples": {
            table: {name: [asdict(sample) for sample in runs] for name, runs in of_table.items()}
            for table, of_table in samples.items()
        },
    }
