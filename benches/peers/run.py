#!/usr/bin/env python3
"""claimlint beside Polars and DuckDB, and below the roofs of the machine, in one run. README.md says what is compared."""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import report
from contestants import Bench, Contestant, Counts, line_up
from extracts import NEEDED
from measure import Sample, Strangers

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
REQUIREMENTS = HERE / "requirements.txt"
# Cores that other processes may take before a table says that it must not be quoted.
TOLERATED_STRANGERS = 0.1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=1.0, help="GB of the sparse and of the wide file")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each tool; the tables show medians")
    parser.add_argument("--only", default=",".join(NEEDED), help=f"some of {','.join(NEEDED)}")
    parser.add_argument("--claimlint", type=Path, help="the binary (default: the release build, built if missing)")
    parser.add_argument("--work", type=Path, help="extracts, environment, results (default: peers in the target directory)")
    args = parser.parse_args()
    args.only = args.only.split(",")
    if unknown := [name for name in args.only if name not in NEEDED]:
        parser.error(f"--only: no scenario {', '.join(unknown)}; there are {', '.join(NEEDED)}")
    if args.runs < 1 or args.size <= 0:
        parser.error("--runs and --size are above zero")
    programs = ["sh", "cat", "wc", "xargs", *(packer for packer in ("gzip", "zstd") if packer in args.only)]
    if absent := [program for program in programs if not shutil.which(program)]:
        parser.error(f"not installed: {', '.join(absent)}")
    return args


def target_directory() -> Path:
    """Where cargo builds, whatever its configuration says."""
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    metadata = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    return Path(json.loads(metadata)["target_directory"])


def release_build() -> Path:
    binary = target_directory() / "release" / "claimlint"
    if not binary.exists():
        subprocess.run(["cargo", "build", "--release"], cwd=REPOSITORY, check=True)
    return binary


def private_environment(folder: Path) -> Path:
    """The Python that has the pinned packages, made anew when the pins have changed."""
    python, stamp = folder / "bin" / "python", folder / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != REQUIREMENTS.read_text():
        say("installing " + ", ".join(pins()))
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "-r", str(REQUIREMENTS)], check=True)
        # Last, so that an installation that was cut short is done again.
        shutil.copy(REQUIREMENTS, stamp)
    return python


def pins() -> list[str]:
    lines = REQUIREMENTS.read_text().splitlines()
    return [line.replace("==", " ") for line in lines if line and not line.startswith("#")]


def make_extracts(python: Path, folder: Path, size: float, scenarios: list[str]) -> dict[str, dict]:
    say(f"extracts in {folder}")
    command = [str(python), str(HERE / "extracts.py"), str(folder), "--size", str(size), *scenarios]
    subprocess.run(command, check=True)
    return json.loads((folder / "manifest.json").read_text())


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Agreement:
    """What has been counted in one table, and by whom. Who counts otherwise ends the run: no table of different work."""

    def __init__(self, table: str, contestants: list[Contestant]) -> None:
        self.table = table
        self.counted: dict[str, tuple[int, str]] = {}
        extract = contestants[0].extract
        self.hold("the maker", {"rows": extract.rows, "in_scope": extract.in_scope, "rejected": 0})

    def hold(self, who: str, counts: Counts) -> None:
        for what, number in counts.items():
            before, witness = self.counted.setdefault(what, (number, who))
            if number != before:
                raise SystemExit(f"{self.table}: {witness} counts {before} {what}, {who} {number}: no table")


def race(table: str, contestants: list[Contestant], runs: int) -> tuple[dict[str, list[Sample]], float]:
    """Checks that all count the same, then times them in turn, so that a change of the machine's mood meets all. Also
    returns how many cores strangers took meanwhile."""
    agreement = Agreement(table, contestants)
    for contestant in contestants:
        say(f"{table}: checking {contestant.name}")
        agreement.hold(contestant.name, contestant.run(checking=True)[1])
    paths = {path for contestant in contestants for path in contestant.extract.paths}
    subprocess.run(["cat", *sorted(paths)], check=True, stdout=subprocess.DEVNULL)
    samples: dict[str, list[Sample]] = {contestant.name: [] for contestant in contestants}
    strangers = Strangers()
    for number in range(1, runs + 1):
        for contestant in contestants:
            sample, counts = contestant.run(checking=False)
            agreement.hold(contestant.name, counts)
            samples[contestant.name].append(sample)
        say(f"{table}: run {number} of {runs}: " + ", ".join(f"{name} {of[-1].best:.3f} s" for name, of in samples.items()))
    return samples, strangers.cores()


def machine(cores: int) -> str:
    cpu = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":", 1)[1].strip() for line in cpu.splitlines() if line.startswith("model name")), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {cores} cores, {memory:.0f} GiB"


def versions(claimlint: Path) -> str:
    def first_line(command: list[str]) -> str:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0]

    digest = hashlib.sha256(claimlint.read_bytes()).hexdigest()[:12]
    # "*** Zstandard CLI (64-bit) v1.5.4, by Yann Collet ***": the name and the number.
    tools = [first_line([name, "--version"]).strip("* ").split(",")[0] for name in ("gzip", "zstd") if shutil.which(name)]
    return ", ".join([f"{first_line([str(claimlint), '--version'])} (sha256 {digest})", *pins(), *tools])


def main() -> None:
    args = arguments()
    claimlint = (args.claimlint or release_build()).resolve()
    work = (args.work or target_directory() / "peers").resolve()
    work.mkdir(parents=True, exist_ok=True)
    cores = len(os.sched_getaffinity(0))
    bench = Bench(work, claimlint, private_environment(work / "environment"), cores)
    facts = make_extracts(bench.python, work / "extracts", args.size, args.only)
    about = {"machine": machine(cores), "versions": versions(claimlint), "size_gb": args.size, "runs": args.runs}

    tables: dict[str, report.Table] = {}
    sizes, samples = {}, {}
    for scenario in args.only:
        needed = {name: facts[name] for name in NEEDED[scenario]}
        for table, contestants in line_up(bench, scenario, needed).items():
            samples[table], strangers = race(table, contestants, args.runs)
            lines = [report.median_line(contestant, samples[table][contestant.name]) for contestant in contestants]
            tables[table] = {line.name: line for line in lines}
            extract = contestants[0].extract
            sizes[table] = f"{extract.bytes / 1e6:,.0f} MB, {extract.rows:,} rows, {extract.in_scope:,} in scope"
            if strangers > TOLERATED_STRANGERS:
                sizes[table] += f" (not to be quoted: other processes took {strangers:.1f} cores)"

    reached = list(report.goals(tables, cores))
    preface = [
        f"Medians of {args.runs} runs in turn, page cache warm, all counts agree. MB are of the unpacked text.",
        f"{about['machine']}. {about['versions']}.",
    ]
    if args.size < 1:
        preface.append(f"Made with --size {args.size:g}: the goals are for 1.")
    text = report.markdown(tables, sizes, reached, preface)
    (work / "results.md").write_text(text)
    results = report.as_json(tables, samples, reached, about)
    (work / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
