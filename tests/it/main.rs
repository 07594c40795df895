//! The one integration binary. Each module protects one promise of the house; its first paragraph says which.
//!
//! ```text
//! cases       fixtures/cases: what the contract says, sentence by sentence
//! rules       documentation and worked examples of every rule
//! mutation    each rule and each datum of the policy, broken: some fixture must notice
//! properties  threads, blocks, order, sums: what holds for any extract
//! twin, slow  the reader held against a slow one that is obviously right
//! damage      bad input, each with its own clear sentence
//! joins       several services in one row, and tables joined by key
//! formats     every format says the same, and others can read it
//! explain     the dossier of a claim says what the report says
//! mask        ids that a masked report must not hold
//! cli         exit codes, streams and directories of the built binary
//! house       rooms, rosters, names, README
//! ```
//!
//! Unit tests stand at the foot of their files in `src`; here nothing is tested that one file alone can promise.

mod cases;
mod cli;
mod damage;
mod explain;
mod formats;
mod house;
mod joins;
mod kit;
mod mask;
mod mutation;
mod properties;
mod readers;
mod rules;
mod slow;
mod twin;
