//! The text that is read, and places in it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use crate::yaml::{Problem, Problems};

/// More than this is refused: an inventory of a thousand nodes is a tenth of it.
const LIMIT: u64 = 1024 * 1024;

/// A range of bytes in a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

/// A text with the name that people know it by; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as it was given.
    pub name: Arc<str>,
    /// The text, without a byte order mark.
    pub text: Arc<str>,
}

impl Source {
    /// A text that is at hand already.
    pub fn new(name: &str, text: &str) -> Self {
        Self { name: Arc::from(name), text: Arc::from(text.strip_prefix('\u{feff}').unwrap_or(text)) }
    }

    /// Reads a file. `Err` is that it is missing or may not be read, is a directory, is larger than 1 MiB, or is
    /// not UTF-8.
    pub fn read(path: &Path) -> Result<Self, Problems> {
        let name = path.display().to_string();
        let bytes = read_bounded(path).map_err(|problem| Problems::one(Self::new(&name, ""), problem))?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Self::new(&name, text)),
            Err(error) => Err(not_utf8(&name, &bytes, error.valid_up_to())),
        }
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub fn position(&self, at: usize) -> (usize, usize) {
        let at = self.floor(at);
        let before = &self.text[..at];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }

    /// The text of a span.
    pub fn slice(&self, span: Span) -> &str {
        &self.text[self.floor(span.start)..self.floor(span.end.max(span.start))]
    }

    /// The nearest character boundary at or before a byte.
    pub(crate) fn floor(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        (0..=at).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
    }
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, Problem> {
    let unreadable = |error: &std::io::Error| Problem::file(format!("this file cannot be read: {}", reason(error)));
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let about = file.metadata().map_err(|error| unreadable(&error))?;
    if about.is_dir() {
        return Err(Problem::file("this is a directory, not a file"));
    }
    let mut bytes = Vec::new();
    // A length is only a promise (pipes have none): what is read is bounded too.
    if about.len() <= LIMIT {
        file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    }
    let found = about.len().max(bytes.len() as u64);
    if found > LIMIT {
        return Err(
            Problem::file(format!("this file is larger than 1 MiB ({})", size(found))).help("is this the right file?")
        );
    }
    Ok(bytes)
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string().to_lowercase(),
    }
}

fn size(bytes: u64) -> String {
    if bytes < 2 * LIMIT { format!("{} KiB or more", bytes / 1024) } else { format!("{} MiB", bytes / LIMIT) }
}

// Shows the line with the bad byte, everything after it left out.
fn not_utf8(name: &str, bytes: &[u8], at: usize) -> Problems {
    let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let mark = if bytes.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
    let line_end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length);
    if utf16 {
        let problem = Problem::at(Span::default(), "this file is UTF-16, not UTF-8");
        return Problems::one(Source::new(name, ""), problem.help("save it as UTF-8: `iconv -f UTF-16 -t UTF-8`"));
    }
    let source = Source::new(name, &String::from_utf8_lossy(&bytes[..line_end.min(at + 200)]));
    let span = Span { start: at - mark, end: at - mark + '\u{fffd}'.len_utf8() };
    let problem = Problem::at(span, format!("byte 0x{:02x} is not UTF-8", bytes[at]))
        .help("save the file as UTF-8; from Latin-1 for example: `iconv -f LATIN1 -t UTF-8`");
    Problems::one(source, problem)
}
