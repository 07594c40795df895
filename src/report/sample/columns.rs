//! The columns of the worksheet.

/// A worksheet has these columns in this order.
pub(crate) const COLUMNS: [&str; 23] = [
    "item",
    "stratum",
    "stratum_services",
    "stratum_sampled",
    "stratum_amount",
    "claim_id",
    "line_number",
    "member_id",
    "procedure_code",
    "service_date",
    "billing_npi",
    "status",
    "rules",
    "amount_basis",
    "adjudication",
    "source_file",
    "source_line",
    "amount",
    "audited_amount",
    "note",
    "seed",
    "frame_services",
    "frame_hash",
];
