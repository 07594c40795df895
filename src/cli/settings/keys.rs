//! The keys of `claimlint.toml` that are flags of `check`, too: a row each. Another key is another row.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::args::{Check, FailOn, MaskDates, format_words, memory};
use crate::ingest::TableFile;
use crate::ingest::layout::library::SHIPPED;
use crate::strict_toml::Table;

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name in the file.
    pub(crate) name: &'static str,
    /// How it is written.
    pub(crate) kind: Kind,
    /// What holds where nobody says anything, for people.
    pub(crate) default: &'static str,
    /// What was typed; empty: nothing.
    pub(crate) typed: fn(&Check) -> Vec<String>,
    /// Takes the file's values as if they were typed. The error says what to write.
    pub(crate) put: fn(&mut Check, &[String]) -> Result<(), String>,
}

/// How a key is written.
#[derive(Debug)]
pub(crate) enum Kind {
    /// One text.
    Text,
    /// A list of texts, or one.
    Texts,
    /// A whole number.
    Number(RangeInclusive<i64>),
    /// A file or directory; it starts at the settings file's directory.
    Path,
    /// A list of them, or one.
    Paths,
    /// The name of a shipped layout, else a file.
    Layout,
    /// `env:NAME`, else a file.
    KeyFile,
    /// A list of `NAME=FILE`.
    Tables,
}

impl Kind {
    /// The values of a key, paths resolved. Faults are noted in the document.
    pub(crate) fn read(&self, root: &Table<'_, '_>, key: &str, directory: &Path) -> Vec<String> {
        let placed = match self {
            Self::Number(range) => {
                return root.number_if(key, range.clone()).map(|n| n.to_string()).into_iter().collect();
            }
            Self::Texts | Self::Paths | Self::Tables => root.texts_if(key),
            Self::Text | Self::Path | Self::Layout | Self::KeyFile => root.text_if(key).into_iter().collect(),
        };
        let beside = |path: &str| directory.join(path).display().to_string();
        let mut values = Vec::new();
        for text in placed {
            if text.text.is_empty() {
                root.document().fault(text.span, format!("`{key}` is empty: write a text, or leave the key out"));
                continue;
            }
            values.push(match self {
                Self::Text | Self::Texts | Self::Number(_) => text.text,
                Self::Layout if SHIPPED.iter().any(|(name, _)| *name == text.text) => text.text,
                Self::KeyFile if text.text.starts_with("env:") => text.text,
                Self::Path | Self::Paths | Self::Layout | Self::KeyFile => beside(&text.text),
                Self::Tables => match text.text.split_once('=') {
                    Some((name, file)) if !file.is_empty() && file != "-" => format!("{name}={}", beside(file)),
                    _ => text.text,
                },
            });
        }
        values
    }
}

/// All of them, in the order of `config show`.
pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "layout",
        kind: Kind::Layout,
        default: "recognised by the header",
        typed: |c| c.layout.layout.iter().cloned().collect(),
        put: |c, v| {
            c.layout.layout = v.first().cloned();
            Ok(())
        },
    },
    Key {
        name: "skip_lines",
        kind: Kind::Number(0..=1_000_000),
        default: "as the layout says",
        typed: |c| c.layout.skip_lines.iter().map(ToString::to_string).collect(),
        put: |c, v| {
            c.layout.skip_lines = number(v);
            Ok(())
        },
    },
    Key {
        name: "comment",
        kind: Kind::Texts,
        default: "none",
        typed: |c| c.layout.comment.clone(),
        put: |c, v| {
            c.layout.comment = v.to_vec();
            Ok(())
        },
    },
    Key {
        name: "join",
        kind: Kind::Tables,
        default: "none",
        typed: |c| c.layout.join.iter().map(|t| format!("{}={}", t.name, t.file)).collect(),
        put: |c, v| {
            c.layout.join = v.iter().map(|text| TableFile::parse(text)).collect::<Result<_, _>>()?;
            Ok(())
        },
    },
    Key {
        name: "policy",
        kind: Kind::Paths,
        default: "built in",
        typed: |c| c.policy.policy.iter().map(|p| p.display().to_string()).collect(),
        put: |c, v| {
            c.policy.policy = v.iter().map(PathBuf::from).collect();
            Ok(())
        },
    },
    Key {
        name: "auths",
        kind: Kind::Path,
        default: "none",
        typed: |c| c.auths.iter().cloned().collect(),
        put: |c, v| {
            c.auths = v.first().cloned();
            Ok(())
        },
    },
    Key {
        name: "out",
        kind: Kind::Path,
        default: "claimlint-report, or the first free name like it",
        typed: |c| c.out.iter().map(|p| p.display().to_string()).collect(),
        put: |c, v| {
            c.out = v.first().map(PathBuf::from);
            Ok(())
        },
    },
    Key {
        name: "mask",
        kind: Kind::KeyFile,
        default: "nothing is masked",
        typed: |c| c.mask.iter().cloned().collect(),
        put: |c, v| {
            c.mask = v.first().cloned();
            Ok(())
        },
    },
    Key {
        name: "mask_dates",
        kind: Kind::Text,
        default: "dates stay",
        typed: |c| word(c.mask_dates),
        put: |c, v| {
            c.mask_dates = choice::<MaskDates>(v)?;
            Ok(())
        },
    },
    Key {
        name: "fail_on",
        kind: Kind::Text,
        default: "deny",
        typed: |c| word(c.fail_on),
        put: |c, v| {
            c.fail_on = choice::<FailOn>(v)?;
            Ok(())
        },
    },
    Key {
        name: "fail_if",
        kind: Kind::Texts,
        default: "none",
        typed: |c| c.fail_if.clone(),
        put: |c, v| {
            c.fail_if = v.to_vec();
            Ok(())
        },
    },
    Key {
        name: "threads",
        kind: Kind::Number(1..=1024),
        default: "one per core",
        typed: |c| c.threads.iter().map(ToString::to_string).collect(),
        put: |c, v| {
            c.threads = number(v);
            Ok(())
        },
    },
    Key {
        name: "format",
        kind: Kind::Texts,
        default: "CSV, JSON and the page alone",
        typed: |c| c.formats.clone(),
        put: |c, v| {
            let words = format_words();
            if let Some(wrong) = v.iter().find(|word| !words.contains(&word.as_str())) {
                return Err(format!("no format is called {wrong:?}; write some of {}", words.join(", ")));
            }
            c.formats = v.to_vec();
            Ok(())
        },
    },
    Key {
        name: "memory",
        kind: Kind::Text,
        default: "1G",
        typed: |c| c.memory.iter().map(ToString::to_string).collect(),
        put: |c, v| {
            c.memory = v.first().map(|text| memory(text)).transpose()?;
            Ok(())
        },
    },
    Key {
        name: "baseline",
        kind: Kind::Path,
        default: "none",
        typed: |c| path(c.baseline.as_ref()),
        put: |c, v| {
            c.baseline = v.first().map(PathBuf::from);
            Ok(())
        },
    },
    Key {
        name: "suppress",
        kind: Kind::Path,
        default: "none",
        typed: |c| path(c.suppress.as_ref()),
        put: |c, v| {
            c.suppress = v.first().map(PathBuf::from);
            Ok(())
        },
    },
];

fn path(path: Option<&PathBuf>) -> Vec<String> {
    path.map(|path| path.display().to_string()).into_iter().collect()
}

/// [`Kind::Number`] has seen to it that it is one.
fn number<T: std::str::FromStr>(values: &[String]) -> Option<T> {
    values.first().and_then(|text| text.parse().ok())
}

/// The word of a choice.
fn word<T: ValueEnum>(value: Option<T>) -> Vec<String> {
    value.and_then(|v| Some(v.to_possible_value()?.get_name().to_owned())).into_iter().collect()
}

fn choice<T: ValueEnum>(values: &[String]) -> Result<Option<T>, String> {
    let words = || T::value_variants().iter().filter_map(|v| Some(v.to_possible_value()?.get_name().to_owned()));
    values
        .first()
        .map(|text| {
            T::from_str(text, false).map_err(|_| format!("write one of {}", words().collect::<Vec<_>>().join(", ")))
        })
        .transpose()
}
