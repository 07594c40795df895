//! The only way to the terminal. It makes control, escape and direction-changing characters visible, whoever wrote them.
//!
//! The escape sequences of our own styles are enclosed in a key that is random in each process, so that no text from
//! outside can contain it. [`Screen`] lets enclosed sequences through and nothing else. anstream then removes colors for
//! pipes and with `NO_COLOR`.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, IsTerminal as _, Write};
use std::sync::OnceLock;

use anstyle::Style;
use terminal_size::{Height, terminal_size_of};

use crate::report::words::escape::seen;

/// A style of text. It is written before the text, and with `{:#}` after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextStyle(pub(crate) Style);

impl fmt::Display for TextStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, style) = (key(), self.0);
        if f.alternate() { write!(f, "{key}{style:#}{key}") } else { write!(f, "{key}{style}{key}") }
    }
}

/// The key of this process. It begins and ends like an escape sequence, so that it has no width.
fn key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| format!("\x1b{:016x}{:016x}m", RandomState::new().hash_one(0), RandomState::new().hash_one(1)))
}

/// Encloses the styles of a text that holds nothing from outside, such as the help of a command.
pub(crate) fn trusted(own_text: &str) -> String {
    let mut out = String::with_capacity(own_text.len());
    let mut pieces = own_text.split("\x1b[");
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (style, text) = piece.split_once('m').unwrap_or((piece, ""));
        out.extend([key(), "\x1b[", style, "m", key(), text]);
    }
    out
}

/// Standard output, standard error, or a file of text. Lines are written when they are complete, the rest when it is flushed
/// or dropped.
pub(crate) struct Screen<'a> {
    stream: Box<dyn Write + 'a>,
    /// Are our own styles written? A stream of the terminal decides that itself.
    has_styles: bool,
    incomplete: Vec<u8>,
}

/// Standard output.
pub(crate) fn stdout() -> Screen<'static> {
    Screen { stream: Box::new(anstream::stdout()), has_styles: true, incomplete: Vec::new() }
}

/// Lines of the terminal that shows standard output; none in a pipe, or if the terminal does not say how many it has.
pub(crate) fn terminal_lines() -> Option<usize> {
    let (_, Height(lines)) = terminal_size_of(io::stdout())?;
    Some(usize::from(lines)).filter(|lines| *lines > 0)
}

/// Standard error. While it exists, other threads wait for it, so that lines never mix.
pub(crate) fn stderr() -> Screen<'static> {
    Screen { stream: Box::new(anstream::stderr().lock()), has_styles: true, incomplete: Vec::new() }
}

/// A file that gets the text of the terminal without its styles.
pub(crate) fn text_file(file: &mut dyn Write) -> Screen<'_> {
    Screen { stream: Box::new(file), has_styles: false, incomplete: Vec::new() }
}

/// Decides whether colors are written from now on, by `--color` as it was typed. It is looked for before the arguments are
/// parsed, because help and errors about arguments have colors, too.
pub(crate) fn choose_colors(typed: &[std::ffi::OsString]) {
    let word = |n: usize| match typed[n].to_str()?.strip_prefix("--color")?.strip_prefix('=') {
        Some(value) => Some(value.to_owned()),
        None if typed[n] == "--color" => Some(typed.get(n + 1)?.to_str()?.to_owned()),
        None => None,
    };
    let choice = match (0..typed.len()).find_map(word).as_deref() {
        Some("always") => anstream::ColorChoice::Always,
        Some("never") => anstream::ColorChoice::Never,
        _ => return,
    };
    choice.write_global();
}

/// Is standard error a terminal?
pub(crate) fn is_stderr_terminal() -> bool {
    io::stderr().is_terminal()
}

impl Screen<'_> {
    /// Writes the first bytes that wait.
    fn show(&mut self, bytes: usize) -> io::Result<()> {
        let rest = self.incomplete.split_off(bytes);
        let complete = std::mem::replace(&mut self.incomplete, rest);
        let text = visible(&String::from_utf8_lossy(&complete));
        if self.has_styles {
            self.stream.write_all(text.as_bytes())
        } else {
            write!(self.stream, "{}", anstream::adapter::strip_str(&text))
        }
    }
}

impl Write for Screen<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.incomplete.extend_from_slice(bytes);
        if let Some(end) = memchr::memrchr(b'\n', &self.incomplete) {
            self.show(end + 1)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.show(self.incomplete.len())?;
        self.stream.flush()
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

/// The text as a terminal may have it: our own styles, line ends, tabs, and visible characters.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (n, piece) in text.split(key()).enumerate() {
        if n % 2 == 1 && is_style(piece) {
            out.push_str(piece);
            continue;
        }
        for line in piece.split_inclusive('\n') {
            let end = ["\r\n", "\n"].into_iter().find(|end| line.ends_with(end)).unwrap_or_default();
            let cells = line[..line.len() - end.len()].split_inclusive('\t');
            for cell in cells {
                let text = cell.strip_suffix('\t');
                out.push_str(&seen(text.unwrap_or(cell)));
                out.push_str(if text.is_some() { "\t" } else { "" });
            }
            out.push_str(end);
        }
    }
    out
}

/// Is this a sequence of escape sequences that style text, and nothing else?
fn is_style(text: &str) -> bool {
    text.split_inclusive('m').all(|sequence| {
        let numbers = sequence.strip_prefix("\x1b[").and_then(|s| s.strip_suffix('m'));
        numbers.is_some_and(|numbers| numbers.bytes().all(|b| b.is_ascii_digit() || b == b';'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_styles_reach_the_terminal() {
        let bold = TextStyle(Style::new().bold());
        for (text, want) in [
            (format!("{bold}a{bold:#}b\n"), "\x1b[1ma\x1b[0mb\n"),
            ("\x1b[1ma\x1b[0m\n".to_owned(), "\u{241b}[1ma\u{241b}[0m\n"),
            (format!("{bold}\x1b[31m\u{9b}31m\u{202e}{bold:#}"), "\x1b[1m\u{241b}[31m⟨U+009B⟩31m⟨U+202E⟩\x1b[0m"),
            ("\x1b]0;title\x07a\rb\u{7f}\tc\r\n\n".to_owned(), "\u{241b}]0;title\u{2407}a\u{240d}b\u{2421}\tc\r\n\n"),
            // A guessed key, and a key around something else.
            (
                "\x1b0123456789abcdefm\x1b[1m\x1b0123456789abcdefm".to_owned(),
                "\u{241b}0123456789abcdefm\u{241b}[1m\u{241b}0123456789abcdefm",
            ),
            (format!("{}\x1b[2J{}", key(), key()), "\u{241b}[2J"),
            (trusted("\x1b[1m\x1b[4mUsage:\x1b[0m x"), "\x1b[1m\x1b[4mUsage:\x1b[0m x"),
        ] {
            assert_eq!(visible(&text), want, "{text:?}");
        }
    }

    #[test]
    fn a_file_has_the_text_without_our_styles() {
        let (bold, mut file) = (TextStyle(Style::new().bold()), Vec::new());
        writeln!(text_file(&mut file), "{bold}a{bold:#} \x1b[1mb").expect("room for it");
        assert_eq!(String::from_utf8(file).expect("text"), "a \u{241b}[1mb\n");
    }

    #[test]
    fn text_is_written_in_lines_and_to_its_end() {
        let mut screen = Screen { stream: Box::new(io::sink()), has_styles: true, incomplete: Vec::new() };
        write!(screen, "one\ntw").expect("a sink takes everything");
        assert_eq!(screen.incomplete, b"tw");
        // A character whose bytes come apart is not damaged.
        screen.write_all(&"é".as_bytes()[..1]).expect("a sink takes everything");
        assert_eq!(screen.incomplete, b"tw\xc3");
        screen.flush().expect("a sink takes everything");
        assert_eq!(screen.incomplete, b"");
    }
}
