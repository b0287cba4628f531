//! How far a file has been read, and whether there is more.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

/// What tells a file that has changed from one that has not; nothing where there is none.
pub(super) type Looks = Option<(u64, u64, SystemTime)>;

pub(super) fn looks(file: &Path) -> Looks {
    let facts = file.metadata().ok()?;
    Some((facts.ino(), facts.len(), facts.modified().ok()?))
}

/// A file, up to where it was read.
#[derive(Debug)]
pub(super) struct Seen {
    /// From before it was read: what is written in between is read again.
    pub(super) looks: Looks,
    pub(super) lines: usize,
    bytes: u64,
    /// The last line is.
    whole: bool,
}

impl Seen {
    pub(super) fn before_reading(file: &Path) -> Self {
        Self { looks: looks(file), lines: 0, bytes: 0, whole: true }
    }

    /// Whether nothing has happened to it but that somebody has appended to it, as `ssh` does.
    pub(super) fn has_grown_only(&mut self, file: &Path) -> bool {
        let now = looks(file);
        let grown = match (self.looks, now) {
            (Some((before, ..)), Some((now, length, _))) => before == now && length >= self.bytes && self.whole,
            _ => false,
        };
        let same = self.looks == now;
        self.looks = now;
        same || grown
    }

    /// The rest of it.
    pub(super) fn more(&mut self, file: &Path) -> Result<String, String> {
        let mut bytes = Vec::new();
        let read = File::open(file).and_then(|mut open| {
            open.seek(SeekFrom::Start(self.bytes))?;
            open.read_to_end(&mut bytes)
        });
        match read {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(format!("cannot read `{}`: {error}", file.display()))
            }
            _ => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.bytes += bytes.len() as u64;
                self.lines += text.lines().count();
                self.whole = bytes.last().map_or(self.whole, |last| *last == b'\n');
                Ok(text)
            }
        }
    }
}
