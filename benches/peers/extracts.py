#!/usr/bin/env python3
"""Makes the seeded extracts. A process of its own, so that run.py stays small: a child's peak memory, as Linux counts it,
is never below that of the process that started it."""

import argparse
import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from shapes import BLOCK_ROWS, MARK, SHAPES, Shape, block, header

SEED = 2024
DENSE_ROWS_AT_SIZE_1 = 1_000_000
PARTS = 4
PACKERS = {"gzip": (["gzip", "-c"], ".gz"), "zstd": (["zstd", "-q", "-c"], ".zst")}

# Which extracts a scenario reads.
NEEDED = {
    "sparse": ["sparse"],
    "wide": ["wide"],
    "dense": ["dense"],
    "flagged": ["flagged"],
    "gzip": ["gzip"],
    "zstd": ["zstd"],
    "parquet": ["parquet"],
    "memory": ["sparse", "sparse-4x"],
}


class Pattern:
    """A block of one shape, ready to be copied."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.header = header(shape)
        self.block = block(shape, SEED)

    def copies_for(self, size: float) -> int:
        """How many copies come nearest to `size` bytes."""
        return max(1, round(size / len(self.block)))

    def write(self, stream: IO[bytes], copies: range) -> None:
        """A header and the copies of these numbers. No packer sees a repetition: a block is longer than the window of
        gzip (32 KiB) and of zstd at its default level (2 MiB)."""
        stream.write(self.header)
        for number in copies:
            stream.write(self.block.replace(MARK.encode(), b"%04d" % number))

    def facts(self, paths: list[Path], copies: int) -> dict:
        """What the maker knows of the files: the tools must find the same."""
        return {
            "paths": [str(path) for path in paths],
            "rows": copies * BLOCK_ROWS,
            "in_scope": copies * self.shape.in_scope,
            "bytes": copies * len(self.block) + len(paths) * len(self.header),
        }


def make_plain(pattern: Pattern, path: Path, copies: int) -> dict:
    with path.open("wb") as stream:
        pattern.write(stream, range(copies))
    return pattern.facts([path], copies)


def make_packed(pattern: Pattern, folder: Path, packer: str, copies: int) -> dict:
    """PARTS packed files that are one universe of claims: the numbers of the copies go on from file to file."""
    command, suffix = PACKERS[packer]

    def pack(part: int) -> Path:
        path = folder / f"sparse-part{part + 1}.csv{suffix}"
        with path.open("wb") as target:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=target)
            with process.stdin:
                pattern.write(process.stdin, range(part * copies, (part + 1) * copies))
            if process.wait() != 0:
                raise SystemExit(f"{' '.join(command)} failed on {path}")
        return path

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return pattern.facts(list(pool.map(pack, range(PARTS))), PARTS * copies)


def make_parquet(pattern: Pattern, folder: Path, copies: int) -> dict:
    """The sparse file as DuckDB writes it by default, but with zstd."""
    import duckdb

    text, path = folder / "parquet.csv", folder / "sparse.parquet"
    facts = make_plain(pattern, text, copies)
    rows = f"read_csv('{text}', all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"')"
    duckdb.sql(f"COPY (SELECT * FROM {rows}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    text.unlink()
    return facts | {"paths": [str(path)]}


def make(folder: Path, name: str, size: float) -> dict:
    """Makes the extract called `name`, `size` bytes being that of the plain sparse file."""
    if name in ("dense", "flagged"):
        blocks = max(1, round(size / 1e9 * DENSE_ROWS_AT_SIZE_1 / BLOCK_ROWS))
        return make_plain(Pattern(SHAPES[name]), folder / f"{name}.csv", blocks)
    if name == "wide":
        pattern = Pattern(SHAPES["wide"])
        return make_plain(pattern, folder / "wide.csv", pattern.copies_for(size))
    pattern = Pattern(SHAPES["sparse"])
    if name == "parquet":
        return make_parquet(pattern, folder, pattern.copies_for(size))
    if name in PACKERS:
        return make_packed(pattern, folder, name, pattern.copies_for(size / PARTS))
    times = 4 if name == "sparse-4x" else 1
    return make_plain(pattern, folder / f"{name}.csv", times * pattern.copies_for(size))


def stamp(size: float) -> str:
    """Changes whenever the same command would make other files."""
    sources = [Path(__file__), Path(__file__).with_name("shapes.py")]
    return hashlib.sha256(b"".join([*(source.read_bytes() for source in sources), repr(size).encode()])).hexdigest()


def missing(names: list[str], manifest: dict) -> Iterator[str]:
    """The extracts that are not there yet."""
    for name in names:
        facts = manifest.get(name)
        if facts is None or not all(Path(path).exists() for path in facts["paths"]):
            yield name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=float, default=1.0, help="GB of the plain sparse file")
    parser.add_argument("scenarios", nargs="+", choices=NEEDED)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    manifest_path = args.folder / "manifest.json"
    manifest = json.loads(manifest_path.read_text()) if manifest_path.exists() else {}
    if manifest.get("stamp") != stamp(args.size):
        manifest = {"stamp": stamp(args.size)}
    names = list(dict.fromkeys(name for scenario in args.scenarios for name in NEEDED[scenario]))
    for name in missing(names, manifest):
        manifest[name] = make(args.folder, name, args.size * 1e9)
        manifest_path.write_text(json.dumps(manifest, indent=1))


if __name__ == "__main__":
    main()
