//! Tests the fixtures of the shipped layouts: each word of a layout's tables gets another meaning, the amounts of a layout
//! become those of the other kind, and a fixture about that layout must fail.

use std::collections::BTreeSet;

use rayon::prelude::*;
use toml::{Table, Value};

use crate::cases::Case;
use crate::house::{files, read};
use crate::mutation::none_survives;

/// Tables that give words a meaning, by their place in a layout.
const TABLES: [&str; 3] = ["status", "frequency", "products"];

/// Layouts whose words are those of another one, which has the fixtures. Their extracts are several joined files, which a
/// fixture folder does not hold.
const SAME_WORDS: [(&str, &str); 1] = [("edi837-relational", "edi837-flat")];

/// A shipped layout.
struct Shipped {
    name: String,
    table: Table,
}

fn shipped() -> Vec<Shipped> {
    let of = |file: &String| {
        let table = read(file).parse::<Table>().expect("a shipped layout is TOML");
        Shipped { name: table["name"].as_str().expect("a layout has a name").to_owned(), table }
    };
    files("src/layouts", "toml").iter().map(of).collect()
}

/// A change of a layout: what was changed, and the text after it.
type Mutant = (String, String);

impl Shipped {
    fn words(&self, table: &str) -> Vec<(String, String)> {
        let Some(words) = self.table.get(table).and_then(Value::as_table) else { return Vec::new() };
        let of = |(word, meaning): (&String, &Value)| Some((word.clone(), meaning.as_str()?.to_owned()));
        words.iter().filter_map(of).collect()
    }

    fn mutants(&self) -> Vec<Mutant> {
        let mut mutants = Vec::new();
        for table in TABLES {
            let words = self.words(table);
            let meanings: BTreeSet<&String> = words.iter().map(|(_, meaning)| meaning).collect();
            for (word, meaning) in &words {
                for other in meanings.iter().filter(|other| **other != meaning) {
                    let what = format!("{}: {word} in [{table}] means {other}, not {meaning}", self.name);
                    mutants.push((
                        what,
                        self.edited(|layout| {
                            layout[table][word.as_str()] = Value::from(other.as_str());
                        }),
                    ));
                }
            }
        }
        if let Some(amounts) = self.table.get("amounts").and_then(Value::as_str) {
            let other = if amounts == "claim" { "line" } else { "claim" };
            let what = format!("{}: amounts are those of the {other}, not of the {amounts}", self.name);
            mutants.push((
                what,
                self.edited(|layout| {
                    layout["amounts"] = Value::from(other);
                }),
            ));
        }
        mutants
    }

    fn edited(&self, edit: impl Fn(&mut Table)) -> String {
        let mut layout = self.table.clone();
        edit(&mut layout);
        toml::to_string(&layout).expect("a TOML file can be written")
    }
}

#[test]
fn every_word_of_a_shipped_layout_is_covered_by_a_fixture() {
    let layouts = shipped();
    let cases = Case::of("layouts");
    let survives = |(name, (what, text)): (String, Mutant)| {
        let own = cases.iter().filter(|case| case.sentence.contains(&name.replace('-', " ")));
        let is_noticed = own.into_iter().any(|case| {
            let mut inputs = case.inputs.clone();
            inputs.layout = Some(text.clone());
            match inputs.run() {
                Ok(outcome) => !case.holds(&outcome),
                Err(e) => panic!("{what}: refused, so nothing is shown: {e}"),
            }
        });
        (!is_noticed).then_some(what)
    };
    let same = |name: &str| SAME_WORDS.iter().any(|(layout, _)| *layout == name);
    let mutants = layouts.iter().filter(|layout| !same(&layout.name));
    let mutants: Vec<(String, Mutant)> =
        mutants.flat_map(|layout| layout.mutants().into_iter().map(|mutant| (layout.name.clone(), mutant))).collect();
    assert!(mutants.len() > 50, "{} words", mutants.len());
    let survivors: Vec<String> = mutants.into_par_iter().filter_map(survives).collect();
    none_survives(&survivors);
}

#[test]
fn layouts_of_one_converter_have_the_same_words() {
    let layouts = shipped();
    let named = |name: &str| layouts.iter().find(|layout| layout.name == name).expect("a shipped layout");
    for (layout, other) in SAME_WORDS {
        for table in TABLES {
            assert_eq!(named(layout).words(table), named(other).words(table), "[{table}] of {layout} and {other}");
        }
        assert_eq!(named(layout).table.get("amounts"), named(other).table.get("amounts"));
    }
}
