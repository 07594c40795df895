//! The one integration binary. Each module protects one promise of the house; its first paragraph says which.
//!
//! ```text
//! cases       fixtures/cases: what the specification says, sentence by sentence
//! rules       documentation and worked examples of every rule
//! mutation    each rule and each datum of the policy, broken: some fixture must notice
//! properties  threads, blocks, order, sums: what holds for any extract
//! soak        invented extracts come out as they were planted
//! twin, slow  the reader held against a slow one that is obviously right
//! damage      bad input, each with its own clear sentence
//! joins       several services in one row, and tables joined by key
//! formats     every format says the same, and others can read it
//! explain     the dossier of a claim says what the report says
//! browser     report.html in a real browser: filter, sort, keyboard, phone, dark, paper
//! mask        ids that a masked report must not hold
//! night       killed, full, unreadable, twice at once: the old report or the new one
//! verify      a report that was altered, or is of other inputs, is told from one that is whole
//! private     modes under any umask; no message quotes a row
//! settings    claimlint.toml: found, laid under flags, shown
//! gates       conditions over the totals
//! reconcile   rows and charges against what was announced
//! logs        events for machines, without the content of rows
//! compare     what is new, known and suppressed: fingerprints, compare, --baseline, --suppress
//! cli         exit codes, streams and directories of the built binary
//! hostile     bombs, endless lines, names of files that are more than names
//! injection   markup, formulas and escape sequences in every column
//! house       rooms, rosters, names, README
//! citations   sections of the specification that the code cites
//! ```
//!
//! Unit tests stand at the foot of their files in `src`; here nothing is tested that one file alone can promise.

mod browser;
mod cases;
mod chromium;
mod citations;
mod cli;
mod compare;
mod damage;
mod explain;
mod formats;
mod gates;
#[cfg(unix)]
mod hostile;
mod house;
#[cfg(unix)]
mod injection;
mod joins;
mod kit;
mod logs;
mod mask;
mod memory;
mod mutation;
#[cfg(unix)]
mod night;
#[cfg(unix)]
mod private;
mod properties;
mod readers;
mod reconcile;
mod rules;
mod settings;
mod slow;
mod soak;
mod twin;
mod verify;
