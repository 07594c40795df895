//! What is said of the inputs of a run, each thing once, however many inputs it is true of.

use crate::cli::terminal::log::Log;
use crate::report::words::numbers::grouped;

/// Things that are true of inputs, in the order in which they were met, each with the first input and the number of inputs.
struct OfInputs<'a, T>(Vec<(T, &'a str, u64)>);

impl<'a, T> OfInputs<'a, T> {
    /// Collects things with the inputs that they are true of. `same` says of two things whether they are said once.
    fn collect(all: impl Iterator<Item = (&'a str, T)>, same: impl Fn(&T, &T) -> bool) -> Self {
        let mut of_inputs: Vec<(T, &str, u64)> = Vec::new();
        for (name, thing) in all {
            match of_inputs.iter_mut().find(|(other, ..)| same(other, &thing)) {
                Some((.., inputs)) => *inputs += 1,
                None => of_inputs.push((thing, name, 1)),
            }
        }
        Self(of_inputs)
    }
}

/// Notes each table that a layout could join and that was not given, with the columns that are empty without it.
pub(crate) fn unjoined_tables<'a>(log: &Log, unjoined: impl Iterator<Item = (&'a str, (String, String))>) {
    for ((table, columns), first, inputs) in OfInputs::collect(unjoined, |one, other| one == other).0 {
        let no_file = format!("no file given for table {table} (--join {table}=FILE); {columns} will be empty");
        log.note(&format!("{first}: {no_file}{}", likewise(inputs)));
    }
}

/// Notes that all rows of inputs have more fields than the header, which are empty. spec: files/notes.
pub(crate) fn surplus_fields<'a>(log: &Log, surplus: impl Iterator<Item = (&'a str, usize)>) {
    let more = surplus.filter(|(_, surplus)| *surplus > 0);
    for (surplus, first, inputs) in OfInputs::collect(more, |one, other| one == other).0 {
        let fields = match surplus {
            1 => "one field more than the header, which is empty: taken for a trailing delimiter".to_owned(),
            n => format!("{n} fields more than the header, which are empty: taken for trailing delimiters"),
        };
        log.note(&format!("{first}: its rows have {fields}{}", likewise(inputs)));
    }
}

/// How many other inputs something is true of.
fn likewise(inputs: u64) -> String {
    match inputs {
        1 => String::new(),
        2 => " (likewise in another file)".to_owned(),
        n => format!(" (likewise in {} other files)", grouped(n - 1)),
    }
}
