"""The wheel: one for every version of Python, with the command and the package, which work where nothing else is installed.

It holds the binary that the other tests run. ``cargo build`` would compile most dependencies once more, because the features
that the Rust tests ask of them are others; so a program in the place of cargo says to maturin where the binary is.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

CARGO = """#!{python}
import json, os, sys
if sys.argv[1] != "rustc":
    os.execvp("cargo", ["cargo", *sys.argv[1:]])
print(json.dumps({message}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of the tested binary."""
    place = tmp_path_factory.mktemp("wheel")
    metadata = subprocess.run(
        ["cargo", "metadata", "--offline", "--no-deps", "--format-version=1", "--manifest-path", ROOT / "Cargo.toml"],
        check=True,
        capture_output=True,
    )
    (package,) = json.loads(metadata.stdout)["packages"]
    (target,) = (target for target in package["targets"] if target["kind"] == ["bin"])
    # A copy, because maturin moves what it packs.
    executable = shutil.copy(os.environ["CLAIMLINT_BINARY"], place / "claimlint")
    message = {
        "reason": "compiler-artifact",
        "package_id": package["id"],
        "manifest_path": package["manifest_path"],
        "target": target,
        "profile": {"opt_level": "1", "debuginfo": 1, "debug_assertions": True, "overflow_checks": True, "test": False},
        "features": [],
        "filenames": [str(executable)],
        "executable": str(executable),
        "fresh": True,
    }
    # JSON within a Python program: `loads` of a text, because `null` and `true` are not Python.
    cargo = place / "cargo"
    cargo.write_text(CARGO.format(python=sys.executable, message=f"json.loads({json.dumps(message)!r})"), encoding="utf-8")
    cargo.chmod(0o755)
    maturin = Path(sys.executable).parent / "maturin"
    built = subprocess.run(
        [maturin, "build", "--profile", "dev", "--offline", "--target-dir", place / "target", "--out", place / "wheels"],
        cwd=ROOT / "src" / "python",
        env={**os.environ, "CARGO": str(cargo)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = (place / "wheels").iterdir()
    return wheel


def run(*command: str | Path) -> str:
    """Run a command without what the tests set, and return its stdout."""
    environment = {name: value for name, value in os.environ.items() if name not in ("CLAIMLINT_BINARY", "PYTHONPATH")}
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd="/")
    assert output.returncode == 0, output.stderr
    return output.stdout


def test_one_wheel_holds_the_binary_and_the_package_and_no_tests(wheel: Path) -> None:
    assert "-py3-none-" in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {"claimlint/__init__.py", "claimlint/spark.py", "claimlint/py.typed"} <= set(names)
    assert [name for name in names if name.endswith(".data/scripts/claimlint")]
    assert not [name for name in names if "test" in name]


def test_it_works_in_an_empty_environment(wheel: Path, tmp_path: Path, claims: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    programs = tmp_path / "venv" / "bin"
    run(programs / "pip", "install", "--quiet", "--no-index", wheel)
    version = run(programs / "claimlint", "--version")
    assert version.startswith("claimlint ")
    assert run(programs / "pip", "list", "--format=freeze").count(version.strip().replace(" ", "==")) == 1
    code = f"import claimlint, claimlint.spark; print(claimlint.check({str(claims)!r}, out={str(tmp_path / 'report')!r}))"
    assert run(programs / "python", "-c", code) == f"Report({str(tmp_path / 'report')!r}, failed=True)\n"


def test_it_works_below_a_target_directory(wheel: Path, tmp_path: Path, claims: Path) -> None:
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", tmp_path / "target", wheel)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'target')!r}); import claimlint; "
        f"print(claimlint.binary()); claimlint.check({str(claims)!r}, out={str(tmp_path / 'report')!r})"
    )
    assert run(sys.executable, "-c", code) == f"{tmp_path / 'target' / 'bin' / 'claimlint'}\n"
