//! Reads the `[[join]]` tables of a layout file strictly.

use crate::ingest::field::fold;
use crate::ingest::layout::join::{Codes, Join};
use crate::ingest::layout::ranges::expand;
use crate::ingest::layout::text_form::TextForm;
use crate::strict_toml::{Document, Table, texts};

/// Reads all of them. Faults are recorded in the document.
pub(crate) fn read_joins(document: &Document<'_>, root: &Table<'_, '_>, form: &TextForm) -> Vec<Join> {
    let base = form.of_tables();
    let mut joins: Vec<Join> = Vec::new();
    for table in root.tables_if("join") {
        let name = table.text("table");
        let (key, to) = (texts(table.texts("key")), texts(table.texts("to")));
        if key.len() != to.len() && !key.is_empty() && !to.is_empty() {
            table.fault(format!(
                "`key` has {} columns and `to` has {}: write as many, in the same order",
                key.len(),
                to.len()
            ));
        }
        let codes = table.table_if("codes").and_then(|codes| read_codes(document, &codes));
        let mut only = Vec::new();
        if let Some(columns) = table.table_if("only") {
            for column in columns.keys() {
                only.push((column.text.clone(), texts(columns.texts(&column.text))));
            }
            columns.deny_unknown_keys();
        }
        let form = TextForm::read(document, &table, &base);
        let header = texts(table.texts_if("header"));
        table.deny_unknown_keys();
        let Some(name) = name else { continue };
        if name.text.is_empty() || name.text.contains(['=', '.']) {
            document.fault(name.span.clone(), "a table's name is a word: write table = \"diagnosis\"");
        }
        let join = Join { table: name.text, key, to, codes, only, form, header };
        if let Some(earlier) = joins.iter().find(|j| j.table == join.table || same_column(j, &join)) {
            let what = if earlier.table == join.table { "the name" } else { "a column" };
            let message = format!("{what} of this table is also that of `{}`: write another", earlier.table);
            document.fault(name.span, message);
        }
        joins.push(join);
    }
    joins
}

fn read_codes(document: &Document<'_>, table: &Table<'_, '_>) -> Option<Codes> {
    let column = table.text("column");
    let number = table.text_if("number").map(|p| p.text);
    let names = expand(document, &table.texts("as"));
    table.deny_unknown_keys();
    Some(Codes { column: column?.text, number, names })
}

/// Would two tables add a column of the same name?
fn same_column(a: &Join, b: &Join) -> bool {
    let names = |join: &Join| join.codes.iter().flat_map(|c| &c.names).map(|(_, name)| fold(name)).collect::<Vec<_>>();
    let of_a = names(a);
    names(b).iter().any(|name| of_a.contains(name))
}

#[cfg(test)]
mod tests {
    use crate::ingest::layout::definition::Layout;

    const HEAD: &str = "name = \"t\"\ntitle = \"t\"\nsource = \"t\"\nvalid = \"t\"\n[columns]\nclaim_id = \"c\"\nservice_date = \"d\"\nprocedure_code = \"p\"\ndiagnosis = \"D{1..9}\"\n";

    #[test]
    fn a_join_is_read_whole() {
        let text = format!(
            "{HEAD}[[join]]\ntable = \"dx\"\nkey = [\"a\", \"b\"]\nto = [\"c\", \"d\"]\ncodes = {{ column = \"DIAG\", number = \"N\", as = \"D{{1..3}}\" }}\nonly = {{ FLAG = [\"0\", \"10\"] }}\n[[join]]\ntable = \"header\"\nkey = \"a\"\nto = \"c\"\n"
        );
        let layout = Layout::load("l.toml", &text).unwrap_or_else(|e| panic!("{e}"));
        let [dx, header] = layout.joins.as_slice() else { panic!("two tables") };
        assert_eq!((dx.key.len(), dx.to.len(), dx.only.len(), dx.bringing()), (2, 2, 1, "the columns D1 to D3".into()));
        assert_eq!(dx.codes.as_ref().map(|c| c.names[2].clone()), Some((3, "D3".to_owned())));
        assert!(dx.brings("d_2") && !dx.brings("D4") && header.brings("header.X") && !header.brings("X"));
    }

    #[test]
    fn faults_are_placed_and_all_at_once() {
        let text = format!(
            "{HEAD}[[join]]\ntable = \"dx\"\nkey = [\"a\", \"b\"]\nto = \"c\"\ncodes = {{ colum = \"DIAG\", as = \"D{{3..1}}\" }}\n[[join]]\ntable = \"dx\"\nto = \"c\"\nonli = {{}}\n"
        );
        let faults = Layout::load("l.toml", &text).expect_err("faults").list;
        let said: Vec<_> = faults.iter().map(|f| f.message.as_str()).collect();
        for wanted in [
            "`key` has 2 columns and `to` has 1",
            "`join.codes.column` is missing",
            "`join.codes.colum` is not known; did you mean `column`?",
            "a numbered run holds its first and last number",
            "`join.key` is missing",
            "`join.onli` is not known; did you mean `only`?",
            "the name of this table is also that of `dx`",
        ] {
            assert!(said.iter().any(|s| s.starts_with(wanted)), "{wanted}: {said:#?}");
        }
        assert_eq!(said.len(), 7, "{said:#?}");
    }
}
