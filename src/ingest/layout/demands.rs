//! What a layout says about columns that a header may lack, and about columns that it leaves out on purpose: `require`,
//! `optional` and `unused`. spec: fields/layouts.

use crate::ingest::field::{Field, Group, fold};
use crate::strict_toml::{Document, SpannedText, Table, texts};

/// The word that makes every field of a layout optional.
const ALL: &str = "all";

/// Fields that every extract must have, whatever its layout says.
const ALWAYS: [Field; 2] = [Field::ClaimId, Field::ServiceDate];

/// Which columns must be there, which may be missing, and which are known and not read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Demands {
    /// Canonical names of fields without which an extract is refused.
    pub(crate) require: Vec<String>,
    /// Canonical names of fields that the layout maps and an extract may lack.
    optional: Vec<String>,
    /// May an extract lack every field that is not required by claimlint itself?
    is_all_optional: bool,
    /// Folded names of columns that a built-in layout knows and does not read. In an extract that is a choice of the columns of its
    /// source, such a column may stand in for one that is missing.
    unused: Vec<String>,
    /// Folded names of columns that the user's layout does not read: no name finds them.
    left_out: Vec<String>,
    /// Single columns of a numbered field, each of which must be there like a column of any other field.
    pub(crate) singles: Vec<(Group, String)>,
}

impl Demands {
    /// Reads what the layout demands. `columns`: the names of the columns under its `[columns]`.
    pub(crate) fn read(document: &Document<'_>, root: &Table<'_, '_>, columns: &[String]) -> Self {
        let names = |items: Vec<SpannedText>| -> Vec<String> {
            let known = |item: SpannedText| match canonical(&item.text) {
                Ok(name) => Some(name),
                Err(what) => {
                    document.fault(item.span, what);
                    None
                }
            };
            items.into_iter().filter_map(known).collect()
        };
        let unused = root.texts_if("unused");
        for name in unused.iter().filter(|name| columns.iter().any(|column| fold(column) == fold(&name.text))) {
            let said =
                format!("`{}` is under [columns], too: an unused column is not read; drop one of them", name.text);
            document.fault(name.span.clone(), said);
        }
        let (all, optional): (Vec<_>, Vec<_>) =
            root.texts_if("optional").into_iter().partition(|item| item.text == ALL);
        for item in optional.iter().filter(|item| ALWAYS.iter().any(|field| field.name() == item.text)) {
            let message = format!("no extract may lack {}: drop it", item.text);
            document.fault(item.span.clone(), message);
        }
        Self {
            require: names(root.texts_if("require")),
            optional: names(optional),
            is_all_optional: !all.is_empty(),
            left_out: unused.iter().map(|name| fold(&name.text)).collect(),
            unused: Vec::new(),
            singles: singles(root),
        }
    }

    /// Adds what the layout demands that this one extends. `named`: the fields that this one maps itself, which an extract
    /// may lack only if this one says so.
    #[must_use]
    pub(crate) fn over(mut self, base: &Self, named: &[&str]) -> Self {
        let is_named = |name: &str| named.contains(&name);
        self.require.extend(base.require.iter().cloned());
        self.optional.extend(names().filter(|name| base.is_optional(name) && !is_named(name)).map(str::to_owned));
        self.unused.extend(base.unused.iter().cloned());
        self.singles.extend(base.singles.iter().filter(|(group, _)| !is_named(group.name())).cloned());
        self
    }

    /// May an extract lack this field although the layout maps it?
    pub(crate) fn is_optional(&self, name: &str) -> bool {
        self.is_all_optional || self.optional.iter().any(|optional| optional == name)
    }

    /// Is this a column that the layout knows and does not read? Then nothing is said about it.
    pub(crate) fn leaves_out(&self, column: &str) -> bool {
        let folded = fold(column);
        self.is_left_out(&folded) || self.unused.contains(&folded)
    }

    /// Is this the folded name of a column that no name finds?
    pub(crate) fn is_left_out(&self, column: &str) -> bool {
        self.left_out.iter().any(|own| own == column)
    }

    /// Those of a built-in layout.
    #[must_use]
    pub(crate) fn of_built_in(self) -> Self {
        Self { unused: self.left_out, left_out: Vec::new(), ..self }
    }
}

/// The canonical names of all fields and numbered fields.
fn names() -> impl Iterator<Item = &'static str> {
    Field::NAMES.iter().map(|(_, name)| *name).chain(Group::NAMES.iter().map(|(_, name, _)| *name))
}

/// The canonical name of a field or of a numbered field, if the text is one. The error says what to write.
pub fn canonical(text: &str) -> Result<String, String> {
    if Field::named(text).is_some() || Group::named(text).is_some() {
        return Ok(text.to_owned());
    }
    let near = crate::strict_toml::nearest(text, names());
    let hint =
        near.map_or_else(|| "write a name such as product or paid_amount".to_owned(), |n| format!("did you mean {n}?"));
    Err(format!("{text:?} is not a field; {hint}"))
}

/// The columns of numbered fields under `[columns]` that are written without a run such as `{1..25}`.
fn singles(root: &Table<'_, '_>) -> Vec<(Group, String)> {
    let Some(columns) = root.has("columns").then(|| root.table_if("columns")).flatten() else { return Vec::new() };
    let of_group = |(group, key): (Group, &'static str)| {
        let names = if columns.has(key) && !columns.is_table(key) { texts(columns.texts(key)) } else { Vec::new() };
        names.into_iter().filter(|name| !name.contains('{')).map(move |name| (group, name)).collect::<Vec<_>>()
    };
    let keys = [
        (Group::Diagnosis, "diagnosis"),
        (Group::Modifier, "modifier"),
        (Group::IcdProcedure, "icd_procedure"),
        (Group::DiagnosisPointer, "diagnosis_pointers"),
    ];
    keys.into_iter().flat_map(of_group).collect()
}
