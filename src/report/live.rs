//! The live table on a terminal: a thin shell around `rows`.

use std::io;
use std::time::Duration;

use console::Style;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use crate::events::{Event, RunState, Stamped, Teller};
use crate::report::{Mark, Paint, Said, Size, pretty, row_lines, rows, say, table};

/// How often the table is drawn.
const FRAME: Duration = Duration::from_millis(100);

/// Draws a line a node, and prints failures and warnings above it as they happen. At the end the table makes room
/// for the summary.
pub struct Live<T> {
    term: T,
    bar: Option<ProgressBar>,
    paint: Paint,
    verbose: bool,
}

impl<T: TermLike + Clone + 'static> Live<T> {
    /// Draws on this terminal.
    pub fn new(term: T, paint: Paint, verbose: bool) -> Self {
        Self { term, bar: None, paint, verbose }
    }

    /// One bar whose message is the whole table: one draw a frame, and never half of it.
    fn bar(&mut self) -> &ProgressBar {
        self.bar.get_or_insert_with(|| {
            let hz = 20;
            let target = ProgressDrawTarget::term_like_with_hz(Box::new(self.term.clone()), hz);
            let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::with_draw_target(None, target).with_style(style)
        })
    }

    fn draw(&mut self, state: &RunState, now_ms: i64) {
        let size = Size { width: self.term.width().into(), height: self.term.height().into() };
        let frame = usize::try_from(now_ms / 100).unwrap_or(0);
        let lines = row_lines(&rows(state, now_ms, size), size.width, frame, self.paint);
        self.bar().set_message(lines.join("\n"));
    }

    /// Above the table, as lines of their own: `ProgressBar::println` fills each with blanks to the terminal's width
    /// instead of ending it (indicatif 0.18 `draw_to_term`), which spoils copying and later resizing.
    fn print(&mut self, said: &Said) -> io::Result<()> {
        let (term, lines) = (self.term.clone(), pretty(said, self.paint));
        self.bar().suspend(|| lines.iter().try_for_each(|line| term.write_line(line)))
    }

    fn end(&mut self, stamped: &Stamped, state: &RunState) -> io::Result<()> {
        self.clear()?;
        for (n, line) in table(&state.summary()).iter().enumerate() {
            let style = if n == 0 { Style::new().bold() } else { Style::new() };
            self.term.write_line(&self.paint.apply(&style, line))?;
        }
        for line in say(stamped, state, self.verbose).iter().flat_map(|said| pretty(said, self.paint)) {
            self.term.write_line(&line)?;
        }
        self.term.flush()
    }

    /// What stays on the screen while the table goes on; everything, where the user wants it all.
    fn stays(&self, event: &Event, said: &Said) -> bool {
        match event {
            _ if self.verbose => true,
            // The table shows the failure that is the reason, and the summary counts them.
            Event::TaskSkipped { .. } => false,
            Event::Planned { .. } | Event::OutputKept { .. } => true,
            _ => matches!(said.mark, Mark::Warn | Mark::Error),
        }
    }
}

impl<T: TermLike + Clone + Send + 'static> Teller for Live<T> {
    fn name(&self) -> &'static str {
        "console"
    }

    fn tell(&mut self, stamped: &Stamped, state: &RunState) -> io::Result<()> {
        if state.ended().is_some() {
            return self.end(stamped, state);
        }
        for said in say(stamped, state, self.verbose) {
            if self.stays(&stamped.event, &said) {
                self.print(&said)?;
            }
        }
        Ok(())
    }

    fn every(&self) -> Option<Duration> {
        Some(FRAME)
    }

    fn tick(&mut self, state: &RunState, now_ms: i64) -> io::Result<()> {
        self.draw(state, now_ms);
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
