//! The texts of the built-in layouts.

/// The built-in layouts, in the order in which they are tried. The canonical layout is last.
pub const SHIPPED: &[(&str, &str)] = &[
    ("tuva", include_str!("../../layouts/tuva.toml")),
    ("edi837-flat", include_str!("../../layouts/edi837-flat.toml")),
    ("edi837-relational", include_str!("../../layouts/edi837-relational.toml")),
    ("idr", include_str!("../../layouts/idr.toml")),
    ("rif-carrier", include_str!("../../layouts/rif-carrier.toml")),
    ("rif-dme", include_str!("../../layouts/rif-dme.toml")),
    ("de-synpuf-carrier", include_str!("../../layouts/de-synpuf-carrier.toml")),
    ("de-synpuf-inpatient", include_str!("../../layouts/de-synpuf-inpatient.toml")),
    ("de-synpuf-outpatient", include_str!("../../layouts/de-synpuf-outpatient.toml")),
    ("rif-outpatient", include_str!("../../layouts/rif-outpatient.toml")),
    ("rif-inpatient", include_str!("../../layouts/rif-inpatient.toml")),
    ("rif-hospice", include_str!("../../layouts/rif-hospice.toml")),
    ("cclf5", include_str!("../../layouts/cclf5.toml")),
    ("synthea-cpcds", include_str!("../../layouts/synthea-cpcds.toml")),
    ("synthea-cpcds-one-diagnosis", include_str!("../../layouts/synthea-cpcds-one-diagnosis.toml")),
    ("optum-like", include_str!("../../layouts/optum-like.toml")),
    ("apcd-cdl", include_str!("../../layouts/apcd-cdl.toml")),
    ("ma-apcd", include_str!("../../layouts/ma-apcd.toml")),
    (CANONICAL, include_str!("../../layouts/canonical.toml")),
];

/// The layout with the generic spellings.
pub(crate) const CANONICAL: &str = "canonical";

/// The text of the layout of this name.
pub fn text(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
}
