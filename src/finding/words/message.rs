//! The message of a finding: what it is about, then what made it fire.

use crate::finding::evidence::{CodingEvidence, Evidence};
use crate::finding::record::{Finding, Subject};
use crate::finding::words::writer::{MessageWriter, Words};

impl Words<'_> {
    /// Adds the message of a finding: its subject, then what made it fire.
    pub fn message(self, finding: &Finding, to: &mut String) {
        let line = self.line_set.line(finding.line);
        let codes = match finding.subject {
            Subject::Service(service) => self.line_set.codes_of(service),
            Subject::Related(_) | Subject::Withdrawn(_) => line.known,
        };
        let writer = MessageWriter { words: self, line, codes };
        // A code that is not in force is named alone, whatever other codes the line holds.
        match finding.evidence {
            Evidence::Coding(CodingEvidence::NotYetInForce { code } | CodingEvidence::NoLongerInForce { code }) => {
                writer.what(&[code], to);
            }
            _ => writer.what(codes, to),
        }
        to.push_str(": ");
        writer.sentence(&finding.evidence, to);
        if let Some(cap) = finding.capped_by {
            to.push_str("; to be reviewed, not denied: ");
            writer.cap(cap, &finding.evidence, to);
        }
    }
}

impl MessageWriter<'_> {
    fn sentence(&self, evidence: &Evidence, to: &mut String) {
        match evidence {
            Evidence::Diagnosis(evidence) => self.diagnosis(evidence, to),
            Evidence::Authorization(evidence) => self.authorization(evidence, to),
            Evidence::Coding(evidence) => self.coding(evidence, to),
            Evidence::Routing(evidence) => self.routing(evidence, to),
            Evidence::Session(evidence) => self.session(*evidence, to),
            Evidence::Quality(evidence) => self.quality(*evidence, to),
        }
    }
}
