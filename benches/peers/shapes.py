"""What the extracts hold: columns, codes, and one seeded block of rows for each kind of extract.

A block is made once, row by row, and copied by extracts.py until the file is large enough. So that a copied claim is
another claim, its number, its member and its authorization hold MARK, in whose place the number of the copy is put.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

BLOCK_ROWS = 50_000
MARK = "@@@@"
SPARSE_SHARE = 0.0005

Row = dict[str, str]

LISTED_PROCEDURES = [
    "22513", "22514", "22515",
    "0PU33JZ", "0PU34JZ", "0PU43JZ", "0PU44JZ", "0QU03JZ", "0QU04JZ", "0QU13JZ",
]  # fmt: skip

# The policy's 73 diagnoses, so that Polars looks for what claimlint has built in.
LISTED_DIAGNOSES = (
    ["C412", "C7951", "C7952", "C9000", "C9001", "C9002", "G893"]
    + [f"M485{level}X{seventh}" for level in range(9) for seventh in "ADGS"]
    + [f"{site}X{seventh}" for site in ("M8008", "M8088", "M8448", "M8458", "M8468") for seventh in "ADGKPS"]
)

# Product labels as extracts spell them -> (class of the policy's table, share of the members).
PRODUCTS = {
    "HMO Blue": ("commercial-managed-care", 24),
    "Network Blue": ("commercial-managed-care", 8),
    "Blue Choice": ("commercial-managed-care", 6),
    "Preferred Blue PPO": ("commercial-ppo-indemnity", 24),
    "Blue Care Elect": ("commercial-ppo-indemnity", 12),
    "Indemnity": ("commercial-ppo-indemnity", 3),
    "Medicare HMO Blue": ("medicare-hmo", 12),
    "Medicare PPO Blue": ("medicare-ppo", 7),
    "FEP": ("other", 3),
    "": ("unknown", 1),
}
# Classes to which the list of diagnoses applies.
CLASSES_WITH_A_LIST = ["commercial-managed-care", "commercial-ppo-indemnity"]
# Classes that ask for an authorization outside the hospital too; inside it every class does.
CLASSES_ALWAYS_AUTHORIZED = ["commercial-managed-care", "medicare-hmo"]
# Bill types and places of service that mean a hospital stay. No file of ours has a bill type with a leading zero.
INPATIENT_BILLS = ["11", "41"]
INPATIENT_PLACES = ["21", "51", "61"]
NO_AUTHORIZATION = ["NONE", "N/A", "PENDING", "0000000000"]

_HEAD = [
    "claim_id", "line_number", "claim_form", "frequency_code", "original_claim_id", "member_id", "member_state", "product",
    "billing_npi", "rendering_npi", "place_of_service", "bill_type", "service_date", "service_end_date", "procedure_code",
    "modifier_1", "modifier_2", "modifier_3", "modifier_4", "units",
]  # fmt: skip
_TAIL = ["authorization_number", "charge_amount", "allowed_amount", "paid_amount"]


def _numbered(field: str, count: int) -> list[str]:
    return [f"{field}_{n}" for n in range(1, count + 1)]


PROFESSIONAL = [*_HEAD, *_numbered("diagnosis", 6), "diagnosis_pointer", *_TAIL]
DENSE = [*_HEAD, *_numbered("diagnosis", 12), "diagnosis_pointer", *_TAIL]
INSTITUTIONAL = [*_HEAD, *_numbered("diagnosis", 25), *_numbered("icd_procedure", 25), *_TAIL]

_VISIT_CODES = (
    [str(code) for code in (*range(99202, 99206), *range(99211, 99216))] * 6
    + [str(code) for code in (*range(80047, 80077), *range(36400, 36425), *range(70010, 70040), *range(97010, 97040))]
    + [str(code) for code in (*range(22800, 22820), *range(62320, 62328), 93000, 93306, 45378, 45385, 66984)]
    + [f"J{code}" for code in range(1000, 1030)]
)
_VISIT_DIAGNOSES = (
    "I10 E119 E785 J069 M545 Z0000 F411 K219 N390 R109 M810 Z7982 Z87891 J449 I2510 E669 G4733 M5136 N179 I4891 D649 "
    "J189 A419 R0602 R079 M170 M25561 S72001A Z23 Z1231 H2513 L309 R51 F329 M4854XA C9000 C7951"
).split()
_HOSPITAL_PROCEDURES = "0SG0071 0SRC0J9 0DTJ4ZZ 02703ZZ 5A1955Z 30233N1 0W9G3ZZ 10E0XZZ 0FT44ZZ B2151ZZ 4A023N7".split()
_UNLISTED = "M545 M5136 Z7982 S22080A M4316 M810".split()


class _Writer:
    """Draws the values of one block. Everything comes from one seeded generator, in one order."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.serial = 0

    def claim(self, form: str) -> Row:
        """The fields that all lines of a claim share."""
        rng = self.rng
        self.serial += 1
        day = f"{rng.randint(2021, 2024)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        shares = [share for _, share in PRODUCTS.values()]
        return {
            "claim_id": f"E{MARK}{self.serial:06}",
            "claim_form": form,
            "frequency_code": "1",
            "member_id": f"M{MARK}{rng.randint(1, 30_000):05}",
            "member_state": rng.choice(["MA"] * 17 + ["NH", "RI", "CT"]),
            "product": rng.choices(list(PRODUCTS), shares)[0],
            "billing_npi": f"19000{rng.randint(0, 99_999):05}",
            "service_date": day,
            "service_end_date": day,
        }

    def line(self, claim: Row, number: int, procedure: str, dollars: tuple[int, int]) -> Row:
        """One service line of `claim`."""
        rng = self.rng
        charge = rng.randint(100 * dollars[0], 100 * dollars[1])
        amounts = [charge, charge * 55 // 100, charge * 44 // 100]
        row = claim | {"line_number": str(number), "procedure_code": procedure, "units": "1"}
        row["rendering_npi"] = f"19001{rng.randint(0, 99_999):05}"
        # One row in a hundred writes its charge as spreadsheets do, so that quotes occur all over the file.
        style = '"{:,.2f}"' if rng.random() < 0.01 else "{:.2f}"
        row["charge_amount"] = style.format(amounts[0] / 100)
        row["allowed_amount"], row["paid_amount"] = (f"{cents / 100:.2f}" for cents in amounts[1:])
        return row

    def diagnoses(self, codes: list[str]) -> Row:
        return {f"diagnosis_{n}": code for n, code in enumerate(codes, 1)}

    def authorization(self) -> str:
        return f"PA24-{MARK}{self.rng.randint(0, 99_999):05}"

    def visit(self) -> Iterator[Row]:
        """An ordinary professional claim; now and then a replacement or a void of another one."""
        rng = self.rng
        claim = self.claim("P") | {"place_of_service": rng.choice(["11", "11", "11", "22", "23", "81"])}
        if rng.random() < 0.03:
            claim["frequency_code"] = rng.choice("778")
            claim["original_claim_id"] = f"E{MARK}{rng.randint(1, self.serial):06}"
        claim |= self.diagnoses(rng.sample(_VISIT_DIAGNOSES, rng.choice([1, 1, 2, 2, 3, 4, 6])))
        for number in range(1, rng.choice([1, 1, 2, 2, 3, 4]) + 1):
            row = self.line(claim, number, rng.choice(_VISIT_CODES), (20, 1_800))
            row["modifier_1"] = rng.choice(["", "", "", "", "25", "59", "RT", "TC"])
            row["diagnosis_pointer"] = rng.choice(["1", "1", "12", "1:2"])
            yield row

    def kyphoplasty(self) -> Iterator[Row]:
        """A professional or hospital outpatient kyphoplasty: about one line in ten contradicts the policy."""
        rng = self.rng
        claim = self.claim(rng.choice("PPPI"))
        if claim["claim_form"] == "I":
            claim["bill_type"] = "131"
        else:
            claim["place_of_service"] = rng.choice(["22", "22", "24", "24", "11", "19", "21", "21"])
        primary, level = rng.choice([("22513", 4), ("22513", 5), ("22514", 5), ("22514", 6), ("22514", 6)])
        listed = rng.choice([f"M485{level}XA", f"M485{level}XA", "M8008XA", "M8458XA", "C7951", "C9000"])
        chief = rng.choice(_UNLISTED) if rng.random() < 0.07 else listed
        others = rng.sample(_VISIT_DIAGNOSES[:30], rng.choice([0, 1, 2, 3, 4, 5]))
        claim |= self.diagnoses([chief, *others])
        missing = rng.random() < 0.07
        claim["authorization_number"] = rng.choice(["", "", *NO_AUTHORIZATION]) if missing else self.authorization()
        codes = [primary] + ["22515"] * (rng.random() < 0.35)
        if rng.random() < 0.01:
            codes = ["22515"]
        for number, code in enumerate(codes, 1):
            yield self.line(claim, number, code, (1_500, 9_000)) | {"diagnosis_pointer": "1"}

    def flagged(self) -> Iterator[Row]:
        """A kyphoplasty with two findings on every line: no diagnosis of the list, and no authorization where one is required."""
        rng = self.rng
        claim = self.claim("P") | {"product": "HMO Blue", "member_state": "MA", "place_of_service": rng.choice(["22", "24"])}
        claim |= self.diagnoses(rng.sample(_UNLISTED, rng.choice([1, 2, 3])))
        codes = [rng.choice(["22513", "22514"])] + ["22515"] * (rng.random() < 0.35)
        for number, code in enumerate(codes, 1):
            yield self.line(claim, number, code, (1_500, 9_000)) | {"diagnosis_pointer": "1"}

    def vertebroplasty(self) -> Iterator[Row]:
        """A related row: claimlint keeps it for its companion rules, nobody counts it."""
        claim = self.claim("P") | {"place_of_service": "22", "diagnosis_1": "M4856XA"}
        yield self.line(claim, 1, "22511", (900, 4_000))

    def stay(self, listed: bool = False) -> Iterator[Row]:
        """An institutional claim, its header fields on every line. The late slots are mostly empty, as in real files."""
        rng = self.rng
        inpatient = rng.random() < 0.35
        claim = self.claim("I") | {"bill_type": "111" if inpatient else "131"}
        count = min(25, 1 + int(rng.expovariate(1 / 7 if inpatient else 1 / 3)))
        chief = ["M4856XA"] if listed else []
        claim |= self.diagnoses((chief + rng.sample(_VISIT_DIAGNOSES, count))[:25])
        procedures = rng.sample(_HOSPITAL_PROCEDURES, min(6, int(rng.expovariate(0.7)))) if inpatient else []
        if listed and inpatient:
            procedures = ["0QU03JZ", "0QS03ZZ", *procedures]
            claim["authorization_number"] = self.authorization()
        claim |= {f"icd_procedure_{n}": code for n, code in enumerate(procedures, 1)}
        for number in range(1, rng.randint(2, 9) + 1):
            # Only 22514 puts a line of an outpatient claim in scope; the ICD-10-PCS code does it for a whole stay.
            visit_code = "" if inpatient and rng.random() < 0.6 else rng.choice(_VISIT_CODES)
            yield self.line(claim, number, "22514" if listed and not inpatient else visit_code, (40, 6_000))
            if listed and not inpatient:
                return


@dataclass(frozen=True)
class Shape:
    """A kind of extract: its columns, how many rows of a block are in scope, and who writes which."""

    columns: list[str]
    in_scope: int
    listed_claim: Callable[[_Writer], Iterator[Row]]
    other_claims: list[Callable[[_Writer], Iterator[Row]]]


_SPARSE_ROWS = round(BLOCK_ROWS * SPARSE_SHARE)
SHAPES = {
    "sparse": Shape(PROFESSIONAL, _SPARSE_ROWS, _Writer.kyphoplasty, [_Writer.visit] * 4_999 + [_Writer.vertebroplasty]),
    "wide": Shape(INSTITUTIONAL, _SPARSE_ROWS, lambda writer: writer.stay(listed=True), [_Writer.stay]),
    "dense": Shape(DENSE, BLOCK_ROWS, _Writer.kyphoplasty, []),
    "flagged": Shape(DENSE, BLOCK_ROWS, _Writer.flagged, []),
}


def header(shape: Shape) -> bytes:
    return (",".join(shape.columns) + "\n").encode()


def block(shape: Shape, seed: int) -> bytes:
    """BLOCK_ROWS rows of which exactly `shape.in_scope` are in scope, claims in random order, lines of a claim together."""
    writer = _Writer(seed)
    claims = list(_claims(writer, lambda: shape.listed_claim(writer), shape.in_scope))
    claims += _claims(writer, lambda: writer.rng.choice(shape.other_claims)(writer), BLOCK_ROWS - shape.in_scope)
    writer.rng.shuffle(claims)
    lines = (",".join(row.get(column, "") for column in shape.columns) for claim in claims for row in claim)
    return ("\n".join(lines) + "\n").encode()


def _claims(writer: _Writer, write: Callable[[], Iterator[Row]], rows: int) -> Iterator[list[Row]]:
    """Claims of exactly `rows` lines together; the last one is cut to fit."""
    while rows > 0:
        claim = list(write())[:rows]
        rows -= len(claim)
        yield claim
