//! The journal of a run: `events.jsonl`, one event a line, and reading it again.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::events::{IllegalTransition, RunState, Stamped, Teller};
use crate::report::json::write_line;

/// The journal's name in the folder of its run.
pub const EVENTS: &str = "events.jsonl";

/// Writes every event as it comes; what was told is in the file, also when we are killed.
pub struct Journal(File);

impl Journal {
    /// Begins the journal of a run in its folder, readable by its owner only. Fails where there is one already.
    pub fn create(folder: &Path) -> io::Result<Self> {
        OpenOptions::new().append(true).create_new(true).mode(0o600).open(folder.join(EVENTS)).map(Self)
    }
}

impl Teller for Journal {
    fn name(&self) -> &'static str {
        "journal"
    }

    fn tell(&mut self, stamped: &Stamped, _state: &RunState) -> io::Result<()> {
        write_line(&mut self.0, stamped)
    }
}

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read.
    #[error("cannot read the journal `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line that is not the last is not an event: it was written by another version, or damaged.
    #[error("line {line} of the journal `{path}` is not an event; was it written by another version of bricklayer?")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// The events do not add up.
    #[error("line {line} of the journal `{path}` cannot follow the ones before it")]
    Illegal {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// Why.
        source: IllegalTransition,
    },
    /// A teller could not write what it was told.
    #[error("cannot write what the journal says")]
    Tell(#[source] io::Error),
}

/// A journal that was read again.
#[derive(Debug)]
pub struct Replay {
    /// Where the run stands, or ended.
    pub state: RunState,
    /// The last line was cut: we were killed, or the disk was full.
    pub cut: bool,
}

impl Replay {
    /// Reads a journal and tells it to tellers as if it happened now: the same fold, the same tellers.
    pub fn read(path: &Path, tellers: &mut [Box<dyn Teller>]) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Read { path: path.to_owned(), source };
        let mut file = BufReader::new(File::open(path).map_err(failed)?);
        let mut state = RunState::new();
        let mut text = Vec::new();
        for line in 1.. {
            text.clear();
            if file.read_until(b'\n', &mut text).map_err(failed)? == 0 {
                break;
            }
            let stamped: Stamped = match serde_json::from_slice(&text) {
                Ok(stamped) => stamped,
                // Only a line without its newline may be half of one; it is always the last.
                Err(_) if text.last() != Some(&b'\n') => return Ok(Self { state, cut: true }),
                Err(source) => return Err(JournalError::Line { path: path.to_owned(), line, source }),
            };
            state.apply(&stamped).map_err(|source| JournalError::Illegal { path: path.to_owned(), line, source })?;
            for teller in tellers.iter_mut() {
                teller.tell(&stamped, &state).map_err(JournalError::Tell)?;
            }
        }
        Ok(Self { state, cut: false })
    }
}
