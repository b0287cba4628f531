//! Lines for a log: no terminal, no colours unless asked for.

use std::io::{self, Write};

use crate::events::{Event, RunState, Stamped, Teller};
use crate::report::{Mark, Paint, Said, marked, say, table};

/// Writes what is said as the manual's lines: `[INFO]`, `[SUCCESS]`, `[WARN]`, `[ERROR]`. Warnings and errors go to
/// the second stream, so that `> /dev/null` in a cron job still mails what went wrong.
pub struct Plain<O, E> {
    out: O,
    err: E,
    paint: Paint,
    verbose: bool,
}

impl<O: Write + Send, E: Write + Send> Plain<O, E> {
    /// `out` and `err` may be the same stream (`--format json` leaves only standard error to people).
    pub fn new(out: O, err: E, paint: Paint, verbose: bool) -> Self {
        Self { out, err, paint, verbose }
    }

    /// Writes a sentence to the stream it belongs to, in one piece.
    pub fn write(&mut self, said: &Said) -> io::Result<()> {
        let text = marked(said, self.paint).join("\n") + "\n";
        let stream: &mut dyn Write = match said.mark {
            Mark::Warn | Mark::Error => &mut self.err,
            Mark::Info | Mark::Success | Mark::DryRun => &mut self.out,
        };
        stream.write_all(text.as_bytes())?;
        stream.flush()
    }
}

impl<O: Write + Send, E: Write + Send> Teller for Plain<O, E> {
    fn name(&self) -> &'static str {
        "console"
    }

    fn tell(&mut self, stamped: &Stamped, state: &RunState) -> io::Result<()> {
        if let Event::RunEnded { summary, .. } = &stamped.event {
            for line in table(summary) {
                self.write(&Said::new(Mark::Info, line))?;
            }
        }
        say(stamped, state, self.verbose).iter().try_for_each(|said| self.write(said))
    }
}
