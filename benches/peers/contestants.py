"""Who runs in which scenario: the command of each, and what it says it counted."""

import json
import os
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import measure
from extracts import PARTS

HERE = Path(__file__).parent
Counts = dict[str, int]


@dataclass(frozen=True)
class Bench:
    """Where things are, and how many cores everybody may use."""

    work: Path
    claimlint: Path
    python: Path
    cores: int


@dataclass(frozen=True)
class Extract:
    """Files that are read together, and what their maker put into them."""

    paths: list[str]
    rows: int
    in_scope: int
    bytes: int
    scope_columns: list[str]

    @classmethod
    def of(cls, facts: dict, scope_columns: list[str]) -> "Extract":
        return cls(**facts, scope_columns=scope_columns)

    def first_part(self) -> "Extract":
        """The first of the PARTS equal files."""
        return replace(
            self, paths=self.paths[:1], rows=self.rows // PARTS, in_scope=self.in_scope // PARTS, bytes=self.bytes // PARTS
        )


@dataclass(frozen=True)
class Contestant:
    """A tool, or a roof, with what it does in the words of the table."""

    bench: Bench
    extract: Extract
    name: str
    does: str
    memory_counts: ClassVar[bool] = True

    def run(self, checking: bool) -> tuple[measure.Sample, Counts]:
        """One run. A checking run is not timed and may count more than the timed one needs to."""
        raise NotImplementedError


def checked(contestant: Contestant, flags: list[str]) -> tuple[measure.Sample, dict]:
    """One run of `check` with these flags, and its summary."""
    bench, out = contestant.bench, contestant.bench.work / "report"
    shutil.rmtree(out, ignore_errors=True)
    command = [str(bench.claimlint), "check", *contestant.extract.paths, "--out", str(out), "--fail-on", "never", "-q"]
    sample, _ = measure.run([*command, "--threads", str(bench.cores), *flags], dict(os.environ))
    return sample, json.loads((out / "summary.json").read_text())


def counts_of(summary: dict) -> Counts:
    counts = {bin: summary["ledger"][bin] for bin in ("rows", "in_scope", "rejected")}
    counts["missing_authorization"] = summary["rules"].get("PA201", {"findings": 0})["findings"]
    return counts


class Claimlint(Contestant):
    """The whole check: every rule, every report, into a directory that is not there yet."""

    def run(self, checking: bool) -> tuple[measure.Sample, Counts]:
        sample, summary = checked(self, [])
        return sample, counts_of(summary)


class ClaimlintTwoFindings(Contestant):
    """The whole check of an extract of which every service has both findings that its maker put there."""

    def run(self, checking: bool) -> tuple[measure.Sample, Counts]:
        sample, summary = checked(self, [])
        counts = counts_of(summary)
        counts["in_scope"] = min(counts["missing_authorization"], summary["rules"]["DX101"]["findings"])
        return sample, counts


class ClaimlintTwoChecks(Contestant):
    """The two checks that the peers do: no other rule, and only the CSV of what was flagged, with the summary."""

    SELECTION: ClassVar[list[str]] = [
        "--select",
        "DX101,PA201",
        "--no-html",
        "--no-dossier",
        "--no-services",
    ]

    def run(self, checking: bool) -> tuple[measure.Sample, Counts]:
        sample, summary = checked(self, self.SELECTION)
        counts = counts_of(summary)
        counts["not_in_list"] = summary["rules"]["DX101"]["findings"]
        services = summary["services"]
        counts["flagged"] = services["deny"] + services["review"]
        return sample, counts


@dataclass(frozen=True)
class Job(Contestant):
    """One of the job_*.py files, run in the private environment."""

    script: str
    extra: dict

    def run(self, checking: bool) -> tuple[measure.Sample, Counts]:
        task = {
            "paths": self.extract.paths,
            "scope_columns": self.extract.scope_columns,
            "cores": self.bench.cores,
            "checking": checking,
            **self.extra,
        }
        environment = os.environ | {"POLARS_MAX_THREADS": str(self.bench.cores)}
        sample, output = measure.run([str(self.bench.python), str(HERE / self.script), json.dumps(task)], environment)
        answer = json.loads(output)
        counts = answer["counts"]
        if "flagged_csv" in self.extra and not checking:
            with open(self.extra["flagged_csv"], "rb") as written:
                counts["flagged"] = sum(1 for _ in written) - 1
        return replace(sample, inside=answer["inside"]), counts


@dataclass(frozen=True)
class Roof(Contestant):
    """A shell command that prints one or more numbers of lines; headers are lines too."""

    command: str
    memory_counts: ClassVar[bool] = False

    def run(self, checking: bool) -> tuple[measure.Sample, Counts]:
        sample, output = measure.run(["sh", "-c", self.command], dict(os.environ))
        return sample, {"rows": sum(map(int, output.split())) - len(self.extract.paths)}


class WritingRoof(Contestant):
    """Writes as many bytes as the report of claimlint, which ran before it, has, and waits until they are on the disk."""

    memory_counts: ClassVar[bool] = False

    def run(self, checking: bool) -> tuple[measure.Sample, Counts]:
        size = sum(file.stat().st_size for file in (self.bench.work / "report").iterdir())
        target = self.bench.work / "written"
        amount = ["bs=1M", f"count={size}", "iflag=count_bytes", "conv=fsync", "status=none"]
        sample, _ = measure.run(["dd", "if=/dev/zero", f"of={target}", *amount], dict(os.environ))
        target.unlink()
        return sample, {}


class NewlineRoof(Job):
    """Pages of a mapped file count as the process's own, so its memory says nothing."""

    memory_counts: ClassVar[bool] = False


def counting(bench: Bench, extract: Extract) -> Iterator[Contestant]:
    """claimlint against the two that only filter and count."""
    yield Claimlint(bench, extract, "claimlint", "whole check, reports")
    yield Job(bench, extract, "Polars", "filter, count", "job_polars.py", {})
    yield Job(bench, extract, "DuckDB", "filter, count", "job_duckdb.py", {})


def lines_of(bench: Bench, extract: Extract) -> Contestant:
    return Roof(bench, extract, "wc -l", "count newlines, 1 thread", f"wc -l < {shlex.quote(extract.paths[0])}")


def unpacked_lines_of(bench: Bench, extract: Extract, packer: str) -> Contestant:
    """The roof of packed files, as many at a time as there are cores."""
    paths = " ".join(map(shlex.quote, extract.paths))
    each = f'{packer} -dc "$1" | wc -l'
    command = f"printf '%s\\n' {paths} | xargs -P {bench.cores} -n 1 sh -c {shlex.quote(each)} sh"
    return Roof(bench, extract, f"{packer} -dc | wc -l", "unpack, count newlines", command)


def line_up(bench: Bench, scenario: str, facts: dict[str, dict]) -> dict[str, list[Contestant]]:
    """The tables of a scenario: title -> contestants in turn."""
    slots = [f"icd_procedure_{n}" for n in range(1, 26)] if scenario == "wide" else []
    extracts = {name: Extract.of(facts[name], ["procedure_code", *slots]) for name in facts}
    extract = extracts[scenario if scenario != "memory" else "sparse-4x"]
    peers = list(counting(bench, extract))
    match scenario:
        case "sparse":
            steady = f"count newlines, {bench.cores} processes, pages mapped before"
            first = f"count newlines, {bench.cores} processes, first pass over the map"
            return {
                "sparse": [
                    *peers,
                    lines_of(bench, extract),
                    NewlineRoof(bench, extract, "memory roof", steady, "job_newlines.py", {"pass": "steady"}),
                    NewlineRoof(bench, extract, "memory roof, cold map", first, "job_newlines.py", {"pass": "first"}),
                ]
            }
        case "wide":
            return {"wide": [*peers, lines_of(bench, extract)]}
        case "dense":
            flagged = {"flagged_csv": str(bench.work / "flagged.csv")}
            does = "two checks, CSV of the flagged rows"
            audits = [Job(bench, extract, tool, does, f"job_{tool.lower()}.py", flagged) for tool in ("Polars", "DuckDB")]
            two_checks = ClaimlintTwoChecks(bench, extract, "claimlint", "the same two checks, CSV of the findings")
            return {"dense": [peers[0], audits[0]], "dense, two checks": [two_checks, *audits]}
        case "flagged":
            whole = ClaimlintTwoFindings(bench, extract, "claimlint", "whole check, reports")
            return {"two findings a service": [whole, WritingRoof(bench, extract, "dd, fsync", "as many bytes as the report")]}
        case "gzip" | "zstd":
            one = extract.first_part()
            return {
                f"{scenario}, one file": [*counting(bench, one), unpacked_lines_of(bench, one, scenario)],
                f"{scenario}, {PARTS} files": [*peers, unpacked_lines_of(bench, extract, scenario)],
            }
        case "parquet":
            rows = "filter, all columns of the rows"
            return {
                "parquet": [
                    peers[0],
                    Job(bench, extract, "Polars", rows, "job_polars.py", {}),
                    Job(bench, extract, "DuckDB", rows, "job_duckdb.py", {}),
                ]
            }
        case "memory":
            # The two sizes are different extracts: each must agree with itself, so they stand in tables of their own.
            small = Claimlint(bench, extracts["sparse"], "claimlint", "whole check, reports")
            return {"memory, sparse file": [small], "memory, 4 times as large": peers}
    raise ValueError(scenario)
