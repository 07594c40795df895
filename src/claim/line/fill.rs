//! Copies a line with facts from other rows of its claim filled in.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::claim::line::batch::Batch;
use crate::claim::line::head::Head;
use crate::claim::line::kept::{Text, Texts};
use crate::claim::line::view::Line;
use crate::claim::value::product::ClassId;
use crate::claim::value::setting::{BillType, ClaimForm, SettingTable};

/// A fact of another row, with the values that were read from its cell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Filling {
    text: Box<str>,
    /// Slots and codes, if the fact is the diagnoses.
    diagnoses: Box<[(u8, Box<str>)]>,
    class: ClassId,
    marks: crate::claim::line::head::Marks,
}

impl Filling {
    /// A text of a line, or its diagnoses.
    pub(crate) fn new(source: Line<'_>, text: Option<Text>) -> Self {
        let diagnoses = if text.is_some() { 0 } else { source.diagnosis_count() };
        Self {
            text: text.map_or("", |text| source.text(text)).into(),
            diagnoses: (0..diagnoses).map(|n| (source.diagnosis_slot(n), source.diagnosis(n).into())).collect(),
            class: source.class,
            marks: source.marks(),
        }
    }
}

impl Filling {
    /// Bytes of its texts.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + self.diagnoses.iter().map(|(_, code)| size_of::<(u8, Box<str>)>() + code.len()).sum::<usize>()
    }
}

impl Batch {
    /// Adds a line with these facts. Claim form, setting, class and facility are derived again from them.
    pub(crate) fn push_filled(
        &mut self,
        line: Line<'_>,
        fillings: &[(Option<Text>, Cow<'_, Filling>)],
        settings: &SettingTable,
    ) {
        if fillings.is_empty() {
            return self.push(line);
        }
        let mut texts = Texts::new();
        for text in Text::ALL {
            texts.set(text, line.text(text));
        }
        let mut head: Head = line.head.clone();
        let mut diagnoses = None;
        for (text, filling) in fillings {
            let Some(text) = text else {
                diagnoses = Some(&filling.diagnoses);
                continue;
            };
            texts.set(*text, &filling.text);
            match text {
                Text::Product => {
                    head.class = filling.class;
                    head.change_marks(|marks| marks.product_unread = filling.marks.product_unread);
                }
                Text::PayerSequence => {
                    head.change_marks(|marks| {
                        marks.not_primary = filling.marks.not_primary;
                        marks.payer_unread = filling.marks.payer_unread;
                    });
                }
                Text::Capitated => head.change_marks(|marks| marks.capitated = filling.marks.capitated),
                Text::AdmissionType => head.change_marks(|marks| marks.emergency = filling.marks.emergency),
                _ => {}
            }
        }
        let (bill_type, place) = (texts.get(Text::BillType), texts.get(Text::PlaceOfService));
        if bill_type != line.text(Text::BillType) || place != line.text(Text::PlaceOfService) {
            head.setting = settings.setting(bill_type, place);
            head.facility = BillType::parse(bill_type).map(|bill| bill.facility);
            if !head.marks().form_said {
                head.form = ClaimForm::inferred(bill_type, place);
            }
        }
        let mut encoder = self.encode();
        line.known.iter().for_each(|id| encoder.known(*id));
        line.procedure_cells().for_each(|cell| encoder.procedure(cell));
        encoder.texts(&texts);
        match diagnoses {
            Some(diagnoses) => diagnoses.iter().for_each(|(slot, code)| {
                encoder.diagnosis(*slot, code);
            }),
            None => (0..line.diagnosis_count()).for_each(|n| {
                encoder.diagnosis(line.diagnosis_slot(n), line.diagnosis(n));
            }),
        }
        line.modifiers().for_each(|cell| encoder.modifier(cell));
        encoder.finish(head);
    }
}
