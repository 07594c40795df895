//! `--metrics FILE`: the figures of a complete run in the text format of Prometheus, for the textfile collector of
//! `node_exporter`. The file is complete or as it was before, and a run that fails leaves it alone.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{anyhow, bail};
use tempfile::NamedTempFile;

use crate::claim::Sum;
use crate::cli::new_file;
use crate::exit::Exit;
use crate::ledger::LedgerBin;
use crate::policy::Disposition;
use crate::report::dir::ProtectedFiles;
use crate::report::{ReportContext, Totals};
use crate::rules::judge::ServiceStatus;

/// What a run was, besides its totals.
pub(crate) struct RunFigures {
    /// Seconds since 1970 at its start.
    pub(crate) began: f64,
    /// The time that it took.
    pub(crate) elapsed: Duration,
    /// Gates that are true or undefined.
    pub(crate) failed_gates: usize,
    /// How it ends.
    pub(crate) exit: Exit,
}

/// A metrics file that is complete and not in its place yet.
pub(crate) struct StagedMetrics {
    file: NamedTempFile,
    target: PathBuf,
}

/// Refuses a place in which no file can be made or none may be replaced, before the run begins. `out` is the report
/// directory, which holds the files of the report alone.
pub(crate) fn check_place(target: &Path, inputs: &ProtectedFiles, out: Option<&Path>) -> anyhow::Result<()> {
    let shown = target.display();
    if target.is_dir() {
        bail!("--metrics {shown}: is a directory; name a file in it");
    }
    if inputs.protects(target) {
        bail!("--metrics {shown}: is an input of this run; name another file");
    }
    let directory = target.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    if out.is_some_and(|out| target.parent() == Some(out) || real(out).is_some_and(|out| real(directory) == Some(out)))
    {
        bail!("--metrics {shown}: is in the report directory, which holds the report alone; name another place");
    }
    new_file::ensure_no_report("--metrics", target)?;
    staged(target).map(drop)
}

fn staged(target: &Path) -> anyhow::Result<NamedTempFile> {
    let directory = target.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut options = tempfile::Builder::new();
    options.prefix(".claimlint.").suffix(".tmp");
    // The collector is another user. The figures name no claim, and nobody else may write them.
    #[cfg(unix)]
    options.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    options.tempfile_in(directory).map_err(|e| new_file::place_trouble("--metrics", target, &e))
}

impl StagedMetrics {
    /// Writes the file beside its place.
    pub(crate) fn write(target: &Path, text: &str) -> anyhow::Result<Self> {
        let mut file = staged(target)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all());
        written.map_err(|e| anyhow!("--metrics {}: {e}", target.display()))?;
        Ok(Self { file, target: target.to_path_buf() })
    }

    /// Puts the file in its place, where it replaces an earlier one in one step.
    pub(crate) fn publish(self) -> anyhow::Result<()> {
        let target = self.target.display().to_string();
        self.file.persist(&self.target).map(drop).map_err(|e| anyhow!("--metrics {target}: {}", e.error))
    }
}

/// The text under construction.
#[derive(Default)]
struct Metrics(String);

impl Metrics {
    /// Begins a metric. Every one is a gauge: it says what the last run found.
    fn head(&mut self, name: &str, help: &str) {
        // A String takes everything.
        let _ = writeln!(self.0, "# HELP claimlint_{name} {help}\n# TYPE claimlint_{name} gauge");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<_> = labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "claimlint_{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, help: &str, value: impl std::fmt::Display) {
        self.head(name, help);
        self.sample(name, &[], value);
    }
}

/// The value of a label: backslashes, quotes and line ends are escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// All figures of a run. Amounts that are unknown have no sample, because 0 would be wrong.
pub(crate) fn text(context: ReportContext<'_>, totals: &Totals, figures: &RunFigures) -> String {
    let (run, summary) = (context.run, &totals.summary);
    let mut out = Metrics::default();
    out.head("info", "Version and policy of the last run.");
    let (edition, version) = (&run.policy.edition(None).id, env!("CARGO_PKG_VERSION"));
    let fingerprint = &run.policy.fingerprint;
    let labels = [("version", version), ("policy", &run.policy.id), ("edition", edition), ("fingerprint", fingerprint)];
    out.sample("info", &labels, 1);
    out.one("start_time_seconds", "When the last run began, in seconds since 1970.", figures.began);
    out.one("duration_seconds", "Seconds that the last run took.", figures.elapsed.as_secs_f64());
    out.one("exit_code", "Exit code of the last complete run: 0 or 1.", figures.exit.code());
    out.one("failed_gates", "Gates that were true or undefined.", figures.failed_gates);
    out.one("extracts", "Extracts that were read.", run.inputs.len());
    out.one("rows", "Rows after the headers.", run.ledger.rows);
    out.head("bin_rows", "Rows by bin of the ledger; the bins add up to claimlint_rows.");
    for bin in LedgerBin::ALL {
        out.sample("bin_rows", &[("bin", bin.key())], run.ledger.count(bin));
    }
    out.head("services", "Services by status.");
    for status in ServiceStatus::ALL {
        out.sample("services", &[("status", status.word())], summary.status(status).services);
    }
    if run.knows_amounts() {
        amounts(&mut out, totals);
    }
    out.head("findings", "Findings by rule.");
    for (id, tally) in &summary.rules {
        let doc = context.doc(*id);
        out.sample("findings", &[("rule", &doc.code), ("name", &doc.name)], tally.findings);
    }
    if let Some(new) = &totals.new {
        out.head("compared_findings", "Findings that are new, known and gone since the baseline, by disposition.");
        for (change, share) in [("new", &new.new), ("known", &new.known), ("gone", &new.gone)] {
            for (word, disposition) in Disposition::WORDS {
                let findings = share.of_disposition(disposition).findings;
                out.sample("compared_findings", &[("change", change), ("disposition", word)], findings);
            }
        }
    }
    if run.suppressions.is_some() {
        out.one("suppressed_findings", "Findings that are suppressed.", totals.suppressed.all().findings);
    }
    out.one("warnings", "Warnings of the last run.", totals.warnings.len());
    out.head("warning", "Warnings of the last run by kind; a kind without warnings has no sample.");
    let mut kinds: Vec<_> = totals.warnings.iter().map(|warning| warning.kind.word()).collect();
    kinds.sort_unstable();
    for same in kinds.chunk_by(|one, other| one == other) {
        out.sample("warning", &[("kind", same[0])], same.len());
    }
    out.0
}

fn amounts(out: &mut Metrics, totals: &Totals) {
    let flagged = [ServiceStatus::Deny, ServiceStatus::Review];
    let mut each = |name: &str, help: &str, of: &dyn Fn(ServiceStatus) -> Sum| {
        out.head(name, help);
        for status in flagged {
            out.sample(name, &[("status", status.word())], of(status));
        }
    };
    each("at_risk_dollars", "Amount at risk by status, in dollars.", &|status| totals.summary.status(status).at_risk);
    each("recoverable_dollars", "Recoverable amount by status, in dollars.", &|status| {
        totals.summary.status(status).recoverable
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut metrics = Metrics::default();
        metrics.sample("info", &[("policy", "a\"b\\c\nd")], 1);
        assert_eq!(metrics.0, "claimlint_info{policy=\"a\\\"b\\\\c\\nd\"} 1\n");
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let temp = tempfile::tempdir().expect("a directory");
        let target = temp.path().join("claimlint.prom");
        let names = || std::fs::read_dir(temp.path()).expect("there").count();
        StagedMetrics::write(&target, "old\n").and_then(StagedMetrics::publish).expect("room");
        let staged = StagedMetrics::write(&target, "new\n").expect("room");
        assert_eq!((std::fs::read_to_string(&target).expect("there").as_str(), names()), ("old\n", 2));
        drop(staged);
        assert_eq!(names(), 1, "a run that does not end leaves nothing");
        StagedMetrics::write(&target, "new\n").and_then(StagedMetrics::publish).expect("room");
        assert_eq!((std::fs::read_to_string(&target).expect("there").as_str(), names()), ("new\n", 1));
        let none = ProtectedFiles::default();
        check_place(temp.path(), &none, None).expect_err("a directory");
        check_place(&temp.path().join("no/claimlint.prom"), &none, None).expect_err("no directory");
        check_place(&target, &none, Some(temp.path())).expect_err("the report directory");
        check_place(&target, &ProtectedFiles::of([target.as_path()]), None).expect_err("an input");
        check_place(&target, &none, Some(Path::new("r"))).expect("it can be replaced");
        assert_eq!(names(), 1);
    }
}
