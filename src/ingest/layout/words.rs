//! The words that a layout translates: `[claim_form]`, `[status]`, `[frequency]` and `[auths]`. Also the version number at
//! the end of the claim number.

use crate::ingest::empty_words::refuse_empty;
use crate::ingest::layout::text_form::TextForm;
use crate::ingest::word::{fold, short_code};
use crate::strict_toml::{Document, Table, texts};

/// What the amounts on the rows of a claim refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amounts {
    /// Each row has amounts of its own.
    Line,
    /// Each row repeats the amounts of its claim.
    Claim,
}

/// How the version of a claim is read from the end of its claim number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionCut {
    /// The column of the claim number.
    pub of: String,
    /// Number of characters at the end that are the version.
    pub last: usize,
}

/// The words of a source and their meanings.
#[derive(Debug, Clone, Default)]
pub struct LayoutWords {
    /// Words of `claim_form`: `professional` or `institutional`.
    pub claim_form: Vec<(String, &'static str)>,
    /// Words of `line_status` and `claim_status`: `paid`, `denied`, `pending` or `reversed`.
    pub status: Vec<(String, &'static str)>,
    /// Words of `frequency_code`: `1`, `7` or `8`.
    pub frequency: Vec<(String, &'static str)>,
    /// Columns of the authorization file: the canonical name, and the names that the file may use.
    pub authorization_columns: Vec<(&'static str, Vec<String>)>,
    /// The form of the authorization file; none: that of a CSV file, whatever the form of the extracts.
    pub authorization_form: Option<TextForm>,
    /// Words of the status of an authorization: true is an approval.
    pub authorization_status: Vec<(String, bool)>,
    /// What the amounts refer to. `None` if the layout does not say.
    pub amounts: Option<Amounts>,
    /// The version number at the end of the claim number.
    pub version: Option<VersionCut>,
}

/// The columns of an authorization file.
pub(crate) const AUTHORIZATION_COLUMNS: [&str; 7] =
    ["authorization_number", "member_id", "procedure_codes", "status", "valid_from", "valid_to", "units"];

/// The keys of `[auths]` that say what form the file has.
const FORM_KEYS: [&str; 5] = ["delimiter", "quote", "escape", "skip_lines", "skip_prefix"];

/// Key of the status column if `[auths.status]` is a table of words.
const STATUS_COLUMN: &str = "status_column";

/// Maximum length of the version at the end of a claim number, in characters: more digits than any count of versions.
const MAX_VERSION_LEN: i64 = 9;

impl LayoutWords {
    /// Reads the words of a layout. `claim_id`: the columns of the claim number; `null`: its words for an empty cell.
    pub(crate) fn read(document: &Document<'_>, root: &Table<'_, '_>, claim_id: &[String], null: &[String]) -> Self {
        let same = |words: &[&'static str]| words.iter().map(|word| (*word, *word)).collect::<Vec<_>>();
        let form = |word: &str| fold(word).replace(' ', "");
        let code = |word: &str| fold(short_code(word));
        let claim_form = words(root, "claim_form", null, form, &same(&["professional", "institutional"]));
        let status = words(root, "status", null, code, &same(&["paid", "denied", "pending", "reversed"]));
        let frequency = words(root, "frequency", null, code, &same(&["1", "7", "8"]));
        let amounts = root
            .has("amounts")
            .then(|| root.choice("amounts", &[("line", Amounts::Line), ("claim", Amounts::Claim)]))
            .flatten();
        let (mut authorization_columns, mut authorization_status) = (Vec::new(), Vec::new());
        let mut authorization_form = None;
        if let Some(auths) = root.table_if("auths") {
            for column in AUTHORIZATION_COLUMNS {
                let mut key = column;
                if column == "status" && auths.is_table(column) {
                    let meanings = [("approved", true), ("not-approved", false)];
                    authorization_status = words(&auths, column, null, code, &meanings);
                    key = STATUS_COLUMN;
                }
                let names = texts(auths.texts_if(key));
                if !names.is_empty() {
                    authorization_columns.push((column, names));
                }
            }
            if FORM_KEYS.iter().any(|key| auths.has(key)) {
                authorization_form = Some(TextForm::read(document, &auths, &TextForm::default()));
            }
            auths.deny_unknown_keys();
        }
        let version = root.has("columns").then(|| version_cut(document, root, claim_id)).flatten();
        Self {
            claim_form,
            status,
            frequency,
            authorization_columns,
            authorization_form,
            authorization_status,
            amounts,
            version,
        }
    }
}

impl LayoutWords {
    /// Adds the words of the layout that this one extends. A word of this layout comes first, and wins.
    #[must_use]
    pub(crate) fn over(mut self, base: Self) -> Self {
        self.claim_form.extend(base.claim_form);
        self.status.extend(base.status);
        self.frequency.extend(base.frequency);
        let own: Vec<&'static str> = self.authorization_columns.iter().map(|(column, _)| *column).collect();
        let columns = base.authorization_columns.into_iter().filter(|(column, _)| !own.contains(column));
        self.authorization_columns.extend(columns);
        self.authorization_form = self.authorization_form.or(base.authorization_form);
        self.authorization_status.extend(base.authorization_status);
        self.amounts = self.amounts.or(base.amounts);
        self.version = self.version.or(base.version);
        self
    }
}

/// Reads a table of words, each with one of these meanings. `key_of`: a word as it is compared; `null`: the words of the
/// layout for an empty cell.
fn words<T: Copy>(
    table: &Table<'_, '_>,
    key: &str,
    null: &[String],
    key_of: impl Fn(&str) -> String,
    meanings: &[(&str, T)],
) -> Vec<(String, T)> {
    let Some(words) = table.table_if(key) else { return Vec::new() };
    refuse_empty(&words, null);
    let read = words.words("a word", key_of).into_iter().filter_map(|word| {
        let meaning = words.choice(&word.text, meanings)?;
        Some((word.text, meaning))
    });
    let read = read.collect();
    words.deny_unknown_keys();
    read
}

/// `version_number = { of = "CLAIM_NO", last = 2 }` under `[columns]`.
fn version_cut(document: &Document<'_>, root: &Table<'_, '_>, claim_id: &[String]) -> Option<VersionCut> {
    let columns = root.table_if("columns").filter(|columns| columns.is_table("version_number"))?;
    let cut = columns.table("version_number")?;
    let (of, last) = (cut.text("of"), cut.number("last", 1..=MAX_VERSION_LEN));
    cut.deny_unknown_keys();
    let (of, last) = (of?, usize::try_from(last?).ok()?);
    if claim_id.last() != Some(&of.text) {
        let message = match claim_id.last() {
            Some(last) => {
                format!("the version is the end of the claim number: write of = \"{last}\", the last column of claim_id")
            }
            None => "the version is the end of the claim number: write claim_id under [columns], too, and `of` its last column"
                .to_owned(),
        };
        document.fault(of.span, message);
        return None;
    }
    Some(VersionCut { of: of.text, last })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::layout::definition::Layout;

    const HEAD: &str = "name = \"t\"\ntitle = \"t\"\nsource = \"t\"\nvalid = \"t\"\n";

    #[test]
    fn words_dates_and_versions_are_checked() {
        let columns = "[columns]\nclaim_id = [\"a\", \"c\"]\nversion_number = { of = \"c\", last = 2 }\n";
        let good = "dates = [\"DD.MM.YYYY\", \"excel\"]\namounts = \"claim\"\n[claim_form]\nX = \"professional\"\n[status]\nE = \"denied\"\n[frequency]\n0 = \"1\"\n[auths]\nauthorization_number = \"UTN\"\nstatus_column = [\"PA_DECISION\"]\n[auths.status]\nN = \"not-approved\"\n";
        let layout = Layout::load("l.toml", &format!("{HEAD}{good}{columns}")).unwrap_or_else(|e| panic!("{e}"));
        let words = &layout.words;
        assert_eq!((layout.dates.len(), words.amounts), (2, Some(Amounts::Claim)));
        assert_eq!(words.claim_form, [("X".to_owned(), "professional")]);
        assert_eq!(
            (&words.status[..], &words.frequency[..]),
            (&[("E".to_owned(), "denied")][..], &[("0".to_owned(), "1")][..])
        );
        assert_eq!(
            words.authorization_columns.iter().map(|(column, _)| *column).collect::<Vec<_>>(),
            ["authorization_number", "status"]
        );
        assert_eq!(words.authorization_status, [("N".to_owned(), false)]);
        assert_eq!(words.version.as_ref().map(|version| version.last), Some(2));
        for (text, line, says) in [
            ("dates = \"DD.MM\"\n", 5, "a date has one year"),
            ("dates = [\"soon\"]\n", 5, "a date consists of"),
            ("[auths]\nquote = \"''\"\n", 6, "a quote is one character"),
            ("[auths]\nheader = \"a\"\n", 6, "`auths.header` is not known"),
            ("amounts = \"row\"\n", 5, "`amounts` is \"row\": write one of line, claim"),
            (
                "[claim_form]\nX = \"dental\"\n",
                6,
                "`claim_form.X` is \"dental\": write one of professional, institutional",
            ),
            ("[status]\nX = \"lost\"\n", 6, "`status.X` is \"lost\""),
            ("[frequency]\n0 = \"9\"\n", 6, "`frequency.0` is \"9\": write one of 1, 7, 8"),
            (
                "[status]\n\"X 1\" = \"paid\"\n\"x-1\" = \"denied\"\n",
                7,
                "a word is listed twice: \"x-1\" is \"X 1\" of line 6",
            ),
            ("[status]\n\"02\" = \"paid\"\n2 = \"paid\"\n", 7, "a word is listed twice: \"2\" is \"02\""),
            ("[claim_form]\nCMS1 = \"professional\"\n\"cms 1\" = \"institutional\"\n", 7, "a word is listed twice"),
            ("[frequency]\n\"?\" = \"1\"\n", 6, "a word has letters or digits"),
            ("[status]\n\"N/A\" = \"denied\"\n", 6, "a cell with \"N/A\" counts as empty"),
            ("null = \"xx\"\n[claim_form]\nXX = \"professional\"\n", 7, "a cell with \"XX\" counts as empty"),
            ("[auths.status]\nnone = \"approved\"\n", 6, "a cell with \"none\" counts as empty"),
            ("[products]\n\"None\" = \"medicare-hmo\"\n", 6, "a cell with \"None\" counts as empty"),
            ("[auths]\nnumber = \"UTN\"\n", 6, "`auths.number` is not known"),
            ("[auths.status]\nN = \"no\"\n", 6, "`auths.status.N` is \"no\": write one of approved, not-approved"),
        ] {
            let faults = Layout::load("l.toml", &format!("{HEAD}{text}{columns}")).expect_err(text).list;
            assert_eq!(
                (faults[0].line, faults[0].message.starts_with(says)),
                (line, true),
                "{text}: {}",
                faults[0].message
            );
        }
        for (names, says) in [("\"\"", "\"\" names no column"), ("{ join = [\"a\", \"_\"] }", "\"_\" names no column")]
        {
            let text = format!("{HEAD}[columns]\nclaim_id = {names}\n");
            let faults = Layout::load("l.toml", &text).expect_err(names).list;
            assert!(faults.iter().any(|fault| fault.message.starts_with(says)), "{names}: {faults:?}");
        }
        for (cut, says) in [
            ("{ of = \"a\", last = 2 }", "the version is the end of the claim number: write of = \"c\""),
            ("{ of = \"c\", last = 0 }", "`columns.version_number.last`"),
            ("{ of = \"c\" }", "`columns.version_number.last` is missing"),
            ("{ of = \"c\", last = 2, first = 1 }", "`columns.version_number.first` is not known"),
        ] {
            let text = columns.replace("{ of = \"c\", last = 2 }", cut);
            let faults = Layout::load("l.toml", &format!("{HEAD}{text}")).expect_err(cut).list;
            assert!(faults[0].message.starts_with(says), "{cut}: {}", faults[0].message);
        }
        let cut = "extends = \"canonical\"\n[columns]\nversion_number = { of = \"claim_id\", last = 2 }\n";
        let faults = Layout::load("l.toml", cut).expect_err("no claim_id").list;
        assert!(faults[0].message.contains("write claim_id under [columns], too"), "{}", faults[0].message);
    }
}
