//! One file per subcommand. Each resolves its arguments, calls the rooms it needs and prints the result.

pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod config;
pub(crate) mod explain;
pub(crate) mod gates;
pub(crate) mod generate;
pub(crate) mod help;
pub(crate) mod inspect;
pub(crate) mod man;
pub(crate) mod policy;
pub(crate) mod rules;
pub(crate) mod run_file;
pub(crate) mod verify;
