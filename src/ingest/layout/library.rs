//! The built-in layouts, and the choice of layouts that a header is compared with.

use std::sync::Arc;

use crate::ingest::layout::definition::Layout;
use crate::ingest::layout::join::TableFile;
pub use crate::ingest::layout::shipped::SHIPPED;
use crate::ingest::record::quoting::Quoting;
use crate::strict_toml::Faults;

/// The layouts that a header is compared with, and the files of joined tables.
#[derive(Debug, Clone)]
pub struct Library {
    layouts: Vec<Layout>,
    pub(crate) tables: Vec<TableFile>,
}

impl Library {
    /// The shipped layouts.
    pub fn shipped() -> Result<Self, Faults> {
        let mut layouts: Vec<Layout> =
            SHIPPED.iter().map(|(name, text)| Layout::load_shipped(name, text)).collect::<Result<_, _>>()?;
        // The canonical layout is the last one.
        let generic = layouts.last().map(|canonical| Arc::new(canonical.mapping.clone()));
        for layout in &mut layouts {
            layout.generic.clone_from(&generic);
        }
        Ok(Self { layouts, tables: Vec::new() })
    }

    /// Only this layout, without detection.
    pub fn only(layout: Layout) -> Self {
        Self { layouts: vec![layout.chosen()], tables: Vec::new() }
    }

    /// Adds the files of joined tables. Fails if a table was given twice, or can be read only once.
    pub fn joining(mut self, tables: &[TableFile]) -> Result<Self, String> {
        for table in tables {
            if self.tables.iter().any(|t| t.name == table.name) {
                return Err(format!("--join {}: given twice; put the rows of both files into one", table.name));
            }
            table.ensure_readable_twice()?;
            self.tables.push(table.clone());
        }
        Ok(self)
    }

    /// Makes every layout and its joined tables skip these lines before the header, and lines with these prefixes.
    #[must_use]
    pub fn skipping(mut self, lines: Option<usize>, prefixes: &[String]) -> Self {
        for layout in &mut self.layouts {
            layout.form.skip(lines, prefixes);
            layout.joins.iter_mut().for_each(|join| join.form.skip(lines, prefixes));
        }
        self
    }

    /// Makes every layout and its joined tables read cells that are quoted in this way.
    #[must_use]
    pub fn quoting(mut self, quoting: Quoting) -> Self {
        for layout in &mut self.layouts {
            layout.form.quoting = quoting;
            layout.joins.iter_mut().for_each(|join| join.form.quoting = quoting);
        }
        self
    }

    /// Makes every layout refuse extracts without these fields, given by their canonical names.
    #[must_use]
    pub(crate) fn requiring(mut self, fields: &[String]) -> Self {
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
