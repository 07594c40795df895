//! The built-in layouts, and the choice of layouts that a header is compared with.

use crate::ingest::layout::definition::Layout;
use crate::ingest::layout::join::TableFile;
use crate::strict_toml::Faults;

/// The built-in layouts, in the order in which they are tried. The canonical layout is last.
pub const SHIPPED: &[(&str, &str)] = &[
    ("tuva", include_str!("../../layouts/tuva.toml")),
    ("edi837-flat", include_str!("../../layouts/edi837-flat.toml")),
    ("edi837-relational", include_str!("../../layouts/edi837-relational.toml")),
    ("idr", include_str!("../../layouts/idr.toml")),
    ("rif-carrier", include_str!("../../layouts/rif-carrier.toml")),
    ("de-synpuf-carrier", include_str!("../../layouts/de-synpuf-carrier.toml")),
    ("rif-outpatient", include_str!("../../layouts/rif-outpatient.toml")),
    ("rif-inpatient", include_str!("../../layouts/rif-inpatient.toml")),
    ("cclf5", include_str!("../../layouts/cclf5.toml")),
    ("synthea-cpcds", include_str!("../../layouts/synthea-cpcds.toml")),
    ("optum-like", include_str!("../../layouts/optum-like.toml")),
    ("apcd-cdl", include_str!("../../layouts/apcd-cdl.toml")),
    ("ma-apcd", include_str!("../../layouts/ma-apcd.toml")),
    ("canonical", include_str!("../../layouts/canonical.toml")),
];

/// The layouts that a header is compared with, and the files of joined tables.
#[derive(Debug, Clone)]
pub struct Library {
    layouts: Vec<Layout>,
    pub(crate) tables: Vec<TableFile>,
}

impl Library {
    /// The shipped layouts.
    pub fn shipped() -> Result<Self, Faults> {
        let layouts =
            SHIPPED.iter().map(|(name, text)| Layout::load(&format!("{name}.toml"), text)).collect::<Result<_, _>>()?;
        Ok(Self { layouts, tables: Vec::new() })
    }

    /// Only this layout, without detection.
    pub fn only(layout: Layout) -> Self {
        Self { layouts: vec![layout.chosen()], tables: Vec::new() }
    }

    /// Adds the files of joined tables. Fails if a table was given twice.
    pub fn joining(mut self, tables: &[TableFile]) -> Result<Self, String> {
        for table in tables {
            if self.tables.iter().any(|t| t.name == table.name) {
                return Err(format!("--join {}: given twice; put the rows of both files into one", table.name));
            }
            self.tables.push(table.clone());
        }
        Ok(self)
    }

    /// Makes every layout skip these lines before the header, and lines with these prefixes.
    #[must_use]
    pub fn skipping(mut self, lines: Option<usize>, prefixes: &[String]) -> Self {
        for layout in &mut self.layouts {
            layout.skip_lines = lines.unwrap_or(layout.skip_lines);
            layout.skip_prefix.extend(prefixes.iter().filter(|p| !p.is_empty()).map(|p| p.clone().into_bytes()));
        }
        self
    }

    /// Makes every layout refuse extracts without these fields, given by their canonical names.
    #[must_use]
    pub fn requiring(mut self, fields: &[String]) -> Self {
        self.layouts.iter_mut().for_each(|layout| layout.demands.require.extend(fields.iter().cloned()));
        self
    }

    /// The layout of this name.
    pub fn named(&self, name: &str) -> Option<&Layout> {
        self.layouts.iter().find(|l| l.name == name)
    }

    /// The layouts to try, in order.
    pub fn candidates(&self) -> &[Layout] {
        &self.layouts
    }
}
