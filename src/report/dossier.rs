//! dossier.bin: what `claimlint explain` needs to judge any claim of the run once more.
//!
//! It holds the kept lines as they were read, the texts of the policy files and the authorizations that could matter;
//! judging them again by the very functions of the run is the only explanation that cannot differ from it. After a
//! first line of text come frames: a length, then postcard in zstd with a checksum. The first frame is the [`Head`],
//! the others are lines in input order.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Read, Write};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Content;
use crate::claim::authorization::{Authorization, Register};
use crate::claim::{Line, Text};
use crate::ingest::cell::upper;
use crate::ingest::field::Field;
use crate::ledger::Ledger;
use crate::policy::file::{Given, load};
use crate::run::{Input, Masked, Outcome};

/// Name of the file in a report directory.
pub const FILE: &str = "dossier.bin";

/// First line of the file: format and the program that wrote it. A line is stored as this version holds it, so no
/// other one reads it.
const FIRST: &str = concat!("claimlint-dossier/1 claimlint ", env!("CARGO_PKG_VERSION"), "\n");

/// Lines of a frame: a megabyte or so of cells, enough for the compressor and small enough for the caches.
const CHUNK: usize = 4096;

/// zstd's fastest ordinary level. Level 3 takes twice the time for a tenth less.
const LEVEL: i32 = 1;

/// Everything of a run but its lines.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    masked: Masked,
    /// Of policy, limits, remittance and overrides: file name and text.
    policy: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    inputs: Vec<InputHead<'a>>,
    ledger: Ledger,
    register: Option<Vec<Authorization>>,
    /// How many lines follow.
    lines: u64,
}

/// An extract without its rejected rows.
#[derive(Serialize, Deserialize)]
struct InputHead<'a> {
    name: Cow<'a, str>,
    bytes: u64,
    rows: u64,
    layout: Cow<'a, str>,
    /// Fields that it does not have, as places in [`Field::NAMES`].
    absent: Vec<u8>,
}

/// Why there is no dossier.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// Not ours.
    #[error("is no dossier; name the directory of a claimlint report")]
    Foreign,
    /// Of another version.
    #[error("was written by {0}, and this is claimlint {version}; run `claimlint check` again, or use that version", version = env!("CARGO_PKG_VERSION"))]
    Version(String),
    /// The lines were not written.
    #[error(
        "holds no lines, as the dates of this report are cut (--mask-dates) and could not be judged again; run `claimlint check` without it to explain claims"
    )]
    Withheld,
    /// Broken.
    #[error("is damaged; run `claimlint check` again")]
    Damaged,
    /// The disk says no.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Writes the dossier. With cut dates it is a head alone: lines without days cannot be judged again.
pub fn write(content: &Content<'_>, out: &mut dyn Write) -> io::Result<()> {
    let outcome = content.outcome;
    let lines = if outcome.masked == Masked::IdsAndDays { &[] } else { outcome.book.lines.as_slice() };
    out.write_all(FIRST.as_bytes())?;
    let input = |input: &'_ Input| InputHead {
        name: input.name.clone().into(),
        bytes: input.bytes,
        rows: input.rows,
        layout: input.layout.clone().into(),
        absent: input.absent.iter().map(|(field, _)| *field as u8).collect(),
    };
    let head = Head {
        masked: outcome.masked,
        policy: outcome.policy.origins.iter().map(|o| (o.file.as_str().into(), o.text.as_str().into())).collect(),
        inputs: outcome.inputs.iter().map(input).collect(),
        ledger: outcome.ledger,
        register: outcome.register.as_ref().map(|register| needed(register, lines)),
        lines: lines.len() as u64,
    };
    out.write_all(&frame(&head)?)?;
    // A wave of frames at a time, so that memory does not grow with the dossier.
    for wave in lines.chunks(CHUNK * rayon::current_num_threads() * 4) {
        let frames: Vec<io::Result<Vec<u8>>> = wave.par_chunks(CHUNK).map(frame).collect();
        for frame in frames {
            out.write_all(&frame?)?;
        }
    }
    Ok(())
}

/// The authorizations that a line could meet: by its number, or by its member.
fn needed(register: &Register, lines: &[Line]) -> Vec<Authorization> {
    let numbers: HashSet<_> = lines.iter().map(|line| upper(line.text(Text::Authorization).into())).collect();
    let members: HashSet<&str> = lines.iter().map(|line| line.text(Text::MemberId)).collect();
    let meets = |row: &&Authorization| {
        numbers.contains(row.number.as_str()) || (!row.member_id.is_empty() && members.contains(row.member_id.as_str()))
    };
    register.rows().iter().filter(meets).cloned().collect()
}

fn frame<T: Serialize + ?Sized>(value: &T) -> io::Result<Vec<u8>> {
    let bytes = postcard::to_stdvec(value).map_err(io::Error::other)?;
    let mut encoder = zstd::Encoder::new(vec![0; 4], LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.write_all(&bytes)?;
    let mut frame = encoder.finish()?;
    let length = u32::try_from(frame.len() - 4).map_err(io::Error::other)?;
    frame[..4].copy_from_slice(&length.to_le_bytes());
    Ok(frame)
}

/// Reads a dossier and judges it again.
pub fn read(mut from: impl Read) -> Result<Outcome, Unread> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    let Some(mut rest) = bytes.strip_prefix(FIRST.as_bytes()) else {
        let first = bytes.split(|b| *b == b'\n').next().and_then(|line| std::str::from_utf8(line).ok());
        let by = first.and_then(|line| line.strip_prefix("claimlint-dossier/")?.split_once(' '));
        return Err(by.map_or(Unread::Foreign, |(_, by)| Unread::Version(by.to_owned())));
    };
    let mut frames = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        frames.push(after.get(..length).ok_or(Unread::Damaged)?);
        rest = &after[length..];
    }
    let (head, frames) = frames.split_first().filter(|_| rest.is_empty()).ok_or(Unread::Damaged)?;
    let head = zstd::decode_all(*head).map_err(|_| Unread::Damaged)?;
    let head: Head<'_> = postcard::from_bytes(&head).map_err(|_| Unread::Damaged)?;
    if head.masked == Masked::IdsAndDays {
        return Err(Unread::Withheld);
    }
    let lines = frames
        .par_iter()
        .map(|frame| postcard::from_bytes(&zstd::decode_all(*frame).ok()?).ok())
        .collect::<Option<Vec<Vec<Line>>>>()
        .ok_or(Unread::Damaged)?;
    let given = head.policy.into_iter().map(|(file, text)| Given { file: file.into_owned(), text: text.into_owned() });
    let policy = load(&given.collect::<Vec<_>>(), &crate::rules::codes()).map_err(|_| Unread::Damaged)?;
    let input = |input: InputHead<'_>| -> Option<Input> {
        let absent = input.absent.iter().map(|place| Some(Field::NAMES.get(usize::from(*place))?.0));
        let absent = absent.map(|field| field.and_then(|field| Some((field, field.absence()?))));
        Some(Input {
            name: input.name.into_owned(),
            bytes: input.bytes,
            rows: input.rows,
            layout: input.layout.into_owned(),
            joined: Vec::new(),
            rejects: Vec::new(),
            absent: absent.collect::<Option<_>>()?,
        })
    };
    let inputs: Vec<Input> = head.inputs.into_iter().map(input).collect::<Option<_>>().ok_or(Unread::Damaged)?;
    let lines: Vec<Line> = lines.into_iter().flatten().collect();
    let (codes, classes) = (policy.procedures.len(), policy.classes.len());
    let fits = |line: &Line| (line.extract as usize) < inputs.len() && line.is_sound(codes, classes);
    if lines.len() as u64 != head.lines || !lines.par_iter().all(fits) {
        return Err(Unread::Damaged);
    }
    let mut outcome = Outcome::of(policy, inputs, lines, head.register.map(Register::of), head.ledger);
    outcome.masked = head.masked;
    Ok(outcome)
}
