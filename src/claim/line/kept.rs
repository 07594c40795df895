//! The table of the texts that a line keeps.
//!
//! This is the only list of them. The encoder, the decoder, the validation of dossiers and the masking of ids follow it. To
//! keep another field, add it here, write it in [`crate::claim::line::values`], and read it in [`crate::claim::line::cells`] and
//! [`crate::claim::line::plain`].

/// The kind of id that a token replaces. Its letter begins the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    /// A member.
    Member,
    /// A claim or an original claim.
    Claim,
    /// An authorization number, compared by its letters and digits.
    Authorization,
    /// The text of a cell that could not be read, or that could hold an id in a form that is not looked for.
    Unreadable,
}

/// How masking treats a kept text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// The whole text is an id, or unknown content: a token replaces it.
    Token(IdKind),
    /// The name of a field and the quoted text of a cell that could not be read: a token replaces the quoted text.
    QuotedToken,
    /// The text is not an id, but ids that strayed into it are replaced.
    StrayIds,
    /// The text names somebody or is made of ids, and a masked run does not have it.
    Withheld,
    /// The same, and the text is usually a long number, in which a short id may occur by chance.
    StrayIdsInNumber,
}

macro_rules! kept_texts {
    ($($(#[$doc:meta])* $name:ident: $privacy:expr,)*) => {
        /// A text that a line keeps.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "most names are the canonical fields")]
        pub enum Text {
            $($(#[$doc])* $name,)*
        }

        impl Text {
            /// All kept texts, in the order in which a line holds them.
            pub const ALL: [Self; [$(stringify!($name)),*].len()] = [$(Self::$name),*];

            /// How masking treats the text.
            pub const fn privacy(self) -> Privacy {
                match self {
                    $(Self::$name => $privacy,)*
                }
            }
        }
    };
}

kept_texts! {
    ClaimId: Privacy::Token(IdKind::Claim),
    LineNumber: Privacy::StrayIds,
    /// The word of the claim form column.
    ClaimForm: Privacy::StrayIds,
    /// The frequency code, or the third character of the bill type if there is none.
    Frequency: Privacy::StrayIds,
    OriginalClaimId: Privacy::Token(IdKind::Claim),
    VersionNumber: Privacy::StrayIdsInNumber,
    ClaimStatus: Privacy::StrayIds,
    LineStatus: Privacy::StrayIds,
    MemberId: Privacy::Token(IdKind::Member),
    MemberState: Privacy::StrayIds,
    Product: Privacy::StrayIds,
    PayerSequence: Privacy::StrayIds,
    Capitated: Privacy::StrayIds,
    BillingNpi: Privacy::StrayIdsInNumber,
    RenderingNpi: Privacy::StrayIdsInNumber,
    PlaceOfService: Privacy::StrayIds,
    BillType: Privacy::StrayIds,
    AdmissionType: Privacy::StrayIds,
    RevenueCode: Privacy::StrayIds,
    /// The authorization numbers of the claim. Empty if the cell holds none.
    Authorization: Privacy::Token(IdKind::Authorization),
    /// The text of a service date that cannot be read.
    BadDate: Privacy::Token(IdKind::Unreadable),
    /// The text of units that cannot be read.
    BadUnits: Privacy::Token(IdKind::Unreadable),
    /// The first amount that cannot be read, with its field.
    BadAmount: Privacy::QuotedToken,
    /// The name of the billing provider, which is printed only.
    BillingProviderName: Privacy::Withheld,
    /// The parts of ids that are put together without a separator. Only masking reads them.
    IdParts: Privacy::Withheld,
}

impl Text {
    /// The bit of the text in a set of kept texts.
    pub(crate) const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// The texts of one line, by name. Texts that are not set are empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texts<'a>([&'a str; Text::ALL.len()]);

impl<'a> Texts<'a> {
    /// No text is set.
    pub(crate) const fn new() -> Self {
        Self([""; Text::ALL.len()])
    }

    /// Sets a text.
    pub(crate) const fn set(&mut self, text: Text, value: &'a str) {
        self.0[text as usize] = value;
    }

    /// A text.
    pub(crate) const fn get(&self, text: Text) -> &'a str {
        self.0[text as usize]
    }

    /// The texts that are not empty, in the order of [`Text::ALL`].
    pub(crate) fn filled(&self) -> impl Iterator<Item = (Text, &'a str)> {
        Text::ALL.iter().zip(&self.0).filter(|(_, value)| !value.is_empty()).map(|(text, value)| (*text, *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_the_enum_and_fits_a_set() {
        // The last bit of a set says something else.
        assert!(Text::ALL.len() < u32::BITS as usize);
        for (place, text) in Text::ALL.into_iter().enumerate() {
            assert_eq!(text as usize, place);
        }
    }

    #[test]
    fn texts_are_found_by_their_names() {
        let mut texts = Texts::new();
        texts.set(Text::Product, "HMO");
        texts.set(Text::ClaimId, "C1");
        assert_eq!(texts.filled().collect::<Vec<_>>(), [(Text::ClaimId, "C1"), (Text::Product, "HMO")]);
    }
}
