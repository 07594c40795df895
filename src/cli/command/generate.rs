//! `claimlint generate`: an invented extract with known findings, complete or absent on disk.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, anyhow, bail};

use crate::cli::args::Generate;
use crate::cli::terminal::screen;
use crate::cli::terminal::style::{grouped, seen};
use crate::exit::Exit;
use crate::generate::{CLAIM_AMOUNTS_LAYOUT, CsvStyle, ExtractFiles, ExtractPlan, generate as invent};
use crate::report::dir;
use crate::report::dir::{ProtectedFiles, StagedReport};

/// The files, in the order of [`ExtractFiles`]' fields.
const FILES: [&str; 5] = ["claims.csv", "authorizations.csv", "truth.csv", "services-truth.csv", "rows-truth.csv"];

/// Writes an extract.
pub(crate) fn generate(args: &Generate, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).context("signals cannot be caught")?;
    let shown = args.out.display().to_string();
    if std::fs::symlink_metadata(&args.out).is_ok() {
        bail!("{shown}: exists already; name another directory with --out");
    }
    let staged = StagedReport::open(Some(&args.out), false, &ProtectedFiles::default())?;
    let plan = ExtractPlan {
        rows: args.rows,
        seed: args.seed,
        scope: args.scope,
        authorization_file: args.auths,
        authorization_column: !args.no_authorization_column,
        claim_amounts: args.claim_amounts,
    };
    match write(&plan, &staged, &|| stop.load(Ordering::Relaxed)) {
        Err(e) if e.kind() == io::ErrorKind::Interrupted => {
            let _ = writeln!(screen::stderr(), "interrupted: no extract was written; run again to have one");
            return Ok(Exit::Interrupted);
        }
        done => done.map_err(|e| anyhow!("{shown}: {}", dir::describe_io_error(&e)))?,
    }
    let at = staged.publish()?;
    let at = seen(&at.display().to_string()).into_owned();
    writeln!(
        out,
        "{at}/claims.csv: {} rows; the expected results: truth.csv, services-truth.csv, rows-truth.csv",
        grouped(plan.rows)
    )?;
    Ok(Exit::Clean)
}

fn write(plan: &ExtractPlan, staged: &StagedReport, stop: &dyn Fn() -> bool) -> io::Result<()> {
    let create = |file: &str| -> io::Result<Box<dyn Write>> {
        Ok(Box::new(BufWriter::with_capacity(1 << 18, staged.create(file)?)))
    };
    let [claims, authorizations, findings, services, rows] = FILES;
    let authorizations = if plan.authorization_file { create(authorizations)? } else { Box::new(io::sink()) };
    let mut files = ExtractFiles {
        claims: create(claims)?,
        authorizations,
        findings: create(findings)?,
        services: create(services)?,
        rows: create(rows)?,
    };
    invent(plan, &CsvStyle::default(), &mut files, stop)?;
    let ExtractFiles { claims, authorizations, findings, services, rows } = files;
    let mut written = vec![claims, authorizations, findings, services, rows];
    if plan.claim_amounts {
        let mut layout = create("layout.toml")?;
        layout.write_all(CLAIM_AMOUNTS_LAYOUT.as_bytes())?;
        written.push(layout);
    }
    // They reach the disk when they are moved into place.
    written.into_iter().try_for_each(|mut file| file.flush())
}
