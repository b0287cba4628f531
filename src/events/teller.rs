//! Who is told.

use std::io;
use std::time::Duration;

use crate::events::{RunState, Stamped};

/// Someone who is told every event, in order, after it was folded. The journal, the console and the JSON writer
/// are tellers; they are called one after the other, never at once.
pub trait Teller: Send {
    /// A name for messages: `journal`, `console`.
    fn name(&self) -> &'static str;

    /// An event has happened and this is where the run stands now. A teller that fails is not asked again; the run
    /// goes on without it.
    fn tell(&mut self, stamped: &Stamped, state: &RunState) -> io::Result<()>;

    /// How often [`Teller::tick`] is wanted. `None` for a teller that only speaks when something happens.
    fn every(&self) -> Option<Duration> {
        None
    }

    /// Time has passed: `now_ms` is milliseconds since 1970.
    fn tick(&mut self, _state: &RunState, _now_ms: i64) -> io::Result<()> {
        Ok(())
    }

    /// Somebody else wants the terminal: leave nothing on it that would be drawn over. The next `tick` or `tell`
    /// may draw again.
    fn clear(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A teller that could not go on: a full disk, a closed pipe.
#[derive(Debug)]
pub struct LostTeller {
    /// Which.
    pub name: &'static str,
    /// Why.
    pub error: io::Error,
}
