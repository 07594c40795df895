//! dossier.bin: everything that `claimlint explain` needs to judge any claim of the run again.
//!
//! It holds the kept lines as they were read, the texts of the policy files and the authorizations that could matter;
//! judging them again by the very functions of the run is the only explanation that cannot differ from it. After a
//! first line of text come frames: a length, then postcard in zstd with a checksum. The last frame is the
//! [`DossierHead`], the others are lines in input order, what is suppressed among them, and authorizations.

use std::borrow::Cow;
use std::io::{self, BufReader, Read, Seek, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::claim::authorization::{Authorization, AuthorizationFile, Authorizations, NeededRows};
use crate::claim::connected::Connections;
use crate::claim::{Batch, Line, Text};
use crate::finding::fingerprint::Fingerprint;
use crate::frame::{Allowance, FirstLine, FrameError, Frames, TooLarge, first_line, read_frame, unpack};
use crate::ingest::Rejects;
use crate::ingest::field::Field;
use crate::ledger::Ledger;
use crate::policy::Policy;
use crate::policy::parse::{PolicyFile, load};
use crate::report::sink::{Output, PendingPieces, Sink, lock};
use crate::report::table::record;
use crate::report::totals::Totals;
use crate::report::view::{PartView, ReportContext};
use crate::run::{Input, JudgedRun, Masked, Run, RunContext};
use crate::suppress::KeptSuppressions;

/// Name of the file in a report directory.
pub const FILE: &str = "dossier.bin";

/// First line of the file: format and the program that wrote it. A line is stored as this version holds it, so no
/// other one reads it.
const MAGIC_LINE: &str = concat!("claimlint-dossier/9 claimlint ", env!("CARGO_PKG_VERSION"), "\n");

/// The value of a frame before the last.
#[derive(Serialize, Deserialize)]
enum Piece<'a> {
    /// The lines of a part.
    Lines(Cow<'a, Batch>),
    /// The suppressed findings of the part before it by their fingerprints, each with the index of its suppression.
    Suppressed(Vec<(Fingerprint, u32)>),
    /// Rows of the authorization file that some line may need: rows with its number or its member.
    Authorizations(Cow<'a, [Authorization]>),
}

/// Rows of the authorization file in a frame: enough to be packed well, and few enough that they take a few MiB.
const ROWS_IN_FRAME: usize = 1 << 12;

/// Everything of a run that is not in a [`Piece`].
#[derive(Serialize, Deserialize)]
struct DossierHead<'a> {
    masked: Masked,
    /// File name and text of policy, limits, remittance codes and overrides.
    policy: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    inputs: Vec<DossierInput<'a>>,
    ledger: Ledger,
    /// The number of rows of the authorization file, if one was given.
    authorizations: Option<u64>,
    suppressions: Option<KeptSuppressions>,
    /// The number of lines.
    lines: u64,
}

/// An extract without its rejected rows.
#[derive(Serialize, Deserialize)]
struct DossierInput<'a> {
    name: Cow<'a, str>,
    bytes: u64,
    rows: u64,
    layout: Cow<'a, str>,
    /// Missing fields whose absence has a consequence, as indices into [`Field::NAMES`].
    absent: Vec<u8>,
    /// Fields without a column, as indices into [`Field::NAMES`].
    unmapped: Vec<u8>,
}

/// Why a dossier cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DossierError {
    /// The file is not a dossier of claimlint.
    #[error("is not a dossier; name the directory of a claimlint report")]
    Foreign,
    /// It was written by another version.
    #[error("was written by {0}, and this is claimlint {version}; run `claimlint check` again, or use that version", version = env!("CARGO_PKG_VERSION"))]
    Version(String),
    /// It holds no lines, because the report was made with `--mask-dates`.
    #[error(
        "holds no lines, as the dates of this report are cut (--mask-dates) and could not be judged again; run `claimlint check` without it to explain claims"
    )]
    Withheld,
    /// It is damaged.
    #[error("is damaged; run `claimlint check` again")]
    Damaged,
    /// It would take more memory than it may.
    #[error("{0}")]
    TooLarge(#[from] TooLarge),
    /// The disk reports an error.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<FrameError> for DossierError {
    fn from(error: FrameError) -> Self {
        error.of_file(Self::Damaged)
    }
}

/// Starts the dossier. With `--mask-dates` it has only a head, because lines without days cannot be judged again.
pub fn open<'a>(context: ReportContext<'a>, mut out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    out.write_all(MAGIC_LINE.as_bytes())?;
    let needed_rows = context.run.authorizations.as_ref().map(|all| Mutex::new(NeededRows::of(all, out.scratch())));
    let suppressions = context.run.suppressions.as_ref().map_or(0, |all| all.list.len());
    Ok(Box::new(Writer {
        context,
        out: Mutex::new(out),
        frames: Frames::default(),
        pieces: PendingPieces::default(),
        lines: AtomicU64::new(0),
        needed_rows,
        used: Mutex::new(vec![false; suppressions]),
    }))
}

struct Writer<'a> {
    context: ReportContext<'a>,
    out: Mutex<Box<dyn Output>>,
    frames: Frames,
    pieces: PendingPieces<Vec<u8>>,
    lines: AtomicU64,
    /// Rows of the authorization file that some line may need: rows with its number or its member.
    needed_rows: Option<Mutex<NeededRows>>,
    /// By suppression: does it suppress a finding?
    used: Mutex<Vec<bool>>,
}

impl Sink for Writer<'_> {
    fn format(&self, n: usize, part: &PartView<'_>) -> io::Result<()> {
        if self.context.run.masked == Masked::IdsAndDays {
            return Ok(());
        }
        if let (Some(file), Some(needed_rows)) = (part.authorizations, &self.needed_rows) {
            let lines = part.line_set.lines.iter();
            let looked_up = lines.map(|line| (line.text(Text::Authorization), line.text(Text::MemberId)));
            lock(needed_rows).note(file, looked_up)?;
        }
        self.lines.fetch_add(part.line_set.lines.len() as u64, Ordering::Relaxed);
        let mut frames = self.frames.of(&Piece::Lines(Cow::Borrowed(part.line_set.unfilled())))?;
        // Without suppressions there is nothing to match.
        let suppressed: Vec<_> = if part.matches.by.is_empty() { Vec::new() } else { part.suppressed().collect() };
        if !suppressed.is_empty() {
            let mut used = lock(&self.used);
            for (_, place) in &suppressed {
                used[*place as usize] = true;
            }
            drop(used);
            frames.append(&mut self.frames.of(&Piece::Suppressed(suppressed))?);
        }
        self.pieces.put(n, frames);
        Ok(())
    }

    fn append(&self, n: usize) -> io::Result<()> {
        self.pieces.take(n).map_or(Ok(()), |frame| lock(&self.out).write_all(&frame))
    }

    fn finish(self: Box<Self>, _: &Totals) -> io::Result<()> {
        let run = self.context.run;
        let input = |input: &'_ Input| DossierInput {
            name: input.name.clone().into(),
            bytes: input.bytes,
            rows: input.rows,
            layout: input.layout.clone().into(),
            absent: input.absent.iter().map(|(field, _)| *field as u8).collect(),
            unmapped: input.unmapped.iter().map(|field| *field as u8).collect(),
        };
        let mut out = lock(&self.out);
        let mut authorizations = None;
        if let (Some(all), Some(needed)) = (&run.authorizations, self.needed_rows) {
            let mut needed = needed.into_inner().unwrap_or_else(PoisonError::into_inner).rows(all)?;
            let mut count = 0;
            loop {
                let rows: Vec<_> = needed.by_ref().take(ROWS_IN_FRAME).collect::<io::Result<_>>()?;
                if rows.is_empty() {
                    break;
                }
                count += rows.len() as u64;
                out.write_all(&self.frames.of(&Piece::Authorizations(rows.into()))?)?;
            }
            authorizations = Some(count);
        }
        let head = DossierHead {
            masked: run.masked,
            policy: run.policy.origins.iter().map(|o| (o.file.as_str().into(), o.text.as_str().into())).collect(),
            inputs: run.inputs.iter().map(input).collect(),
            ledger: run.ledger,
            authorizations,
            suppressions: run.suppressions.as_ref().map(|all| {
                all.keep(&lock(&self.used), |one| {
                    [record::owner(one, run), record::reason(one, run)].map(str::to_owned)
                })
            }),
            lines: self.lines.into_inner(),
        };
        out.write_all(&self.frames.of(&head)?)?;
        out.flush()
    }
}

/// The policy of the run, from the texts that the dossier keeps. The head may take this many bytes of memory.
pub fn policy(from: impl Read, memory: usize) -> Result<Policy, DossierError> {
    frames(from, &mut Allowance::new(memory), |_, _| Ok(()))?.policy()
}

impl DossierHead<'_> {
    fn policy(&self) -> Result<Policy, DossierError> {
        let given =
            self.policy.iter().map(|(file, text)| PolicyFile { file: file.to_string(), text: text.to_string() });
        load(&given.collect::<Vec<_>>(), &crate::rules::codes()).map_err(|_| DossierError::Damaged)
    }
}

/// Visits all frames but the last, packed, and returns the head, which is the last. A frame takes memory only while it
/// is visited.
fn frames(
    from: impl Read,
    allowance: &mut Allowance,
    mut visit: impl FnMut(&[u8], &mut Allowance) -> Result<(), DossierError>,
) -> Result<DossierHead<'static>, DossierError> {
    let mut from = BufReader::new(from);
    match first_line(&mut from, MAGIC_LINE)? {
        FirstLine::Own => {}
        FirstLine::Version(by) => return Err(DossierError::Version(by)),
        FirstLine::Foreign => return Err(DossierError::Foreign),
    }
    let (mut frame, mut next) = (Vec::new(), Vec::new());
    read_frame(&mut from, allowance, &mut frame)?.ok_or(DossierError::Damaged)?;
    while read_frame(&mut from, allowance, &mut next)?.is_some() {
        visit(&frame, allowance)?;
        allowance.give_back(frame.len() as u64);
        std::mem::swap(&mut frame, &mut next);
    }
    Ok(unpack(&frame, allowance)?)
}

/// Bytes of memory for what is judged of a line, besides the line: its service, its judgment and its findings. A line
/// with three findings takes 800 bytes, and few have more.
const BYTES_PER_LINE: u64 = 1536;

/// Bytes of memory for a row of the authorization file besides its texts: its place in a list that grows to twice its size, and
/// its entries in the index.
const BYTES_PER_ROW: usize = 2 * size_of::<Authorization>() + 48;

/// Bytes of memory for a suppressed finding: its place in a list that grows to twice its size, and its group.
const BYTES_PER_SUPPRESSED: u64 = 128;

/// Reads a dossier and judges it again. Its lines and what is judged of them may take this many bytes of memory, and so
/// may a frame while it is unpacked; a dossier that needs more is refused before it takes more.
pub fn read(from: impl Read, memory: usize) -> Result<JudgedRun, DossierError> {
    judged(from, &mut Allowance::new(memory), None)
}

/// The same of the lines that are wanted and of all lines that may bear on them. They are judged as among all lines, and
/// only they take memory.
pub fn read_connected(
    mut from: impl Read + Seek,
    memory: usize,
    is_wanted: impl Fn(Line<'_>) -> bool,
) -> Result<JudgedRun, DossierError> {
    let mut allowance = Allowance::new(memory);
    let (mut connections, mut wanted, mut count) = (Connections::default(), Vec::new(), 0);
    visit_batches(&mut from, &mut allowance, |batch, allowance| {
        let before = connections.bytes();
        for (number, line) in (count..).zip(batch.iter()) {
            connections.add(line, allowance.left() + before as u64).ok_or(TooLarge)?;
            if is_wanted(line) {
                wanted.push(number);
            }
        }
        count += batch.len() as u32;
        Ok(allowance.take((connections.bytes() - before) as u64)?)
    })?;
    let bytes = connections.bytes() as u64;
    let kept = connections.with(&wanted);
    allowance.give_back(bytes.saturating_sub(kept.len() as u64));
    from.rewind()?;
    judged(from, &mut allowance, Some(&kept))
}

/// Shows all lines of a dossier to `see`, batch by batch.
pub fn each_batch(from: impl Read, memory: usize, mut see: impl FnMut(&Batch)) -> Result<(), DossierError> {
    visit_batches(from, &mut Allowance::new(memory), |batch, _| {
        see(batch);
        Ok(())
    })
}

fn visit_batches(
    from: impl Read,
    allowance: &mut Allowance,
    mut see: impl FnMut(&Batch, &mut Allowance) -> Result<(), DossierError>,
) -> Result<(), DossierError> {
    let visit = |frame: &[u8], allowance: &mut Allowance| match unpack(frame, allowance)? {
        Piece::Lines(batch) if is_readable(&batch) => see(&batch, allowance),
        Piece::Lines(_) => Err(DossierError::Damaged),
        Piece::Suppressed(_) | Piece::Authorizations(_) => Ok(()),
    };
    frames(from, allowance, visit).map(drop)
}

/// Can its cells be read, whatever the policy?
fn is_readable(batch: &Batch) -> bool {
    batch.is_valid(usize::MAX, usize::MAX)
}

/// Judges a dossier again: the lines that are kept, by their number, or all.
fn judged(from: impl Read, allowance: &mut Allowance, kept: Option<&[bool]>) -> Result<JudgedRun, DossierError> {
    let mut lines: Vec<Batch> = Vec::new();
    let mut rows: Vec<Authorization> = Vec::new();
    let mut suppressed: Vec<(Fingerprint, u32)> = Vec::new();
    let mut count = 0;
    let head = frames(from, allowance, |frame, allowance| {
        match unpack(frame, allowance)? {
            Piece::Lines(batch) => {
                let of_batch = count..count + batch.len();
                count = of_batch.end;
                let batch = match kept {
                    None => batch.into_owned(),
                    Some(kept) => {
                        let kept = kept.get(of_batch).filter(|_| is_readable(&batch)).ok_or(DossierError::Damaged)?;
                        let mut some = Batch::default();
                        batch.iter().zip(kept).filter(|(_, kept)| **kept).for_each(|(line, _)| some.push(line));
                        some
                    }
                };
                allowance.take(batch.allocated() as u64 + batch.len() as u64 * BYTES_PER_LINE)?;
                lines.push(batch);
            }
            Piece::Suppressed(mut more) => {
                allowance.take(more.len() as u64 * BYTES_PER_SUPPRESSED)?;
                suppressed.append(&mut more);
            }
            Piece::Authorizations(more) => {
                let bytes: usize = more.iter().map(Authorization::bytes).sum();
                allowance.take((bytes + more.len() * BYTES_PER_ROW) as u64)?;
                rows.extend(more.into_owned());
            }
        }
        Ok(())
    })?;
    if head.masked == Masked::IdsAndDays {
        return Err(DossierError::Withheld);
    }
    let policy = head.policy()?;
    let input = |input: DossierInput<'_>| -> Option<Input> {
        let absent = input.absent.iter().map(|place| Some(Field::NAMES.get(usize::from(*place))?.0));
        let has = |field: Field| !input.unmapped.contains(&(field as u8));
        let absent = absent.map(|field| field.and_then(|field| Some((field, field.absence(&has)?))));
        let unmapped = input.unmapped.iter().map(|place| Some(Field::NAMES.get(usize::from(*place))?.0));
        Some(Input {
            name: input.name.into_owned(),
            bytes: input.bytes,
            rows: input.rows,
            layout: input.layout.into_owned(),
            joined: Vec::new(),
            rejects: Rejects::default(),
            absent: absent.collect::<Option<_>>()?,
            unmapped: unmapped.collect::<Option<_>>()?,
            surplus_fields: 0,
            columns: Default::default(),
        })
    };
    let inputs: Vec<Input> = head.inputs.into_iter().map(input).collect::<Option<_>>().ok_or(DossierError::Damaged)?;
    let (codes, classes) = (policy.procedures.len(), policy.classes.len());
    let fits =
        |batch: &Batch| batch.is_valid(codes, classes) && batch.iter().all(|l| (l.extract as usize) < inputs.len());
    if count as u64 != head.lines || !lines.par_iter().all(fits) {
        return Err(DossierError::Damaged);
    }
    if rows.len() as u64 != head.authorizations.unwrap_or_default() {
        return Err(DossierError::Damaged);
    }
    let file = head.authorizations.map(|_| AuthorizationFile::new(rows, &policy.codes));
    let authorizations = file.map(|file| Authorizations::held(FILE.to_owned(), file));
    let restored = |kept: KeptSuppressions| kept.restored(&suppressed).ok_or(DossierError::Damaged);
    let suppressions = head.suppressions.map(restored).transpose()?;
    let mut context = RunContext::new(policy, inputs, head.ledger, authorizations);
    (context.masked, context.suppressions) = (head.masked, suppressions);
    Ok(Run::from_batches(context, lines)?.judge_all()?)
}
