//! Events for programs: `--format json`.

use std::io::{self, Write};

use crate::events::{RunState, Stamped, Teller};

/// Writes every event as one JSON object a line.
pub struct Json<W>(W);

impl<W: Write + Send> Json<W> {
    /// Writes to this stream.
    pub fn new(out: W) -> Self {
        Self(out)
    }
}

impl<W: Write + Send> Teller for Json<W> {
    fn name(&self) -> &'static str {
        "json"
    }

    fn tell(&mut self, stamped: &Stamped, _state: &RunState) -> io::Result<()> {
        write_line(&mut self.0, stamped)
    }
}

/// One object and its newline in a single write, so that a reader (or a power cut) never sees half of one more line
/// than it must.
pub(super) fn write_line(out: &mut impl Write, stamped: &Stamped) -> io::Result<()> {
    let mut line = serde_json::to_vec(stamped)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}
