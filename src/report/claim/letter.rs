//! A letter from the dossier of a claim: a request for records, or the rationale of a denial. It has those facts of the dossier
//! that concern the provider, so neither amounts at risk nor rows of the authorization file, and blanks for what no claim shows.
//! It is a draft for a person to complete and sign.

use crate::policy::Disposition;
use crate::report::claim::dossier::{ClaimDossier, ClaimFinding, ClaimSubject};
use crate::report::words::escape::seen;
use crate::report::words::wrap;

/// What somebody must fill in.
const BLANK: &str = "____________________";

/// Columns of a letter as text.
const WIDTH: usize = 78;

/// Which letter the findings of a claim call for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LetterKind {
    /// Something is to be reviewed, and nothing to be denied.
    RecordRequest,
    /// Something is to be denied.
    DenialRationale,
}

/// A paragraph or a list of a letter.
pub(crate) enum Block {
    /// Text in lines of its own.
    Paragraph(String),
    /// A list, each item with a mark before it.
    List(Vec<String>),
}

/// A part of a letter under a heading.
pub(crate) struct Section {
    /// Printed as a heading on the page, and in a line of its own in the text.
    pub(crate) heading: &'static str,
    /// Paragraphs and lists below the heading, in order.
    pub(crate) blocks: Vec<Block>,
}

/// A letter about one claim.
pub(crate) struct Letter {
    /// Decides title and sections.
    pub(crate) kind: LetterKind,
    /// The lines of its head: a name and a value or a blank.
    pub(crate) head: Vec<(&'static str, String)>,
    /// The body, from what was found to the signature.
    pub(crate) sections: Vec<Section>,
    /// Where its facts are from.
    pub(crate) source: String,
}

impl LetterKind {
    /// The line above the letter.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::RecordRequest => "Request for medical records",
            Self::DenialRationale => "Rationale of a denial",
        }
    }
}

/// Why there is no letter about a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoLetter {
    /// Every finding that asks for something is suppressed.
    #[error("every finding of the claim is suppressed, so there is nothing to write about")]
    Suppressed,
    /// Nothing is to be denied or reviewed.
    #[error("the claim has no finding to deny or to review, so there is nothing to write about")]
    NothingFound,
    /// A letter goes to one billing provider.
    #[error("the rows of the claim name several billing providers, and a letter goes to one; name it with --provider")]
    SeveralProviders,
}

/// The services of a letter, each with its open findings.
type OpenFindings<'d, 'a> = Vec<(&'d ClaimSubject<'a>, Vec<&'d ClaimFinding<'a>>)>;

impl Letter {
    /// The letter that the findings of a claim call for. Suppressed findings and those for information are left out.
    pub(crate) fn of(dossier: &ClaimDossier<'_>) -> Result<Self, NoLetter> {
        let asks = |finding: &&ClaimFinding<'_>| finding.shown.disposition != Disposition::Info;
        let all = || dossier.subjects.iter().flat_map(|subject| &subject.findings).filter(asks);
        let is_open = |finding: &&ClaimFinding<'_>| finding.suppressed.is_empty();
        let strongest = all().filter(is_open).map(|finding| finding.shown.disposition).max();
        let kind = match strongest {
            Some(Disposition::Deny) => LetterKind::DenialRationale,
            Some(_) => LetterKind::RecordRequest,
            None if all().next().is_some() => return Err(NoLetter::Suppressed),
            None => return Err(NoLetter::NothingFound),
        };
        if dossier.providers > 1 {
            return Err(NoLetter::SeveralProviders);
        }
        // A denial rests on what is to be denied; what is only to be reviewed is no reason for it.
        let belongs = |finding: &&ClaimFinding<'_>| {
            kind == LetterKind::RecordRequest || finding.shown.disposition == Disposition::Deny
        };
        let of_subject = |subject: &ClaimSubject<'_>| {
            subject.findings.iter().filter(asks).filter(is_open).filter(belongs).count() > 0
        };
        let mut found: OpenFindings<'_, '_> = Vec::new();
        for subject in dossier.subjects.iter().filter(|subject| of_subject(subject)) {
            let findings = subject.findings.iter().filter(asks).filter(is_open).filter(belongs);
            found.push((subject, findings.collect()));
        }
        let sections = match kind {
            LetterKind::RecordRequest => request(dossier, &found),
            LetterKind::DenialRationale => rationale(dossier, &found),
        };
        let source = &dossier.source;
        let limits = match dossier.limits.as_str() {
            "" => String::new(),
            limits => format!(" Coding edits: {limits}."),
        };
        let source = format!(
            "Draft by claimlint from claim data alone: report {} of {}, run {}. Policy: {}.{limits}",
            source.report, source.extracts, source.run, dossier.policy
        );
        Ok(Self { kind, head: head(dossier), sections, source })
    }

    /// The letter as text.
    pub(crate) fn text(&self) -> String {
        let mut parts: Vec<String> = vec![underlined(self.kind.title(), "="), String::new()];
        let longest = self.head.iter().map(|(name, _)| name.len()).max().unwrap_or_default() + 2;
        for (name, value) in &self.head {
            let value = wrapped(value, longest);
            parts.push(format!("{:longest$}{}", format!("{name}:"), value.trim_start()));
        }
        for section in &self.sections {
            parts.extend([String::new(), underlined(section.heading, "-")]);
            for block in &section.blocks {
                match block {
                    Block::Paragraph(text) => parts.push(wrapped(text, 0)),
                    Block::List(items) => {
                        parts.extend(items.iter().map(|item| format!("- {}", wrapped(item, 2).trim_start())));
                    }
                }
            }
        }
        parts.extend([String::new(), wrapped(&self.source, 0)]);
        parts.iter().flat_map(|part| part.split('\n')).map(|line| seen(line).into_owned() + "\n").collect()
    }
}

fn underlined(title: &str, mark: &str) -> String {
    format!("{title}\n{}", mark.repeat(title.len()))
}

/// A text in lines of [`WIDTH`] columns, all indented, without a line break at the end.
fn wrapped(text: &str, indent: usize) -> String {
    let lines = wrap::lines(text.split_whitespace(), WIDTH - indent);
    lines.iter().map(|line| " ".repeat(indent) + line).collect::<Vec<_>>().join("\n")
}

fn head(dossier: &ClaimDossier<'_>) -> Vec<(&'static str, String)> {
    let fact = |name: &str| {
        let found = dossier.summary.iter().find(|(own, _)| *own == name);
        found.map_or(BLANK.to_owned(), |(_, value)| value.clone())
    };
    vec![
        ("Date", BLANK.to_owned()),
        ("To", format!("{BLANK} ({})", fact("provider"))),
        ("Address", BLANK.to_owned()),
        ("Claim", dossier.claim.to_owned()),
        ("Member", fact("member")),
        ("Patient's name", BLANK.to_owned()),
        ("Date of birth", BLANK.to_owned()),
        ("Service date", fact("service date")),
        ("Place", fact("place")),
        ("Payment", fact("payment")),
    ]
}

/// The services with their codes, and what was found about each.
fn services(found: &OpenFindings<'_, '_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (subject, findings) in found {
        let line = if found.len() > 1 { on_line(subject) } else { String::new() };
        blocks.push(Block::Paragraph(format!("{}{line}{}", subject.what, in_words(subject))));
        let sentence = |finding: &&ClaimFinding<'_>| format!("{} ({}).", finding.shown.message, finding.shown.code);
        blocks.push(Block::List(findings.iter().map(sentence).collect()));
    }
    blocks
}

/// The line of the claim that a service is on. Empty if the claim does not number its lines.
fn on_line(subject: &ClaimSubject<'_>) -> String {
    if subject.number.is_empty() { String::new() } else { format!(", line {}", subject.number) }
}

/// The words of the codes of a service, in parentheses. A single code is not repeated.
fn in_words(subject: &ClaimSubject<'_>) -> String {
    match subject.fact("procedure") {
        [] => String::new(),
        [one] => format!(" ({})", one.split_once(": ").map_or(one.as_str(), |(_, words)| words)),
        several => format!(" ({})", several.join("; ")),
    }
}

/// What the sources of the findings ask, each once.
fn sources(found: &OpenFindings<'_, '_>) -> Vec<Block> {
    let mut items: Vec<String> = Vec::new();
    for finding in found.iter().flat_map(|(_, findings)| findings) {
        let clauses = finding.clauses.iter().map(|clause| format!("{} Source: {}.", clause.asks, clause.place()));
        let citation = finding.clauses.is_empty().then(|| format!("Source: {}.", finding.shown.citation));
        for item in clauses.chain(citation) {
            if !items.contains(&item) {
                items.push(item);
            }
        }
    }
    vec![Block::List(items)]
}

/// The documents that would answer the findings, each once.
fn documents(found: &OpenFindings<'_, '_>) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for document in found.iter().flat_map(|(_, findings)| findings).flat_map(|finding| finding.ask) {
        if !items.contains(document) {
            items.push(document.clone());
        }
    }
    items
}

/// Diagnoses and authorizations as they were considered, of each service with findings. Several services are named: what
/// was considered of one of them says nothing of another.
fn considered(found: &OpenFindings<'_, '_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (subject, _) in found {
        let of = if found.len() > 1 { format!(" of {}{}", subject.what, on_line(subject)) } else { String::new() };
        for (name, title) in [
            ("diagnoses", "Diagnoses"),
            ("not pointed to", "Diagnoses that the line does not point to"),
            ("authorization", "Authorization"),
        ] {
            // A note in parentheses says which diagnoses they are; the headings of the letter say that already.
            let items = subject.fact(name).iter().filter(|fact| !fact.starts_with('('));
            let items: Vec<String> = items.cloned().collect();
            if !items.is_empty() {
                blocks.push(Block::Paragraph(format!("{title}{of}:")));
                blocks.push(Block::List(items));
            }
        }
    }
    blocks
}

fn request(dossier: &ClaimDossier<'_>, found: &OpenFindings<'_, '_>) -> Vec<Section> {
    let documents = documents(found);
    let please = if documents.is_empty() {
        vec![Block::Paragraph(format!("Please send: {BLANK}"))]
    } else {
        vec![Block::List(documents)]
    };
    let intro =
        "This claim is under review. The codes on it do not settle whether it meets what the sources under \"What is \
                 asked\" ask."
            .to_owned();
    let why = std::iter::once(Block::Paragraph(intro)).chain(services(found)).collect();
    vec![
        Section { heading: "Why we ask", blocks: why },
        Section { heading: "What is asked", blocks: sources(found) },
        Section { heading: "Codes and authorizations considered", blocks: considered(found) },
        Section { heading: "Please send", blocks: please },
        Section {
            heading: "How to answer",
            blocks: vec![
                Block::Paragraph(format!("Please send the records by {BLANK} to {BLANK}.")),
                Block::Paragraph(format!("If we do not receive them: {BLANK}.")),
                Block::Paragraph(format!("Questions: {BLANK}. Reviewer: {BLANK}.")),
            ],
        },
        unseen(dossier),
    ]
}

fn rationale(dossier: &ClaimDossier<'_>, found: &OpenFindings<'_, '_>) -> Vec<Section> {
    let decision = "As coded, the services below do not meet what the sources under \"What is asked\" ask.".to_owned();
    let mut why = vec![Block::Paragraph(decision)];
    why.extend(services(found));
    let mut change: Vec<String> = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    for finding in found.iter().flat_map(|(_, findings)| findings) {
        if !finding.shown.change.is_empty() && !change.contains(&finding.shown.change) {
            change.push(finding.shown.change.clone());
        }
        let reason = format!("{}: {}", finding.shown.code, finding.shown.reason);
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let mut sections = vec![
        Section { heading: "What was decided, and why", blocks: why },
        Section { heading: "What is asked", blocks: sources(found) },
        Section { heading: "Codes and authorizations considered", blocks: considered(found) },
        Section { heading: "What would change the decision", blocks: vec![Block::List(change)] },
    ];
    let documents = documents(found);
    if !documents.is_empty() {
        sections.push(Section { heading: "Documents that would help", blocks: vec![Block::List(documents)] });
    }
    sections.push(Section { heading: "Suggested remittance codes", blocks: vec![Block::List(reasons)] });
    let shared = "Rows of other members have this claim number, too. This letter is about the rows of the member above; check \
                  the number before it is sent.";
    let shared = dossier.number_is_shared.then(|| Block::Paragraph(shared.to_owned()));
    sections.push(Section {
        heading: "To be completed by the reviewer",
        blocks: shared
            .into_iter()
            .chain([
                Block::Paragraph(format!("Amount to be recovered: {BLANK}")),
                Block::Paragraph(format!("Records reviewed, and their dates: {BLANK}")),
                Block::Paragraph(format!("Clinical reasons in the member's case: {BLANK}")),
                Block::Paragraph(format!("Right to appeal, address and time limit: {BLANK}")),
                Block::Paragraph(format!("Reviewer: {BLANK} Credentials: {BLANK}")),
                Block::Paragraph(format!("Signature: {BLANK} Date: {BLANK}")),
            ])
            .collect(),
    });
    sections.push(unseen(dossier));
    sections
}

fn unseen(dossier: &ClaimDossier<'_>) -> Section {
    let sentences = dossier.selection.iter().chain(dossier.unseen);
    let blocks = sentences.map(|sentence| Block::Paragraph(sentence.clone()));
    Section { heading: "What a claim cannot show", blocks: blocks.collect() }
}
