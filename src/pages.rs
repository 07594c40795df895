//! Pages of text that `cargo doc`, `claimlint help` and the manual show: the one type and the one declaration for the
//! guide and the specification.

/// One page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The file name without its extension: the topic of `claimlint help`, or the page of a citation.
    pub name: &'static str,
    /// What the page is about, in one line. For a page of the specification this is its title.
    pub about: &'static str,
    /// The whole page in Markdown. Its first line is the title.
    pub text: &'static str,
}

/// How a page of the repository runs claimlint. Tests run these commands.
const IN_THE_REPOSITORY: &str = "cargo run --release -- ";

/// How a reader of an installed claimlint runs it.
const INSTALLED: &str = "claimlint ";

impl Page {
    /// The page with the commands of an installed claimlint, for the terminal and the manual.
    #[must_use]
    pub fn installed(&self) -> String {
        self.text.replace(IN_THE_REPOSITORY, INSTALLED)
    }
}

/// Declares the pages of a room in reading order: a module for `cargo doc` and an entry of `PAGES` for each file, and the
/// function that finds a page.
macro_rules! pages {
    ($($name:ident: $about:literal,)*) => {
        $(
            #[allow(clippy::doc_markdown, reason = "a page is also printed at the terminal, where backticks are noise")]
            pub mod $name {
                #![doc = include_str!(concat!(stringify!($name), ".md"))]
            }
        )*

        /// Every page, in reading order.
        pub const PAGES: &[$crate::pages::Page] = &[
            $($crate::pages::Page {
                name: stringify!($name),
                about: $about,
                text: include_str!(concat!(stringify!($name), ".md")),
            },)*
        ];

        /// The page of this name.
        #[must_use]
        pub fn page(name: &str) -> Option<&'static $crate::pages::Page> {
            PAGES.iter().find(|page| page.name == name)
        }
    };
}

pub(crate) use pages;

/// Rows of tables with another number of cells than the head of their table: an unescaped `|` cuts a cell.
#[cfg(test)]
pub(crate) fn uneven_rows(page: &Page) -> Vec<&str> {
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut head = None;
    let mut uneven = Vec::new();
    for line in page.text.lines() {
        if !line.trim_start().starts_with("| ") && !line.trim_start().starts_with("|--") {
            head = None;
        } else if *head.get_or_insert(cells(line)) != cells(line) {
            uneven.push(line);
        }
    }
    uneven
}

/// Is there exactly one page for every Markdown file in a folder of `src`?
#[cfg(test)]
pub(crate) fn list_every_file(pages: &[Page], folder: &str) -> bool {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    let names = std::fs::read_dir(path).expect("the folder").map(|entry| entry.expect("an entry").file_name());
    let mut files: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    files.retain(|file| file != "mod.rs");
    files.sort();
    let mut listed: Vec<String> = pages.iter().map(|page| format!("{}.md", page.name)).collect();
    listed.sort();
    listed == files
}
