"""``claimlint.spark.check`` on a real cluster: the report is that of ``claimlint check``, whatever fails meanwhile.

What fails is real: in the place of the binary is a program that, at its first call for a slice, kills the executor or the Python
worker above it, fails, sleeps, or reads from a wrong entry; then, and at every other call, it becomes the binary.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import JAVA, Cluster
from conftest import EXTRACTS

import claimlint
import claimlint.spark

BINARY = os.environ["CLAIMLINT_BINARY"]
PACKAGE = Path(claimlint.__file__).parent
WAIT = 1200.0
"""Seconds that a busy machine may need for one job."""

PROGRAM = """#!{python}
import json, os, signal, subprocess, sys, time
place = {place!r}
slice = sys.argv[-1] if sys.argv[1] == "slice" else "none"
with open(os.path.join(place, "calls"), "a") as calls:
    calls.write(slice + "\\n")

def parent(pid):
    with open(f"/proc/{{pid}}/stat") as stat:
        return int(stat.read().rpartition(")")[2].split()[1])

def name(pid):
    with open(f"/proc/{{pid}}/comm") as comm:
        return comm.read().strip()

fault = os.path.join(place, "fault-" + slice)
try:
    # Exactly one call gets it, even of two at a time.
    os.rename(fault, fault + ".done")
except FileNotFoundError:
    os.execv({binary!r}, [{binary!r}, *sys.argv[1:]])
with open(fault + ".done") as kind:
    kind = kind.read()
if kind == "fails":
    sys.exit("error: a fault of this test")
if kind == "entry":
    # A split whose guess was wrong: its first record is cut. Only the slice before it shows that.
    right = subprocess.run([{binary!r}, *sys.argv[1:]], capture_output=True, check=True).stdout
    wrong = str(json.loads(right)["entry"] + 10)
    os.execv({binary!r}, [{binary!r}, *sys.argv[1:-1], "--entry", wrong, slice])
if kind == "worker":
    os.kill(os.getppid(), signal.SIGKILL)
if kind == "executor":
    pid = os.getppid()
    while name(pid) != "java":
        pid = parent(pid)
    os.kill(pid, signal.SIGKILL)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the directory of the program in the place of the binary."""
    place = tmp_path_factory.mktemp("faults")
    program = place / "claimlint"
    program.write_text(PROGRAM.format(python=sys.executable, place=str(place), binary=BINARY), encoding="utf-8")
    program.chmod(0o755)
    return place


@pytest.fixture(scope="module")
def cluster(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Start a cluster whose tasks run that program."""
    environment = {"CLAIMLINT_BINARY": str(place / "claimlint"), "PYTHONPATH": str(PACKAGE.parent)}
    with Cluster(tmp_path_factory.mktemp("cluster"), environment) as running:
        yield running


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return two extracts and the authorization file."""
    directory = tmp_path_factory.mktemp("inputs")
    header, *rows = (EXTRACTS / "kyphoplasty-2024q1.csv").read_bytes().splitlines(keepends=True)
    for name, part in (("one.csv", rows[:200]), ("two.csv", rows[200:])):
        (directory / name).write_bytes(header + b"".join(part))
    return [str(directory / "one.csv"), str(directory / "two.csv"), str(EXTRACTS / "authorizations-2024q1.csv")]


@pytest.fixture(scope="module")
def expected(inputs: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the report of one machine."""
    out = tmp_path_factory.mktemp("expected") / "report"
    *extracts, auths = inputs
    claimlint.check(extracts, out=out, auths=auths, format="all", quiet=True)
    return content(out)


def content(directory: Path) -> dict[str, bytes]:
    """Return the files of a report that do not depend on when and how it was made."""
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != "run.json"}


def calls(place: Path) -> Counter[str]:
    """Return how often each slice was begun since the last look."""
    file = place / "calls"
    begun = Counter(file.read_text(encoding="utf-8").split()) if file.exists() else Counter()
    file.unlink(missing_ok=True)
    del begun["none"]
    return begun


def start(place: Path, master: str, tmp_path: Path, inputs: list[str]) -> subprocess.Popen[str]:
    """Start a driver."""
    driver = Path(__file__).with_name("driver.py")
    environment = {
        **os.environ,
        **JAVA,
        "CLAIMLINT_BINARY": str(place / "claimlint"),
        "PYTHONPATH": str(PACKAGE.parent),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    return subprocess.Popen(
        [sys.executable, driver, master, tmp_path / "job", tmp_path / "report", *inputs],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        start_new_session=True,
    )


def finish(driver: subprocess.Popen[str]) -> dict[str, object]:
    """Wait for a driver and return what it says."""
    try:
        out, err = driver.communicate(timeout=WAIT)
    finally:
        driver.kill()
    assert driver.returncode == 0, err
    said: dict[str, object] = json.loads(out.splitlines()[-1])
    return said


def test_the_report_is_that_of_one_machine(
    cluster: Cluster, place: Path, tmp_path: Path, inputs: list[str], expected: dict[str, bytes]
) -> None:
    calls(place)
    said = finish(start(place, cluster.master, tmp_path, inputs))
    assert content(tmp_path / "report") == expected
    slices = len(calls(place))
    assert slices >= 10
    assert said["steps"][-1] == [slices, slices]  # type: ignore[index]
    assert {path.name for path in tmp_path.iterdir()} <= {"report", "artifacts", "spark-warehouse"}, "the job is removed"


def test_it_is_the_same_whatever_fails(
    cluster: Cluster, place: Path, tmp_path: Path, inputs: list[str], expected: dict[str, bytes]
) -> None:
    calls(place)
    faults = {"1": "executor", "3": "fails", "5": "worker", "6": "entry", "8": "sleeps"}
    for number, kind in faults.items():
        (place / f"fault-{number}").write_text(kind, encoding="utf-8")
    finish(start(place, cluster.master, tmp_path, inputs))
    assert {path.name for path in place.iterdir()} >= {f"fault-{number}.done" for number in faults}
    begun = calls(place)
    assert all(begun[number] >= 2 for number in faults), begun
    assert content(tmp_path / "report") == expected
    assert not (tmp_path / "job").exists(), "the job is removed"


def test_a_second_driver_reads_only_what_is_missing(
    cluster: Cluster, place: Path, tmp_path: Path, inputs: list[str], expected: dict[str, bytes]
) -> None:
    calls(place)
    (place / "fault-7").write_text("sleeps", encoding="utf-8")
    first = start(place, cluster.master, tmp_path, inputs)
    job = tmp_path / "job"
    deadline = time.monotonic() + WAIT
    try:
        while len(list(job.glob("slice-*.bin"))) < 3 and first.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        # The driver, and the Java process that it started.
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
    time.sleep(2)
    there = {path.name for path in job.glob("slice-*.bin")}
    assert there
    assert not (tmp_path / "report").exists()
    calls(place)
    said = finish(start(place, cluster.master, tmp_path, inputs))
    begun = calls(place)
    assert said["before"] == len(there)
    assert {f"slice-{number}.bin" for number in begun}.isdisjoint(there), "no slice is read twice"
    assert content(tmp_path / "report") == expected


def test_spark_connect(place: Path, tmp_path: Path, inputs: list[str], expected: dict[str, bytes]) -> None:
    calls(place)
    finish(start(place, "connect", tmp_path, inputs))
    assert len(calls(place)) >= 10
    assert content(tmp_path / "report") == expected


def test_each_extract_with_joined_tables_is_a_task(cluster: Cluster, place: Path, tmp_path: Path) -> None:
    relational = EXTRACTS / "relational"
    header, *rows = (relational / "optum-medical.csv").read_bytes().splitlines(keepends=True)
    extracts = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for extract, part in zip(extracts, (rows[:4], rows[4:]), strict=True):
        extract.write_bytes(header + b"".join(part))
    named = {"diagnosis": "diagnostic", "procedure": "procedure"}
    tables = [f"{name}={relational / f'optum-{file}.csv'}" for name, file in named.items()]
    auths = EXTRACTS / "authorizations-2024q1.csv"
    claimlint.check(extracts, out=tmp_path / "expected", auths=auths, join=tables, format="all", quiet=True)
    calls(place)
    finish(start(place, cluster.master, tmp_path, [*map(str, extracts), *tables, str(auths)]))
    assert set(calls(place)) == {"0", "1"}
    assert content(tmp_path / "report") == content(tmp_path / "expected")


def test_only_data_frames_are_used() -> None:
    for file in PACKAGE.rglob("*.py"):
        code = file.read_text(encoding="utf-8")
        assert not re.search(r"\.rdd\b|sparkContext|SparkContext|_jvm|_jsc", code), file


def test_what_the_merge_would_refuse_is_told_before_a_task_starts(tmp_path: Path, inputs: list[str]) -> None:
    out = tmp_path / "report"
    for flags in ({"no_such_flag": True}, {"fail_on": "sometimes"}, {"mask": str(tmp_path / "no-key")}, {"out": tmp_path}):
        with pytest.raises(claimlint.ClaimlintError) as refused:
            # Without a session, a task would be another error.
            claimlint.spark.check(None, inputs[:1], **{"out": out, "job": tmp_path / "job", "quiet": True, **flags})
        assert refused.value.code == 2, flags
    assert {path.name for path in tmp_path.iterdir()} == {"job"}


def test_flags_that_say_how_to_read_go_to_the_plan() -> None:
    def flags(command: str) -> set[str]:
        text = subprocess.run([BINARY, command, "--help"], capture_output=True, text=True, check=True).stdout
        return {flag.replace("-", "_") for flag in re.findall(r"^\s+(?:-\w, )?--([a-z-]+)", text, re.MULTILINE)}

    own = {"out", "split", "auths", "help", "color"}
    assert flags("plan") - own == claimlint.spark.READING
    assert flags("plan") - {"split"} <= flags("check")
