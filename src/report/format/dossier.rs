//! dossier.bin: everything that `claimlint explain` needs to judge any claim of the run again.
//!
//! It holds the kept lines as they were read, the texts of the policy files and the authorizations that could matter;
//! judging them again by the very functions of the run is the only explanation that cannot differ from it. After a
//! first line of text come frames: a length, then postcard in zstd with a checksum. The last frame is the
//! [`DossierHead`], the others are lines in input order.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use zstd::bulk::Compressor;
use zstd::zstd_safe::compress_bound;

use crate::claim::authorization::{Authorization, AuthorizationFile, NeededRows};
use crate::claim::{Batch, Text};
use crate::ingest::Rejects;
use crate::ingest::field::Field;
use crate::ledger::Ledger;
use crate::policy::Policy;
use crate::policy::parse::{PolicyFile, load};
use crate::report::sink::{Output, PendingPieces, Sink, lock};
use crate::report::totals::Totals;
use crate::report::view::{PartView, ReportContext};
use crate::run::{Input, JudgedRun, Masked, Run, RunContext};

/// Name of the file in a report directory.
pub const FILE: &str = "dossier.bin";

/// First line of the file: format and the program that wrote it. A line is stored as this version holds it, so no
/// other one reads it.
const MAGIC_LINE: &str = concat!("claimlint-dossier/3 claimlint ", env!("CARGO_PKG_VERSION"), "\n");

/// A fast level of zstd: a million lines take two thirds of the time of level 1 and a fifth more space.
const ZSTD_LEVEL: i32 = -4;

/// Everything of a run except its lines.
#[derive(Serialize, Deserialize)]
struct DossierHead<'a> {
    masked: Masked,
    /// File name and text of policy, limits, remittance codes and overrides.
    policy: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    inputs: Vec<DossierInput<'a>>,
    ledger: Ledger,
    authorization_file: Option<Vec<Authorization>>,
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
    /// The disk reports an error.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Starts the dossier. With `--mask-dates` it has only a head, because lines without days cannot be judged again.
pub fn open<'a>(context: ReportContext<'a>, mut out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    out.write_all(MAGIC_LINE.as_bytes())?;
    let needed_rows = context.run.authorization_file.as_ref().map(|_| Mutex::new(NeededRows::default()));
    Ok(Box::new(Writer {
        context,
        out: Mutex::new(out),
        frames: Frames::default(),
        pieces: PendingPieces::default(),
        lines: AtomicU64::new(0),
        needed_rows,
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
}

impl Sink for Writer<'_> {
    fn format(&self, n: usize, part: &PartView<'_>) -> io::Result<()> {
        if self.context.run.masked == Masked::IdsAndDays {
            return Ok(());
        }
        if let (Some(authorization_file), Some(needed_rows)) = (&self.context.run.authorization_file, &self.needed_rows)
        {
            let mut needed_rows = lock(needed_rows);
            for line in part.line_set.lines.iter() {
                needed_rows.note(authorization_file, line.text(Text::Authorization), line.text(Text::MemberId));
            }
        }
        self.lines.fetch_add(part.line_set.lines.len() as u64, Ordering::Relaxed);
        let lines = part.line_set.unfilled();
        self.pieces.put(n, self.frames.of(lines)?);
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
        let needed = run.authorization_file.as_ref().zip(self.needed_rows).map(|(authorization_file, needed_rows)| {
            let places = lock(&needed_rows).places(authorization_file);
            places.into_iter().map(|place| authorization_file.rows()[place].clone()).collect()
        });
        let head = DossierHead {
            masked: run.masked,
            policy: run.policy.origins.iter().map(|o| (o.file.as_str().into(), o.text.as_str().into())).collect(),
            inputs: run.inputs.iter().map(input).collect(),
            ledger: run.ledger,
            authorization_file: needed,
            lines: self.lines.into_inner(),
        };
        let mut out = lock(&self.out);
        out.write_all(&self.frames.of(&head)?)?;
        out.flush()
    }
}

/// Makes frames. Setting up a compressor takes longer than compressing a frame, and fresh memory for a batch must be faulted in,
/// so both are reused.
#[derive(Default)]
struct Frames(Mutex<Vec<FrameMaker>>);

struct FrameMaker {
    compressor: Compressor<'static>,
    /// The value in postcard.
    plain: Vec<u8>,
    /// The same, compressed.
    packed: Vec<u8>,
}

impl FrameMaker {
    fn new() -> io::Result<Self> {
        let mut compressor = Compressor::new(ZSTD_LEVEL)?;
        compressor.include_checksum(true)?;
        Ok(Self { compressor, plain: Vec::new(), packed: Vec::new() })
    }

    fn frame<T: Serialize + ?Sized>(&mut self, value: &T) -> io::Result<Vec<u8>> {
        self.plain.clear();
        self.plain = postcard::to_extend(value, std::mem::take(&mut self.plain)).map_err(io::Error::other)?;
        let most = compress_bound(self.plain.len());
        if self.packed.len() < most {
            self.packed.resize(most, 0);
        }
        let length = self.compressor.compress_to_buffer(&self.plain, &mut self.packed[..])?;
        let size = u32::try_from(length).map_err(io::Error::other)?;
        Ok([&size.to_le_bytes(), &self.packed[..length]].concat())
    }
}

impl Frames {
    /// A frame: a length, then the value in postcard and zstd.
    fn of<T: Serialize + ?Sized>(&self, value: &T) -> io::Result<Vec<u8>> {
        let unused = lock(&self.0).pop();
        let mut maker = unused.map_or_else(FrameMaker::new, Ok)?;
        let frame = maker.frame(value)?;
        lock(&self.0).push(maker);
        Ok(frame)
    }
}

/// The policy of the run, from the texts that the dossier keeps.
pub fn policy(mut from: impl Read) -> Result<Policy, DossierError> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    split_chunks(&bytes)?.0.policy()
}

impl DossierHead<'_> {
    fn policy(&self) -> Result<Policy, DossierError> {
        let given =
            self.policy.iter().map(|(file, text)| PolicyFile { file: file.to_string(), text: text.to_string() });
        load(&given.collect::<Vec<_>>(), &crate::rules::codes()).map_err(|_| DossierError::Damaged)
    }
}

/// The head of a dossier and its other frames, packed.
fn split_chunks(bytes: &[u8]) -> Result<(DossierHead<'static>, Vec<&[u8]>), DossierError> {
    let Some(mut rest) = bytes.strip_prefix(MAGIC_LINE.as_bytes()) else {
        let first = bytes.split(|b| *b == b'\n').next().and_then(|line| std::str::from_utf8(line).ok());
        let by = first.and_then(|line| line.strip_prefix("claimlint-dossier/")?.split_once(' '));
        return Err(by.map_or(DossierError::Foreign, |(_, by)| DossierError::Version(by.to_owned())));
    };
    let mut frames = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        frames.push(after.get(..length).ok_or(DossierError::Damaged)?);
        rest = &after[length..];
    }
    let head = frames.pop().filter(|_| rest.is_empty()).ok_or(DossierError::Damaged)?;
    let head = zstd::decode_all(head).map_err(|_| DossierError::Damaged)?;
    Ok((postcard::from_bytes(&head).map_err(|_| DossierError::Damaged)?, frames))
}

/// Reads a dossier and judges it again.
pub fn read(mut from: impl Read) -> Result<JudgedRun, DossierError> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    let (head, frames) = split_chunks(&bytes)?;
    if head.masked == Masked::IdsAndDays {
        return Err(DossierError::Withheld);
    }
    let lines = frames
        .par_iter()
        .map(|frame| postcard::from_bytes(&zstd::decode_all(*frame).ok()?).ok())
        .collect::<Option<Vec<Batch>>>()
        .ok_or(DossierError::Damaged)?;
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
    let count: usize = lines.iter().map(Batch::len).sum();
    if count as u64 != head.lines || !lines.par_iter().all(fits) {
        return Err(DossierError::Damaged);
    }
    let authorization_file = head.authorization_file.map(|rows| AuthorizationFile::new(rows, &policy.codes));
    let context =
        RunContext { masked: head.masked, ..RunContext::new(policy, inputs, head.ledger, authorization_file) };
    Ok(Run::from_batches(context, lines)?.judge_all()?)
}
