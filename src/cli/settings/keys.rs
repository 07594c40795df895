//! Which flags of `check` have a key in `claimlint.toml`, and why the others have none. Tests compare the tables with
//! the flags.

/// A key of the settings file that corresponds to a flag of `check`.
#[derive(Debug)]
pub(crate) struct Key {
    /// The key in the file: the flag with `_` for `-`.
    pub(crate) name: &'static str,
    /// The default in words, for `config show`.
    pub(crate) default: &'static str,
}

const fn key(name: &'static str, default: &'static str) -> Key {
    Key { name, default }
}

/// All keys, in the order of `config show`.
pub(crate) const KEYS: &[Key] = &[
    key("layout", "recognized by the header"),
    key("skip_lines", "as the layout says"),
    key("comment", "none"),
    key("join", "none"),
    key("require", "claim_id, service_date, a procedure and a diagnosis"),
    key("max_decompressed", "1000 times the compressed size, at least 1G"),
    key("policy", "built in"),
    key("select", "every rule"),
    key("ignore", "no rule"),
    key("auths", "none"),
    key("settle", "no waiting"),
    key("out", "claimlint-report, or the first free name like it"),
    key("mask", "nothing is masked"),
    key("mask_dates", "dates stay"),
    key("fingerprint", "sampled"),
    key("fail_on", "deny"),
    key("fail_if", "none"),
    key("threads", "one per core"),
    key("format", "CSV, JSON and the page alone"),
    key("no_html", "the page is written"),
    key("no_dossier", "the dossier is written"),
    key("no_services", "every service is listed"),
    key("memory", "1G"),
    key("baseline", "none"),
    key("suppress", "none"),
];

/// Flags of `check` without a key, each with the reason.
const FLAGS_WITHOUT_KEY: &[(&str, &str)] = &[
    ("force", "a report is replaced only when the command itself says so, so that no file can destroy one"),
    ("expect-rows", "the number of rows belongs to one delivery of the extract"),
    ("expect-amount", "the control total belongs to one delivery of the extract"),
    ("table", "it stands in the place of the extracts, which belong to one run"),
    ("all-rules", "it is about the terminal of the person who runs the command"),
    ("metrics", "a file is replaced only where the command itself says so, so that no settings file can destroy one"),
    ("today", "the day belongs to one run; a day in a file would keep expired suppressions alive"),
    ("sign", "whoever can write a settings file must not be able to leave the signature out or to name another key"),
    ("config", "it names the settings file"),
    ("no-config", "it turns the settings file off"),
    ("progress", "it is about the terminal of the person who runs the command"),
    ("log", "it is about the program that starts the run, and errors in the settings file must reach that log"),
    ("quiet", "it is about the terminal of the person who runs the command"),
    ("block-size", "it is for tests and changes nothing in a report"),
];

/// Why a flag has no key, by the name that its key would have.
pub(crate) fn reason_without_key(name: &str) -> Option<(&'static str, &'static str)> {
    FLAGS_WITHOUT_KEY.iter().copied().find(|(flag, _)| flag.replace('-', "_") == name)
}

/// A section of the guide page on settings: the flags without a key.
pub(crate) fn flags_without_key() -> String {
    let mut text = "\n## Flags without a key\n\n".to_owned();
    for (flag, reason) in FLAGS_WITHOUT_KEY {
        text.extend(["- `--", flag, "`: ", reason, ".\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::Cli;

    #[test]
    fn every_flag_of_check_has_a_key_or_a_reason() {
        let command = Cli::command();
        let check = command.find_subcommand("check").expect("a subcommand");
        let flags: Vec<&str> = check.get_arguments().filter_map(clap::Arg::get_long).filter(|f| *f != "help").collect();
        for flag in &flags {
            let has_key = KEYS.iter().any(|key| key.name.replace('_', "-") == *flag);
            let has_reason = FLAGS_WITHOUT_KEY.iter().any(|(name, _)| name == flag);
            assert!(has_key != has_reason, "--{flag} needs a key or a reason, and not both");
        }
        assert_eq!(
            flags.len(),
            KEYS.len() + FLAGS_WITHOUT_KEY.len(),
            "a row for a flag that does not exist: {flags:?}"
        );
    }
}
