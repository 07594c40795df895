"""What the tests share: the extracts of the repository, and the binary that they test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
EXTRACTS = ROOT / "fixtures" / "extracts"

os.environ.setdefault("CLAIMLINT_BINARY", str(ROOT / "target" / "debug" / "claimlint"))


@pytest.fixture
def claims() -> Path:
    """Return an extract of 400 rows."""
    return EXTRACTS / "kyphoplasty-2024q1.csv"


@pytest.fixture
def auths() -> Path:
    """Return the authorization file of the extract."""
    return EXTRACTS / "authorizations-2024q1.csv"
