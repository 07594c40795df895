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
