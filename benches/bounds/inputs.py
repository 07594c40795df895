"""Makes the inputs of benches/bounds: for each kind, an extract with very many of one thing, and the files beside it."""

import gzip
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER = (
    "claim_id,line_number,claim_form,frequency_code,original_claim_id,member_id,product,billing_npi,facility_npi,place_of_service,"
    "service_date,procedure_code,units,diagnosis_1,authorization_number,paid_amount,notes\n"
)
AUTHORIZATIONS = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\n"


@dataclass
class Inputs:
    """The arguments of a run, and how many rows its inputs have. A run with a baseline comes after a run over another extract,
    which makes the baseline and is not measured."""

    arguments: list[str]
    rows: int
    baseline: Path | None = None


def row(
    claim: str,
    *,
    form: str = "P",
    line: int = 1,
    frequency: int = 1,
    original: str = "",
    member: str = "M1",
    product: str = "PPO",
    billing: str = "1900000001",
    facility: str = "1800000001",
    place: str = "22",
    day: str = "2024-03-02",
    diagnosis: str = "M54.5",
    code: str = "22514",
    authorization: str = "",
    paid: int = 300,
    notes: str = "",
) -> str:
    """A row in scope."""
    return (
        f"{claim},{line},{form},{frequency},{original},{member},{product},{billing},{facility},{place},{day},{code},1,{diagnosis},"
        f"{authorization},{paid}.00,{notes}\n"
    )


def write(path: Path, header: str, lines: Iterator[str]) -> None:
    """Writes a header and lines one by one: the peak of a run is at least the memory of this process when it starts the run."""
    with path.open("w") as stream:
        stream.write(header)
        for line in lines:
            stream.write(line)


def halves(of: Callable[[int, bool], str]) -> Callable[[Path, int], Inputs]:
    """A kind whose extract has a row for each of half as many numbers, and after all of these a second row for each."""

    def make(folder: Path, count: int) -> Inputs:
        lines = (of(n, is_second) for is_second in (False, True) for n in range(count // 2))
        write(folder / "claims.csv", HEADER, lines)
        return Inputs([str(folder / "claims.csv")], count)

    return make


def extract(of: Callable[[int], str]) -> Callable[[Path, int], Inputs]:
    """A kind whose extract has one row for each number."""

    def make(folder: Path, count: int) -> Inputs:
        write(folder / "claims.csv", HEADER, (of(n) for n in range(count)))
        return Inputs([str(folder / "claims.csv")], count)

    return make


def day(n: int) -> str:
    """A day of the years from 2004 to 2024."""
    return f"{2004 + n // 336 % 20}-{1 + n // 28 % 12:02}-{1 + n % 28:02}"


def own(n: int, **more: str | int) -> str:
    """A row of a claim and a member of its own."""
    return row(f"C{n:09}", member=f"M{n:09}", **more)


def apart(n: int, is_second: bool) -> str:
    """The first row of a claim states everything; the second one, far from it, little."""
    if is_second:
        return row(f"C{n:09}", line=2, member="", product="", billing="", place="", diagnosis="", code="22515")
    return own(n, authorization=f"PA{n:09}")


def replaced(n: int, is_second: bool) -> str:
    """A claim, and far from it another claim that replaces it."""
    return row(f"R{n:09}", member=f"M{n:09}", frequency=7, original=f"C{n:09}", paid=200) if is_second else own(n)


def reversing(n: int, is_second: bool) -> str:
    """A claim, and far from it another claim that takes it back and names it. All are of one day and one code."""
    return own(n) if not is_second else row(f"R{n:09}", member=f"M{n:09}", original=f"C{n:09}", paid=-300)


def one_authorization(folder: Path, count: int) -> Inputs:
    """One authorization number on all services and on a tenth as many rows of the file, at most 20,000: more are refused."""
    write(folder / "claims.csv", HEADER, (row(f"C{n:09}", member=f"M{n % 5000}", day=day(n), authorization="A1") for n in range(count)))
    rows = (f"A1,M{n % 5000},22514,approved,{day(n)},{day(n)},{1 + n % 50}\n" for n in range(min(20_000, count // 10)))
    write(folder / "auths.csv", AUTHORIZATIONS, rows)
    return Inputs([str(folder / "claims.csv"), "--auths", str(folder / "auths.csv")], count)


def authorizations(folder: Path, count: int) -> Inputs:
    """An authorization file with a number and a member of its own in each row, and a thousand claims."""
    write(folder / "claims.csv", HEADER, (own(n, authorization=f"PA{n:09}") for n in range(1000)))
    rows = (f"PA{n:09},M{n:09},22513;22514,approved,2024-01-01,2024-12-31,3\n" for n in range(count))
    write(folder / "auths.csv", AUTHORIZATIONS, rows)
    return Inputs([str(folder / "claims.csv"), "--auths", str(folder / "auths.csv")], count)


def packed_authorizations(folder: Path, count: int) -> Inputs:
    """An authorization file of equal rows, which gzip packs into a few hundred bytes for each thousand."""
    write(folder / "claims.csv", HEADER, (own(n, authorization=f"PA{n:09}") for n in range(10)))
    with gzip.open(folder / "auths.csv.gz", "wb", 9) as stream:
        stream.write(AUTHORIZATIONS.encode())
        for _ in range(count // 1000):
            stream.write(b"PA1,M1,22514,approved,2024-01-01,2024-12-31,3\n" * 1000)
    return Inputs([str(folder / "claims.csv"), "--auths", str(folder / "auths.csv.gz")], count)


JOINS = """extends = "canonical"
[columns]
diagnosis = "DX{1..3}"
icd_procedure = "PX{1..3}"
[[join]]
table = "diagnosis"
key = "CLAIM"
to = "claim_id"
codes = { column = "DX", as = "DX{1..3}" }
[[join]]
table = "procedure"
key = "CLAIM"
to = "claim_id"
codes = { column = "PX", as = "PX{1..3}" }
"""


def joined(folder: Path, claims: Iterator[str], diagnoses: Iterator[str], procedures: Iterator[str]) -> list[str]:
    """The arguments for an extract of these rows with a table of diagnoses and a table of procedures."""
    (folder / "joins.toml").write_text(JOINS)
    write(folder / "claims.csv", HEADER.replace("diagnosis_1", "other"), claims)
    write(folder / "dx.csv", "CLAIM,DX\n", diagnoses)
    write(folder / "px.csv", "CLAIM,PX\n", procedures)
    tables = [argument for name in ("diagnosis=dx", "procedure=px") for argument in ("--join", f"{name}.csv")]
    tables = [argument.replace("=", f"={folder}/") for argument in tables]
    return [str(folder / "claims.csv"), "--layout", str(folder / "joins.toml"), *tables]


def joined_keys(folder: Path, count: int) -> Inputs:
    """Claims of which one in a hundred is in scope, and a table with a diagnosis of each claim."""
    claims = (own(n, code="22514" if n % 100 == 0 else "99213") for n in range(count))
    arguments = joined(folder, claims, (f"C{n:09},M545\n" for n in range(count)), (f"C{n:09},0PU43JZ\n" for n in range(0, count, 1000)))
    return Inputs(arguments, count)


def joined_codes(folder: Path, count: int) -> Inputs:
    """A table with a code in scope for each of its keys, and an extract with one claim in a hundred of them."""
    claims = (own(n, form="I", code="") for n in range(0, count, 100))
    arguments = joined(folder, claims, (f"C{n:09},M545\n" for n in range(0, count, 100)), (f"C{n:09},0PU43JZ\n" for n in range(count)))
    return Inputs(arguments, count)


def suppressions(folder: Path, count: int) -> Inputs:
    """A file of suppressions, each of another claim, and a thousand claims."""
    write(folder / "claims.csv", HEADER, (own(n) for n in range(1000)))
    entries = (
        f'[[suppress]]\nrule = "DX101"\nclaim = "C{n:09}"\nowner = "owner {n % 100}"\n'
        f'reason = "accepted in review {n}"\nexpires = 2026-12-31\n\n'
        for n in range(count)
    )
    write(folder / "suppress.toml", "", entries)
    arguments = ["--suppress", str(folder / "suppress.toml"), "--today", "2026-01-01"]
    return Inputs([str(folder / "claims.csv"), *arguments], count)


def baseline(folder: Path, count: int) -> Inputs:
    """A baseline with many findings, of which all but a thousand are gone, and two thousand claims."""
    write(folder / "earlier.csv", HEADER, (own(n) for n in range(count)))
    write(folder / "claims.csv", HEADER, (own(n) for n in range(count - 1000, count + 1000)))
    return Inputs([str(folder / "claims.csv")], count, baseline=folder / "earlier.csv")


def same_baseline(folder: Path, count: int) -> Inputs:
    """A baseline with the findings of the same extract."""
    write(folder / "claims.csv", HEADER, (own(n) for n in range(count)))
    return Inputs([str(folder / "claims.csv")], count, baseline=folder / "claims.csv")


def files(folder: Path, count: int) -> Inputs:
    """A directory of extracts with one row each."""
    extracts = folder / "extracts"
    extracts.mkdir()
    for n in range(count):
        (extracts / f"claims-{n:06}.csv").write_text(HEADER + own(n))
    return Inputs([str(extracts)], count)


def rejected(folder: Path, count: int) -> Inputs:
    """A directory of extracts of which almost half of the rows cannot be read."""
    extracts = folder / "extracts"
    extracts.mkdir()
    for n in range(count // 2000):
        rows = (own(n * 1001 + k) + "a,row,of,too,few,cells\n" for k in range(1000))
        write(extracts / f"claims-{n:06}.csv", HEADER, itertools.chain([own(n * 1001 + 1000)], rows))
    return Inputs([str(extracts)], count)


def long_rows(folder: Path, count: int) -> Inputs:
    """Rows of 60 MiB."""
    write(folder / "claims.csv", HEADER, (own(n, notes="x" * (60 << 20)) for n in range(count)))
    return Inputs([str(folder / "claims.csv")], count)


def long_ids(n: int) -> str:
    """A row of which the number of the claim, the member or the billing provider has 50 MiB."""
    numbers = {"claim": f"C{n:09}", "member": f"M{n:09}", "billing": f"1{n:09}"}
    numbers[list(numbers)[n % 3]] += "9" * (50 << 20)
    return row(**numbers)


# What there is much of: how it is made, and how many there are at size 1.
KINDS: dict[str, tuple[Callable[[Path, int], Inputs], int]] = {
    "claims": (extract(own), 1_000_000),
    "billing providers": (extract(lambda n: own(n, billing=f"1{n:09}")), 1_000_000),
    "facilities": (extract(lambda n: own(n, facility=f"1{n:09}")), 1_000_000),
    "months": (extract(lambda n: own(n, day=f"{2000 + n // 12 % 100}-{1 + n % 12:02}-15")), 1_000_000),
    "voids": (extract(lambda n: row(f"C{n // 2:09}", member=f"M{n // 2:09}", frequency=1 + 7 * (n % 2))), 1_000_000),
    "replacements": (
        extract(lambda n: row(f"C{n // 2:09}", member=f"M{n // 2:09}", frequency=1 + 6 * (n % 2), paid=300 + n % 2)),
        1_000_000,
    ),
    "versions of one claim": (extract(lambda n: row("C1", frequency=7 if n else 1, paid=300 + n % 7)), 1_000_000),
    "stays": (extract(lambda n: own(n, form="I", code="0PU43JZ")), 1_000_000),
    "rows of one claim": (extract(lambda n: row("C1", line=n)), 500_000),
    "members of one claim number": (extract(lambda n: row("C1", member=f"M{n:09}")), 500_000),
    "sessions of one member": (extract(lambda n: row(f"C{n:09}", day=day(n))), 200_000),
    "stays of one member": (extract(lambda n: row(f"C{n:09}", form="I", code="0PU43JZ", day=day(n))), 200_000),
    "reversals of one claim": (extract(lambda n: row("C1", paid=-300 if n % 2 else 300)), 500_000),
    "product labels": (extract(lambda n: own(n, product=f"PLAN {n}")), 1_000_000),
    "cells of 64 KiB": (extract(lambda n: own(n, product=f"P{n}" + "x" * 65_500)), 8_000),
    "rows of 60 MiB": (long_rows, 20),
    "ids of 50 MiB": (extract(long_ids), 12),
    "files": (files, 10_000),
    "rejected rows": (rejected, 1_000_000),
    "services with one authorization": (one_authorization, 200_000),
    "rows of the authorization file": (authorizations, 10_000_000),
    "rows of a packed authorization file": (packed_authorizations, 10_000_000),
    "keys of a joined table": (joined_keys, 10_000_000),
    "codes in scope of a joined table": (joined_codes, 10_000_000),
    "suppressions": (suppressions, 1_000_000),
    "findings of a baseline": (baseline, 10_000_000),
    "findings of a baseline of the same claims": (same_baseline, 1_000_000),
    "reversals that name a claim": (halves(reversing), 2_000_000),
    "reversals": (halves(lambda n, is_second: own(n, paid=-300 if is_second else 300)), 2_000_000),
    "claims that others replace": (halves(replaced), 2_000_000),
    "claims whose rows are apart": (halves(apart), 2_000_000),
}
