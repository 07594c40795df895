//! Service slots that lack a column which other slots of the same header have: probably a renamed one. A value that is missing in one
//! slot only changes what is said of one service, and nothing else shows it.

use std::collections::HashSet;

use crate::ingest::field::{Field, fold};
use crate::ingest::layout::definition::{ColumnNames, Layout, Mapping, SLOT};

/// A field that some service slots of a header lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotGap {
    /// The field, or numbered field.
    pub field: &'static str,
    /// The column that was looked for in the first such slot.
    pub name: String,
    /// Number of such slots.
    pub lacking: u64,
    /// Number of slots of the header.
    pub slots: u64,
}

impl Layout {
    /// The columns of slots that the header lacks in some slots and not in all. Fields that an extract may lack do not count, except
    /// the procedure: a slot is nothing without it.
    pub(crate) fn slot_gaps(&self, header: &[String]) -> Vec<SlotGap> {
        let (Some(last), Mapping::Columns { fields, groups }) = (self.slots, &self.mapping) else { return Vec::new() };
        let names: HashSet<String> =
            header.iter().map(|name| fold(name)).filter(|name| !self.demands.is_left_out(name)).collect();
        let of_slot = |name: &str, slot: u8| name.replace(SLOT, &slot.to_string());
        let has = |name: &String, slot: u8| names.contains(&fold(&of_slot(name, slot)));
        let is_of_slot = |name: &&String| name.contains(SLOT) && *name != SLOT;
        // A slot without its procedure column is one, too: no other column would show that its service is not read.
        let all = self.mapping.columns();
        let all: Vec<&String> = all.iter().filter(is_of_slot).collect();
        let slots: Vec<u8> = (1..=last).filter(|slot| all.iter().any(|name| has(name, *slot))).collect();
        let gap = |field: &'static str, name: &String, is_there: &dyn Fn(u8) -> bool| {
            let lacking: Vec<u8> = slots.iter().copied().filter(|slot| !is_there(*slot)).collect();
            let first = lacking.first().filter(|_| lacking.len() < slots.len())?;
            let name = of_slot(name, *first);
            Some(SlotGap { field, name, lacking: lacking.len() as u64, slots: slots.len() as u64 })
        };
        let is_meant = |field: &str, name: &String| {
            is_of_slot(&name) && (field == Field::ProcedureCode.name() || !self.is_optional(field))
        };
        let of_fields = fields.iter().filter_map(|(field, named)| {
            let own = named.names();
            let first = own.iter().find(|name| is_meant(field.name(), name))?;
            gap(field.name(), first, &|slot| match named {
                ColumnNames::First(_) => own.iter().any(|name| has(name, slot)),
                ColumnNames::Concat(_) | ColumnNames::Join(_) => own.iter().all(|name| has(name, slot)),
            })
        });
        let of_groups = groups.iter().flat_map(|(group, named)| {
            let own = named.iter().map(|(_, name)| name).filter(|name| is_meant(group.name(), name));
            own.filter_map(|name| gap(group.name(), name, &|slot| has(name, slot)))
        });
        of_fields.chain(of_groups).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_one_slot_that_is_missing_is_found() {
        let text = |more: &str| {
            format!(
                "slots = 9\n{more}[columns]\nclaim_id = \"ID\"\nservice_date = \"DT\"\ndiagnosis = \"DX\"\nprocedure_code = \"CPT_{{slot}}\"\n\
                 line_number = \"{{slot}}\"\nunits = [\"U_{{slot}}\", \"QTY\"]\nmodifier = \"M_{{slot}}_{{1..2}}\"\npaid_amount = \"P_{{slot}}\"\n"
            )
        };
        let gaps = |more: &str, columns: &str| {
            let layout = Layout::load("l.toml", &text(more)).unwrap_or_else(|e| panic!("{e}"));
            let header: Vec<String> = format!("ID,DT,DX,{columns}").split(',').map(str::to_owned).collect();
            let said = |gap: SlotGap| format!("{} {} {} of {}", gap.field, gap.name, gap.lacking, gap.slots);
            layout.slot_gaps(&header).into_iter().map(said).collect::<Vec<_>>()
        };
        let whole = "CPT_1,U_1,M_1_1,P_1,cpt-2,u-2,m-2-1,p-2,CPT_3,U_3,M_3_1,P_3";
        assert!(gaps("", whole).is_empty(), "no slot has a second modifier, and no more slots are there");
        let renamed = whole.replace("m-2-1", "MOD2").replace("p-2", "paid2").replace("P_3", "x");
        assert_eq!(gaps("", &renamed), ["paid_amount P_2 2 of 3", "modifier M_2_1 1 of 3"]);
        assert_eq!(gaps("optional = [\"paid_amount\"]\n", &renamed), ["modifier M_2_1 1 of 3"]);
        assert!(gaps("", &whole.replace("u-2", "QTY")).is_empty(), "one of several names is enough");
        assert!(gaps("", "CPT_1,U_1").is_empty());
        let renamed = whole.replace("cpt-2", "PROC2");
        for more in ["", "optional = [\"procedure_code\"]\n", "optional = [\"all\"]\n"] {
            assert_eq!(gaps(more, &renamed), ["procedure_code CPT_2 1 of 3"], "{more}");
        }
        let left_out = "unused = [\"u-2\", \"m-2-1\", \"p-2\"]\n";
        assert!(gaps(left_out, &renamed).is_empty(), "nothing of the slot is read");
    }
}
