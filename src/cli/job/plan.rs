//! The plan of a job: everything that its slices and their merge must agree on.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, anyhow, bail};
use serde::{Deserialize, Serialize};

use crate::claim::Sum;
use crate::cli::args::{Check, ConfigChoice, LayoutChoice, PolicyFiles};
use crate::cli::load::{describe_io_error, library_of};
use crate::cli::plan::is_pipe;
use crate::ingest::layout::dialect::Dialect;
use crate::ingest::split::{Split, splits};
use crate::ingest::{FileHash, HashScope, InputRole, Library};
use crate::policy::Policy;
use crate::policy::parse::{PolicyFile, load};
use crate::run::Expect;
use crate::run::slice::SliceId;

/// Name of the plan in the directory of a job.
pub(crate) const FILE: &str = "plan.json";

/// What the plan is, and in which form.
pub(crate) const SCHEMA: &str = "claimlint-plan/1";

/// Most bytes of a plan: tens of thousands of extracts with wide headers.
const MOST_PLAN_BYTES: u64 = 256 << 20;

/// Most slices of a job: more could not be started one by one, and their heads are all in memory when they are merged.
pub(crate) const MOST_SLICES: u64 = 1 << 20;

/// The content of plan.json.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobPlan {
    pub(crate) schema: String,
    /// The version that made the plan. Only this one makes and merges its slices.
    pub(crate) version: String,
    /// The number of slices.
    pub(crate) slices: u64,
    /// Bytes of a split.
    pub(crate) split_bytes: u64,
    /// Bytes before a split from which its entry is guessed.
    pub(crate) run_up: u64,
    /// The extracts, in the order of the run.
    pub(crate) extracts: Vec<PlannedExtract>,
    /// Joined tables and the authorization file.
    pub(crate) others: Vec<PlannedFile>,
    /// The flags of `plan` as typed, with which `merge` resolves the settings again.
    pub(crate) typed: Choices,
    /// How columns are mapped, by flags and settings.
    pub(crate) layout: LayoutChoice,
    /// The layout file that it names.
    pub(crate) layout_file: Option<Text>,
    /// The files of the policy in force, with the dispositions, labels and selected rules of the settings.
    pub(crate) policy: Vec<Text>,
}

/// Flags of `plan` as typed.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Choices {
    pub(crate) layout: LayoutChoice,
    pub(crate) policy: PolicyFiles,
    pub(crate) select: Vec<String>,
    pub(crate) ignore: Vec<String>,
    pub(crate) auths: Option<String>,
    pub(crate) config: ConfigChoice,
    pub(crate) expect_rows: Option<u64>,
    /// In cents, as a text, because JSON has no number that large.
    pub(crate) expect_amount: Option<String>,
}

/// A file with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    pub(crate) file: String,
    pub(crate) text: String,
}

impl Text {
    /// The texts of a policy, as they are loaded again.
    pub(crate) fn of_policy(policy: &Policy) -> Vec<Self> {
        policy.origins.iter().map(|origin| Self { file: origin.file.clone(), text: origin.text.clone() }).collect()
    }
}

impl From<&Text> for PolicyFile {
    fn from(text: &Text) -> Self {
        Self { file: text.file.clone(), text: text.text.clone() }
    }
}

/// An input that is not an extract.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedFile {
    pub(crate) role: InputRole,
    pub(crate) file: String,
    pub(crate) stamp: Stamp,
}

/// An extract.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlannedExtract {
    /// As given.
    pub(crate) file: String,
    pub(crate) stamp: Stamp,
    /// The number of its first slice in the job.
    pub(crate) first_slice: u64,
    /// The number of its slices. 0: it has no text.
    pub(crate) slices: u64,
    /// How its rows are read. `None`: it is read whole, in one slice.
    pub(crate) dialect: Option<Dialect>,
    /// The files of the tables that are joined to it. They are among the other inputs of the plan.
    pub(crate) joined: Vec<String>,
}

/// What shows that a file is the same as when the job was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stamp {
    /// The size of the file.
    pub(crate) bytes: u64,
    /// When it was last changed, in seconds since 1970 with nine decimals.
    pub(crate) modified: String,
    /// The hash of a sample of it.
    pub(crate) sampled: String,
}

impl Stamp {
    /// Looks at a file.
    pub(crate) fn of(file: &str) -> anyhow::Result<Self> {
        let hash = FileHash::compute(file, HashScope::Sampled)?;
        let hash = hash.ok_or_else(|| anyhow!("{file}: can be read only once; a job needs files"))?;
        let (bytes, modified) = quick(file)?;
        Ok(Self { bytes, modified, sampled: hash.blake3 })
    }

    /// Has the file still its size and its time of change? Its content is not read.
    pub(crate) fn is_quickly(&self, file: &str) -> anyhow::Result<bool> {
        Ok(quick(file)? == (self.bytes, self.modified.clone()))
    }
}

fn quick(file: &str) -> anyhow::Result<(u64, String)> {
    let meta = std::fs::metadata(file).map_err(|e| anyhow!("{file}: {}", describe_io_error(&e)))?;
    let modified = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Ok((meta.len(), format!("{}.{:09}", modified.as_secs(), modified.subsec_nanos())))
}

/// A job with its plan.
pub(crate) struct Job {
    /// The directory.
    pub(crate) directory: PathBuf,
    pub(crate) plan: JobPlan,
    /// The hash of plan.json, which every slice repeats.
    hash: String,
}

/// A slice of the plan.
pub(crate) struct Part<'a> {
    pub(crate) id: SliceId,
    pub(crate) extract: &'a PlannedExtract,
    /// Which split of the extract it is, from 0.
    pub(crate) number: u64,
    /// The bytes of the split. `None`: the whole extract.
    pub(crate) split: Option<Split>,
}

impl Part<'_> {
    /// The extract and the split, for messages.
    pub(crate) fn shown(&self) -> String {
        format!("{}, split {}", self.extract.file, self.number)
    }
}

impl JobPlan {
    /// The text of plan.json.
    pub(crate) fn text(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The figures that the extracts must add up to.
    pub(crate) fn expect(&self) -> Expect {
        let cents = self.typed.expect_amount.as_ref().and_then(|text| text.parse().ok());
        Expect { rows: self.typed.expect_rows, amount: cents.map(Sum) }
    }

    /// The policy, from the texts of the plan.
    pub(crate) fn load_policy(&self) -> anyhow::Result<Policy> {
        Ok(load(&self.policy.iter().map(PolicyFile::from).collect::<Vec<_>>(), &crate::rules::codes())?)
    }

    /// The layouts, likewise.
    pub(crate) fn load_library(&self) -> anyhow::Result<Library> {
        library_of(&self.layout, self.layout_file.as_ref().map(PolicyFile::from).as_ref())
    }

    /// The names of all files that the job reads.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = &str> {
        let extracts = self.extracts.iter().map(|extract| extract.file.as_str());
        extracts.chain(self.others.iter().map(|other| other.file.as_str()))
    }

    /// The tables that are joined to an extract. `None`: the plan lacks one.
    pub(crate) fn tables_of(&self, extract: &PlannedExtract) -> Option<Vec<&PlannedFile>> {
        let table =
            |file: &String| self.others.iter().find(|other| other.role == InputRole::Joined && other.file == *file);
        extract.joined.iter().map(table).collect()
    }

    /// The arguments of a `check` that does what the job does, with flags that say what to write.
    pub(crate) fn check(&self, writing: Check) -> Check {
        let Choices { layout, policy, select, ignore, auths, config, .. } = &self.typed;
        let expect = self.expect();
        Check {
            files: self.extracts.iter().map(|extract| extract.file.clone()).collect(),
            layout: layout.clone(),
            policy: policy.clone(),
            select: select.clone(),
            ignore: ignore.clone(),
            auths: auths.clone(),
            config: config.clone(),
            expect_rows: expect.rows,
            expect_amount: expect.amount,
            ..writing
        }
    }
}

impl Job {
    /// Reads the plan of a job.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let mut text = Vec::new();
        if is_pipe(&path.to_string_lossy()) {
            bail!("{shown}: is no regular file; plan the job again in another directory");
        }
        let file = File::open(path).map_err(|e| anyhow!("{shown}: {}", describe_io_error(&e)))?;
        file.take(MOST_PLAN_BYTES + 1).read_to_end(&mut text).with_context(|| shown.to_string())?;
        if text.len() as u64 > MOST_PLAN_BYTES {
            bail!("{shown}: has more than {} MiB, which no plan has", MOST_PLAN_BYTES >> 20);
        }
        let plan: JobPlan = serde_json::from_slice(&text).map_err(|e| {
            anyhow!("{shown}: is no plan of this version of claimlint (line {}); plan the job again", e.line())
        })?;
        if plan.schema != SCHEMA || plan.version != env!("CARGO_PKG_VERSION") {
            bail!(
                "{shown}: was made by claimlint {}, and this is claimlint {}; use that version, or plan the job again",
                plan.version,
                env!("CARGO_PKG_VERSION")
            );
        }
        // The slices of each extract follow those of the one before it. Otherwise `merge` would leave rows out.
        let end = plan.extracts.iter().try_fold(0_u64, |next, extract| {
            (extract.first_slice == next).then(|| next.checked_add(extract.slices)).flatten()
        });
        let has_tables = plan.extracts.iter().all(|extract| plan.tables_of(extract).is_some());
        if plan.slices > MOST_SLICES || plan.extracts.is_empty() || end != Some(plan.slices) || !has_tables {
            bail!("{shown}: is damaged; plan the job again");
        }
        let directory = path.parent().unwrap_or(Path::new("")).to_path_buf();
        Ok(Self { directory, plan, hash: blake3::hash(&text).to_hex().to_string() })
    }

    /// The slice with this number.
    pub(crate) fn part(&self, slice: u64) -> anyhow::Result<Part<'_>> {
        let last = self.plan.slices.saturating_sub(1);
        let holds =
            |extract: &PlannedExtract| (extract.first_slice..extract.first_slice + extract.slices).contains(&slice);
        let place = self.plan.extracts.iter().position(holds);
        let place = place.ok_or_else(|| match last {
            0 => anyhow!("slice {slice}: the job has slice 0 alone"),
            last => anyhow!("slice {slice}: the job has the slices 0 to {last}"),
        })?;
        let extract = &self.plan.extracts[place];
        let id = SliceId { plan: self.hash.clone(), slice, extract: u32::try_from(place)? };
        let number = slice - extract.first_slice;
        let split = extract.dialect.as_ref().and_then(|dialect| {
            let mut all = splits(dialect.data_start, extract.stamp.bytes, self.plan.split_bytes, self.plan.run_up);
            all.nth(number as usize)
        });
        Ok(Part { id, extract, number, split })
    }

    /// Is this the plan of the job, or one of its slices?
    pub(crate) fn holds(&self, path: &Path) -> bool {
        let directory = |path: &Path| std::fs::canonicalize(Path::new(".").join(path)).ok();
        let inside = path.parent().and_then(directory).is_some_and(|above| directory(&self.directory) == Some(above));
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        inside && (name == FILE || (0..self.plan.slices).any(|slice| slice_name(slice) == name))
    }

    /// The file of a slice.
    pub(crate) fn slice_path(&self, slice: u64) -> PathBuf {
        self.directory.join(slice_name(slice))
    }
}

/// The name of the file of a slice.
pub(crate) fn slice_name(slice: u64) -> String {
    format!("slice-{slice}.bin")
}
