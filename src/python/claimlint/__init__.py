"""Checks kyphoplasty claims in large CSV extracts against BCBSMA Medical Policy 485.

The wheel brings the command ``claimlint``. This package starts it: :func:`check` for scripts and notebooks,
:func:`claimlint.spark.check` for extracts that outgrow one machine. It decides nothing by itself.
"""

from claimlint._binary import ClaimlintError, Flag, binary
from claimlint._check import check
from claimlint._report import Report

__all__ = ["ClaimlintError", "Flag", "Report", "binary", "check"]
