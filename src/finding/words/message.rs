//! The message of a finding: what it is about, then what made it fire.

use crate::finding::evidence::{CodingEvidence, Evidence};
use crate::finding::record::{Finding, Subject};
use crate::finding::words::writer::{MessageWriter, Words};

impl Words<'_> {
    /// The message of a finding: its subject, then what made it fire.
    pub fn message(self, finding: &Finding) -> String {
        let line = self.line_set.line(finding.line);
        let codes = match finding.subject {
            Subject::Service(service) => self.line_set.codes_of(service),
            Subject::Related(_) | Subject::Withdrawn(_) => line.known,
        };
        let writer = MessageWriter { words: self, line, codes };
        // A code that is not in force is named alone, whatever other codes the line holds.
        let about = match finding.evidence {
            Evidence::Coding(CodingEvidence::NotYetInForce { code } | CodingEvidence::NoLongerInForce { code }) => {
                writer.what(&[code])
            }
            _ => writer.what(codes),
        };
        let sentence = writer.sentence(&finding.evidence);
        match finding.capped_by {
            Some(cap) => {
                format!("{about}: {sentence}; to be reviewed, not denied: {}", writer.cap(cap, &finding.evidence))
            }
            None => format!("{about}: {sentence}"),
        }
    }
}

impl MessageWriter<'_> {
    fn sentence(&self, evidence: &Evidence) -> String {
        match evidence {
            Evidence::Diagnosis(evidence) => self.diagnosis(evidence),
            Evidence::Authorization(evidence) => self.authorization(evidence),
            Evidence::Coding(evidence) => self.coding(evidence),
            Evidence::Routing(evidence) => self.routing(evidence),
            Evidence::Session(evidence) => self.session(*evidence),
            Evidence::Quality(evidence) => self.quality(*evidence),
        }
    }
}
