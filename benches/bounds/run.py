#!/usr/bin/env python3
"""Measures time and peak memory of `claimlint check` on inputs with very many of one thing, at one and at ten times a
size, and prints a table. README.md says how to read it."""

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from inputs import KINDS, Inputs

MEMORY = "512M"
TOLERANCE = 1.1
KEY = b"kT3v0Zq8mW1yR5uJ7cXbN2hL9gFdS4aPoEiUxVwYtQk="


def run(binary: Path, folder: Path, inputs: Inputs, masked: bool, formats: str) -> tuple[float, int, int, str]:
    """Seconds, peak in MiB, exit code, and the first line of what the run says if it fails."""
    key = folder / "key"
    key.write_bytes(KEY)
    report, earlier = folder / "report", folder / "baseline"
    check = [str(binary), "check", "--memory", MEMORY, "--quiet", "--force", *(["--mask", str(key)] if masked else [])]
    command = [*check, *inputs.arguments, "--format", formats, "--out", str(report)]
    if inputs.baseline:
        few = ["--no-html", "--no-dossier", "--no-services"]
        made = subprocess.run([*check, str(inputs.baseline), *few, "--out", str(earlier)], stdout=subprocess.DEVNULL)
        if made.returncode != 1:
            raise SystemExit("the baseline has no findings")
        command += ["--baseline", str(earlier)]
    with (folder / "stderr").open("w+") as errors:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = next((line.strip() for line in errors if line.startswith("error")), "")
    for made in (report, earlier):
        shutil.rmtree(made, ignore_errors=True)
    return seconds, usage.ru_maxrss // 1024, process.returncode, said


def measure(binary: Path, scratch: Path, kind: str, size: float, formats: str) -> list[str]:
    """The rows of the table for a kind."""
    make, most = KINDS[kind]
    rows = []
    for count in (max(1, int(most * size / 10)), max(1, int(most * size))):
        with tempfile.TemporaryDirectory(dir=scratch) as name:
            inputs = make(Path(name), count)
            (plain, peak, code, said), (masked, masked_peak, masked_code, _) = (
                run(binary, Path(name), inputs, masked, formats) for masked in (False, True)
            )
        limit = int(MEMORY.removesuffix("M")) * TOLERANCE
        over = " **over**" if max(peak, masked_peak) > limit else ""
        refused = " refused" if code == 2 or masked_code == 2 else ""
        rows.append(
            f"| {kind} | {count:,} | {plain:.2f} | {peak} | {masked:.2f} | {masked_peak}{over}{refused} |"
        )
        if said:
            print(f"{kind}, {count:,}: {said}", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, default=Path("target/release/claimlint"))
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()), help="folder for the inputs")
    parser.add_argument("--formats", default="all", help="words of --format; very large reports may need fewer than all")
    parser.add_argument("--size", type=float, default=1.0, help="share of the numbers in inputs.py")
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], help="default: all")
    arguments = parser.parse_args()
    print("| very many | how many | s | MiB | s, masked | MiB, masked |\n|---|---:|---:|---:|---:|---:|")
    for kind in arguments.kinds or KINDS:
        for line in measure(arguments.binary.resolve(), arguments.scratch, kind, arguments.size, arguments.formats):
            print(line, flush=True)


if __name__ == "__main__":
    main()
