//! What happens in a run, as typed events, and the one fold of them.

mod apply;
mod countdown;
mod event;
#[cfg(test)]
pub(crate) mod fake;
mod fold;
mod hand;
mod illegal;
mod redact;
mod sequencer;
mod state;
mod summary;
mod teller;
#[cfg(test)]
pub(crate) mod tests;

pub use countdown::Countdown;
pub use event::{Event, Failure, FailureKind, LookWhy, NodeSummary, Stamped, StepEnd, Summary};
pub use hand::{HandEnd, HandEnded};
pub use illegal::IllegalTransition;
pub use redact::Redactor;
pub use sequencer::{CAPACITY, Clock, Finished, Paused, Sequencer, Tell, wall_clock};
pub use state::{EndedStep, FailedStep, Look, NodeState, OpenStage, RunState, RunningStep, Standing};
pub use teller::{LostTeller, Teller};
